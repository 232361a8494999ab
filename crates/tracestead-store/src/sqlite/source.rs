//! A span read back from its row, to be understood once more.

use rusqlite::{Connection, Row};
use serde_json::Value as Json;
use tracestead_model::json::from_agno_json;
use tracestead_model::{Attributes, Cost, Event, PriceBook, SpanFacts, SpanSource, StatusCode, UnixNanos};

use super::{rows, span_events};

/// The columns of [`SourceRow`].
const COLUMNS: &str = "rowid, trace_id, span_id, name, status_code, status_message, start_time_ns, end_time_ns, \
    start_time, end_time, scope, events, attributes";

/// What a row says of its span.
pub(super) struct SourceRow {
    pub(super) rowid: i64,
    pub(super) trace_id: String,
    span_id: String,
    name: String,
    status_code: String,
    status_message: Option<String>,
    start_time: UnixNanos,
    end_time: Option<UnixNanos>,
    scope_name: String,
    events: Vec<Event>,
    attributes: Attributes,
}

impl SourceRow {
    /// Returns the rows that `condition` picks.
    pub(super) fn select(
        connection: &Connection,
        condition: &str,
        values: impl rusqlite::Params,
    ) -> rusqlite::Result<Vec<Self>> {
        let sql = format!("SELECT {COLUMNS} FROM agno_spans WHERE {condition}");
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows: Vec<Self> =
            statement.query_map(values, Self::read)?.collect::<rusqlite::Result<_>>()?;
        let spans = rows.iter_mut().map(|row| (row.trace_id.as_str(), row.span_id.as_str(), &mut row.events));
        span_events::join_all(connection, spans)?;
        Ok(rows)
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let nanos =
            |column: usize| row.get::<_, Option<i64>>(column).map(|time| time.map(UnixNanos::from_i64));
        let iso = |column: usize| -> rusqlite::Result<Option<UnixNanos>> {
            Ok(row.get_ref(column)?.as_str_or_null()?.and_then(|text| UnixNanos::from_iso(text).ok()))
        };
        let text = |column: usize| -> rusqlite::Result<&str> {
            Ok(row.get_ref(column)?.as_str_or_null()?.unwrap_or_default())
        };
        let start_time = nanos(6)?;
        // Without our columns Agno wrote the row; its own texts tell the times.
        let end_time = if start_time.is_some() { nanos(7)? } else { iso(9)? };
        let scope: Json = serde_json::from_str(text(10)?).unwrap_or_default();
        Ok(Self {
            rowid: row.get(0)?,
            trace_id: row.get(1)?,
            span_id: row.get(2)?,
            name: row.get(3)?,
            status_code: row.get(4)?,
            status_message: row.get(5)?,
            // A time that cannot be read becomes the epoch: the row must not be found unread for ever.
            start_time: start_time.or(iso(8)?).unwrap_or(UnixNanos::EPOCH),
            end_time,
            scope_name: scope.get("name").and_then(Json::as_str).unwrap_or_default().to_owned(),
            events: span_events::from_column(text(11)?),
            attributes: from_agno_json(text(12)?),
        })
    }

    pub(super) fn source(&self) -> SpanSource<'_> {
        SpanSource {
            name: &self.name,
            scope_name: &self.scope_name,
            start_time: self.start_time,
            end_time: self.end_time,
            status_code: StatusCode::from_stored(&self.status_code),
            status_message: self.status_message.as_deref().unwrap_or_default(),
            attributes: &self.attributes,
            events: &self.events,
        }
    }

    fn facts(&self, prices: &PriceBook) -> (SpanFacts, Cost) {
        let facts = SpanFacts::of(&self.source());
        let cost = prices.cost(&facts, self.start_time);
        (facts, cost)
    }

    /// Understands the span anew and writes what came of it into its row.
    pub(super) fn write_facts(&self, connection: &Connection, prices: &PriceBook) -> rusqlite::Result<()> {
        let (facts, cost) = self.facts(prices);
        rows::write_facts(connection, self.rowid, &facts, cost)
    }

    /// Prices the span's call anew.
    pub(super) fn write_cost(&self, connection: &Connection, prices: &PriceBook) -> rusqlite::Result<()> {
        rows::write_cost(connection, self.rowid, self.facts(prices).1)
    }

    /// Writes the times of a row that Agno wrote.
    pub(super) fn write_times(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection
            .prepare_cached("UPDATE agno_spans SET start_time_ns = ?2, end_time_ns = ?3 WHERE rowid = ?1")?
            .execute((self.rowid, self.start_time.as_i64(), self.end_time.map(UnixNanos::as_i64)))?;
        Ok(())
    }
}
