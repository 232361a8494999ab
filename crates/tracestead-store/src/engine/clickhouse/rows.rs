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

/// Returns the rows, one after the other.
pub(super) fn encoded(columns: &[Type], rows: &[Vec<Value<'_>>]) -> Result<Vec<u8>, DatabaseError> {
    let mut bytes = Vec::new();
    for row in rows {
        for (column, value) in columns.iter().zip(row) {
            if !write(*column, value, &mut bytes) {
                let says = format!("a column of {:?} cannot hold {value:?}", column.kind);
                return Err(DatabaseError::new(ErrorKind::Rows, says));
            }
        }
    }
    Ok(bytes)
}

/// Returns false if the column cannot hold the value.
fn write(column: Type, value: &Value<'_>, bytes: &mut Vec<u8>) -> bool {
    let is_null =
        matches!(value, Value::Text(None) | Value::Json(None) | Value::Int(None) | Value::Bool(None));
    if column.is_nullable {
        bytes.push(is_null.into());
    }
    if is_null {
        return column.is_nullable;
    }
    match (column.kind, value) {
        (Kind::Integer, Value::Int(Some(number))) => bytes.extend(number.to_le_bytes()),
        (Kind::Flag, Value::Bool(Some(flag))) => bytes.push((*flag).into()),
        (Kind::Integer | Kind::Flag, _) => return false,
        (_, Value::Text(Some(text)) | Value::Json(Some(text))) => write_text(text.as_bytes(), bytes),
        (_, Value::Bytes(text)) => write_text(text, bytes),
        _ => return false,
    }
    true
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
