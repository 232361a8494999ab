//! Questions and their answers.

mod sessions;
mod spans;
mod traces;

use rusqlite::Row;

pub use spans::SpanQuery;

/// Reads a whole number from a column in which Agno may have put a fraction.
#[expect(clippy::cast_possible_truncation, reason = "durations in milliseconds are far from the limits")]
fn whole(row: &Row<'_>, column: usize) -> rusqlite::Result<i64> {
    use rusqlite::types::ValueRef;
    Ok(match row.get_ref(column)? {
        ValueRef::Integer(number) => number,
        ValueRef::Real(number) => number as i64,
        _ => 0,
    })
}

/// Reads a list of texts from a JSON column.
fn texts(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<String>> {
    let json = row.get_ref(column)?.as_str_or_null()?;
    Ok(json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default())
}
