//! How a prepared span becomes the row of `agno_spans`.

use rusqlite::types::{Null, ToSql};
use rusqlite::{CachedStatement, Connection};
use tracestead_model::facts::FACTS_VERSION;

use crate::batch::PreparedSpan;

/// The columns that are written, in the order in which [`bind`] gives their values. The first three are the key and
/// when the row was made: a row that is written again keeps them.
const COLUMNS: [&str; 45] = [
    "trace_id",
    "span_id",
    "created_at",
    "parent_span_id",
    "name",
    "span_kind",
    "status_code",
    "status_message",
    "start_time",
    "end_time",
    "duration_ms",
    "start_time_ns",
    "end_time_ns",
    "span_type",
    "run_id",
    "session_id",
    "user_id",
    "agent_id",
    "team_id",
    "workflow_id",
    "model",
    "provider",
    "tool_name",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "total_tokens",
    "cost_nano_usd",
    "finish_reason",
    "ttft_ns",
    "agg_input_tokens",
    "agg_output_tokens",
    "facts_version",
    "resource_id",
    "trace_state",
    "flags",
    "dropped_attributes_count",
    "dropped_events_count",
    "dropped_links_count",
    "scope",
    "events",
    "links",
    "attributes",
];

/// How many of [`COLUMNS`] a row keeps when it is written again.
const KEPT: usize = 3;

/// Returns the statement that inserts a span unless its key is taken.
pub(super) fn insert(connection: &Connection) -> rusqlite::Result<CachedStatement<'_>> {
    let marks = vec!["?"; COLUMNS.len()].join(", ");
    let columns = COLUMNS.join(", ");
    connection.prepare_cached(&format!(
        "INSERT INTO agno_spans ({columns}) VALUES ({marks}) ON CONFLICT DO NOTHING"
    ))
}

/// Returns the statement that writes a span over the row that has its key.
pub(super) fn replace(connection: &Connection) -> rusqlite::Result<CachedStatement<'_>> {
    let set: Vec<String> =
        COLUMNS.iter().enumerate().skip(KEPT).map(|(at, column)| format!("{column} = ?{}", at + 1)).collect();
    connection.prepare_cached(&format!(
        "UPDATE agno_spans SET {} WHERE trace_id = ?1 AND span_id = ?2",
        set.join(", ")
    ))
}

/// Binds the values of [`COLUMNS`].
pub(super) fn bind(
    statement: &mut CachedStatement<'_>,
    span: &PreparedSpan,
    created_at: &str,
) -> rusqlite::Result<()> {
    let (facts, shape) = (&span.facts, &span.shape);
    let resource_id = span.resource.as_ref().map(|resource| resource.resource_id.as_str());
    let dropped = |count: u32| Some(count).filter(|count| *count > 0);
    let values: [&dyn ToSql; COLUMNS.len()] = [
        &span.trace_id,
        &span.span_id,
        &created_at,
        &span.parent_span_id,
        &shape.name,
        &span.span_kind,
        &span.status_code,
        &span.status_message,
        &span.start_time,
        &span.end_time,
        &span.duration_ms,
        &shape.start_time_ns,
        &shape.end_time_ns,
        &facts.span_type.as_str(),
        &facts.run_id,
        &facts.session_id,
        &facts.user_id,
        &facts.agent_id,
        &facts.team_id,
        &facts.workflow_id,
        &facts.model,
        &facts.provider,
        &facts.tool_name,
        &facts.usage.input_tokens,
        &facts.usage.output_tokens,
        &facts.usage.cache_read_tokens,
        &facts.usage.cache_write_tokens,
        &facts.usage.reasoning_tokens,
        &facts.usage.total_tokens,
        &facts.cost_nano_usd,
        &facts.finish_reason,
        &Null,
        &facts.aggregate.input_tokens,
        &facts.aggregate.output_tokens,
        &FACTS_VERSION,
        &resource_id,
        &span.trace_state,
        &span.flags,
        &dropped(span.dropped_attributes_count),
        &dropped(span.dropped_events_count),
        &dropped(span.dropped_links_count),
        &span.scope,
        &span.events,
        &span.links,
        &span.attributes,
    ];
    for (at, value) in values.into_iter().enumerate() {
        statement.raw_bind_parameter(at + 1, value)?;
    }
    Ok(())
}
