//! A span in AgentOS's tree.
//!
//! Trees are written without recursion: a chain of 100,000 spans is a legal trace, and nested calls that deep are not.

use serde::Serialize;
use serde_json::{Map, Value as Json};
use tracestead_model::Value;
use tracestead_model::json::to_json;
use tracestead_model::query::{SpanRecord, TraceRecord};
use tracestead_model::tree::{Node, Placed, assemble};
use utoipa::ToSchema;

use super::summary::{duration, time};

/// A span of a tree. What is absent is left out.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TraceNode<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    /// The spans below it.
    #[serde(skip_serializing)]
    #[schema(no_recursion)]
    #[expect(dead_code, reason = "written by `write_tree`; here for the document")]
    spans: Option<Vec<TraceNode<'a>>>,
    #[serde(flatten)]
    tail: Tail<'a>,
}

/// What stands before `spans`.
#[derive(Debug, Serialize, ToSchema)]
struct Head<'a> {
    id: &'a str,
    name: &'a str,
    #[serde(rename = "type")]
    kind: String,
    duration: String,
    start_time: String,
    end_time: String,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What stands after `spans`.
#[derive(Debug, Serialize, ToSchema)]
struct Tail<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    step_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    metadata: Map<String, Json>,
}

/// Returns one span alone.
pub(super) fn single(span: &SpanRecord) -> TraceNode<'_> {
    TraceNode { head: head(span), spans: None, tail: Tail { step_type: None, metadata: metadata(span) } }
}

/// The spans of a trace in reading order.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub(super) trace: &'a TraceRecord,
    pub(super) spans: &'a [SpanRecord],
    placed: Vec<Placed>,
}

impl<'a> Tree<'a> {
    pub(super) fn of(trace: &'a TraceRecord, spans: &'a [SpanRecord]) -> Self {
        let nodes: Vec<Node> = spans.iter().enumerate().map(|(at, span)| span.node(at)).collect();
        Self { trace, spans, placed: assemble(&nodes) }
    }

    /// Returns the first root that is no orphan, else the first span of all.
    pub(super) fn root(&self) -> Option<&'a SpanRecord> {
        let root = self.placed.iter().find(|at| at.depth == 0 && !at.orphan).or(self.placed.first());
        root.map(|at| &self.spans[at.index])
    }

    /// Appends the tree as a JSON list.
    pub(super) fn write(&self, json: &mut String) -> serde_json::Result<()> {
        let step_types = self.step_types();
        let mut written_children = vec![0_usize; self.spans.len()];
        // Spans that were begun and not ended: the current one and those above it.
        let mut open: Vec<(usize, Tail<'_>)> = Vec::new();
        json.push('[');
        for (position, at) in self.placed.iter().enumerate() {
            while open.len() > at.depth {
                end(json, open.pop(), &written_children)?;
            }
            let span = &self.spans[at.index];
            let sibling = at.parent.map(|parent| {
                written_children[parent] += 1;
                written_children[parent] - 1
            });
            json.push_str(match sibling {
                Some(0) => ",\"spans\":[",
                None if position == 0 => "",
                _ => ",",
            });
            let (head, metadata) = if at.depth == 0 {
                (self.root_head(span), self.root_metadata(span))
            } else {
                (head(span), metadata(span))
            };
            let text = serde_json::to_string(&head)?;
            json.push_str(text.strip_suffix('}').unwrap_or(&text));
            let step_type =
                sibling.filter(|_| at.depth == 1).and_then(|index| step_types.get(index).copied());
            open.push((at.index, Tail { step_type, metadata }));
        }
        while let Some(last) = open.pop() {
            end(json, Some(last), &written_children)?;
        }
        json.push(']');
        Ok(())
    }

    /// The kinds of a workflow's steps, which Agno gives to the children of the root one after another.
    fn step_types(&self) -> Vec<&'a str> {
        let roots = self.placed.iter().filter(|at| at.depth == 0).map(|at| &self.spans[at.index]);
        let lists = roots.filter(|root| kind(root) == Some("CHAIN")).filter_map(|root| {
            match root.attributes.get("agno.workflow.step_types")? {
                Value::Array(types) if !types.is_empty() => Some(types),
                _ => None,
            }
        });
        lists.take(1).flatten().map(|step_type| step_type.as_str().unwrap_or_default()).collect()
    }

    /// A root repeats nothing that the trace says, and has the trace's times.
    fn root_head(&self, span: &'a SpanRecord) -> Head<'a> {
        Head {
            duration: duration(self.trace.duration_ms),
            start_time: time(self.trace.start_time_ns),
            end_time: time(self.trace.end_time_ns),
            input: None,
            output: None,
            error: None,
            ..head(span)
        }
    }

    fn root_metadata(&self, span: &SpanRecord) -> Map<String, Json> {
        let mut metadata = Map::new();
        let total = |key: &str| -> i64 {
            let calls = self.spans.iter().filter(|span| kind(span) == Some("LLM"));
            calls.filter_map(|span| span.attributes.get(key)?.as_i64()).sum()
        };
        let totals = [
            ("total_input_tokens", "llm.token_count.prompt"),
            ("total_output_tokens", "llm.token_count.completion"),
        ];
        for (name, key) in totals {
            let total = total(key);
            if total > 0 {
                metadata.insert(name.to_owned(), Json::from(total));
            }
        }
        if kind(span) == Some("CHAIN") {
            put(&mut metadata, span, CHAIN_METADATA);
        }
        metadata
    }
}

fn end(
    json: &mut String,
    open: Option<(usize, Tail<'_>)>,
    written_children: &[usize],
) -> serde_json::Result<()> {
    let Some((index, tail)) = open else { return Ok(()) };
    if written_children[index] > 0 {
        json.push(']');
    }
    let text = serde_json::to_string(&tail)?;
    if text != "{}" {
        json.push(',');
        json.push_str(text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default());
    }
    json.push('}');
    Ok(())
}

fn head(span: &SpanRecord) -> Head<'_> {
    let is_error = span.status_code == "ERROR";
    Head {
        id: &span.span_id,
        name: &span.name,
        kind: kind_shown(span).to_owned(),
        duration: duration(span.duration_ms),
        start_time: time(span.start_time_ns),
        end_time: time(span.end_time_ns.unwrap_or(span.start_time_ns)),
        status: &span.status_code,
        input: text(span, "input.value"),
        output: if is_error { None } else { text(span, "output.value") },
        error: if is_error { error(span) } else { None },
    }
}

/// Returns what went wrong: in the status, in an attribute, or in an event, which Agno does not keep.
pub(super) fn error(span: &SpanRecord) -> Option<String> {
    let recorded = || {
        let exception = span.events.iter().rev().find(|event| event.name == "exception")?;
        exception.attributes.text("exception.message").map(str::to_owned)
    };
    span.status_message.clone().or_else(|| text(span, "exception.message")).or_else(recorded)
}

/// Returns an attribute as text.
pub(super) fn text(span: &SpanRecord, key: &str) -> Option<String> {
    match span.attributes.get(key)? {
        Value::Empty => None,
        Value::String(text) => Some(text.clone()),
        value => Some(to_json(value).to_string()),
    }
}

/// Returns OpenInference's kind of span.
pub(super) fn kind(span: &SpanRecord) -> Option<&str> {
    span.attributes.text("openinference.span.kind")
}

fn kind_shown(span: &SpanRecord) -> &str {
    let is_team = || ["agno.team.id", "team.id"].iter().any(|key| span.attributes.text(key).is_some());
    match kind(span) {
        None => "UNKNOWN",
        Some("CHAIN") => "WORKFLOW",
        Some("AGENT") if is_team() => "TEAM",
        Some(kind) => kind,
    }
}

const CHAIN_METADATA: &[(&str, &str)] = &[
    ("description", "agno.workflow.description"),
    ("steps_count", "agno.workflow.steps_count"),
    ("steps", "agno.workflow.steps"),
    ("step_types", "agno.workflow.step_types"),
];

fn metadata(span: &SpanRecord) -> Map<String, Json> {
    let mut metadata = Map::new();
    let by_kind: &[(&str, &str)] = match kind(span) {
        Some("AGENT") => &[("run_id", "agno.run.id")],
        Some("LLM") => &[
            ("model", "llm.model_name"),
            ("input_tokens", "llm.token_count.prompt"),
            ("output_tokens", "llm.token_count.completion"),
        ],
        Some("TOOL") => &[("tool_name", "tool.name"), ("parameters", "tool.parameters")],
        Some("CHAIN") => CHAIN_METADATA,
        _ => &[],
    };
    put(&mut metadata, span, by_kind);
    put(&mut metadata, span, &[("session_id", "session.id"), ("user_id", "user.id")]);
    metadata
}

/// Puts the attributes that say something under their names.
fn put(metadata: &mut Map<String, Json>, span: &SpanRecord, names: &[(&str, &str)]) {
    for (name, key) in names {
        let value = span.attributes.get(key).map_or(Json::Null, to_json);
        let says_nothing = match &value {
            Json::Null => true,
            Json::Bool(truth) => !truth,
            Json::Number(number) => number.as_f64() == Some(0.0),
            Json::String(text) => text.is_empty(),
            Json::Array(items) => items.is_empty(),
            Json::Object(map) => map.is_empty(),
        };
        if !says_nothing {
            metadata.insert((*name).to_owned(), value);
        }
    }
}
