//! How a prepared span becomes the row of `agno_spans`, and how the facts within it are written again.

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection};
use tracestead_model::facts::FACTS_VERSION;
use tracestead_model::{Cost, SpanFacts};

use crate::batch::PreparedSpan;

/// The key and when the row was made: a row that is written again keeps them.
const KEPT: [&str; 3] = ["trace_id", "span_id", "created_at"];

/// What the sender said, but for what is long.
const SAID: [&str; 10] = [
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
];

/// What was understood of it, in the order of [`facts`].
const FACTS: [&str; 33] = [
    "span_type",
    "span_type_source",
    "run_id",
    "session_id",
    "user_id",
    "agent_id",
    "agent_name",
    "team_id",
    "team_name",
    "workflow_id",
    "workflow_name",
    "model",
    "response_model",
    "response_id",
    "provider",
    "tool_name",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "total_tokens",
    "cost_nano_usd",
    "cost_source",
    "cost_missing",
    "finish_reason",
    "ttft_ns",
    "error_type",
    "agg_input_tokens",
    "agg_output_tokens",
    "agg_total_tokens",
    "facts_version",
    "resource_id",
];

/// How many of [`FACTS`] are read from the span: all but the last, which says where it came from.
const READ: usize = FACTS.len() - 1;

/// The rest, what is long at the end.
const REST: [&str; 9] = [
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

fn columns() -> impl Iterator<Item = &'static str> {
    KEPT.into_iter().chain(SAID).chain(FACTS).chain(REST)
}

/// Returns the statement that inserts a span unless its key is taken.
pub(super) fn insert(connection: &Connection) -> rusqlite::Result<CachedStatement<'_>> {
    let columns: Vec<&str> = columns().collect();
    let marks = vec!["?"; columns.len()].join(", ");
    connection.prepare_cached(&format!(
        "INSERT INTO agno_spans ({}) VALUES ({marks}) ON CONFLICT DO NOTHING",
        columns.join(", ")
    ))
}

/// Returns the statement that writes a span over the row that has its key.
pub(super) fn replace(connection: &Connection) -> rusqlite::Result<CachedStatement<'_>> {
    let columns = columns().enumerate().skip(KEPT.len());
    let set: Vec<String> = columns.map(|(at, column)| format!("{column} = ?{}", at + 1)).collect();
    connection.prepare_cached(&format!(
        "UPDATE agno_spans SET {} WHERE trace_id = ?1 AND span_id = ?2",
        set.join(", ")
    ))
}

/// Binds the values of all columns.
pub(super) fn bind(
    statement: &mut CachedStatement<'_>,
    span: &PreparedSpan,
    created_at: &str,
) -> rusqlite::Result<()> {
    let shape = &span.shape;
    let dropped = |count: u32| integer(Some(i64::from(count)).filter(|count| *count > 0));
    let said = [
        text(Some(&span.trace_id)),
        text(Some(&span.span_id)),
        text(Some(created_at)),
        text(span.parent_span_id.as_deref()),
        text(Some(&shape.name)),
        text(Some(span.span_kind)),
        text(Some(span.status_code)),
        text(span.status_message.as_deref()),
        text(Some(&span.start_time)),
        text(Some(&span.end_time)),
        integer(Some(span.duration_ms)),
        integer(Some(shape.start_time_ns)),
        integer(shape.end_time_ns),
    ];
    let rest = [
        text(span.resource.as_ref().map(|resource| resource.resource_id.as_str())),
        text(span.trace_state.as_deref()),
        integer(Some(span.flags.into())),
        dropped(span.dropped_attributes_count),
        dropped(span.dropped_events_count),
        dropped(span.dropped_links_count),
        text(span.scope.as_deref()),
        text(span.events.as_deref()),
        text(span.links.as_deref()),
        text(Some(&span.attributes)),
    ];
    let values = said.into_iter().chain(facts(&span.facts, span.cost)).chain(rest);
    bind_all(statement, 1, values)
}

/// Writes the facts of the span in row `rowid` again.
pub(super) fn write_facts(
    connection: &Connection,
    rowid: i64,
    facts: &SpanFacts,
    cost: Cost,
) -> rusqlite::Result<()> {
    let set: Vec<String> =
        FACTS[..READ].iter().enumerate().map(|(at, column)| format!("{column} = ?{}", at + 2)).collect();
    let sql = format!("UPDATE agno_spans SET {} WHERE rowid = ?1", set.join(", "));
    let mut statement = connection.prepare_cached(&sql)?;
    statement.raw_bind_parameter(1, rowid)?;
    bind_all(&mut statement, 2, self::facts(facts, cost))?;
    statement.raw_execute()?;
    Ok(())
}

/// Writes the cost of the span in row `rowid` again.
pub(super) fn write_cost(connection: &Connection, rowid: i64, cost: Cost) -> rusqlite::Result<()> {
    let sql =
        "UPDATE agno_spans SET cost_nano_usd = ?2, cost_source = ?3, cost_missing = ?4 WHERE rowid = ?1";
    let source = cost.source.map(tracestead_model::CostSource::as_str);
    let missing = cost.missing.map(tracestead_model::CostMissing::as_str);
    connection.prepare_cached(sql)?.execute((rowid, cost.nano_usd, source, missing))?;
    Ok(())
}

/// Returns the values of [`FACTS`] that are read from the span.
fn facts(facts: &SpanFacts, cost: Cost) -> impl Iterator<Item = ValueRef<'_>> {
    let usage = &facts.usage;
    [
        text(Some(facts.span_type.as_str())),
        text(facts.span_type_source.as_deref()),
        text(facts.run_id.as_deref()),
        text(facts.session_id.as_deref()),
        text(facts.user_id.as_deref()),
        text(facts.agent_id.as_deref()),
        text(facts.agent_name.as_deref()),
        text(facts.team_id.as_deref()),
        text(facts.team_name.as_deref()),
        text(facts.workflow_id.as_deref()),
        text(facts.workflow_name.as_deref()),
        text(facts.model.as_deref()),
        text(facts.response_model.as_deref()),
        text(facts.response_id.as_deref()),
        text(facts.provider.as_deref()),
        text(facts.tool_name.as_deref()),
        integer(usage.input_tokens),
        integer(usage.output_tokens),
        integer(usage.cache_read_tokens),
        integer(usage.cache_write_tokens),
        integer(usage.reasoning_tokens),
        integer(usage.total_tokens),
        integer(cost.nano_usd),
        text(cost.source.map(tracestead_model::CostSource::as_str)),
        text(cost.missing.map(tracestead_model::CostMissing::as_str)),
        text(facts.finish_reason.as_deref()),
        integer(facts.ttft_ns),
        text(facts.error_type.as_deref()),
        integer(facts.aggregate.input_tokens),
        integer(facts.aggregate.output_tokens),
        integer(facts.aggregate.total_tokens),
        integer(Some(FACTS_VERSION)),
    ]
    .into_iter()
}

fn bind_all<'a>(
    statement: &mut CachedStatement<'_>,
    from: usize,
    values: impl Iterator<Item = ValueRef<'a>>,
) -> rusqlite::Result<()> {
    for (at, value) in values.enumerate() {
        statement.raw_bind_parameter(from + at, Borrowed(value))?;
    }
    Ok(())
}

/// A value that need not be copied to be bound.
struct Borrowed<'a>(ValueRef<'a>);

impl ToSql for Borrowed<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.0))
    }
}

fn text(text: Option<&str>) -> ValueRef<'_> {
    text.map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes()))
}

fn integer(number: Option<i64>) -> ValueRef<'static> {
    number.map_or(ValueRef::Null, ValueRef::Integer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracestead_model::{Attributes, SpanSource};

    #[test]
    fn every_fact_has_its_column() {
        let attributes = Attributes::new();
        let facts_of = SpanFacts::of(&SpanSource::new("x", &attributes));
        assert_eq!(facts(&facts_of, Cost::default()).count(), READ);
    }
}
