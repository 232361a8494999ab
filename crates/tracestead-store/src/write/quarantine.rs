//! Malformed spans, kept as they came so that someone can find out what sent them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::Malformed;
use crate::error::DatabaseError;
use crate::session::{Conflict, Insert, Session};
use crate::sql::{Dialect, MAX_LIST, Row, Value, in_list};

/// The table keeps the newest of these.
const MOST_ROWS: i64 = 1_000;

/// And of those, so many bytes.
const MOST_BYTES: i64 = 64 << 20;

const TABLE: &str = "tracestead_quarantine";

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
    // There a row that is written again stands over the first one.
    if session.dialect() == Dialect::ClickHouse {
        let ids: Vec<String> = rows.keys().cloned().collect();
        for id in stored(session, &ids)? {
            rows.remove(&id);
        }
    }
    let rows: Vec<Vec<Value<'_>>> = rows.into_values().collect();
    session.insert(&Insert { table: TABLE, columns: &COLUMNS, conflict: Conflict::Keep }, &rows)?;
    forget_oldest(session)
}

/// Returns which of these are there.
fn stored(session: &mut dyn Session, ids: &[String]) -> Result<Vec<String>, DatabaseError> {
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let from = session.dialect().from(TABLE);
    let mut found = Vec::new();
    for some in ids.chunks(MAX_LIST) {
        let mut values = Vec::new();
        let list = in_list("quarantine_id", some, &mut values);
        let rows = session.query(&format!("SELECT quarantine_id FROM {from} WHERE {list}"), &values)?;
        found.extend(rows.into_iter().map(|mut row| row.required(0)));
    }
    Ok(found)
}

fn forget_oldest(session: &mut dyn Session) -> Result<(), DatabaseError> {
    // In two statements, as MySQL cannot delete from what it reads. Nearly always there is nothing to forget.
    let sql = format!(
        "SELECT quarantine_id FROM (
            SELECT quarantine_id, ROW_NUMBER() OVER newest AS position, SUM(LENGTH(bytes)) OVER newest AS total
            FROM {} WINDOW newest AS (ORDER BY received_at DESC, quarantine_id DESC)) AS kept
         WHERE position > ? OR total > ?",
        session.dialect().from(TABLE)
    );
    let oldest = session.query(&sql, &[Value::int(MOST_ROWS), Value::int(MOST_BYTES)])?;
    if session.dialect() == Dialect::ClickHouse {
        let gone = |mut row: Row| vec![Value::from(row.required(0)), Value::Bool(Some(true))];
        let gone: Vec<Vec<Value<'_>>> = oldest.into_iter().map(gone).collect();
        let columns = ["quarantine_id", "is_deleted"];
        let insert = Insert { table: TABLE, columns: &columns, conflict: Conflict::Never };
        return session.insert(&insert, &gone).map(|_| ());
    }
    for mut row in oldest {
        let quarantine_id = row.required(0);
        session.execute(
            "DELETE FROM tracestead_quarantine WHERE quarantine_id = ?",
            &[Value::from(quarantine_id)],
        )?;
    }
    Ok(())
}
