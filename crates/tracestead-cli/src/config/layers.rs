//! Where settings come from, one over the other.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use toml::{Table, Value};

use super::ConfigError;
use super::keys::KEYS;
use crate::arguments::Serve;

/// The file that is read if none is named.
const DEFAULT_FILE: &str = "tracestead.toml";

/// The one part of the file that is no section of settings.
const PRICES: &str = "prices";

/// Settings by dotted key, with the origin of each.
#[derive(Debug, Default)]
pub(super) struct Layers {
    values: BTreeMap<String, (Value, String)>,
    /// What the file has under [`PRICES`], unread.
    prices: Option<(Value, String)>,
}

impl Layers {
    pub(super) fn get(&self, key: &str) -> Option<&(Value, String)> {
        self.values.get(key)
    }

    pub(super) fn prices(&self) -> Option<&(Value, String)> {
        self.prices.as_ref()
    }

    pub(super) fn add_file(&mut self, named: Option<&Path>) -> Result<(), ConfigError> {
        let path = named.unwrap_or(Path::new(DEFAULT_FILE));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(ConfigError(format!("cannot read {}: {error}", path.display()))),
        };
        self.add_toml(&text, &path.display().to_string())
    }

    pub(super) fn add_toml(&mut self, text: &str, origin: &str) -> Result<(), ConfigError> {
        let table: Table =
            text.parse().map_err(|error| ConfigError(format!("cannot read {origin}: {error}")))?;
        for (section, value) in table {
            if section == PRICES {
                self.prices = Some((value, origin.to_owned()));
                continue;
            }
            let Value::Table(values) = value else { return Err(unknown(&section, origin)) };
            for (key, value) in values {
                self.set(&format!("{section}.{key}"), value, origin)?;
            }
        }
        Ok(())
    }

    /// Reads `TRACESTEAD_SECTION__KEY`; an empty value is none.
    pub(super) fn add_environment(
        &mut self,
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<(), ConfigError> {
        for (name, value) in variables {
            let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else { continue };
            let Some((section, key)) =
                name.strip_prefix("TRACESTEAD_").and_then(|rest| rest.split_once("__"))
            else {
                continue;
            };
            if !value.is_empty() {
                let key = format!("{section}.{key}").to_ascii_lowercase();
                self.set(&key, Value::String(value.to_owned()), name)?;
            }
        }
        Ok(())
    }

    pub(super) fn add_flags(&mut self, serve: &Serve) {
        let flags = [
            ("database.url", "--db", &serve.source.db),
            ("server.listen", "--listen", &serve.listen),
            ("otlp.http", "--otlp-http", &serve.otlp_http),
            ("otlp.grpc", "--otlp-grpc", &serve.otlp_grpc),
        ];
        for (key, flag, value) in flags {
            if let Some(value) = value {
                self.values.insert(key.to_owned(), (Value::String(value.clone()), flag.to_owned()));
            }
        }
        if serve.insecure_no_auth {
            let value = (Value::Boolean(true), "--insecure-no-auth".to_owned());
            self.values.insert("server.insecure_no_auth".to_owned(), value);
        }
    }

    fn set(&mut self, key: &str, value: Value, origin: &str) -> Result<(), ConfigError> {
        if !KEYS.iter().any(|known| known.name == key) {
            return Err(unknown(key, origin));
        }
        self.values.insert(key.to_owned(), (value, origin.to_owned()));
        Ok(())
    }
}

fn unknown(key: &str, origin: &str) -> ConfigError {
    if key.split('.').next() == Some(PRICES) {
        return ConfigError(format!(
            "cannot set prices by {origin}: write `[[prices]]` tables in {DEFAULT_FILE}"
        ));
    }
    let nearest = nearest(KEYS.iter().map(|known| known.name), key, 4);
    let hint = nearest.map(|known| format!("; did you mean `{known}`?"));
    ConfigError(format!("unknown setting `{key}` in {origin}{}", hint.unwrap_or_default()))
}

/// Returns the word that is most like `key`, if no more than `max` letters differ.
pub(super) fn nearest<'a>(known: impl Iterator<Item = &'a str>, key: &str, max: usize) -> Option<&'a str> {
    let nearest = known.min_by_key(|known| distance(known, key));
    nearest.filter(|known| distance(known, key) <= max)
}

/// The number of letters to change, add or remove between two words.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (column, candidate) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *candidate);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Layers::default().add_toml(text, "t.toml").unwrap_err().to_string()
    }

    #[test]
    fn unknown_settings_are_named_with_their_place() {
        assert_eq!(
            error("[server]\nlisen = \"x\""),
            "unknown setting `server.lisen` in t.toml; did you mean `server.listen`?"
        );
        assert_eq!(error("zzzzzzzzzzzzzzzzzzzz = 1"), "unknown setting `zzzzzzzzzzzzzzzzzzzz` in t.toml");
        assert!(error("[server\n").starts_with("cannot read t.toml: TOML parse error at line 1"));
        let variables = [("TRACESTEAD_SERVER__LISEN".into(), "x".into())];
        let error = Layers::default().add_environment(variables.into_iter()).unwrap_err().to_string();
        assert_eq!(
            error,
            "unknown setting `server.lisen` in TRACESTEAD_SERVER__LISEN; did you mean `server.listen`?"
        );
    }

    #[test]
    fn prices_stand_in_the_file_only() {
        let variables = [("TRACESTEAD_PRICES__MODEL".into(), "gpt-4o".into())];
        let error = Layers::default().add_environment(variables.into_iter()).unwrap_err().to_string();
        assert_eq!(
            error,
            "cannot set prices by TRACESTEAD_PRICES__MODEL: write `[[prices]]` tables in tracestead.toml"
        );
    }

    #[test]
    fn variables_without_a_section_are_not_settings() {
        let variables = [("TRACESTEAD_BIN".into(), "x".into()), ("TRACESTEAD_LOG__LEVEL".into(), "".into())];
        let mut layers = Layers::default();
        assert!(layers.add_environment(variables.into_iter()).is_ok());
        assert!(layers.values.is_empty());
    }
}
