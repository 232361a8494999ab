//! `[[retention]]`: how long traces are kept, and `database.max_size`: how much of them.

use std::time::Duration;

use toml::Value;
use tracestead_model::RetentionRule;

use super::amounts::{age, shown_age};
use super::entry::{entries, in_one_line, quoted, shown as shown_list};
use super::layers::Layers;
use super::{ConfigError, Shown};

/// The keys of a table, in the order in which they are shown and documented.
pub(super) const RETENTION_KEYS: &[&str] =
    &["older_than", "status", "agent_id", "user_id", "environment", "tag"];

const EXPECTED_AGE: &str = "expected an age such as 30d (or 12h, 8w), or never";
const EXPECTED_STATUS: &str = "expected OK or ERROR";
const EXPECTED_TEXT: &str = "expected a text in quotes";

/// What keeps a trace for ever.
const NEVER: &str = "never";

/// Reads every rule, in the order of the file.
pub(super) fn read(layers: &Layers) -> Result<Vec<RetentionRule>, ConfigError> {
    let entries = entries(layers, "retention", RETENTION_KEYS)?;
    let rule = |entry: super::entry::Entry<'_>| {
        Ok(RetentionRule {
            older_than: entry.required("older_than", EXPECTED_AGE, older_than)?,
            status: entry.optional("status", EXPECTED_STATUS, status)?,
            agent_id: entry.optional("agent_id", EXPECTED_TEXT, text)?,
            user_id: entry.optional("user_id", EXPECTED_TEXT, text)?,
            environment: entry.optional("environment", EXPECTED_TEXT, text)?,
            tag: entry.optional("tag", EXPECTED_TEXT, text)?,
        })
    };
    entries.into_iter().map(rule).collect()
}

/// Returns rules as `config print` shows them: a table in one line.
pub(super) fn shown<'a>(layers: &'a Layers, rules: &'a [RetentionRule]) -> impl Iterator<Item = Shown> + 'a {
    shown_list(layers, "retention", rules.iter().map(rule_in_one_line))
}

/// Returns a rule as the file has it.
pub(crate) fn rule_in_one_line(rule: &RetentionRule) -> String {
    let text = |text: &Option<String>| text.as_deref().map(quoted);
    let older_than = rule.older_than.map_or_else(|| NEVER.to_owned(), shown_age);
    in_one_line(
        RETENTION_KEYS,
        [
            Some(quoted(&older_than)),
            text(&rule.status),
            text(&rule.agent_id),
            text(&rule.user_id),
            text(&rule.environment),
            text(&rule.tag),
        ],
    )
}

#[expect(clippy::option_option, reason = "the outer one says whether it can be read, the inner one is never")]
fn older_than(value: &Value) -> Option<Option<Duration>> {
    match value.as_str()? {
        NEVER => Some(None),
        text => age(text).ok().map(Some),
    }
}

fn status(value: &Value) -> Option<String> {
    let status = value.as_str()?.to_ascii_uppercase();
    matches!(status.as_str(), "OK" | "ERROR").then_some(status)
}

/// Case and spaces count, as they do in traces; an empty text is in none.
fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Result<Vec<RetentionRule>, String> {
        let mut layers = Layers::default();
        layers.add_toml(text, "t.toml").map_err(|error| error.to_string())?;
        read(&layers).map_err(|error| error.to_string())
    }

    #[test]
    fn rules_are_read_in_order() {
        let text = "[[retention]]\nolder_than = \"never\"\ntag = \"golden\"\n\
                    [[retention]]\nolder_than = \"90d\"\nstatus = \"error\"\nagent_id = \"a\"\nuser_id = \"u\"\nenvironment = \"prod\"\n\
                    [[retention]]\nolder_than = \"36h\"";
        let read = rules(text).unwrap();
        assert_eq!(read[0].older_than, None);
        assert_eq!(read[1].older_than, Some(Duration::from_hours(90 * 24)));
        let lines: Vec<String> = read.iter().map(rule_in_one_line).collect();
        assert_eq!(
            lines,
            [
                "{ older_than = \"never\", tag = \"golden\" }",
                "{ older_than = \"90d\", status = \"ERROR\", agent_id = \"a\", user_id = \"u\", environment = \"prod\" }",
                "{ older_than = \"36h\" }",
            ]
        );
        assert_eq!(rules(&format!("retention = [{}]", lines.join(", "))).unwrap(), read);
        assert_eq!(rules("").unwrap(), []);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let cases = [
            (
                "status = \"OK\"",
                "missing setting `retention[0].older_than` in t.toml: expected an age such as 30d",
            ),
            (
                "older_than = 30",
                "cannot use `30` for `retention[0].older_than` (from t.toml): expected an age",
            ),
            (
                "older_than = \"soon\"",
                "cannot use `\"soon\"` for `retention[0].older_than` (from t.toml): expected",
            ),
            (
                "older_than = \"1d\"\nstatus = \"FAILED\"",
                "cannot use `\"FAILED\"` for `retention[0].status` (from t.toml): expected OK or ERROR",
            ),
            (
                "older_than = \"1d\"\nuser_id = \"\"",
                "cannot use `\"\"` for `retention[0].user_id` (from t.toml): expected a text in quotes",
            ),
            ("older_than = \"1d\"\nuser = \"u\"", "unknown setting `retention[0].user` in t.toml"),
        ];
        for (table, expected) in cases {
            let error = rules(&format!("[[retention]]\n{table}")).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
        let error = rules("[retention]\nolder_than = \"1d\"").unwrap_err();
        assert!(error.ends_with("expected tables, each below a line `[[retention]]`"), "{error}");
    }
}
