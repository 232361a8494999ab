//! A span read back from its row, to be understood once more.

use serde_json::Value as Json;
use tracestead_model::json::from_agno_json;
use tracestead_model::{Attributes, Cost, Event, PriceBook, SpanFacts, SpanSource, StatusCode, UnixNanos};

use super::span_events::{self, Joined};
use crate::batch::PreparedSpan;
use crate::error::DatabaseError;
use crate::session::Session;
use crate::sql::{Row, Value, of_traces};

/// The columns of [`SourceRow`].
pub(crate) const COLUMNS: &str = "trace_id, span_id, name, status_code, status_message, start_time_ns, end_time_ns, start_time, \
    end_time, scope, events, attributes, resource_id";

/// What a row says of its span.
#[derive(Debug)]
pub(crate) struct SourceRow {
    pub(crate) trace_id: String,
    pub(crate) span_id: String,
    pub(crate) name: String,
    status_code: String,
    status_message: Option<String>,
    pub(crate) start_time: UnixNanos,
    pub(crate) end_time: Option<UnixNanos>,
    scope_name: String,
    events: Vec<Event>,
    attributes: Attributes,
    pub(super) resource_id: Option<String>,
}

impl SourceRow {
    /// Returns the rows that `condition` picks, their log records joined.
    pub(crate) fn select(
        session: &mut dyn Session,
        condition: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<Self>, DatabaseError> {
        let from = session.dialect().from("agno_spans");
        let sql = format!("SELECT {COLUMNS} FROM {from} WHERE {condition}");
        let mut rows: Vec<Self> = session.query(&sql, values)?.into_iter().map(Self::read).collect();
        let mut trace_ids: Vec<String> = rows.iter().map(|row| row.trace_id.clone()).collect();
        trace_ids.sort();
        trace_ids.dedup();
        let trace_ids: Vec<&str> = trace_ids.iter().map(String::as_str).collect();
        let joined = Joined::read(session, &trace_ids)?;
        for row in &mut rows {
            joined.add_to(&row.trace_id, &row.span_id, &mut row.events);
        }
        Ok(rows)
    }

    /// Returns the row of one span.
    pub(crate) fn of_span(
        session: &mut dyn Session,
        trace_id: &str,
        span_id: &str,
    ) -> Result<Option<Self>, DatabaseError> {
        let mut values = Vec::new();
        let of_trace = of_traces(session.dialect(), "agno_spans", &[trace_id], &mut values);
        values.push(Value::text(span_id));
        Ok(Self::select(session, &format!("{of_trace} AND span_id = ?"), &values)?.pop())
    }

    pub(crate) fn read(mut row: Row) -> Self {
        let iso = |row: &Row, at: usize| UnixNanos::from_iso(row.str(at)).ok();
        let start_time = row.int(5).map(UnixNanos::from_i64);
        // Without our columns Agno wrote the row; its own texts tell the times.
        let end_time = if start_time.is_some() { row.int(6).map(UnixNanos::from_i64) } else { iso(&row, 8) };
        Self {
            // A time that cannot be read becomes the epoch: the row must not be found unread for ever.
            start_time: start_time.or(iso(&row, 7)).unwrap_or(UnixNanos::EPOCH),
            end_time,
            scope_name: scope_name(row.str(9)),
            events: span_events::from_column(row.str(10)),
            attributes: from_agno_json(row.str(11)),
            resource_id: row.text(12),
            trace_id: row.required(0),
            span_id: row.required(1),
            name: row.required(2),
            status_code: row.required(3),
            status_message: row.text(4),
        }
    }

    /// Returns a span that is about to be written, with the log records that came before it.
    pub(super) fn of_prepared(span: &PreparedSpan, joined: &Joined) -> Self {
        let mut events = span_events::from_column(span.events.as_deref().unwrap_or_default());
        joined.add_to(&span.trace_id, &span.span_id, &mut events);
        Self {
            trace_id: span.trace_id.clone(),
            span_id: span.span_id.clone(),
            name: span.shape.name.clone(),
            status_code: span.status_code.to_owned(),
            status_message: span.status_message.clone(),
            start_time: UnixNanos::from_i64(span.shape.start_time_ns),
            end_time: span.shape.end_time_ns.map(UnixNanos::from_i64),
            scope_name: scope_name(span.scope.as_deref().unwrap_or_default()),
            events,
            attributes: from_agno_json(&span.attributes),
            resource_id: span.resource.as_ref().map(|resource| resource.resource_id.clone()),
        }
    }

    pub(crate) fn source(&self) -> SpanSource<'_> {
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

    /// Adds the span's log records.
    pub(super) fn join(&mut self, joined: &Joined) {
        joined.add_to(&self.trace_id, &self.span_id, &mut self.events);
    }

    /// Understands the span anew.
    pub(crate) fn facts(&self, prices: &PriceBook) -> (SpanFacts, Cost) {
        let facts = SpanFacts::of(&self.source());
        let cost = prices.cost(&facts, self.start_time);
        (facts, cost)
    }
}

fn scope_name(scope: &str) -> String {
    let scope: Json = serde_json::from_str(scope).unwrap_or_default();
    scope.get("name").and_then(Json::as_str).unwrap_or_default().to_owned()
}
