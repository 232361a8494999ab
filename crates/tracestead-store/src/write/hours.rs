//! Sums hours anew from their spans.
//!
//! One hour is one transaction, in any order: it may be stopped and begun again at any time.

use super::draft::{self, StoredSpan};
use super::rebuild::Rebuilt;
use super::rollups::{HOUR_NS, Rollups};
use crate::error::DatabaseError;
use crate::session::{Access, Session, transaction};
use crate::sql::{Dialect, Row, Value};

/// Spans are read in pages of this many.
const PAGE_ROWS: i64 = 5000;

/// Sums the first hour anew that begins at or after `position`, a number of nanoseconds, or the first of all.
pub(super) fn rebuild(session: &mut dyn Session, position: Option<&str>) -> Result<Rebuilt, DatabaseError> {
    let from = position.and_then(|position| position.parse().ok()).unwrap_or(i64::MIN);
    if session.dialect() == Dialect::ClickHouse {
        return super::clickhouse::rebuild(session, from);
    }
    transaction(session, Access::Write, |session| {
        session.lock_rollups(true)?;
        let Some(hour) = next_hour(session, from)? else { return Ok(Rebuilt::default()) };
        let spans = sum(session, hour)?;
        let next = hour.saturating_add(HOUR_NS).to_string();
        Ok(Rebuilt { traces: 1, spans, position: Some(next) })
    })
}

/// Returns the first hour from `from` on that has spans or sums.
fn next_hour(session: &mut dyn Session, from: i64) -> Result<Option<i64>, DatabaseError> {
    let value = [Value::int(from)];
    let spans = "SELECT MIN(start_time_ns) FROM agno_spans WHERE start_time_ns >= ?";
    let sums = "SELECT MIN(bucket_start_ns) FROM tracestead_rollups WHERE bucket_start_ns >= ?";
    let mut first = None;
    for sql in [spans, sums] {
        let found = session.query(sql, &value)?.first().and_then(|row| row.int(0));
        first = [first, found].into_iter().flatten().min();
    }
    Ok(first.map(|time: i64| time.div_euclid(HOUR_NS) * HOUR_NS))
}

/// Sums one hour anew and returns how many spans it has.
fn sum(session: &mut dyn Session, hour: i64) -> Result<u64, DatabaseError> {
    session.execute("DELETE FROM tracestead_rollups WHERE bucket_start_ns = ?", &[Value::int(hour)])?;
    let mut rollups = Rollups::default();
    let mut spans = 0;
    let mut after = (hour, String::new(), String::new());
    loop {
        let rows = page(session, hour, &after)?;
        let is_last = (rows.len() as u64) < PAGE_ROWS.unsigned_abs();
        let page: Vec<(String, StoredSpan)> = rows.into_iter().filter_map(draft::stored_of).collect();
        let Some((trace_id, last)) = page.last() else { break };
        after = (last.shape.start_time_ns, trace_id.clone(), last.shape.span_id.to_hex());
        for (_, span) in page {
            if let Some(is_counted) = span.is_counted {
                rollups.add(&span.shape, is_counted);
                spans += 1;
            }
        }
        if is_last {
            break;
        }
    }
    rollups.write(session)?;
    Ok(spans)
}

fn page(
    session: &mut dyn Session,
    hour: i64,
    (start_time_ns, trace_id, span_id): &(i64, String, String),
) -> Result<Vec<Row>, DatabaseError> {
    let dialect = session.dialect();
    let (by_trace, by_span) = (dialect.id_order("trace_id"), dialect.id_order("span_id"));
    let sql = format!(
        "SELECT {} FROM agno_spans WHERE start_time_ns >= ? AND start_time_ns < ?
             AND (start_time_ns > ? OR {by_trace} > ? OR ({by_trace} = ? AND {by_span} > ?))
         ORDER BY start_time_ns, {by_trace}, {by_span} LIMIT ?",
        draft::COLUMNS
    );
    let values = [
        Value::int(*start_time_ns),
        Value::int(hour.saturating_add(HOUR_NS)),
        Value::int(*start_time_ns),
        Value::text(trace_id),
        Value::text(trace_id),
        Value::text(span_id),
        Value::int(PAGE_ROWS),
    ];
    session.query(&sql, &values)
}
