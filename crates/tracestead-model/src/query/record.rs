//! Rows as a store answers them. Ids are texts here: another program may have written them.

use crate::tree::Node;
use crate::{Attributes, Event, Link, Resource, Scope, SpanId, SpanSource, SpanType, StatusCode, UnixNanos};

/// The row of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TraceRecord {
    /// The trace.
    pub trace_id: String,
    /// What it is called: the name of its entry run, else of its root, else of its first span.
    pub name: String,
    /// `OK` or `ERROR`.
    pub status: String,
    /// When it began, in nanoseconds since 1970.
    pub start_time_ns: i64,
    /// When it ended, in nanoseconds since 1970.
    pub end_time_ns: i64,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// The run of its entry.
    pub run_id: Option<String>,
    /// The conversation it belongs to.
    pub session_id: Option<String>,
    /// On whose behalf it ran.
    pub user_id: Option<String>,
    /// The agent of its entry.
    pub agent_id: Option<String>,
    /// The team of its entry.
    pub team_id: Option<String>,
    /// The workflow of its entry.
    pub workflow_id: Option<String>,
    /// What the agent of its entry is called.
    pub agent_name: Option<String>,
    /// What the team of its entry is called.
    pub team_name: Option<String>,
    /// What the workflow of its entry is called.
    pub workflow_name: Option<String>,
    /// When its first span was stored, as ISO 8601 text.
    pub created_at: String,
    /// How many spans it has.
    pub span_count: i64,
    /// How many of them failed.
    pub error_span_count: i64,
    /// Its root.
    pub root_span_id: Option<String>,
    /// What its root (or entry) is.
    pub root_type: Option<String>,
    /// The beginning of what went in.
    pub input_preview: Option<String>,
    /// The beginning of what came out.
    pub output_preview: Option<String>,
    /// Tokens of all model calls.
    pub input_tokens: Option<i64>,
    /// Tokens of all model calls.
    pub output_tokens: Option<i64>,
    /// Tokens of all model calls.
    pub total_tokens: Option<i64>,
    /// Known cost of all model calls, in billionths of a US dollar.
    pub cost_nano_usd: Option<i64>,
    /// How many model calls have no known cost.
    pub unpriced_call_count: i64,
    /// Every model called.
    pub models: Vec<String>,
    /// Who produced it.
    pub service_name: Option<String>,
    /// Where that runs.
    pub environment: Option<String>,
    /// Which version of it.
    pub release: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// Whether an agent ran in it.
    pub has_agent_spans: bool,
}

/// The row of a span. What is heavy is loaded only where it is asked for and empty elsewhere.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpanRecord {
    /// The trace it belongs to.
    pub trace_id: String,
    /// The span.
    pub span_id: String,
    /// Its parent.
    pub parent_span_id: Option<String>,
    /// What it is called.
    pub name: String,
    /// `INTERNAL`, `SERVER`, `CLIENT`, `PRODUCER` or `CONSUMER`.
    pub span_kind: String,
    /// `UNSET`, `OK` or `ERROR`.
    pub status_code: String,
    /// What went wrong.
    pub status_message: Option<String>,
    /// When it began, in nanoseconds since 1970.
    pub start_time_ns: i64,
    /// When it ended, if it did.
    pub end_time_ns: Option<i64>,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// The kind of step, as stored.
    pub span_type: String,
    /// What told the kind, such as `openinference.span.kind=AGENT`.
    pub span_type_source: Option<String>,
    /// The run it says it belongs to.
    pub run_id: Option<String>,
    /// The conversation.
    pub session_id: Option<String>,
    /// On whose behalf.
    pub user_id: Option<String>,
    /// The agent.
    pub agent_id: Option<String>,
    /// What it is called.
    pub agent_name: Option<String>,
    /// The team.
    pub team_id: Option<String>,
    /// What it is called.
    pub team_name: Option<String>,
    /// The workflow.
    pub workflow_id: Option<String>,
    /// What it is called.
    pub workflow_name: Option<String>,
    /// The model called.
    pub model: Option<String>,
    /// The model that answered.
    pub response_model: Option<String>,
    /// The id of its answer.
    pub response_id: Option<String>,
    /// Who serves it.
    pub provider: Option<String>,
    /// The tool called.
    pub tool_name: Option<String>,
    /// Why the model stopped.
    pub finish_reason: Option<String>,
    /// Time to the first token, in nanoseconds.
    pub ttft_ns: Option<i64>,
    /// Tokens of the call.
    pub input_tokens: Option<i64>,
    /// Tokens of the call.
    pub output_tokens: Option<i64>,
    /// Of the input, from a cache.
    pub cache_read_tokens: Option<i64>,
    /// Of the input, put into a cache.
    pub cache_write_tokens: Option<i64>,
    /// Of the output, reasoning.
    pub reasoning_tokens: Option<i64>,
    /// Tokens of the call.
    pub total_tokens: Option<i64>,
    /// Cost of the call, in billionths of a US dollar.
    pub cost_nano_usd: Option<i64>,
    /// Who says what the call cost: `reported`, `config` or `genai-prices`.
    pub cost_source: Option<String>,
    /// Why the cost of the call is not known.
    pub cost_missing: Option<String>,
    /// The type of the error, if the span failed.
    pub error_type: Option<String>,
    /// Tokens reported for everything below.
    pub agg_input_tokens: Option<i64>,
    /// Tokens reported for everything below.
    pub agg_output_tokens: Option<i64>,
    /// Loaded with the whole span.
    pub attributes: Attributes,
    /// Loaded with the whole span.
    pub events: Vec<Event>,
    /// Loaded with the whole span.
    pub links: Vec<Link>,
    /// Loaded with one span.
    pub resource: Resource,
    /// Loaded with one span.
    pub scope: Scope,
    /// W3C `tracestate`.
    pub trace_state: String,
    /// W3C flags.
    pub flags: u32,
    /// What the sender dropped.
    pub dropped_attributes_count: u32,
    /// What the sender dropped.
    pub dropped_events_count: u32,
    /// What the sender dropped.
    pub dropped_links_count: u32,
}

/// The row of a session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionStats {
    /// The conversation.
    pub session_id: String,
    /// Its user.
    pub user_id: Option<String>,
    /// Its agent.
    pub agent_id: Option<String>,
    /// Its team.
    pub team_id: Option<String>,
    /// Its workflow.
    pub workflow_id: Option<String>,
    /// How many traces it has.
    pub total_traces: i64,
    /// When its first trace was stored, as ISO 8601 text.
    pub first_trace_at: String,
    /// When its last trace was stored, as ISO 8601 text.
    pub last_trace_at: String,
}

impl SpanRecord {
    /// Returns the kind of step.
    #[must_use]
    pub fn span_type(&self) -> SpanType {
        SpanType::from_stored(&self.span_type)
    }

    /// Returns what facts and content are read from, for a record that was loaded whole.
    #[must_use]
    pub fn source(&self) -> SpanSource<'_> {
        SpanSource {
            name: &self.name,
            scope_name: &self.scope.name,
            start_time: UnixNanos::from_i64(self.start_time_ns),
            end_time: self.end_time_ns.map(UnixNanos::from_i64),
            status_code: StatusCode::from_stored(&self.status_code),
            status_message: self.status_message.as_deref().unwrap_or_default(),
            attributes: &self.attributes,
            events: &self.events,
        }
    }

    /// Returns what the place of the span in its tree depends on. `at` is its index among the spans of the trace: an id
    /// that is none (another program may have written the row) gives way to one made of it, which nobody names as parent.
    #[must_use]
    pub fn node(&self, at: usize) -> Node {
        let span_id = self.span_id.parse().unwrap_or_else(|_| own_id(at));
        let parent_span_id = self.parent_span_id.as_deref().filter(|id| !id.is_empty());
        let parent_span_id = parent_span_id.map(|id| id.parse().unwrap_or(span_id));
        Node { span_id, parent_span_id, start_time_ns: self.start_time_ns }
    }
}

fn own_id(at: usize) -> SpanId {
    let bytes = (u64::MAX - at as u64).to_be_bytes();
    SpanId::from_bytes(&bytes).unwrap_or_else(|_| own_id(0))
}

/// How long a span took in whole milliseconds, cut off as Agno does; 0 without an end or with an end before the start.
#[must_use]
pub fn duration_ms(start_time_ns: i64, end_time_ns: Option<i64>) -> i64 {
    end_time_ns.map_or(0, |end| end.saturating_sub(start_time_ns).max(0) / 1_000_000)
}
