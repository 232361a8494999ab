//! Agent traces to measure with: a run of eight spans with 2 KB prompts, as Agno's instrumentation emits it.

use std::sync::Arc;

use tracestead_model::{
    Attributes, Resource, Scope, Span, SpanId, SpanKind, Status, StatusCode, TraceId, UnixNanos, Value,
};

/// How many spans a trace has.
pub(crate) const SPANS: usize = 8;

/// 2026-11-21T00:00:00Z.
pub(crate) const BEGAN: u64 = 1_795_219_200_000_000_000;

/// Makes traces that differ in ids, times, sessions, users, agents and texts.
pub(crate) struct Maker {
    resource: Arc<Resource>,
    scope: Arc<Scope>,
    random: u64,
    began: u64,
    made: u64,
}

impl Maker {
    pub(crate) fn new(seed: u64) -> Self {
        let resource = Attributes::from_iter([
            ("service.name", Value::from("bench")),
            ("telemetry.sdk.language", Value::from("python")),
        ]);
        Self {
            resource: Arc::new(Resource { attributes: resource, ..Resource::default() }),
            scope: Arc::new(Scope {
                name: "openinference.instrumentation.agno".to_owned(),
                version: "1.0.15".to_owned(),
                ..Scope::default()
            }),
            random: seed,
            began: BEGAN,
            made: 0,
        }
    }

    /// Returns a maker whose first trace begins at another time.
    pub(crate) fn beginning(self, began: u64) -> Self {
        Self { began, ..self }
    }

    /// Splitmix64.
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn trace_id(&mut self) -> TraceId {
        let bytes = (u128::from(self.next()) << 64 | u128::from(self.next()) | 1).to_be_bytes();
        TraceId::from_bytes(&bytes).expect("one bit is set")
    }

    fn span_id(&mut self) -> SpanId {
        SpanId::from_bytes(&(self.next() | 1).to_be_bytes()).expect("one bit is set")
    }

    /// Returns the spans of one run, the root last, as they are exported.
    pub(crate) fn trace(&mut self) -> Vec<Span> {
        let trace_id = self.trace_id();
        let start = self.began + self.made * 250_000_000;
        self.made += 1;
        let root_id = self.span_id();
        let prompt = self.text(2048);
        let mut spans = Vec::with_capacity(SPANS);
        for at in 1..SPANS as u64 {
            let is_tool = at % 2 == 0;
            let attributes = if is_tool { self.tool() } else { self.call(&prompt) };
            let name = if is_tool { "get_weather" } else { "OpenAIChat.invoke" };
            let mut span = self.span(trace_id, Some(root_id), name, start + at * 100_000_000, attributes);
            if is_tool && self.next().is_multiple_of(20) {
                span.status = Status { code: StatusCode::Error, message: "upstream timed out".to_owned() };
            }
            spans.push(span);
        }
        let root = self.run(&prompt);
        let mut span = self.span(trace_id, None, "Weather_Agent.run", start, root);
        span.span_id = root_id;
        span.end_time = UnixNanos::new(start + 900_000_000).ok();
        spans.push(span);
        spans
    }

    fn span(
        &mut self,
        trace_id: TraceId,
        parent_span_id: Option<SpanId>,
        name: &str,
        start: u64,
        attributes: Attributes,
    ) -> Span {
        Span {
            trace_id,
            span_id: self.span_id(),
            parent_span_id,
            trace_state: String::new(),
            flags: 256,
            name: name.to_owned(),
            kind: SpanKind::Internal,
            start_time: UnixNanos::new(start).unwrap_or(UnixNanos::EPOCH),
            end_time: UnixNanos::new(start + 80_000_000).ok(),
            attributes,
            dropped_attributes_count: 0,
            events: Vec::new(),
            dropped_events_count: 0,
            links: Vec::new(),
            dropped_links_count: 0,
            status: Status { code: StatusCode::Ok, message: String::new() },
            resource: Arc::clone(&self.resource),
            scope: Arc::clone(&self.scope),
        }
    }

    fn run(&mut self, prompt: &str) -> Attributes {
        let (agent, session, user) = (self.next() % 20, self.next() % 5000, self.next() % 500);
        Attributes::from_iter([
            ("openinference.span.kind", Value::from("AGENT")),
            ("agno.agent.id", Value::from(format!("agent-{agent}").as_str())),
            ("agno.run.id", Value::from(format!("{:032x}", u128::from(self.next())).as_str())),
            ("session.id", Value::from(format!("session-{session}").as_str())),
            ("user.id", Value::from(format!("user-{user}").as_str())),
            ("agent.name", Value::from("Weather Agent")),
            ("input.value", Value::from(prompt)),
            ("output.value", Value::from("It is sunny in Paris.")),
            ("output.mime_type", Value::from("text/plain")),
        ])
    }

    fn call(&mut self, prompt: &str) -> Attributes {
        let tokens = i64::try_from(400 + self.next() % 400).unwrap_or(0);
        Attributes::from_iter([
            ("openinference.span.kind", Value::from("LLM")),
            ("llm.model_name", Value::from("gpt-4o-mini")),
            ("llm.provider", Value::from("OpenAI")),
            ("llm.invocation_parameters", Value::from("{\"temperature\": 0.2}")),
            ("llm.input_messages.0.message.role", Value::from("system")),
            ("llm.input_messages.0.message.content", Value::from("Be brief.")),
            ("llm.input_messages.1.message.role", Value::from("user")),
            ("llm.input_messages.1.message.content", Value::from(prompt)),
            ("llm.output_messages.0.message.role", Value::from("assistant")),
            ("llm.output_messages.0.message.content", Value::from("It is sunny in Paris.")),
            ("output.value", Value::from("It is sunny in Paris.")),
            ("llm.token_count.prompt", Value::Int(tokens)),
            ("llm.token_count.completion", Value::Int(42)),
        ])
    }

    fn tool(&mut self) -> Attributes {
        let result = self.text(2048);
        Attributes::from_iter([
            ("openinference.span.kind", Value::from("TOOL")),
            ("tool.name", Value::from("get_weather")),
            ("tool.parameters", Value::from("{\"city\": \"Paris\"}")),
            ("input.value", Value::from("{\"city\": \"Paris\"}")),
            ("input.mime_type", Value::from("application/json")),
            ("output.value", Value::from(result.as_str())),
        ])
    }

    /// Words, so that a text looks like one; its letters differ from text to text.
    fn text(&mut self, length: usize) -> String {
        const WORDS: [&str; 16] = [
            "the", "agent", "reads", "weather", "from", "station", "and", "answers", "Paris", "sunny",
            "with", "cloud", "after", "seven", "degrees", "today",
        ];
        let mut text = String::with_capacity(length + 16);
        while text.len() < length {
            let word = usize::try_from(self.next() % 16).unwrap_or(0);
            text.push_str(WORDS[word]);
            text.push(' ');
        }
        text
    }
}
