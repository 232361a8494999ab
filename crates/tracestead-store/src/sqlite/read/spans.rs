//! Spans: the light rows of a tree, all of a trace, or one with everything it came with.

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use serde_json::Value as Json;
use tracestead_model::json::from_agno_json;
use tracestead_model::query::SpanRecord;
use tracestead_model::{Link, Resource, Scope, SpanFacts, UnixNanos};

use super::super::SqliteStore;
use super::super::span_events::{self, attributes, number};
use super::whole;
use crate::ReadError;

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

impl SqliteStore {
    /// Returns all spans of a trace without attributes, events and links, in no order.
    pub async fn light_spans(&self, trace_id: &str) -> Result<Vec<SpanRecord>, ReadError> {
        let trace_id = trace_id.to_owned();
        self.readers
            .run(move |connection| {
                let sql = format!("SELECT {LIGHT} FROM agno_spans WHERE trace_id = ?1");
                connection.prepare_cached(&sql)?.query_map([trace_id], light)?.collect()
            })
            .await
    }

    /// Returns all spans of a trace with attributes, events and links, in no order.
    pub async fn whole_spans(&self, trace_id: &str) -> Result<Vec<SpanRecord>, ReadError> {
        let trace_id = trace_id.to_owned();
        self.readers
            .run(move |connection| {
                let sql = format!("SELECT {LIGHT}, {HEAVY} FROM agno_spans WHERE trace_id = ?1");
                let mut statement = connection.prepare_cached(&sql)?;
                let mut spans: Vec<SpanRecord> =
                    statement.query_map([&trace_id], heavy)?.collect::<rusqlite::Result<_>>()?;
                let joined =
                    spans.iter_mut().map(|span| (trace_id.as_str(), span.span_id.as_str(), &mut span.events));
                span_events::join_all(connection, joined)?;
                Ok(spans)
            })
            .await
    }

    /// Returns one span with everything it came with; `trace_id` tells apart spans of different traces with one id.
    pub async fn span(&self, trace_id: &str, span_id: &str) -> Result<Option<SpanRecord>, ReadError> {
        let (trace_id, span_id) = (trace_id.to_owned(), span_id.to_owned());
        self.readers.run(move |connection| one(connection, &trace_id, &span_id)).await
    }

    /// Returns whether a span with this id exists in any trace.
    pub async fn span_exists(&self, span_id: &str) -> Result<bool, ReadError> {
        let span_id = span_id.to_owned();
        self.readers
            .run(move |connection| {
                let sql = "SELECT EXISTS (SELECT 1 FROM agno_spans WHERE span_id = ?1)";
                connection.prepare_cached(sql)?.query_row([span_id], |row| row.get(0))
            })
            .await
    }

    /// Returns spans without attributes, events and links, newest first.
    pub async fn spans(&self, query: SpanQuery) -> Result<Vec<SpanRecord>, ReadError> {
        self.readers.run(move |connection| list(connection, query)).await
    }
}

fn list(connection: &Connection, query: SpanQuery) -> rusqlite::Result<Vec<SpanRecord>> {
    let mut sql = format!("SELECT {LIGHT} FROM agno_spans WHERE start_time_ns IS NOT NULL");
    let mut values = Vec::new();
    let conditions = [
        ("trace_id", query.trace_id),
        ("span_type", query.span_type),
        ("status_code", query.status_code),
        ("name", query.name),
    ];
    for (column, value) in conditions {
        if let Some(value) = value {
            sql.extend([" AND ", column, " = ?"]);
            values.push(Sql::from(value));
        }
    }
    sql.push_str(" ORDER BY start_time_ns DESC, span_id DESC LIMIT ?");
    values.push(Sql::from(i64::from(query.limit)));
    connection.prepare_cached(&sql)?.query_map(params_from_iter(values), light)?.collect()
}

fn one(connection: &Connection, trace_id: &str, span_id: &str) -> rusqlite::Result<Option<SpanRecord>> {
    let sql = format!("SELECT {LIGHT}, {HEAVY} FROM agno_spans WHERE trace_id = ?1 AND span_id = ?2");
    let with_resource_id =
        |row: &Row<'_>| Ok((heavy(row)?, row.get::<_, Option<String>>(LIGHT_COLUMNS + 9)?));
    let found =
        connection.prepare_cached(&sql)?.query_row([trace_id, span_id], with_resource_id).optional()?;
    let Some((mut span, resource_id)) = found else { return Ok(None) };
    span_events::join(connection, trace_id, span_id, &mut span.events)?;
    if let Some(resource_id) = resource_id {
        let sql = "SELECT attributes, dropped_attributes_count, schema_url FROM tracestead_resources WHERE resource_id = ?1";
        let resource = connection.prepare_cached(sql)?.query_row([resource_id], |row| {
            Ok(Resource {
                attributes: from_agno_json(row.get_ref(0)?.as_str()?),
                dropped_attributes_count: row.get(1)?,
                schema_url: row.get(2)?,
            })
        });
        span.resource = resource.optional()?.unwrap_or_default();
    }
    Ok(Some(span))
}

fn light(row: &Row<'_>) -> rusqlite::Result<SpanRecord> {
    let has_our_columns = row.get_ref(7)? != rusqlite::types::ValueRef::Null;
    // Without our columns Agno has just written the row; its own texts tell the times.
    let time = |column: usize| -> rusqlite::Result<i64> {
        Ok(UnixNanos::from_iso(row.get_ref(column)?.as_str()?).unwrap_or(UnixNanos::EPOCH).as_i64())
    };
    Ok(SpanRecord {
        trace_id: row.get(0)?,
        span_id: row.get(1)?,
        parent_span_id: row.get(2)?,
        name: row.get(3)?,
        span_kind: row.get(4)?,
        status_code: row.get(5)?,
        status_message: row.get(6)?,
        start_time_ns: if has_our_columns { row.get(7)? } else { time(31)? },
        end_time_ns: if has_our_columns { row.get(8)? } else { Some(time(32)?) },
        duration_ms: whole(row, 9)?,
        span_type: row.get::<_, Option<String>>(10)?.unwrap_or_default(),
        run_id: row.get(11)?,
        session_id: row.get(12)?,
        user_id: row.get(13)?,
        agent_id: row.get(14)?,
        team_id: row.get(15)?,
        workflow_id: row.get(16)?,
        model: row.get(17)?,
        provider: row.get(18)?,
        tool_name: row.get(19)?,
        finish_reason: row.get(20)?,
        ttft_ns: row.get(21)?,
        input_tokens: row.get(22)?,
        output_tokens: row.get(23)?,
        cache_read_tokens: row.get(24)?,
        cache_write_tokens: row.get(25)?,
        reasoning_tokens: row.get(26)?,
        total_tokens: row.get(27)?,
        cost_nano_usd: row.get(28)?,
        agg_input_tokens: row.get(29)?,
        agg_output_tokens: row.get(30)?,
        span_type_source: row.get(33)?,
        agent_name: row.get(34)?,
        team_name: row.get(35)?,
        workflow_name: row.get(36)?,
        response_model: row.get(37)?,
        response_id: row.get(38)?,
        cost_source: row.get(39)?,
        cost_missing: row.get(40)?,
        error_type: row.get(41)?,
        ..SpanRecord::default()
    })
}

fn heavy(row: &Row<'_>) -> rusqlite::Result<SpanRecord> {
    let column = |at: usize| LIGHT_COLUMNS + at;
    let text =
        |at: usize| row.get_ref(column(at)).and_then(|value| Ok(value.as_str_or_null()?.unwrap_or_default()));
    let count = |at: usize| row.get::<_, Option<u32>>(column(at)).map(Option::unwrap_or_default);
    let mut span = light(row)?;
    span.attributes = from_agno_json(text(0)?);
    span.events = span_events::from_column(text(1)?);
    span.links = items(text(2)?).iter().filter_map(link).collect();
    text(3)?.clone_into(&mut span.trace_state);
    span.flags = count(4)?;
    span.dropped_attributes_count = count(5)?;
    span.dropped_events_count = count(6)?;
    span.dropped_links_count = count(7)?;
    span.scope = scope(text(8)?);
    if span.span_type.is_empty() {
        let facts = SpanFacts::of(&span.source());
        facts.span_type.as_str().clone_into(&mut span.span_type);
    }
    Ok(span)
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
