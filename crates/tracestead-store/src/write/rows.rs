//! How a prepared span becomes the row of `agno_spans`, and how parts of that row are written again.

use std::borrow::Cow;

use tracestead_model::facts::FACTS_VERSION;
use tracestead_model::{Cost, SpanFacts};

use crate::batch::PreparedSpan;
use crate::error::{DatabaseError, ErrorKind};
use crate::session::{Conflict, Insert, Session};
use crate::sql::{Dialect, MAX_LIST, Value, in_list};

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
const FACTS: [&str; 32] = [
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
];

/// The rest, what is long at the end.
const REST: [&str; 11] = [
    "is_counted",
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

/// Returns every column that is written, in the order of [`values`].
pub(crate) fn columns() -> Vec<&'static str> {
    KEPT.into_iter().chain(SAID).chain(FACTS).chain(REST).collect()
}

/// Returns the values of all [`columns`].
fn values<'a>(span: &'a PreparedSpan, is_counted: bool, created_at: &'a str) -> Vec<Value<'a>> {
    let shape = &span.shape;
    let dropped = |count: u32| Value::Int(Some(i64::from(count)).filter(|count| *count > 0));
    let mut values = Vec::with_capacity(KEPT.len() + SAID.len() + FACTS.len() + REST.len());
    values.extend([
        Value::text(&span.trace_id),
        Value::text(&span.span_id),
        Value::text(created_at),
        Value::maybe(span.parent_span_id.as_deref()),
        Value::text(&shape.name),
        Value::text(span.span_kind),
        Value::text(span.status_code),
        Value::maybe(span.status_message.as_deref()),
        Value::text(&span.start_time),
        Value::text(&span.end_time),
        Value::int(span.duration_ms),
        Value::int(shape.start_time_ns),
        Value::Int(shape.end_time_ns),
    ]);
    values.extend(facts(&span.facts, span.cost));
    values.extend([
        Value::Bool(Some(is_counted)),
        Value::maybe(span.resource.as_ref().map(|resource| resource.resource_id.as_str())),
        Value::maybe(span.trace_state.as_deref()),
        Value::int(span.flags),
        dropped(span.dropped_attributes_count),
        dropped(span.dropped_events_count),
        dropped(span.dropped_links_count),
        Value::json(span.scope.as_deref()),
        Value::json(span.events.as_deref()),
        Value::json(span.links.as_deref()),
        Value::json(Some(&span.attributes)),
    ]);
    values
}

/// What is to be done with rows of spans.
#[derive(Debug, Default)]
pub(super) struct Changes<'a> {
    /// Rows of all [`columns`].
    pub(super) new: Vec<Vec<Value<'a>>>,
    pub(super) updates: Vec<Update<'a>>,
}

/// Some columns of some spans of a trace that are to be written again.
#[derive(Debug)]
pub(super) struct Update<'a> {
    pub(super) trace_id: Cow<'a, str>,
    pub(super) span_ids: Vec<String>,
    pub(super) set: Vec<(Cow<'static, str>, Value<'a>)>,
}

impl<'a> Changes<'a> {
    pub(super) fn insert(&mut self, span: &'a PreparedSpan, is_counted: bool, created_at: &'a str) {
        self.new.push(values(span, is_counted, created_at));
    }

    /// Writes a span over the row that has its key.
    pub(super) fn replace(&mut self, span: &'a PreparedSpan, is_counted: bool) {
        let set: Vec<_> = columns().into_iter().zip(values(span, is_counted, "")).skip(KEPT.len()).collect();
        self.update(&span.trace_id, vec![span.span_id.clone()], set);
    }

    pub(super) fn update(
        &mut self,
        trace_id: impl Into<Cow<'a, str>>,
        span_ids: Vec<String>,
        set: Vec<(impl Into<Cow<'static, str>>, Value<'a>)>,
    ) {
        if !span_ids.is_empty() {
            let set = set.into_iter().map(|(column, value)| (column.into(), value)).collect();
            self.updates.push(Update { trace_id: trace_id.into(), span_ids, set });
        }
    }

    /// Writes them; `conflict` says what happens to a new row whose key is taken.
    pub(super) fn write(
        self,
        session: &mut dyn Session,
        conflict: Conflict<'static>,
    ) -> Result<(), DatabaseError> {
        if session.dialect() == Dialect::ClickHouse {
            return super::clickhouse::write_spans(session, self);
        }
        for update in &self.updates {
            update.write(session)?;
        }
        if self.new.is_empty() {
            return Ok(());
        }
        let columns = columns();
        let insert = Insert { table: "agno_spans", columns: &columns, conflict };
        if session.insert(&insert, &self.new)? < self.new.len() as u64 {
            let says = "another writer has written the same span";
            return Err(DatabaseError::new(ErrorKind::Conflict, says));
        }
        Ok(())
    }
}

impl Update<'_> {
    fn write(&self, session: &mut dyn Session) -> Result<(), DatabaseError> {
        let set: Vec<String> = self.set.iter().map(|(column, _)| format!("{column} = ?")).collect();
        let span_ids: Vec<&str> = self.span_ids.iter().map(String::as_str).collect();
        for some in span_ids.chunks(MAX_LIST) {
            let mut values: Vec<Value<'_>> = self.set.iter().map(|(_, value)| value.clone()).collect();
            values.push(Value::text(&self.trace_id));
            let list = in_list("span_id", some, &mut values);
            let sql = format!("UPDATE agno_spans SET {} WHERE trace_id = ? AND {list}", set.join(", "));
            session.execute(&sql, &values)?;
        }
        Ok(())
    }
}

/// Returns the columns of what was understood of a span, and their values.
pub(super) fn understood(facts_of: &SpanFacts, cost: Cost) -> Vec<(&'static str, Value<'_>)> {
    FACTS.into_iter().zip(facts(facts_of, cost)).collect()
}

/// Returns the columns of what a call cost, and their values.
pub(super) fn priced(cost: Cost) -> Vec<(&'static str, Value<'static>)> {
    vec![
        ("cost_nano_usd", Value::Int(cost.nano_usd)),
        ("cost_source", Value::maybe(cost.source.map(tracestead_model::CostSource::as_str))),
        ("cost_missing", Value::maybe(cost.missing.map(tracestead_model::CostMissing::as_str))),
    ]
}

/// Returns the values of [`FACTS`].
fn facts(facts: &SpanFacts, cost: Cost) -> [Value<'_>; FACTS.len()] {
    let usage = &facts.usage;
    [
        Value::text(facts.span_type.as_str()),
        Value::maybe(facts.span_type_source.as_deref()),
        Value::maybe(facts.run_id.as_deref()),
        Value::maybe(facts.session_id.as_deref()),
        Value::maybe(facts.user_id.as_deref()),
        Value::maybe(facts.agent_id.as_deref()),
        Value::maybe(facts.agent_name.as_deref()),
        Value::maybe(facts.team_id.as_deref()),
        Value::maybe(facts.team_name.as_deref()),
        Value::maybe(facts.workflow_id.as_deref()),
        Value::maybe(facts.workflow_name.as_deref()),
        Value::maybe(facts.model.as_deref()),
        Value::maybe(facts.response_model.as_deref()),
        Value::maybe(facts.response_id.as_deref()),
        Value::maybe(facts.provider.as_deref()),
        Value::maybe(facts.tool_name.as_deref()),
        Value::Int(usage.input_tokens),
        Value::Int(usage.output_tokens),
        Value::Int(usage.cache_read_tokens),
        Value::Int(usage.cache_write_tokens),
        Value::Int(usage.reasoning_tokens),
        Value::Int(usage.total_tokens),
        Value::Int(cost.nano_usd),
        Value::maybe(cost.source.map(tracestead_model::CostSource::as_str)),
        Value::maybe(cost.missing.map(tracestead_model::CostMissing::as_str)),
        Value::maybe(facts.finish_reason.as_deref()),
        Value::Int(facts.ttft_ns),
        Value::maybe(facts.error_type.as_deref()),
        Value::Int(facts.aggregate.input_tokens),
        Value::Int(facts.aggregate.output_tokens),
        Value::Int(facts.aggregate.total_tokens),
        Value::int(FACTS_VERSION),
    ]
}
