//! Spans: the light rows of a tree, all of a trace, or one with everything it came with.

use serde_json::Value as Json;
use tracestead_model::json::from_agno_json;
use tracestead_model::query::SpanRecord;
use tracestead_model::{Link, Resource, Scope, SpanFacts, UnixNanos};

use super::attached::fill_spans;
use crate::error::DatabaseError;
use crate::session::Session;
use crate::sql::{Dialect, Row, Value, of_traces};
use crate::write::{Joined, attributes, from_column, number};
use crate::{ReadError, SpanStore};

/// Every column of a span but the heavy ones, which follow in [`HEAVY`].
const LIGHT: &str = "trace_id, span_id, parent_span_id, name, span_kind, status_code, status_message, start_time_ns, \
    end_time_ns, duration_ms, span_type, run_id, session_id, user_id, agent_id, team_id, workflow_id, model, provider, \
    tool_name, finish_reason, ttft_ns, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, \
    reasoning_tokens, total_tokens, cost_nano_usd, agg_input_tokens, agg_output_tokens, start_time, end_time, \
    span_type_source, agent_name, team_name, workflow_name, response_model, response_id, cost_source, cost_missing, \
    error_type";

/// How many columns [`LIGHT`] has.
const LIGHT_COLUMNS: usize = 42;

const HEAVY: &str = "attributes, events, links, trace_state, flags, dropped_attributes_count, dropped_events_count, \
    dropped_links_count, scope, resource_id";

/// How many rows are read at once to look for those of a type that is not known before.
const PAGE_ROWS: u32 = 500;

/// A question for spans over all traces, newest first.
#[derive(Debug, Clone, Default)]
pub struct SpanQuery {
    /// Those of one trace.
    pub trace_id: Option<String>,
    /// Those of one type, as stored.
    pub span_type: Option<String>,
    /// Those with one status code.
    pub status_code: Option<String>,
    /// Those with one name.
    pub name: Option<String>,
    /// How many at most.
    pub limit: u32,
}

impl SpanStore {
    /// Returns all spans of a trace without attributes, events and links, in no order.
    pub async fn light_spans(&self, trace_id: &str) -> Result<Vec<SpanRecord>, ReadError> {
        let trace_id = trace_id.to_owned();
        self.readers()
            .run(move |session| {
                let (sql, values) = plan_of_trace(&trace_id, session.dialect());
                let mut rows = session.query(&sql, &values)?;
                fill_spans(session, LIGHT, &mut rows)?;
                Ok(rows.iter_mut().map(light).collect())
            })
            .await
    }

    /// Returns all spans of a trace with attributes, events and links, in no order.
    pub async fn whole_spans(&self, trace_id: &str) -> Result<Vec<SpanRecord>, ReadError> {
        let trace_id = trace_id.to_owned();
        self.readers()
            .run(move |session| {
                let from = session.dialect().from("agno_spans");
                let mut values = Vec::new();
                let of_trace = of_traces(session.dialect(), "agno_spans", &[&trace_id], &mut values);
                let sql = format!("SELECT {LIGHT}, {HEAVY} FROM {from} WHERE {of_trace}");
                let mut rows = session.query(&sql, &values)?;
                fill_spans(session, LIGHT, &mut rows)?;
                let mut spans: Vec<SpanRecord> = rows.into_iter().map(heavy).collect();
                let joined = Joined::read(session, &[&trace_id])?;
                for span in &mut spans {
                    joined.add_to(&trace_id, &span.span_id, &mut span.events);
                }
                Ok(spans)
            })
            .await
    }

    /// Returns one span with everything it came with; `trace_id` tells apart spans of different traces with one id.
    pub async fn span(&self, trace_id: &str, span_id: &str) -> Result<Option<SpanRecord>, ReadError> {
        let (trace_id, span_id) = (trace_id.to_owned(), span_id.to_owned());
        self.readers().run(move |session| one(session, &trace_id, &span_id)).await
    }

    /// Returns whether a span with this id exists in any trace.
    pub async fn span_exists(&self, span_id: &str) -> Result<bool, ReadError> {
        let span_id = span_id.to_owned();
        self.readers()
            .run(move |session| {
                let sql = "SELECT 1 FROM agno_spans WHERE span_id = ? LIMIT 1";
                Ok(!session.query(sql, &[Value::text(&span_id)])?.is_empty())
            })
            .await
    }

    /// Returns spans without attributes, events and links, newest first.
    pub async fn spans(&self, query: SpanQuery) -> Result<Vec<SpanRecord>, ReadError> {
        self.readers().run(move |session| list(session, &query)).await
    }
}

/// Returns the statement for the light rows of a trace.
pub(crate) fn plan_of_trace(trace_id: &str, dialect: Dialect) -> (String, Vec<Value<'_>>) {
    let mut values = Vec::new();
    let of_trace = of_traces(dialect, "agno_spans", &[trace_id], &mut values);
    (format!("SELECT {LIGHT} FROM {} WHERE {of_trace}", dialect.from("agno_spans")), values)
}

fn list(session: &mut dyn Session, query: &SpanQuery) -> Result<Vec<SpanRecord>, DatabaseError> {
    let (Some(_), Some(span_type)) = (session.derives(), &query.span_type) else {
        return page(session, query, 0);
    };
    // Of rows that are not filled the type is known once they are read.
    let any = SpanQuery { span_type: None, limit: query.limit.max(PAGE_ROWS), ..query.clone() };
    let (mut spans, mut read) = (Vec::new(), 0);
    loop {
        let found = page(session, &any, read)?;
        let is_last = found.len() < any.limit as usize;
        read += found.len() as u64;
        spans.extend(found.into_iter().filter(|span| span.span_type == *span_type));
        if is_last || spans.len() >= query.limit as usize {
            spans.truncate(query.limit as usize);
            return Ok(spans);
        }
    }
}

fn page(session: &mut dyn Session, query: &SpanQuery, offset: u64) -> Result<Vec<SpanRecord>, DatabaseError> {
    let (mut sql, mut values) = plan_list(query, session.dialect());
    if offset > 0 {
        sql.push_str(" OFFSET ?");
        values.push(Value::count(offset));
    }
    let mut rows = session.query(&sql, &values)?;
    fill_spans(session, LIGHT, &mut rows)?;
    Ok(rows.iter_mut().map(light).collect())
}

/// Returns the statement that answers a question for spans, and its values.
pub(crate) fn plan_list(query: &SpanQuery, dialect: Dialect) -> (String, Vec<Value<'_>>) {
    let mut sql =
        format!("SELECT {LIGHT} FROM {} WHERE start_time_ns IS NOT NULL", dialect.from("agno_spans"));
    let mut values = Vec::new();
    if let Some(trace_id) = &query.trace_id {
        sql.push_str(" AND ");
        sql.push_str(&of_traces(dialect, "agno_spans", &[trace_id], &mut values));
    }
    let conditions =
        [("span_type", &query.span_type), ("status_code", &query.status_code), ("name", &query.name)];
    for (column, value) in conditions {
        if let Some(value) = value {
            sql.extend([" AND ", column, " = ?"]);
            values.push(Value::text(value));
        }
    }
    let by_id = dialect.id_order("span_id");
    let newest_first = dialect.newest_first("agno_spans");
    sql.extend([" ORDER BY ", newest_first, ", ", &by_id, " DESC LIMIT ?"]);
    values.push(Value::int(query.limit));
    (sql, values)
}

fn one(
    session: &mut dyn Session,
    trace_id: &str,
    span_id: &str,
) -> Result<Option<SpanRecord>, DatabaseError> {
    let dialect = session.dialect();
    let from = dialect.from("agno_spans");
    let mut values = Vec::new();
    let of_trace = of_traces(dialect, "agno_spans", &[trace_id], &mut values);
    let sql = format!("SELECT {LIGHT}, {HEAVY} FROM {from} WHERE {of_trace} AND span_id = ?");
    values.push(Value::text(span_id));
    let mut found = session.query(&sql, &values)?;
    fill_spans(session, LIGHT, &mut found)?;
    let Some(mut row) = found.pop() else { return Ok(None) };
    let resource_id = row.text(LIGHT_COLUMNS + 9);
    let mut span = heavy(row);
    Joined::read(session, &[trace_id])?.add_to(trace_id, span_id, &mut span.events);
    if let Some(resource_id) = resource_id {
        let from = dialect.from("tracestead_resources");
        let sql = format!(
            "SELECT attributes, dropped_attributes_count, schema_url FROM {from} WHERE resource_id = ?"
        );
        let resource = session.query(&sql, &[Value::text(&resource_id)])?.pop().map(|mut row| Resource {
            attributes: from_agno_json(row.str(0)),
            dropped_attributes_count: row.small(1),
            schema_url: row.required(2),
        });
        span.resource = resource.unwrap_or_default();
    }
    Ok(Some(span))
}

/// Takes a record out of a row.
fn light(row: &mut Row) -> SpanRecord {
    // Without our columns Agno has just written the row; its own texts tell the times.
    let time = |at: usize| UnixNanos::from_iso(row.str(at)).unwrap_or(UnixNanos::EPOCH).as_i64();
    let start_time_ns = row.int(7);
    SpanRecord {
        start_time_ns: start_time_ns.unwrap_or_else(|| time(31)),
        end_time_ns: if start_time_ns.is_some() { row.int(8) } else { Some(time(32)) },
        duration_ms: row.whole(9),
        ttft_ns: row.int(21),
        input_tokens: row.int(22),
        output_tokens: row.int(23),
        cache_read_tokens: row.int(24),
        cache_write_tokens: row.int(25),
        reasoning_tokens: row.int(26),
        total_tokens: row.int(27),
        cost_nano_usd: row.int(28),
        agg_input_tokens: row.int(29),
        agg_output_tokens: row.int(30),
        trace_id: row.required(0),
        span_id: row.required(1),
        parent_span_id: row.text(2),
        name: row.required(3),
        span_kind: row.required(4),
        status_code: row.required(5),
        status_message: row.text(6),
        span_type: row.required(10),
        run_id: row.text(11),
        session_id: row.text(12),
        user_id: row.text(13),
        agent_id: row.text(14),
        team_id: row.text(15),
        workflow_id: row.text(16),
        model: row.text(17),
        provider: row.text(18),
        tool_name: row.text(19),
        finish_reason: row.text(20),
        span_type_source: row.text(33),
        agent_name: row.text(34),
        team_name: row.text(35),
        workflow_name: row.text(36),
        response_model: row.text(37),
        response_id: row.text(38),
        cost_source: row.text(39),
        cost_missing: row.text(40),
        error_type: row.text(41),
        ..SpanRecord::default()
    }
}

fn heavy(mut row: Row) -> SpanRecord {
    let mut span = light(&mut row);
    let column = |at: usize| LIGHT_COLUMNS + at;
    span.attributes = from_agno_json(row.str(column(0)));
    span.events = from_column(row.str(column(1)));
    span.links = items(row.str(column(2))).iter().filter_map(link).collect();
    row.str(column(3)).clone_into(&mut span.trace_state);
    span.flags = row.small(column(4));
    span.dropped_attributes_count = row.small(column(5));
    span.dropped_events_count = row.small(column(6));
    span.dropped_links_count = row.small(column(7));
    span.scope = scope(row.str(column(8)));
    if span.span_type.is_empty() {
        let facts = SpanFacts::of(&span.source());
        facts.span_type.as_str().clone_into(&mut span.span_type);
    }
    span
}

fn items(json: &str) -> Vec<Json> {
    serde_json::from_str(json).unwrap_or_default()
}

fn string(json: &Json, key: &str) -> String {
    json.get(key).and_then(Json::as_str).unwrap_or_default().to_owned()
}

fn link(json: &Json) -> Option<Link> {
    Some(Link {
        trace_id: string(json, "trace_id").parse().ok()?,
        span_id: string(json, "span_id").parse().ok()?,
        trace_state: string(json, "trace_state"),
        flags: number(json, "flags"),
        attributes: attributes(json),
        dropped_attributes_count: number(json, "dropped_attributes_count"),
    })
}

fn scope(text: &str) -> Scope {
    let json: Json = serde_json::from_str(text).unwrap_or_default();
    Scope {
        name: string(&json, "name"),
        version: string(&json, "version"),
        attributes: attributes(&json),
        dropped_attributes_count: number(&json, "dropped_attributes_count"),
        schema_url: string(&json, "schema_url"),
    }
}
