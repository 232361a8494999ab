//! Rows on their way in: `RowBinary`, the format that costs the server least.

use crate::error::{DatabaseError, ErrorKind};
use crate::schema::{Kind, SPAN_TABLES, is_nullable};
use crate::sql::Value;

/// What is compressed and sent at once.
pub(super) const CHUNK_BYTES: usize = 1 << 20;

/// What a column takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Type {
    kind: Kind,
    is_nullable: bool,
}

/// Returns what the columns of a table take.
pub(super) fn columns(table: &str, names: &[&str]) -> Result<Vec<Type>, DatabaseError> {
    let of_table =
        SPAN_TABLES.iter().find(|known| known.name == table).map_or(&[][..], |table| table.columns);
    let find = |name: &&str| {
        match *name {
            // Says that the row with this key is no more.
            "is_deleted" => return Ok(Type { kind: Kind::Flag, is_nullable: false }),
            // Which of several sums of an hour it is of.
            "generation" => return Ok(Type { kind: Kind::Integer, is_nullable: false }),
            _ => {}
        }
        let known = of_table.iter().find(|column| column.name == name.trim_matches('"'));
        known.map(|column| Type { kind: column.kind, is_nullable: is_nullable(column) }).ok_or_else(|| {
            DatabaseError::new(ErrorKind::Other, format!("table {table} has no column {name} that is known"))
        })
    };
    names.iter().map(find).collect()
}

/// Fails if a column cannot hold a value: of rows that have been sent in part none may stay.
pub(super) fn check(columns: &[Type], rows: &[Vec<Value<'_>>]) -> Result<(), DatabaseError> {
    for (column, value) in rows.iter().flat_map(|row| columns.iter().zip(row)) {
        if !column.can_hold(value) {
            // Not which value: it may be anybody's secret.
            let says = format!("a value does not fit its column, which holds {:?}", column.kind);
            return Err(DatabaseError::new(ErrorKind::Rows, says));
        }
    }
    Ok(())
}

impl Type {
    fn can_hold(self, value: &Value<'_>) -> bool {
        match (self.kind, value) {
            (_, Value::Text(None) | Value::Json(None) | Value::Int(None) | Value::Bool(None)) => {
                self.is_nullable
            }
            (Kind::Integer, value) => matches!(value, Value::Int(_)),
            (Kind::Flag, value) => matches!(value, Value::Bool(_)),
            (_, value) => matches!(value, Value::Text(_) | Value::Json(_) | Value::Bytes(_)),
        }
    }
}

/// Adds a row that was checked.
pub(super) fn encode(columns: &[Type], row: &[Value<'_>], bytes: &mut Vec<u8>) {
    for (column, value) in columns.iter().zip(row) {
        let is_null =
            matches!(value, Value::Text(None) | Value::Json(None) | Value::Int(None) | Value::Bool(None));
        if column.is_nullable {
            bytes.push(is_null.into());
        }
        match value {
            Value::Int(Some(number)) => bytes.extend(number.to_le_bytes()),
            Value::Bool(Some(flag)) => bytes.push((*flag).into()),
            Value::Text(Some(text)) | Value::Json(Some(text)) => write_text(text.as_bytes(), bytes),
            Value::Bytes(text) => write_text(text, bytes),
            Value::Text(None) | Value::Json(None) | Value::Int(None) | Value::Bool(None) | Value::Real(_) => {
            }
        }
    }
}

/// Its length in groups of seven bits, the lowest first, then the text.
fn write_text(text: &[u8], bytes: &mut Vec<u8>) {
    let mut rest = text.len();
    while rest >= 0x80 {
        bytes.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    bytes.push(rest.to_le_bytes()[0]);
    bytes.extend(text);
}
