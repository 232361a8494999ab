//! How large a database is, and how much of it a span is.
//!
//! No database but SQLite says at once that something was deleted: PostgreSQL's files keep their size and are filled again,
//! InnoDB's statistics are late. So on servers what is stored is counted in spans (the rollups know how many there are) and
//! multiplied by what some spans take; where PostgreSQL says that its files are smaller, it is believed.

use tracestead_model::query::TraceRecord;

use super::candidates;
use crate::error::DatabaseError;
use crate::session::{Access, Session, transaction};
use crate::sql::Dialect;

/// So many of the oldest and of the newest spans, and of the traces, tell how large a span is.
const SAMPLE_ROWS: u32 = 250;

/// What the short columns of a span and its places in indexes take.
const SPAN_BYTES: u64 = 700;

/// What those of a trace take.
const TRACE_BYTES: u64 = 900;

/// What a database takes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    /// How large it is.
    pub(super) bytes: u64,
    /// How large it is by the number of its spans.
    counted_bytes: u64,
    pub(super) spans: u64,
    pub(super) bytes_per_span: u64,
}

impl Size {
    /// Measures the database, within a transaction.
    pub(super) fn measure(session: &mut dyn Session) -> Result<Self, DatabaseError> {
        let dialect = session.dialect();
        if dialect == Dialect::ClickHouse {
            return Self::of_parts(session);
        }
        let sql = format!("SELECT {} FROM tracestead_rollups", dialect.whole("COALESCE(SUM(calls), 0)"));
        let spans = number(session, &sql)?;
        let mut bytes_per_span = bytes_per_span(session)?;
        if dialect == Dialect::Sqlite {
            let bytes = number(session, SQLITE)?;
            return Ok(Self { bytes, counted_bytes: bytes, spans, bytes_per_span });
        }
        // Pages are not full: keys come in no order, and what was deleted waits to be filled again.
        bytes_per_span = bytes_per_span * 4 / 3;
        let [of_traces, others] = stored(session)?;
        let counted = spans.saturating_mul(bytes_per_span);
        let of_traces = if dialect == Dialect::MySql { counted } else { of_traces.min(counted) };
        let [bytes, counted_bytes] = [of_traces, counted].map(|bytes| bytes.saturating_add(others));
        Ok(Self { bytes, counted_bytes, spans, bytes_per_span })
    }

    /// Measures what is on disk there. Rows that are gone take part in it until they are merged away, so it is what a row
    /// takes on disk, times the spans that there are. The sums over hours are behind, and a row that says that another one is
    /// gone takes next to nothing.
    fn of_parts(session: &mut dyn Session) -> Result<Self, DatabaseError> {
        let spans = number(session, "SELECT toInt64(ifNull(sum(span_count), 0)) FROM agno_traces FINAL")?;
        let rows = number(session, "SELECT toInt64(count()) FROM agno_spans WHERE NOT is_deleted")?;
        let [of_traces, others] = stored(session)?;
        let bytes_per_span = (of_traces / rows.max(1)).max(1);
        let bytes = spans.saturating_mul(bytes_per_span).saturating_add(others);
        Ok(Self { bytes, counted_bytes: bytes, spans, bytes_per_span })
    }

    /// Returns the size without so many bytes.
    pub(super) fn without(self, bytes: u64) -> Self {
        Self {
            bytes: self.bytes.saturating_sub(bytes),
            counted_bytes: self.counted_bytes.saturating_sub(bytes),
            ..self
        }
    }

    /// Returns how much more it is than `max_bytes`; `None` if that is nothing, or if it is not for spans.
    pub(super) fn above(self, max_bytes: u64) -> Option<Excess> {
        if self.bytes <= max_bytes {
            return None;
        }
        // A file may have other tables. Traces must not go because those are large; half as much again is for the estimate.
        let of_spans = self.spans.saturating_mul(self.bytes_per_span);
        if self.bytes.saturating_sub(of_spans.saturating_add(of_spans / 2)) >= max_bytes {
            tracing::warn!(
                bytes = self.bytes,
                max_bytes,
                "the database is larger than it may be, but not because of its spans: nothing is deleted"
            );
            return None;
        }
        let bytes = self.counted_bytes.saturating_sub(max_bytes);
        (bytes > 0).then_some(Excess { bytes, bytes_per_span: self.bytes_per_span })
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
    Ok(transaction(session, Access::Read, Size::measure)?.above(max_bytes))
}

/// The file without its free pages.
const SQLITE: &str = "SELECT (p.page_count - f.freelist_count) * s.page_size
    FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size s";

/// Returns how many bytes the tables of traces take, and how many the others of ours.
fn stored(session: &mut dyn Session) -> Result<[u64; 2], DatabaseError> {
    let of_traces = "('agno_traces', 'agno_spans', 'tracestead_span_events')";
    let others = "('tracestead_resources', 'tracestead_rollups', 'tracestead_quarantine')";
    let dialect = session.dialect();
    let mut stored = |tables: &str| {
        let sql = match dialect {
            Dialect::Sqlite => return Ok(0),
            Dialect::Postgres => format!(
                "SELECT CAST(COALESCE(SUM(pg_total_relation_size(c.oid)), 0) AS BIGINT)
                 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE n.nspname = current_schema() AND c.relkind = 'r' AND c.relname IN {tables}"
            ),
            Dialect::MySql => format!(
                "SELECT CAST(COALESCE(SUM(data_length + index_length), 0) AS SIGNED)
                 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name IN {tables}"
            ),
            Dialect::ClickHouse => {
                format!("SELECT toInt64(ifNull(sum(bytes_on_disk), 0)) {} IN {tables}", parts(session))
            }
        };
        number(session, &sql)
    };
    Ok([stored(of_traces)?, stored(others)?])
}

/// Returns the end of a question about the parts of tables, up to which ones; of a cluster, those of one replica of each shard.
fn parts(session: &dyn Session) -> String {
    let of = |parts: &str, name: &str| {
        format!("FROM {parts} WHERE database = currentDatabase() AND active AND {name}")
    };
    match session.cluster() {
        Some(cluster) => {
            let cluster = cluster.replace('\\', "\\\\").replace('\'', "\\'");
            of(&format!("cluster('{cluster}', system.parts)"), "replaceRegexpOne(table, '_local$', '')")
        }
        None => of("system.parts", "table"),
    }
}

/// Returns what a span takes with its part of the trace, of some at both ends of time.
fn bytes_per_span(session: &mut dyn Session) -> Result<u64, DatabaseError> {
    let spans = lengths(session.dialect(), &["attributes", "events", "links", "scope", "status_message"]);
    let traces = lengths(session.dialect(), &["input_preview", "output_preview"]);
    let (mut of_span, mut of_trace, mut spans_per_trace) = (0, 0, 0);
    for order in ["ASC", "DESC"] {
        of_span += average(session, "agno_spans", &spans, order)?;
        of_trace += average(session, "agno_traces", &traces, order)?;
        spans_per_trace += average(session, "agno_traces", "COALESCE(span_count, 1)", order)?;
    }
    Ok(of_span / 2 + SPAN_BYTES + (of_trace / 2 + TRACE_BYTES) / (spans_per_trace / 2).max(1))
}

fn lengths(dialect: Dialect, columns: &[&str]) -> String {
    let length = match dialect {
        Dialect::Sqlite => "octet_length",
        // As it is stored, which may be compressed.
        Dialect::Postgres => "pg_column_size",
        Dialect::MySql => "LENGTH",
        // It is not asked there, see `of_parts`.
        Dialect::ClickHouse => "length",
    };
    let lengths: Vec<String> =
        columns.iter().map(|column| format!("COALESCE({length}({column}), 0)")).collect();
    lengths.join(" + ")
}

fn average(
    session: &mut dyn Session,
    table: &str,
    number_of: &str,
    order: &str,
) -> Result<u64, DatabaseError> {
    let dialect = session.dialect();
    let sql = format!(
        "SELECT {} FROM (SELECT {number_of} AS number FROM {} WHERE start_time_ns IS NOT NULL
            ORDER BY start_time_ns {order} LIMIT {SAMPLE_ROWS}) AS sample",
        dialect.whole("COALESCE(AVG(number), 0)"),
        dialect.from(table),
    );
    number(session, &sql)
}

fn number(session: &mut dyn Session, sql: &str) -> Result<u64, DatabaseError> {
    Ok(session.query(sql, &[])?.first().map_or(0, |row| row.whole(0)).unsigned_abs())
}
