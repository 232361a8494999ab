//! The summary of a trace, folded from its spans.
//!
//! The fold depends on the set of spans alone, never on the order or the batches they came in: `tracestead` folds a trace
//! anew whenever spans of it arrive. That is how late roots, orphans that find their parent and resent spans all come
//! out right.

use std::collections::{BTreeSet, HashMap};

use crate::tree::{Node, assemble};
use crate::{SpanId, SpanType, Usage};

/// What the summary of a trace needs to know of one span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanShape {
    /// The span.
    pub span_id: SpanId,
    /// Its parent.
    pub parent_span_id: Option<SpanId>,
    /// When it began, in nanoseconds since 1970.
    pub start_time_ns: i64,
    /// When it ended, if it did.
    pub end_time_ns: Option<i64>,
    /// The kind of step.
    pub span_type: SpanType,
    /// Whether its status is ERROR.
    pub is_error: bool,
    /// The model it called.
    pub model: Option<String>,
    /// Tokens it reports for its own model call.
    pub usage: Usage,
    /// The cost it reports, in billionths of a US dollar.
    pub cost_nano_usd: Option<i64>,
    /// What it is called.
    pub name: String,
    /// Who it says ran.
    pub context: RunContext,
}

/// Who ran, for whom, in which conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the columns of the same names")]
pub struct RunContext {
    pub run_id: Option<String>,
    pub session_id: Option<String>,
    pub user_id: Option<String>,
    pub agent_id: Option<String>,
    pub team_id: Option<String>,
    pub workflow_id: Option<String>,
}

/// The summary of a trace. Previews and the service are not here: they are those of `root` and `entry`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TraceShape {
    /// The name of the entry run, else of the root, else of the first span in reading order.
    pub name: String,
    /// The context of the entry run. Its conversation and user are those of the earliest span that has one if the entry
    /// says none; without an entry run, all of it is read that way.
    pub context: RunContext,
    /// When the first span began.
    pub start_time_ns: i64,
    /// When the last span ended; the last start if none did.
    pub end_time_ns: i64,
    /// How many spans there are.
    pub span_count: i64,
    /// How many of them failed. One is enough to make the trace's status ERROR, for ever.
    pub error_span_count: i64,
    /// The root: the earliest span without a parent, a run before another. `None` until one came.
    pub root: Option<SpanId>,
    /// The first span in reading order, which stands in for a root that did not come.
    pub first: Option<SpanId>,
    /// The entry run: the shallowest run of an agent, team or workflow, the earliest of those. It says who ran.
    pub entry: Option<SpanId>,
    /// Tokens of all model calls, each counted once.
    pub input_tokens: Option<i64>,
    /// Tokens of all model calls, each counted once.
    pub output_tokens: Option<i64>,
    /// Tokens of all model calls, each counted once.
    pub total_tokens: Option<i64>,
    /// Reported cost of all model calls, each counted once.
    pub cost_nano_usd: Option<i64>,
    /// Every model called.
    pub models: BTreeSet<String>,
    /// Whether any span is more than an application's own.
    pub has_agent_spans: bool,
}

impl TraceShape {
    /// Folds the spans of one trace.
    #[must_use]
    pub fn fold(spans: &[SpanShape]) -> Self {
        let nodes: Vec<Node> = spans
            .iter()
            .map(|span| Node {
                span_id: span.span_id,
                parent_span_id: span.parent_span_id,
                start_time_ns: span.start_time_ns,
            })
            .collect();
        let placed = assemble(&nodes);
        let mut shape = Self {
            start_time_ns: spans.iter().map(|span| span.start_time_ns).min().unwrap_or(0),
            end_time_ns: spans
                .iter()
                .map(|span| span.end_time_ns.unwrap_or(span.start_time_ns))
                .max()
                .unwrap_or(0),
            span_count: count(spans.len()),
            error_span_count: count(spans.iter().filter(|span| span.is_error).count()),
            models: spans
                .iter()
                .filter(|span| span.span_type.is_model_call())
                .filter_map(|span| span.model.clone())
                .collect(),
            has_agent_spans: spans.iter().any(|span| span.span_type != SpanType::Other),
            root: spans
                .iter()
                .filter(|span| span.parent_span_id.is_none())
                .min_by_key(|span| (!span.span_type.is_run(), span.start_time_ns, span.span_id))
                .map(|span| span.span_id),
            entry: placed
                .iter()
                .map(|at| (at.depth, &spans[at.index]))
                .filter(|(_, span)| span.span_type.is_run())
                .min_by_key(|(depth, span)| (*depth, span.start_time_ns, span.span_id))
                .map(|(_, span)| span.span_id),
            ..Self::default()
        };
        shape.first = placed.first().map(|at| spans[at.index].span_id);
        let named = shape.entry.or(shape.root).or(shape.first);
        let find = |id: Option<SpanId>| spans.iter().find(|span| Some(span.span_id) == id);
        shape.name = find(named).map(|span| span.name.clone()).unwrap_or_default();
        shape.context = context(spans, find(shape.entry));
        for at in counted_calls(spans, &placed) {
            let span = &spans[at];
            add(&mut shape.input_tokens, span.usage.input_tokens);
            add(&mut shape.output_tokens, span.usage.output_tokens);
            add(&mut shape.total_tokens, span.usage.total_tokens);
            add(&mut shape.cost_nano_usd, span.cost_nano_usd);
        }
        shape
    }
}

fn context(spans: &[SpanShape], entry: Option<&SpanShape>) -> RunContext {
    let earliest = |field: fn(&RunContext) -> &Option<String>| {
        let with_field = spans.iter().filter(|span| field(&span.context).is_some());
        with_field
            .min_by_key(|span| (span.start_time_ns, span.span_id))
            .and_then(|span| field(&span.context).clone())
    };
    let mut context = match entry {
        Some(entry) => entry.context.clone(),
        None => RunContext {
            run_id: earliest(|context| &context.run_id),
            agent_id: earliest(|context| &context.agent_id),
            team_id: earliest(|context| &context.team_id),
            workflow_id: earliest(|context| &context.workflow_id),
            ..RunContext::default()
        },
    };
    context.session_id = context.session_id.or_else(|| earliest(|context| &context.session_id));
    context.user_id = context.user_id.or_else(|| earliest(|context| &context.user_id));
    context
}

/// Model calls whose usage counts: those with no model call below them that reports its own. Frameworks and clients
/// instrumented at once report the same call twice, one inside the other.
fn counted_calls(spans: &[SpanShape], placed: &[crate::tree::Placed]) -> Vec<usize> {
    let reports = |at: usize| {
        spans[at].span_type.is_model_call()
            && (spans[at].usage.is_reported() || spans[at].cost_nano_usd.is_some())
    };
    let mut is_below: HashMap<usize, bool> = HashMap::new();
    // Children come after their parents, so walking backwards sees every subtree before its top.
    for at in placed.iter().rev() {
        let below = is_below.get(&at.index).copied().unwrap_or(false);
        if let Some(parent) = at.parent {
            *is_below.entry(parent).or_insert(false) |= below || reports(at.index);
        }
    }
    let mut counted: Vec<usize> =
        (0..spans.len()).filter(|at| reports(*at) && !is_below.get(at).copied().unwrap_or(false)).collect();
    counted.sort_by_key(|at| spans[*at].span_id);
    counted
}

fn add(total: &mut Option<i64>, more: Option<i64>) {
    if let Some(more) = more {
        *total = Some(total.unwrap_or(0).saturating_add(more));
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(id: u8, parent: Option<u8>, start_time_ns: i64, span_type: SpanType) -> SpanShape {
        let id_of = |number: u8| SpanId::from_bytes(&[1, 0, 0, 0, 0, 0, 0, number]).unwrap();
        SpanShape {
            span_id: id_of(id),
            parent_span_id: parent.map(id_of),
            start_time_ns,
            end_time_ns: Some(start_time_ns + 5),
            span_type,
            is_error: false,
            model: None,
            usage: Usage::default(),
            cost_nano_usd: None,
            name: format!("span {id}"),
            context: RunContext::default(),
        }
    }

    fn call(id: u8, parent: u8, tokens: i64) -> SpanShape {
        let usage = Usage { input_tokens: Some(tokens), total_tokens: Some(tokens), ..Usage::default() };
        SpanShape { usage, model: Some("m".to_owned()), ..span(id, Some(parent), 3, SpanType::Llm) }
    }

    fn last_byte(id: Option<SpanId>) -> Option<u8> {
        id.map(|id| id.as_bytes()[7])
    }

    #[test]
    fn the_entry_run_is_the_shallowest_whatever_its_parent() {
        let spans = [
            span(1, None, 0, SpanType::Other),
            span(2, Some(1), 1, SpanType::Team),
            span(3, Some(2), 0, SpanType::Agent),
        ];
        let shape = TraceShape::fold(&spans);
        assert_eq!((last_byte(shape.root), last_byte(shape.entry)), (Some(1), Some(2)));
    }

    #[test]
    fn of_several_roots_a_run_is_preferred() {
        let spans = [span(1, None, 0, SpanType::Other), span(2, None, 1, SpanType::Agent)];
        assert_eq!(last_byte(TraceShape::fold(&spans).root), Some(2));
    }

    #[test]
    fn a_call_reported_twice_one_inside_the_other_counts_once() {
        let spans = [
            span(1, None, 0, SpanType::Agent),
            call(2, 1, 57),
            span(3, Some(2), 3, SpanType::Other),
            call(4, 3, 57),
            call(5, 1, 57),
        ];
        let shape = TraceShape::fold(&spans);
        assert_eq!(shape.input_tokens, Some(114));
        assert_eq!(shape.output_tokens, None);
        assert_eq!(shape.models.len(), 1);
    }

    #[test]
    fn an_unfinished_span_still_gives_the_trace_an_end() {
        let unfinished = SpanShape { end_time_ns: None, ..span(1, None, 7, SpanType::Agent) };
        let shape = TraceShape::fold(&[unfinished]);
        assert_eq!((shape.start_time_ns, shape.end_time_ns), (7, 7));
    }
}
