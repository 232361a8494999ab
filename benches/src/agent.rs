//! What the end of a span costs the thread that ends it: the SDK's own batch processor, whose exporter does nothing or stores
//! in SQLite as we do, against ours.
//!
//! Spans are ended in portions that fit into the queue, and after each everything is exported: what a queue costs that is full
//! is another question. All processors are asked in turns within one run, portion by portion, and before each portion the same
//! is stored by somebody else: how warm the caches are counts for more than anything else here, and in a process that stores its
//! spans they are not as an exporter leaves them that does nothing. The median of the turns' means counts. A run of an agent is
//! a root with children; so is a portion here, and the root ends last. Only the end of a span is timed, and what the clock
//! itself costs is taken off.

use std::hint::black_box;
use std::time::{Duration, Instant};

use opentelemetry::trace::{Span as _, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchSpanProcessor, SdkTracer, SdkTracerProvider, SpanData, SpanExporter, SpanProcessor as _,
};
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

/// Stores with a processor of ours, which is flushed for each batch.
#[derive(Debug)]
struct Storing(TracesteadProcessor);

impl SpanExporter for Storing {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        for span in batch {
            self.0.on_end(span);
        }
        self.0.force_flush()
    }
}

pub(crate) fn run() -> anyhow::Result<Value> {
    println!(
        "agent: ns that the end of a span costs its thread, median of {TURNS} turns of {} spans",
        PORTIONS * SPANS
    );
    println!(
        "  {:<32} {:>10} {:>12} {:>10} {:>14} {:>15}",
        "span", "SDK, no-op", "SDK, storing", "tracestead", "against no-op", "against storing"
    );
    let mut results = Map::new();
    for (name, attributes) in [("bare", Vec::new()), ("model call, 24 attributes, 4 KB", model_call())] {
        let directory = tempfile::tempdir()?;
        let processor = |file: &str| -> anyhow::Result<_> {
            Ok(TracesteadProcessor::start(Setup::new(SqliteDb::open(directory.path().join(file))?))?)
        };
        let stores = processor("sdk.db")?;
        let ours = processor("tracestead.db")?;
        let provider = SdkTracerProvider::builder;
        let no_op = BatchSpanProcessor::builder(Nothing).build();
        let storing = BatchSpanProcessor::builder(Storing(stores.clone())).build();
        let before = provider().with_span_processor(processor("before.db")?).build();
        let asked = [
            provider().with_span_processor(no_op).build(),
            provider().with_span_processor(storing).build(),
            provider().with_span_processor(ours.clone()).build(),
        ];
        let mut turns: [Vec<f64>; 3] = Default::default();
        for _ in 0..TURNS {
            for (turns, mean) in turns.iter_mut().zip(turn(&before, &asked, &attributes)?) {
                turns.push(mean);
            }
        }
        for stats in [stores.stats(), ours.stats()] {
            anyhow::ensure!(stats.dropped == 0, "spans were dropped, which is cheap: {stats:?}");
        }
        let [no_op, storing, tracestead] = [0, 1, 2].map(|at: usize| median(&mut turns[at]));
        println!(
            "  {name:<32} {no_op:>10.0} {storing:>12.0} {tracestead:>10.0} {:>14.2} {:>15.2}",
            tracestead / no_op,
            tracestead / storing
        );
        results.insert(
            name.to_owned(),
            json!({
                "sdk_no_op_ns": no_op, "sdk_storing_ns": storing, "tracestead_ns": tracestead,
                "sdk_no_op_turns_ns": turns[0], "sdk_storing_turns_ns": turns[1], "tracestead_turns_ns": turns[2],
            }),
        );
    }
    Ok(Value::Object(results))
}

/// Returns the mean of a turn in nanoseconds, for each provider that is asked.
#[expect(clippy::cast_precision_loss, reason = "a measure, not a count")]
fn turn(
    before: &SdkTracerProvider,
    asked: &[SdkTracerProvider; 3],
    attributes: &[KeyValue],
) -> anyhow::Result<[f64; 3]> {
    let clock = clock();
    let mut spent = [Duration::ZERO; 3];
    for _ in 0..PORTIONS {
        for (provider, spent) in asked.iter().zip(&mut spent) {
            portion(&before.tracer("bench"), attributes, clock);
            before.force_flush()?;
            *spent += portion(&provider.tracer("bench"), attributes, clock);
            provider.force_flush()?;
        }
    }
    Ok(spent.map(|spent| spent.as_nanos() as f64 / (PORTIONS * SPANS) as f64))
}

fn portion(tracer: &SdkTracer, attributes: &[KeyValue], clock: Duration) -> Duration {
    let root = Context::new().with_span(tracer.start("run"));
    let mut spent = Duration::ZERO;
    for _ in 1..SPANS {
        let mut span = tracer.start_with_context("step", &root);
        span.set_attributes(attributes.iter().cloned());
        let began = Instant::now();
        span.end();
        spent += began.elapsed().saturating_sub(clock);
    }
    let began = Instant::now();
    root.span().end();
    spent + began.elapsed().saturating_sub(clock)
}

/// Returns what looking at the clock twice costs, which is not the span's.
fn clock() -> Duration {
    let mut looks: Vec<Duration> = (0..100_001).map(|_| Instant::now().elapsed()).collect();
    looks.sort_unstable();
    looks[looks.len() / 2]
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
