//! Reads [`SpanFacts`].

use crate::conventions::{autogen, genai, genkit, pydantic_ai, traceloop};

use super::reader::{At, Reader, SpanSource, clean};
use super::{
    SpanType, Usage, error, finish_reason, precedence, provider, provider_of_host, provider_of_model, tags,
    timing,
};

/// The version of this reading, stored beside its result. Raise it when a fact is read differently.
pub const FACTS_VERSION: i64 = 3;

/// What a span says about who ran, what was called and what it used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanFacts {
    /// The kind of step.
    pub span_type: SpanType,
    /// What told the type: `openinference.span.kind=AGENT`, or the rule that found it. `None` if nothing did.
    pub span_type_source: Option<String>,
    /// The run it belongs to.
    pub run_id: Option<String>,
    /// The conversation it belongs to.
    pub session_id: Option<String>,
    /// On whose behalf it ran.
    pub user_id: Option<String>,
    /// The agent that ran.
    pub agent_id: Option<String>,
    /// What that agent is called.
    pub agent_name: Option<String>,
    /// The team that ran.
    pub team_id: Option<String>,
    /// What that team is called.
    pub team_name: Option<String>,
    /// The workflow that ran.
    pub workflow_id: Option<String>,
    /// What that workflow is called.
    pub workflow_name: Option<String>,
    /// What the step is called, for a step.
    pub step_name: Option<String>,
    /// The model asked for.
    pub model: Option<String>,
    /// The model that answered, if it is named.
    pub response_model: Option<String>,
    /// The id of its answer.
    pub response_id: Option<String>,
    /// Who serves the model, in the words of `gen_ai.provider.name`.
    pub provider: Option<String>,
    /// The tool called.
    pub tool_name: Option<String>,
    /// Tokens of a model call. A span of another type that repeats its children's counts has them in `aggregate`.
    pub usage: Usage,
    /// Tokens a span reports for everything below it: never to be summed with those of calls.
    pub aggregate: Usage,
    /// The cost the span reports, in billionths of a US dollar.
    pub reported_cost_nano_usd: Option<i64>,
    /// The tier at which the provider served the call, where prices depend on it.
    pub service_tier: Option<String>,
    /// Why the model stopped: `stop`, `length`, `tool_call`, `content_filter`, `error`, or the provider's own word.
    pub finish_reason: Option<String>,
    /// How long the first token took, in nanoseconds.
    pub ttft_ns: Option<i64>,
    /// The type of the error, if the span failed.
    pub error_type: Option<String>,
    /// What the user calls the whole trace.
    pub trace_name: Option<String>,
    /// Where it ran, if the span says it; resources do as a rule.
    pub environment: Option<String>,
    /// Which version of the application ran, if the span says it.
    pub release: Option<String>,
    /// Labels the user gave, sorted.
    pub tags: Vec<String>,
}

impl SpanFacts {
    /// Reads the facts of a span.
    #[must_use]
    pub fn of(source: &SpanSource<'_>) -> Self {
        let reader = &Reader::new(*source);
        let (span_type, span_type_source) = SpanType::read(reader);
        let is_call = span_type.is_model_call();
        let usage = precedence::usage(reader);
        let (usage, aggregate) = if is_call {
            (usage, Usage::default())
        } else {
            (Usage::default(), usage.or(pydantic_ai::aggregated_usage(reader)).canonical())
        };
        let model = reader
            .first(precedence::REQUEST_MODEL)
            .or_else(|| is_call.then(|| reader.first(precedence::PARAMETER_MODEL)).flatten())
            .or_else(|| genkit::model(reader));
        let response_model = is_call.then(|| reader.first(precedence::RESPONSE_MODEL)).flatten();
        let provider =
            if is_call || model.is_some() { read_provider(reader, model.as_deref()) } else { None };
        let own = |is_own: bool, places: &[At], otherwise: &[At]| {
            if is_own {
                reader.first(places).or_else(|| Some(bare_name(reader.source.name)))
            } else {
                reader.first(otherwise)
            }
        };
        Self {
            run_id: reader.first(precedence::RUN_ID).map(bounded),
            session_id: precedence::session_id(reader).map(bounded),
            user_id: reader.first(precedence::USER_ID).map(bounded),
            agent_id: (span_type != SpanType::Team)
                .then(|| reader.first(precedence::AGENT_ID))
                .flatten()
                .map(bounded),
            agent_name: if span_type == SpanType::Team {
                None
            } else {
                own(span_type == SpanType::Agent, precedence::OWN_AGENT_NAME, precedence::AGENT_NAME)
            },
            team_id: reader.first(precedence::TEAM_ID).map(bounded),
            team_name: own(span_type == SpanType::Team, precedence::OWN_TEAM_NAME, &[]),
            workflow_id: reader.first(precedence::WORKFLOW_ID).map(bounded),
            workflow_name: own(
                span_type == SpanType::Workflow,
                precedence::OWN_WORKFLOW_NAME,
                precedence::WORKFLOW_NAME,
            ),
            step_name: (span_type == SpanType::Step).then(|| {
                reader.first(precedence::STEP_NAME).unwrap_or_else(|| bare_name(reader.source.name))
            }),
            model,
            response_model,
            response_id: is_call.then(|| reader.first(precedence::RESPONSE_ID)).flatten(),
            provider,
            tool_name: tool_name(reader, span_type),
            usage,
            aggregate,
            reported_cost_nano_usd: is_call
                .then(|| precedence::cost_usd(reader))
                .flatten()
                .and_then(crate::prices::nano_usd),
            service_tier: is_call.then(|| reader.first(precedence::SERVICE_TIER)).flatten(),
            finish_reason: is_call.then(|| read_finish_reason(reader)).flatten(),
            ttft_ns: is_call.then(|| timing::time_to_first_token(reader)).flatten(),
            error_type: error::error_type(reader),
            trace_name: reader.first(precedence::TRACE_NAME),
            environment: reader.first(precedence::ENVIRONMENT),
            release: reader.first(precedence::RELEASE),
            tags: tags::tags(reader),
            span_type,
            span_type_source,
        }
    }
}

/// How many characters of an id are kept as a fact: as many as fit into an index of every database. The attribute keeps all.
const MAX_ID_CHARS: usize = 512;

fn bounded(id: String) -> String {
    match id.char_indices().nth(MAX_ID_CHARS) {
        Some((end, _)) => id[..end].to_owned(),
        None => id,
    }
}

/// What several sources say is asked one by one, as a framework's name in the provider's place says nothing.
fn read_provider(reader: &Reader<'_>, model: Option<&str>) -> Option<String> {
    let said = precedence::PROVIDER
        .iter()
        .find_map(|place| reader.first(&[*place]).and_then(|said| provider(&said)));
    said.or_else(|| provider_of_host(&host(&reader.first(precedence::SERVER)?)).map(str::to_owned))
        .or_else(|| model.and_then(provider_of_model))
}

fn host(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split(['/', ':', '?']).next().unwrap_or_default().to_owned()
}

/// Reads the tool's name; the span of a tool always has one.
pub(crate) fn tool_name(reader: &Reader<'_>, span_type: SpanType) -> Option<String> {
    reader.first(precedence::TOOL_NAME).or_else(|| {
        (span_type == SpanType::Tool).then(|| {
            reader.first(&[At::Key(traceloop::ENTITY_NAME)]).unwrap_or_else(|| bare_name(reader.source.name))
        })
    })
}

/// Returns the name of a run or tool without what its framework puts around it to name the span.
fn bare_name(name: &str) -> String {
    let name = precedence::NAME_PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    let suffixes = precedence::NAME_SUFFIXES.iter().chain(autogen::RUN_NAMES);
    let bare =
        suffixes.into_iter().find_map(|suffix| name.strip_suffix(suffix)).filter(|bare| !bare.is_empty());
    clean(bare.unwrap_or(name))
}

fn read_finish_reason(reader: &Reader<'_>) -> Option<String> {
    genai::finish_reason(reader)
        .or_else(|| reader.first(precedence::FINISH_REASON))
        .or_else(|| crate::content::finish_reason_of_messages(reader))
        .filter(|said| said != "unknown")
        .map(|said| finish_reason(&said))
}
