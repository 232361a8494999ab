//! Rows as they come back. Another program may have written them, so that nothing is sure but what a cell is.

use super::Value;

/// What a database answers in one place.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Cell {
    #[default]
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
}

impl From<Value<'_>> for Cell {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Text(Some(text)) | Value::Json(Some(text)) => Self::Text(text.into_owned()),
            Value::Int(Some(number)) => Self::Int(number),
            Value::Bool(Some(flag)) => Self::Int(i64::from(flag)),
            Value::Real(number) => Self::Real(number),
            Value::Bytes(bytes) => Self::Bytes(bytes.into_owned()),
            Value::Text(None) | Value::Json(None) | Value::Int(None) | Value::Bool(None) => Self::Null,
        }
    }
}

/// A row; values are taken out of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Row(pub(crate) Vec<Cell>);

impl Row {
    /// Takes a text; what is no text is none.
    pub(crate) fn text(&mut self, at: usize) -> Option<String> {
        match self.0.get_mut(at).map(std::mem::take) {
            Some(Cell::Text(text)) => Some(text),
            Some(Cell::Bytes(bytes)) => String::from_utf8(bytes).ok(),
            Some(Cell::Int(number)) => Some(number.to_string()),
            Some(Cell::Real(number)) => Some(number.to_string()),
            Some(Cell::Null) | None => None,
        }
    }

    /// Takes a text that the table requires.
    pub(crate) fn required(&mut self, at: usize) -> String {
        self.text(at).unwrap_or_default()
    }

    /// Returns a text without taking it, empty if there is none.
    pub(crate) fn str(&self, at: usize) -> &str {
        match self.0.get(at) {
            Some(Cell::Text(text)) => text,
            _ => "",
        }
    }

    /// Returns a whole number; of one with a fraction, which Agno's durations have, the whole part.
    #[expect(clippy::cast_possible_truncation, reason = "such numbers are far from the limits")]
    pub(crate) fn int(&self, at: usize) -> Option<i64> {
        match self.0.get(at) {
            Some(Cell::Int(number)) => Some(*number),
            Some(Cell::Real(number)) => Some(*number as i64),
            Some(Cell::Text(text)) => text.parse().ok(),
            _ => None,
        }
    }

    /// Returns a number that is 0 if there is none.
    pub(crate) fn whole(&self, at: usize) -> i64 {
        self.int(at).unwrap_or(0)
    }

    /// Returns a small count that is 0 if there is none.
    pub(crate) fn small(&self, at: usize) -> u32 {
        self.int(at).and_then(|number| number.try_into().ok()).unwrap_or(0)
    }

    pub(crate) fn flag(&self, at: usize) -> bool {
        self.whole(at) != 0
    }

    pub(crate) fn is_null(&self, at: usize) -> bool {
        matches!(self.0.get(at), None | Some(Cell::Null))
    }

    /// Reads a list of texts from a JSON column.
    pub(crate) fn texts(&self, at: usize) -> Vec<String> {
        serde_json::from_str(self.str(at)).unwrap_or_default()
    }
}
