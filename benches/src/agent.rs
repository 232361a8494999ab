//! What the end of a span costs the thread that ends it: the SDK's own batch processor, whose exporter does nothing, against
//! ours, which stores in SQLite.
//!
//! Spans are ended in portions that fit into the queue, and between two portions everything is exported: what a queue costs
//! that is full is another question. Both processors are asked in turns within one run, and the median of the turns' means
//! counts. A run of an agent is a root with children; so is a portion here, and the root ends last.

use std::hint::black_box;
use std::time::{Duration, Instant};

use opentelemetry::trace::{Span as _, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SdkTracer, SdkTracerProvider, SpanData, SpanExporter};
use serde_json::{Map, Value, json};
use tracestead::pipeline::Setup;
use tracestead::{SqliteDb, TracesteadProcessor};

use crate::numbers::median;

const TURNS: usize = 15;
const PORTIONS: usize = 40;
/// Fewer than a batch, so that neither processor is woken by a portion but at its end.
const SPANS: usize = 400;

#[derive(Debug)]
struct Nothing;

impl SpanExporter for Nothing {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        black_box(batch);
        Ok(())
    }
}

pub(crate) fn run() -> anyhow::Result<Value> {
    println!(
        "agent: ns that the end of a span costs its thread, median of {TURNS} turns of {} spans",
        PORTIONS * SPANS
    );
    println!("  {:<32} {:>14} {:>14} {:>8}", "span", "SDK, no-op", "tracestead", "ratio");
    let mut results = Map::new();
    for (name, attributes) in [("bare", Vec::new()), ("model call, 24 attributes, 4 KB", model_call())] {
        let directory = tempfile::tempdir()?;
        let database = SqliteDb::open(directory.path().join("traces.db"))?;
        let ours = TracesteadProcessor::start(Setup::new(database))?;
        let ours = SdkTracerProvider::builder().with_span_processor(ours).build();
        let theirs = BatchSpanProcessor::builder(Nothing).build();
        let theirs = SdkTracerProvider::builder().with_span_processor(theirs).build();
        let mut of_ours = Vec::new();
        let mut of_theirs = Vec::new();
        for _ in 0..TURNS {
            of_theirs.push(turn(&theirs, &attributes)?);
            of_ours.push(turn(&ours, &attributes)?);
        }
        let (sdk, tracestead) = (median(&mut of_theirs), median(&mut of_ours));
        println!("  {name:<32} {sdk:>14.0} {tracestead:>14.0} {:>8.2}", tracestead / sdk);
        results.insert(
            name.to_owned(),
            json!({"sdk_ns": sdk, "tracestead_ns": tracestead, "sdk_turns_ns": of_theirs, "tracestead_turns_ns": of_ours}),
        );
    }
    Ok(Value::Object(results))
}

/// Returns the mean of a turn in nanoseconds.
#[expect(clippy::cast_precision_loss, reason = "a measure, not a count")]
fn turn(provider: &SdkTracerProvider, attributes: &[KeyValue]) -> anyhow::Result<f64> {
    let tracer = provider.tracer("bench");
    let mut spent = Duration::ZERO;
    for _ in 0..PORTIONS {
        spent += portion(&tracer, attributes);
        provider.force_flush()?;
    }
    Ok(spent.as_nanos() as f64 / (PORTIONS * SPANS) as f64)
}

fn portion(tracer: &SdkTracer, attributes: &[KeyValue]) -> Duration {
    let root = Context::new().with_span(tracer.start("run"));
    let spans: Vec<_> = (1..SPANS)
        .map(|_| {
            let mut span = tracer.start_with_context("step", &root);
            span.set_attributes(attributes.iter().cloned());
            span
        })
        .collect();
    let began = Instant::now();
    for mut span in spans {
        span.end();
    }
    root.span().end();
    began.elapsed()
}

fn model_call() -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new("openinference.span.kind", "LLM"),
        KeyValue::new("llm.model_name", "gpt-4o-mini"),
        KeyValue::new("llm.token_count.prompt", 1200),
        KeyValue::new("llm.token_count.completion", 80),
    ];
    for message in 0..10 {
        attributes.push(KeyValue::new(format!("llm.input_messages.{message}.message.role"), "user"));
        attributes
            .push(KeyValue::new(format!("llm.input_messages.{message}.message.content"), "x".repeat(400)));
    }
    attributes
}
