//! The summary of a trace, folded from its spans.
//!
//! The fold depends on the set of spans alone, never on the order or the batches they came in: `tracestead` folds a trace
//! anew whenever spans of it arrive. That is how late roots, orphans that find their parent and resent spans all come
//! out right.

use std::borrow::Borrow;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};

use crate::facts::reader::clean;
use crate::tree::{Node, assemble};
use crate::{Cost, Span, SpanFacts, SpanId, SpanType, UnixNanos, Usage};

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
    /// Whether it failed.
    pub is_error: bool,
    /// The model it called.
    pub model: Option<String>,
    /// The id of the model's answer.
    pub response_id: Option<String>,
    /// Tokens it reports for its own model call.
    pub usage: Usage,
    /// Tokens it reports for everything below it.
    pub aggregate: Usage,
    /// What its call cost, in billionths of a US dollar.
    pub cost_nano_usd: Option<i64>,
    /// What it is called.
    pub name: String,
    /// Who it says ran.
    pub context: RunContext,
}

impl SpanShape {
    /// Returns the shape of a span, from what was understood of it and what its call cost.
    #[must_use]
    pub fn new(span: &Span, facts: &SpanFacts, cost: Cost) -> Self {
        Self {
            span_id: span.span_id,
            parent_span_id: span.parent_span_id,
            start_time_ns: span.start_time.as_i64(),
            end_time_ns: span.end_time.map(UnixNanos::as_i64),
            span_type: facts.span_type,
            is_error: facts.error_type.is_some(),
            model: facts.model.clone(),
            response_id: facts.response_id.clone(),
            usage: facts.usage,
            aggregate: facts.aggregate,
            cost_nano_usd: cost.nano_usd,
            name: clean(&span.name),
            context: RunContext::from(facts),
        }
    }

    /// Returns what the shape `before` becomes once its span was understood anew.
    #[must_use]
    pub fn understood(before: &Self, facts: &SpanFacts, cost: Cost) -> Self {
        Self {
            span_type: facts.span_type,
            is_error: facts.error_type.is_some(),
            model: facts.model.clone(),
            response_id: facts.response_id.clone(),
            usage: facts.usage,
            aggregate: facts.aggregate,
            cost_nano_usd: cost.nano_usd,
            context: RunContext::from(facts),
            ..before.clone()
        }
    }

    /// Returns the tokens that it adds to its trace if it is one of those counted: those of its call, or the sum it
    /// reports.
    #[must_use]
    pub fn own_usage(&self) -> &Usage {
        if self.span_type.is_model_call() { &self.usage } else { &self.aggregate }
    }
}

/// Who ran, for whom, in which conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the columns of the same names")]
pub struct RunContext {
    pub run_id: Option<String>,
    pub session_id: Option<String>,
    pub user_id: Option<String>,
    pub agent_id: Option<String>,
    pub agent_name: Option<String>,
    pub team_id: Option<String>,
    pub team_name: Option<String>,
    pub workflow_id: Option<String>,
    pub workflow_name: Option<String>,
}

impl From<&SpanFacts> for RunContext {
    fn from(facts: &SpanFacts) -> Self {
        Self {
            run_id: facts.run_id.clone(),
            session_id: facts.session_id.clone(),
            user_id: facts.user_id.clone(),
            agent_id: facts.agent_id.clone(),
            agent_name: facts.agent_name.clone(),
            team_id: facts.team_id.clone(),
            team_name: facts.team_name.clone(),
            workflow_id: facts.workflow_id.clone(),
            workflow_name: facts.workflow_name.clone(),
        }
    }
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
    /// The first call of a language model, whose input stands for the trace's if neither root nor entry tells one.
    pub first_call: Option<SpanId>,
    /// The last such call to end, whose output stands for the trace's.
    pub last_call: Option<SpanId>,
    /// Tokens of all model calls, each counted once.
    pub input_tokens: Option<i64>,
    /// Tokens of all model calls, each counted once.
    pub output_tokens: Option<i64>,
    /// Tokens of all model calls, each counted once.
    pub total_tokens: Option<i64>,
    /// Cost of all model calls, each counted once, as far as it is known.
    pub cost_nano_usd: Option<i64>,
    /// How many of the calls counted have no known cost: with one or more, `cost_nano_usd` is a part of the truth.
    pub unpriced_call_count: i64,
    /// Every model called.
    pub models: BTreeSet<String>,
    /// Whether any span is more than an application's own.
    pub has_agent_spans: bool,
    /// The spans whose tokens and cost the sums above are made of, in the order of their ids.
    pub counted: BTreeSet<SpanId>,
}

impl TraceShape {
    /// Folds the spans of one trace.
    #[must_use]
    pub fn fold<S: Borrow<SpanShape>>(spans: &[S]) -> Self {
        Self::of(&spans.iter().map(Borrow::borrow).collect::<Vec<_>>())
    }

    fn of(spans: &[&SpanShape]) -> Self {
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
        let calls = || spans.iter().filter(|span| span.span_type == SpanType::Llm);
        shape.first_call =
            calls().min_by_key(|span| (span.start_time_ns, span.span_id)).map(|span| span.span_id);
        shape.last_call = calls()
            .filter(|span| !span.is_error)
            .max_by_key(|span| (span.end_time_ns, span.start_time_ns, span.span_id))
            .map(|span| span.span_id);
        shape.first = placed.first().map(|at| spans[at.index].span_id);
        let named = shape.entry.or(shape.root).or(shape.first);
        let find = |id: Option<SpanId>| spans.iter().find(|span| Some(span.span_id) == id);
        shape.name = find(named).map(|span| span.name.clone()).unwrap_or_default();
        shape.context = context(spans, find(shape.entry).copied());
        for at in counted(spans, &placed) {
            let span = &spans[at];
            let usage = span.own_usage();
            shape.counted.insert(span.span_id);
            add(&mut shape.input_tokens, usage.input_tokens);
            add(&mut shape.output_tokens, usage.output_tokens);
            add(&mut shape.total_tokens, usage.total_tokens);
            add(&mut shape.cost_nano_usd, span.cost_nano_usd);
            shape.unpriced_call_count += i64::from(span.cost_nano_usd.is_none());
        }
        shape
    }
}

fn context(spans: &[&SpanShape], entry: Option<&SpanShape>) -> RunContext {
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
            agent_name: earliest(|context| &context.agent_name),
            team_id: earliest(|context| &context.team_id),
            team_name: earliest(|context| &context.team_name),
            workflow_id: earliest(|context| &context.workflow_id),
            workflow_name: earliest(|context| &context.workflow_name),
            ..RunContext::default()
        },
    };
    context.session_id = context.session_id.or_else(|| earliest(|context| &context.session_id));
    context.user_id = context.user_id.or_else(|| earliest(|context| &context.user_id));
    context
}

/// Spans whose usage counts, so that each call counts once:
///
/// - a model call with no model call below it that reports tokens, as frameworks and clients instrumented at once report
///   the same call twice, one inside the other. What a tool or another run below it calls is not its own;
/// - of calls that got the same answer at the same time, one;
/// - a run that reports a sum, if no language model below it and nothing above it is counted.
fn counted(spans: &[&SpanShape], placed: &[crate::tree::Placed]) -> Vec<usize> {
    let is_call = |at: usize| {
        spans[at].span_type.is_model_call()
            && (spans[at].usage.is_reported() || spans[at].cost_nano_usd.is_some())
    };
    let has_tokens = |at: usize| {
        let usage = &spans[at].usage;
        let counts = [usage.input_tokens, usage.output_tokens, usage.total_tokens];
        is_call(at) && counts.into_iter().flatten().any(|count| count > 0)
    };
    let is_sum = |at: usize| !spans[at].span_type.is_model_call() && spans[at].aggregate.is_reported();
    // Whether a call, or anything that a sum may be of, is below a span. Children come after their parents, so walking
    // backwards sees every subtree before its top.
    let mut call_below = vec![false; spans.len()];
    let mut part_below = vec![false; spans.len()];
    let mut any_call_below = vec![false; spans.len()];
    for at in placed.iter().rev() {
        if let Some(parent) = at.parent {
            let span_type = spans[at.index].span_type;
            let is_apart = span_type.is_run() || span_type == SpanType::Tool;
            call_below[parent] |= (call_below[at.index] && !is_apart) || has_tokens(at.index);
            let counts_for_sum = (span_type == SpanType::Llm && is_call(at.index)) || is_sum(at.index);
            part_below[parent] |= part_below[at.index] || counts_for_sum;
            any_call_below[parent] |= any_call_below[at.index] || is_call(at.index);
        }
    }
    // Walking forwards sees every span after those above it.
    let mut is_within_call = vec![false; spans.len()];
    for at in placed {
        if let Some(parent) = at.parent {
            is_within_call[at.index] = is_within_call[parent] || is_call(parent);
        }
    }
    // A cost without tokens, within a call that has them, is that call's.
    let is_own = |at: usize| has_tokens(at) || !is_within_call[at];
    let mut calls: Vec<usize> =
        (0..spans.len()).filter(|at| is_call(*at) && !call_below[*at] && is_own(*at)).collect();
    calls.sort_by_key(|at| spans[*at].span_id);
    drop_repeated(spans, &mut calls);
    // The sum of a run is that of its language models, that of other spans is of whatever they called.
    let is_repeated = |at: usize| part_below[at] || (any_call_below[at] && !spans[at].span_type.is_run());
    let sums = (0..spans.len()).filter(|at| is_sum(*at) && !is_repeated(*at) && !is_within_call[*at]);
    calls.extend(sums);
    calls
}

/// Drops calls that got the same answer as another one during the same time. Servers that give every answer the same id
/// do so one after the other, so time tells them apart. The one that says most stays.
fn drop_repeated(spans: &[&SpanShape], calls: &mut Vec<usize>) {
    let mut by_answer: HashMap<&str, Vec<usize>> = HashMap::new();
    for at in calls.iter() {
        if let Some(id) = &spans[*at].response_id {
            by_answer.entry(id).or_default().push(*at);
        }
    }
    let says =
        |at: usize| (spans[at].usage.total_tokens, spans[at].cost_nano_usd, Reverse(spans[at].span_id));
    let mut dropped = HashSet::new();
    for mut same in by_answer.into_values().filter(|same| same.len() > 1) {
        same.sort_by_key(|at| (spans[*at].start_time_ns, spans[*at].span_id));
        // Of those that overlap in a row, the one kept so far and when the last of them ends.
        let mut kept = same[0];
        let mut end = end_time_ns(spans[kept]);
        for at in same.into_iter().skip(1) {
            if spans[at].start_time_ns < end {
                let (more, less) = if says(at) > says(kept) { (at, kept) } else { (kept, at) };
                dropped.insert(less);
                kept = more;
                end = end.max(end_time_ns(spans[at]));
            } else {
                kept = at;
                end = end_time_ns(spans[at]);
            }
        }
    }
    calls.retain(|at| !dropped.contains(at));
}

fn end_time_ns(span: &SpanShape) -> i64 {
    span.end_time_ns.unwrap_or(span.start_time_ns)
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
            response_id: None,
            usage: Usage::default(),
            aggregate: Usage::default(),
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
    fn a_sum_counts_where_nothing_below_or_above_it_does() {
        let sum = |id: u8, parent: Option<u8>, tokens: i64| {
            let aggregate = Usage { input_tokens: Some(tokens), ..Usage::default() };
            SpanShape { aggregate, ..span(id, parent, 0, SpanType::Agent) }
        };
        // A run repeats its calls; another one is all there is of it, within a run that repeats it again.
        let spans = [
            sum(1, None, 171),
            sum(2, Some(1), 57),
            call(3, 2, 57),
            sum(4, Some(1), 114),
            sum(5, Some(3), 57),
        ];
        let shape = TraceShape::fold(&spans);
        assert_eq!((shape.input_tokens, shape.unpriced_call_count), (Some(171), 2));
    }

    #[test]
    fn what_a_tool_below_a_call_calls_counts_beside_it() {
        let tool = span(3, Some(2), 3, SpanType::Tool);
        let agent = span(4, Some(3), 3, SpanType::Agent);
        let spans = [span(1, None, 0, SpanType::Agent), call(2, 1, 1000), tool, agent, call(5, 4, 57)];
        assert_eq!(TraceShape::fold(&spans).input_tokens, Some(1057));
    }

    #[test]
    fn an_inner_call_that_says_nothing_hides_no_outer_one() {
        let mut inner = call(3, 2, 0);
        let spans = |inner: SpanShape| [span(1, None, 0, SpanType::Agent), call(2, 1, 57), inner];
        assert_eq!(TraceShape::fold(&spans(inner.clone())).input_tokens, Some(57));
        inner.usage = Usage::default();
        inner.cost_nano_usd = Some(5);
        let shape = TraceShape::fold(&spans(inner));
        assert_eq!((shape.input_tokens, shape.cost_nano_usd), (Some(57), None));
    }

    #[test]
    fn an_embedding_hides_no_sum() {
        let sum = SpanShape {
            aggregate: Usage { input_tokens: Some(500), ..Usage::default() },
            ..span(1, None, 0, SpanType::Agent)
        };
        let embedding = SpanShape { span_type: SpanType::Embedding, ..call(2, 1, 8) };
        assert_eq!(TraceShape::fold(&[sum, embedding]).input_tokens, Some(508));
    }

    #[test]
    fn one_answer_counts_once_unless_it_is_given_again_later() {
        let answered = |id: u8, start_time_ns: i64, tokens: i64| SpanShape {
            response_id: Some("chatcmpl-1".to_owned()),
            start_time_ns,
            end_time_ns: Some(start_time_ns + 5),
            ..call(id, 1, tokens)
        };
        let spans = [
            span(1, None, 0, SpanType::Agent),
            answered(2, 10, 57),
            answered(3, 11, 57),
            answered(4, 20, 57),
        ];
        assert_eq!(TraceShape::fold(&spans).input_tokens, Some(114));
    }

    #[test]
    fn an_unfinished_span_still_gives_the_trace_an_end() {
        let unfinished = SpanShape { end_time_ns: None, ..span(1, None, 7, SpanType::Agent) };
        let shape = TraceShape::fold(&[unfinished]);
        assert_eq!((shape.start_time_ns, shape.end_time_ns), (7, 7));
    }
}
