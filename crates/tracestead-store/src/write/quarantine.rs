//! Malformed spans, kept as they came so that someone can find out what sent them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::Malformed;
use crate::error::DatabaseError;
use crate::session::{Conflict, Insert, Session};
use crate::sql::{Dialect, Value};

/// The table keeps the newest of these.
const MOST_ROWS: i64 = 1_000;

/// And of those, so many bytes.
const MOST_BYTES: i64 = 64 << 20;

const COLUMNS: [&str; 6] = ["quarantine_id", "received_at", "reason", "encoding", "size_bytes", "bytes"];

/// Keeps each malformed span once, however often it is sent.
pub(super) fn store(
    session: &mut dyn Session,
    malformed: &[(&Malformed, &str)],
) -> Result<(), DatabaseError> {
    if malformed.is_empty() {
        return Ok(());
    }
    let mut rows = BTreeMap::new();
    for (span, received_at) in malformed {
        let quarantine_id = blake3::hash(&span.bytes).to_hex()[..32].to_owned();
        rows.entry(quarantine_id.clone()).or_insert_with(|| {
            vec![
                Value::from(quarantine_id),
                Value::text(received_at),
                Value::text(&span.reason),
                Value::text(span.encoding),
                Value::count(span.size_bytes as u64),
                Value::Bytes(Cow::Borrowed(&span.bytes)),
            ]
        });
    }
    let rows: Vec<Vec<Value<'_>>> = rows.into_values().collect();
    let table = "tracestead_quarantine";
    session.insert(&Insert { table, columns: &COLUMNS, conflict: Conflict::Keep }, &rows)?;
    // There a time to live keeps the table small.
    if session.dialect() == Dialect::ClickHouse {
        return Ok(());
    }
    forget_oldest(session)
}

fn forget_oldest(session: &mut dyn Session) -> Result<(), DatabaseError> {
    // In two statements, as MySQL cannot delete from what it reads. Nearly always there is nothing to forget.
    let sql = "SELECT quarantine_id FROM (
            SELECT quarantine_id, ROW_NUMBER() OVER newest AS position, SUM(LENGTH(bytes)) OVER newest AS total
            FROM tracestead_quarantine WINDOW newest AS (ORDER BY received_at DESC, quarantine_id DESC)) AS kept
        WHERE position > ? OR total > ?";
    for mut row in session.query(sql, &[Value::int(MOST_ROWS), Value::int(MOST_BYTES)])? {
        let quarantine_id = row.required(0);
        session.execute(
            "DELETE FROM tracestead_quarantine WHERE quarantine_id = ?",
            &[Value::from(quarantine_id)],
        )?;
    }
    Ok(())
}
