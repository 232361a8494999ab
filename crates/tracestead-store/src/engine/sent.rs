//! What the drivers of PostgreSQL and MySQL have in common: how many rows a statement takes, and what their errors say.

use crate::sql::Value;

/// Returns the rows in parts that a statement takes: it may have so many values, and not too many bytes. Most parts have a
/// power of two of rows, so that there are few different statements.
pub(super) fn rows_at_once<'a, 'b>(
    rows: &'a [Vec<Value<'b>>],
    columns: usize,
    max_values: usize,
) -> impl Iterator<Item = &'a [Vec<Value<'b>>]> {
    const MAX_BYTES: usize = 8 << 20;
    let most = (max_values / columns.max(1)).clamp(1, 512);
    let mut rest = rows;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let within = |row: &&Vec<Value<'_>>| {
            bytes += row.iter().map(size).sum::<usize>();
            bytes <= MAX_BYTES
        };
        let fit = rest.iter().take(most).take_while(within).count().max(1);
        let part = if rest.is_empty() { 0 } else { 1 << fit.ilog2() };
        let (part, after) = rest.split_at(part);
        rest = after;
        (!part.is_empty()).then_some(part)
    })
}

/// Returns about how many bytes a value has when it is sent.
pub(super) fn size(value: &Value<'_>) -> usize {
    match value {
        Value::Text(Some(text)) | Value::Json(Some(text)) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 8,
    }
}

/// Returns what the driver says in one line, without the words in which it repeats what kind of error it is.
pub(super) fn says(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(said) => said.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}
