//! Tables in a list, such as `[[prices]]`: they stand in the file only and have no default.

use toml::{Table, Value};

use super::layers::{Layers, unknown_in};
use super::{ConfigError, Shown};

/// One table of a list and where it stands.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// What the list is called.
    list: &'static str,
    at: usize,
    table: &'a Table,
    origin: &'a str,
}

/// Returns the tables of a list in the order of the file; they have no other keys than `keys`.
pub(super) fn entries<'a>(
    layers: &'a Layers,
    list: &'static str,
    keys: &[&str],
) -> Result<Vec<Entry<'a>>, ConfigError> {
    let Some((value, origin)) = layers.tables(list) else { return Ok(Vec::new()) };
    let tables = value.as_array().into_iter().flatten();
    let tables: Vec<&Table> = tables.filter_map(Value::as_table).collect();
    if value.as_array().is_none_or(|items| items.len() != tables.len()) {
        let found = value.type_str();
        return Err(ConfigError(format!(
            "cannot use this {found} for `{list}` (from {origin}): expected tables, each below a line `[[{list}]]`"
        )));
    }
    let entry = |(at, table): (usize, &'a Table)| {
        if let Some(key) = table.keys().find(|key| !keys.contains(&key.as_str())) {
            return Err(unknown_in(&format!("{list}[{at}]"), key, keys, origin));
        }
        Ok(Entry { list, at, table, origin })
    };
    tables.into_iter().enumerate().map(entry).collect()
}

/// Returns the tables of a list as `config print` shows them, each in one line.
pub(super) fn shown<'a>(
    layers: &'a Layers,
    list: &'static str,
    lines: impl Iterator<Item = String> + 'a,
) -> impl Iterator<Item = Shown> + 'a {
    let origin = layers.tables(list).map_or("", |(_, origin)| origin);
    lines.enumerate().map(move |(at, value)| Shown {
        key: format!("{list}[{at}]"),
        value,
        origin: origin.to_owned(),
    })
}

/// Returns a table in one line; values that are `None` are left out.
pub(super) fn in_one_line<const N: usize>(keys: &[&str], values: [Option<String>; N]) -> String {
    let pairs = keys.iter().zip(values).filter_map(|(key, value)| Some(format!("{key} = {}", value?)));
    format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
}

/// Returns a text as the file has it.
pub(super) fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

impl Entry<'_> {
    pub(super) fn required<T>(
        &self,
        key: &str,
        expected: &str,
        read: fn(&Value) -> Option<T>,
    ) -> Result<T, ConfigError> {
        self.optional(key, expected, read)?.ok_or_else(|| {
            ConfigError(format!("missing setting `{}` in {}: {expected}", self.name(key), self.origin))
        })
    }

    pub(super) fn optional<T>(
        &self,
        key: &str,
        expected: &str,
        read: fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| {
            let (name, origin) = (self.name(key), self.origin);
            ConfigError(format!("cannot use `{value}` for `{name}` (from {origin}): {expected}"))
        })
    }

    fn name(&self, key: &str) -> String {
        format!("{}[{}].{key}", self.list, self.at)
    }
}
