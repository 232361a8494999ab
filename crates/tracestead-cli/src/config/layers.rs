//! Where settings come from, one over the other.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::ConfigError;
use super::keys::KEYS;
use crate::arguments::Serve;

/// The file that is read if none is named.
const DEFAULT_FILE: &str = "tracestead.toml";

/// The parts of the file that are no sections of settings, and how each is written.
const TABLES: &[(&str, &str)] =
    &[("databases", "[databases.NAME]"), ("prices", "[[prices]]"), ("retention", "[[retention]]")];

/// Settings by dotted key, with the origin of each.
#[derive(Debug, Default)]
pub(super) struct Layers {
    values: BTreeMap<String, (Value, String)>,
    /// What the file has under each name of [`TABLES`], unread.
    tables: BTreeMap<String, (Value, String)>,
    /// The file, if there is one.
    file: Option<PathBuf>,
}

impl Layers {
    pub(super) fn get(&self, key: &str) -> Option<&(Value, String)> {
        self.values.get(key)
    }

    /// Returns what the file has under one of the names that are no sections.
    pub(super) fn tables(&self, name: &str) -> Option<&(Value, String)> {
        self.tables.get(name)
    }

    /// Returns a file that lies beside the configuration, or in the working directory if there is none.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.file.as_deref().and_then(Path::parent).unwrap_or(Path::new("")).join(name)
    }

    pub(super) fn add_file(&mut self, named: Option<&Path>) -> Result<(), ConfigError> {
        let path = named.unwrap_or(Path::new(DEFAULT_FILE));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(ConfigError(format!("cannot read {}: {error}", path.display()))),
        };
        self.file = Some(path.to_owned());
        self.add_toml(&text, &path.display().to_string())
    }

    pub(super) fn add_toml(&mut self, text: &str, origin: &str) -> Result<(), ConfigError> {
        let table = text.parse::<Table>().map_err(|error| syntax(text, &error, origin))?;
        for (section, value) in table {
            if TABLES.iter().any(|(name, _)| *name == section) {
                self.tables.insert(section, (value, origin.to_owned()));
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
        let mut layer = Self::default();
        for (name, value) in variables {
            let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else { continue };
            let Some((section, key)) =
                name.strip_prefix("TRACESTEAD_").and_then(|rest| rest.split_once("__"))
            else {
                continue;
            };
            if !value.is_empty() {
                let key = format!("{section}.{key}").to_ascii_lowercase();
                layer.set(&key, Value::String(value.to_owned()), name)?;
            }
        }
        self.cover(layer.values);
        Ok(())
    }

    pub(super) fn add_flags(&mut self, serve: &Serve) {
        let flags = [
            ("database.url", "--db", &serve.source.db),
            ("server.listen", "--listen", &serve.listen),
            ("otlp.http", "--otlp-http", &serve.otlp_http),
            ("otlp.grpc", "--otlp-grpc", &serve.otlp_grpc),
        ];
        let mut layer = Self::default();
        for (key, flag, value) in flags {
            if let Some(value) = value {
                layer.values.insert(key.to_owned(), (Value::String(value.clone()), flag.to_owned()));
            }
        }
        let switches = [
            ("database.read_only", "--read-only", serve.read_only),
            ("server.insecure_no_auth", "--insecure-no-auth", serve.insecure_no_auth),
        ];
        for (key, flag, _) in switches.into_iter().filter(|(_, _, is_on)| *is_on) {
            layer.values.insert(key.to_owned(), (Value::Boolean(true), flag.to_owned()));
        }
        self.cover(layer.values);
    }

    /// Puts a layer over those that are there.
    fn cover(&mut self, layer: BTreeMap<String, (Value, String)>) {
        // A URL has its own password or none: that of the one it covers must not be sent to another server.
        if layer.contains_key("database.url") {
            self.values.remove("database.password_file");
        }
        self.values.extend(layer);
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
    let section = key.split('.').next().unwrap_or_default();
    if let Some((name, written)) = TABLES.iter().find(|(name, _)| *name == section) {
        return ConfigError(format!(
            "cannot set {name} by {origin}: write `{written}` tables in {DEFAULT_FILE}"
        ));
    }
    let nearest = nearest(KEYS.iter().map(|known| known.name), key, 4);
    let hint = nearest.map(|known| format!("; did you mean `{known}`?"));
    ConfigError(format!("unknown setting `{key}` in {origin}{}", hint.unwrap_or_default()))
}

/// Says that a table has a key that nobody knows; `name` is the table's.
pub(super) fn unknown_in(name: &str, key: &str, known: &[&str], origin: &str) -> ConfigError {
    let hint = nearest(known.iter().copied(), key, 2);
    let hint = hint.map(|known| format!("; did you mean `{name}.{known}`?"));
    ConfigError(format!("unknown setting `{name}.{key}` in {origin}{}", hint.unwrap_or_default()))
}

/// Says where the file cannot be read. The parser's own text shows the line, in which a password may stand.
fn syntax(text: &str, error: &toml::de::Error, origin: &str) -> ConfigError {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|letter| *letter != '\n').count() + 1;
    let message = error.message();
    ConfigError(format!("cannot read {origin}: TOML parse error at line {line}, column {column}: {message}"))
}

/// Returns the word that is most like `key`, if no more than `max` letters differ.
fn nearest<'a>(known: impl Iterator<Item = &'a str>, key: &str, max: usize) -> Option<&'a str> {
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
    fn a_line_that_cannot_be_read_is_not_shown() {
        let error = error("[database]\nurl = \"postgres://u:s3cret@h");
        assert!(error.starts_with("cannot read t.toml: TOML parse error at line 2, column "), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }

    #[test]
    fn a_password_belongs_to_the_url_of_its_layer() {
        let variable = |name: &str, value: &str| (OsString::from(name), OsString::from(value));
        let url = || variable("TRACESTEAD_DATABASE__URL", "postgres://h");
        let file = || variable("TRACESTEAD_DATABASE__PASSWORD_FILE", "b");
        let text = "[database]\nurl = \"postgres://g\"\npassword_file = \"a\"";
        for (variables, password) in [
            (vec![], Some("a")),
            (vec![url()], None),
            (vec![url(), file()], Some("b")),
            (vec![file()], Some("b")),
        ] {
            let mut layers = Layers::default();
            layers.add_toml(text, "t.toml").unwrap();
            layers.add_environment(variables.into_iter()).unwrap();
            let found = layers.get("database.password_file").and_then(|(value, _)| value.as_str());
            assert_eq!(found, password);
        }
    }

    #[test]
    fn variables_without_a_section_are_not_settings() {
        let variables = [("TRACESTEAD_BIN".into(), "x".into()), ("TRACESTEAD_LOG__LEVEL".into(), "".into())];
        let mut layers = Layers::default();
        assert!(layers.add_environment(variables.into_iter()).is_ok());
        assert!(layers.values.is_empty());
    }
}
