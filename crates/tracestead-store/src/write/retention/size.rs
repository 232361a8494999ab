//! How large a database is, and how much of it a span is.
//!
//! No database but SQLite says at once that something was deleted: PostgreSQL's files keep their size and are filled again,
//! InnoDB's statistics are late. So what is stored is counted in spans (the rollups know how many there are) and multiplied by
//! what some spans take; where the database says that it is less, it is believed.

use tracestead_model::query::TraceRecord;

use super::candidates;
use crate::error::DatabaseError;
use crate::session::{Access, Session, transaction};
use crate::sql::Dialect;

/// So many of the oldest and of the newest spans tell how large a span is.
const SAMPLE_SPANS: u32 = 250;

/// What the short columns of a span, its part of the row of its trace and its places in indexes take.
const OTHER_BYTES: u64 = 900;

/// What a database takes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) bytes: u64,
    pub(super) spans: u64,
    pub(super) bytes_per_span: u64,
}

impl Size {
    /// Measures the database, within a transaction.
    pub(super) fn measure(session: &mut dyn Session) -> Result<Self, DatabaseError> {
        let dialect = session.dialect();
        let sql = format!("SELECT {} FROM tracestead_rollups", dialect.whole("COALESCE(SUM(calls), 0)"));
        let spans = number(session, &sql)?;
        let bytes_per_span = bytes_per_span(session)?;
        let (of_spans, of_others) = stored(session)?;
        let bytes = match dialect {
            Dialect::Sqlite => of_spans + of_others,
            _ => of_spans.min(spans.saturating_mul(bytes_per_span)) + of_others,
        };
        Ok(Self { bytes, spans, bytes_per_span })
    }
}

/// How much there is above what may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Excess {
    bytes: u64,
    bytes_per_span: u64,
}

impl Excess {
    /// Returns how many traces at the beginning of a page make up for it, if those go that may; at most all of them.
    pub(super) fn reached_within(self, page: &[TraceRecord], may_go: impl Fn(&TraceRecord) -> bool) -> usize {
        let mut left = self.bytes.div_ceil(self.bytes_per_span);
        let reached = page.iter().position(|trace| {
            if may_go(trace) {
                left = left.saturating_sub(candidates::span_count(trace).max(1));
            }
            left == 0
        });
        reached.map_or(page.len(), |at| at + 1)
    }

    /// Returns what is left of it without some spans.
    pub(super) fn without(self, spans: u64) -> Option<Self> {
        let bytes = self.bytes.saturating_sub(spans.saturating_mul(self.bytes_per_span));
        (bytes > 0).then_some(Self { bytes, ..self })
    }
}

/// Returns how much more the database is than `max_bytes`; `None` if that is nothing, or if it is not for spans.
pub(super) fn excess(session: &mut dyn Session, max_bytes: u64) -> Result<Option<Excess>, DatabaseError> {
    let size = transaction(session, Access::Read, Size::measure)?;
    Ok(above(size, max_bytes))
}

/// The same of a size that is known.
pub(super) fn above(size: Size, max_bytes: u64) -> Option<Excess> {
    let bytes = size.bytes.checked_sub(max_bytes).filter(|bytes| *bytes > 0)?;
    // A file may have other tables. Traces must not go because those are large; half as much again is for the estimate.
    let of_spans = size.spans.saturating_mul(size.bytes_per_span);
    if size.bytes.saturating_sub(of_spans.saturating_add(of_spans / 2)) >= max_bytes {
        tracing::warn!(
            bytes = size.bytes,
            max_bytes,
            "the database is larger than it may be, but not because of its spans: nothing is deleted"
        );
        return None;
    }
    Some(Excess { bytes, bytes_per_span: size.bytes_per_span })
}

/// Returns how many bytes the table of spans takes, and how many the others of ours; of a file, all others.
fn stored(session: &mut dyn Session) -> Result<(u64, u64), DatabaseError> {
    let (spans, others) = match session.dialect() {
        Dialect::Sqlite => (
            "SELECT (p.page_count - f.freelist_count) * s.page_size
             FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size s",
            None,
        ),
        Dialect::Postgres => (
            "SELECT CAST(COALESCE(SUM(pg_total_relation_size(c.oid)), 0) AS BIGINT)
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND c.relname = 'agno_spans'",
            Some(
                "SELECT CAST(COALESCE(SUM(pg_total_relation_size(c.oid)), 0) AS BIGINT)
                 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')
                    AND (c.relname = 'agno_traces' OR c.relname LIKE 'tracestead\\_%')",
            ),
        ),
        Dialect::MySql => (
            "SELECT CAST(COALESCE(SUM(data_length + index_length), 0) AS SIGNED) FROM information_schema.tables
             WHERE table_schema = DATABASE() AND table_name = 'agno_spans'",
            Some(
                "SELECT CAST(COALESCE(SUM(data_length + index_length), 0) AS SIGNED) FROM information_schema.tables
                 WHERE table_schema = DATABASE() AND (table_name = 'agno_traces' OR table_name LIKE 'tracestead|_%' ESCAPE '|')",
            ),
        ),
        // What was deleted is among the rows of a part until it is merged.
        Dialect::ClickHouse => (
            "SELECT toInt64(sum(bytes_on_disk)) FROM system.parts
             WHERE database = currentDatabase() AND active AND table = 'agno_spans'",
            Some(
                "SELECT toInt64(sum(bytes_on_disk)) FROM system.parts
                 WHERE database = currentDatabase() AND active AND (table = 'agno_traces' OR table LIKE 'tracestead\\_%')",
            ),
        ),
    };
    let others = others.map(|sql| number(session, sql)).transpose()?;
    Ok((number(session, spans)?, others.unwrap_or(0)))
}

/// Returns what a span takes, of some at both ends of time.
fn bytes_per_span(session: &mut dyn Session) -> Result<u64, DatabaseError> {
    let dialect = session.dialect();
    let length = match dialect {
        Dialect::Sqlite => "octet_length",
        // As it is stored, which may be compressed.
        Dialect::Postgres => "pg_column_size",
        Dialect::MySql => "LENGTH",
        Dialect::ClickHouse => "length",
    };
    let columns = ["attributes", "events", "links", "scope", "status_message"];
    let bytes = columns.map(|column| format!("COALESCE({length}({column}), 0)")).join(" + ");
    let mut sum = 0;
    for order in ["ASC", "DESC"] {
        let sql = format!(
            "SELECT {} FROM (SELECT {bytes} AS bytes FROM {} WHERE start_time_ns IS NOT NULL
                ORDER BY start_time_ns {order} LIMIT {SAMPLE_SPANS}) AS sample",
            dialect.whole("COALESCE(AVG(bytes), 0)"),
            dialect.from("agno_spans"),
        );
        sum += number(session, &sql)?;
    }
    Ok(sum / 2 + OTHER_BYTES)
}

fn number(session: &mut dyn Session, sql: &str) -> Result<u64, DatabaseError> {
    Ok(session.query(sql, &[])?.first().map_or(0, |row| row.whole(0)).unsigned_abs())
}
