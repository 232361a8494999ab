//! What is understood of every capture of a real framework: reviewed, and held to.

#![expect(clippy::unwrap_used, reason = "clippy takes helpers of integration tests for no tests")]

mod captures;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value as Json};
use tracestead_model::content::{Message, Previews, SpanContent};
use tracestead_model::tree::{Node, assemble};
use tracestead_model::{
    Cost, PriceBook, RunContext, Span, SpanFacts, SpanShape, SpanSource, TraceShape, UnixNanos, Usage,
};

#[test]
fn every_capture_is_understood_as_reviewed() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for name in captures::names() {
        let text = describe(&captures::spans(&name));
        settings.bind(|| insta::assert_snapshot!(name.replace('/', "__"), text));
    }
}

fn describe(spans: &[Span]) -> String {
    let mut traces: BTreeMap<(i64, String), Vec<&Span>> = BTreeMap::new();
    for span in spans {
        let begin =
            spans.iter().filter(|other| other.trace_id == span.trace_id).map(|other| other.start_time).min();
        traces.entry((begin.map_or(0, UnixNanos::as_i64), span.trace_id.to_hex())).or_default().push(span);
    }
    let mut text = String::new();
    for ((_, trace_id), spans) in traces {
        describe_trace(&mut text, &trace_id, &spans);
    }
    text
}

fn describe_trace(text: &mut String, trace_id: &str, spans: &[&Span]) {
    let prices = PriceBook::default();
    let read: Vec<(SpanFacts, Cost)> = spans
        .iter()
        .map(|span| {
            let facts = SpanFacts::of(&SpanSource::from(*span));
            let cost = prices.cost(&facts, span.start_time);
            (facts, cost)
        })
        .collect();
    let shapes: Vec<SpanShape> =
        spans.iter().zip(&read).map(|(span, (facts, cost))| SpanShape::new(span, facts, *cost)).collect();
    let fold = TraceShape::fold(&shapes);
    let _ = writeln!(text, "TRACE {trace_id} {:?}", fold.name);
    let lines = Lines { text: &mut *text, indent: "  ".to_owned() };
    lines
        .context(&fold.context)
        .line("tokens", tokens(fold.input_tokens, fold.output_tokens, fold.total_tokens))
        .line("cost", fold.cost_nano_usd.map(|nano| format!("{nano} nano-USD")))
        .line("unpriced calls", (fold.unpriced_call_count > 0).then(|| fold.unpriced_call_count.to_string()))
        .line("models", (!fold.models.is_empty()).then(|| format!("{:?}", fold.models)))
        .line("failed spans", (fold.error_span_count > 0).then(|| fold.error_span_count.to_string()))
        .line("plumbing only", (!fold.has_agent_spans).then(|| "yes".to_owned()));
    let nodes: Vec<Node> = shapes
        .iter()
        .map(|shape| Node {
            span_id: shape.span_id,
            parent_span_id: shape.parent_span_id,
            start_time_ns: shape.start_time_ns,
        })
        .collect();
    for placed in assemble(&nodes) {
        let (facts, cost) = &read[placed.index];
        describe_span(text, placed.depth + 1, spans[placed.index], facts, *cost);
    }
}

fn describe_span(text: &mut String, depth: usize, span: &Span, facts: &SpanFacts, cost: Cost) {
    let content = SpanContent::of(&SpanSource::from(span));
    let previews = Previews::of(&SpanSource::from(span), facts.span_type);
    let source = facts.span_type_source.as_deref().map(|source| format!(" by {source}")).unwrap_or_default();
    let _ = writeln!(text, "{}{} {:?}{source}", "  ".repeat(depth), facts.span_type.as_str(), span.name);
    let mut lines = Lines { text, indent: "  ".repeat(depth + 2) }
        .context(&RunContext::from(facts))
        .line("step", facts.step_name.clone())
        .line("model", facts.model.clone())
        .line("response model", facts.response_model.clone())
        .line("response id", facts.response_id.clone())
        .line("provider", facts.provider.clone())
        .line("usage", usage(&facts.usage))
        .line("aggregate", usage(&facts.aggregate))
        .line(
            "cost",
            cost.nano_usd
                .map(|nano| format!("{nano} nano-USD, {}", cost.source.map_or("", |source| source.as_str()))),
        )
        .line("cost missing", cost.missing.map(|reason| reason.as_str().to_owned()))
        .line("service tier", facts.service_tier.clone())
        .line("finish reason", facts.finish_reason.clone())
        .line("first token", facts.ttft_ns.map(|nanos| format!("{} us", nanos / 1000)))
        .line("error", facts.error_type.clone())
        .line("tags", (!facts.tags.is_empty()).then(|| facts.tags.join(", ")))
        .line("metadata", object(&content.metadata))
        .line("parameters", object(&content.parameters))
        .line("input preview", previews.input.map(|text| cut(&text)))
        .line("output preview", previews.output.map(|text| cut(&text)))
        .line("system prompt", content.system_prompt.map(|text| cut(&text)))
        .line("tools offered", {
            let names: Vec<String> = content
                .tools
                .iter()
                .map(|tool| format!("{}{}", tool.name, if tool.parameters.is_null() { "" } else { "()" }))
                .collect();
            (!names.is_empty()).then(|| names.join(", "))
        });
    for (arrow, messages) in [(">", &content.input_messages), ("<", &content.output_messages)] {
        for message in messages {
            lines = lines.line(arrow, Some(message_line(message)));
        }
    }
    if let Some(tool) = content.tool {
        lines = lines.line(
            "tool",
            Some(format!(
                "{} call {} with {} gave {}",
                tool.name,
                tool.call_id.unwrap_or_default(),
                cut(&tool.arguments.to_string()),
                cut(&tool.result.to_string())
            )),
        );
    }
    if let Some(retrieval) = content.retrieval {
        lines = lines.line("query", retrieval.query.map(|text| cut(&text)));
        lines = lines.line("k", retrieval.k.map(|k| k.to_string())).line("store", retrieval.store);
        for document in retrieval.documents {
            let id = document.id.unwrap_or_default();
            lines =
                lines.line("document", Some(format!("{id} {:?} {}", document.score, cut(&document.content))));
        }
    }
    if let Some(embedding) = content.embedding {
        let texts: Vec<String> = embedding.texts.iter().map(|text| cut(text)).collect();
        lines = lines
            .line("embedded", Some(format!("{} x {:?}: {texts:?}", embedding.count, embedding.dimensions)));
    }
    if let Some(guardrail) = content.guardrail {
        lines =
            lines.line("guardrail", guardrail.triggered.map(|triggered| format!("triggered {triggered}")));
    }
    for score in content.scores {
        lines = lines.line(
            "score",
            Some(format!(
                "{} {} {:?} {:?} {:?}",
                score.scope, score.name, score.value, score.label, score.source
            )),
        );
    }
    if let Some(exception) = content.exception {
        let message = exception.message.map(|text| cut(&text));
        lines.line(
            "exception",
            Some(format!(
                "{:?} {:?} stack {}",
                exception.exception_type,
                message,
                exception.stacktrace.is_some()
            )),
        );
    }
}

struct Lines<'a> {
    text: &'a mut String,
    indent: String,
}

impl Lines<'_> {
    fn line(self, label: &str, value: Option<String>) -> Self {
        if let Some(value) = value {
            let _ = writeln!(self.text, "{}{label}: {value}", self.indent);
        }
        self
    }

    fn context(self, context: &RunContext) -> Self {
        let context = context.clone();
        self.line("run", context.run_id)
            .line("session", context.session_id)
            .line("user", context.user_id)
            .line("agent", named(context.agent_id, context.agent_name))
            .line("team", named(context.team_id, context.team_name))
            .line("workflow", named(context.workflow_id, context.workflow_name))
    }
}

fn named(id: Option<String>, name: Option<String>) -> Option<String> {
    match (id, name) {
        (None, None) => None,
        (id, name) => {
            Some(format!("{} {:?}", id.unwrap_or_else(|| "-".to_owned()), name.unwrap_or_default()))
        }
    }
}

fn tokens(input: Option<i64>, output: Option<i64>, total: Option<i64>) -> Option<String> {
    (input.is_some() || output.is_some() || total.is_some()).then(|| {
        format!("{input:?} in, {output:?} out, {total:?} total").replace("Some(", "").replace(')', "")
    })
}

fn usage(usage: &Usage) -> Option<String> {
    let mut text = tokens(usage.input_tokens, usage.output_tokens, usage.total_tokens)?;
    for (name, count) in [
        ("cache read", usage.cache_read_tokens),
        ("cache write", usage.cache_write_tokens),
        ("reasoning", usage.reasoning_tokens),
        ("audio in", usage.input_audio_tokens),
        ("audio out", usage.output_audio_tokens),
    ] {
        if let Some(count) = count {
            let _ = write!(text, ", {name} {count}");
        }
    }
    Some(text)
}

fn object(object: &Map<String, Json>) -> Option<String> {
    (!object.is_empty()).then(|| cut(&Json::Object(object.clone()).to_string()))
}

fn message_line(message: &Message) -> String {
    let parts: Vec<String> = message.parts.iter().map(|part| cut(&part.to_string())).collect();
    let reason = message.finish_reason.as_deref().map(|reason| format!(" [{reason}]")).unwrap_or_default();
    format!("{}: {}{reason}", message.role, parts.join(" "))
}

fn cut(text: &str) -> String {
    let line = text.replace('\n', "\\n");
    match line.char_indices().nth(120) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// What each call of the fake model reports, and each embedding.
const CALL: i64 = 57;
const EMBEDDING: i64 = 8;

/// Captures in which the same call is reported more than once, with what a plain sum over all spans would say.
#[test]
fn each_call_counts_once() {
    // Capture, calls, embeddings with usage, sum of what every span says.
    let cases = [
        ("other/strands", 2, 0, 4 * CALL),
        ("frameworks/smolagents", 11, 0, 22 * CALL),
        ("frameworks/vercel-ai-7", 7, 2, 14 * CALL + 2 * EMBEDDING),
        ("other/vercel-ai", 4, 2, 8 * CALL + 4 * EMBEDDING),
        ("other/pydantic-ai-v2", 5, 0, 10 * CALL),
        ("other/pydantic-ai-1.0-v1events", 2, 0, 4 * CALL),
        ("frameworks/rig", 8, 1, 14 * CALL + EMBEDDING),
        ("other/oi-openai-dualwrite", 4, 1, 4 * CALL + EMBEDDING),
        ("frameworks/logfire", 17, 1, 0),
        ("frameworks/agent-framework", 6, 0, 12 * CALL),
        ("other/google-adk", 2, 0, 2 * CALL),
        ("other/oi-openai-agents", 6, 0, 6 * CALL),
        ("other/otel-openai-v2-legacy", 3, 1, 3 * CALL + EMBEDDING),
        ("other/traceloop-sdk", 2, 0, 2 * CALL),
        ("frameworks/langgraph-langsmith", 6, 0, 6 * CALL),
        ("frameworks/langgraph-openllmetry", 6, 0, 6 * CALL),
    ];
    for (name, calls, embeddings, naive) in cases {
        let spans = captures::spans(name);
        let facts: Vec<SpanFacts> = spans.iter().map(|span| SpanFacts::of(&SpanSource::from(span))).collect();
        let mut traces: BTreeMap<String, Vec<SpanShape>> = BTreeMap::new();
        for (span, facts) in spans.iter().zip(&facts) {
            traces.entry(span.trace_id.to_hex()).or_default().push(SpanShape::new(
                span,
                facts,
                Cost::default(),
            ));
        }
        let total: i64 = traces.values().filter_map(|shapes| TraceShape::fold(shapes).input_tokens).sum();
        assert_eq!(total, calls * CALL + embeddings * EMBEDDING, "{name}");
        let said: i64 = facts
            .iter()
            .flat_map(|facts| [facts.usage.input_tokens, facts.aggregate.input_tokens])
            .flatten()
            .sum();
        if naive > 0 {
            assert_eq!(said, naive, "{name}: what its spans say in sum");
        }
    }
}
