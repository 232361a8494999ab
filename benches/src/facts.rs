//! What it costs to understand a span, by dialect, on the captures of real frameworks.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use serde_json::{Map, Value, json};
use tracestead_model::content::Previews;
use tracestead_model::json::to_agno_json;
use tracestead_model::{PriceBook, Span, SpanFacts, SpanSource};
use tracestead_otlp::{Encoding, decode_traces};

use crate::numbers::median;

/// How many turns each capture has; the median counts.
const TURNS: usize = 9;

/// How many spans one turn reads at least.
const SPANS_PER_TURN: usize = 20_000;

pub(crate) fn run() -> anyhow::Result<Value> {
    println!(
        "facts: ns a span, median of {TURNS} turns; beside it what writing its attributes as JSON costs, which ingest does \
         for every span"
    );
    println!(
        "  {:<42} {:>10} {:>10} {:>10} {:>10} {:>10}",
        "capture", "attributes", "facts", "cost", "previews", "JSON"
    );
    let mut results = Map::new();
    for path in captures()? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().replace(".otlp.pb", "");
        let spans = decode_traces(Encoding::Protobuf, &std::fs::read(&path)?)?.spans;
        let attributes = spans.iter().map(|span| span.attributes.len()).sum::<usize>() / spans.len().max(1);
        let prices = PriceBook::default();
        let read = each(&spans, |span| {
            black_box(SpanFacts::of(&SpanSource::from(span)));
        });
        let facts: Vec<SpanFacts> = spans.iter().map(|span| SpanFacts::of(&SpanSource::from(span))).collect();
        let pairs: Vec<(&Span, &SpanFacts)> = spans.iter().zip(&facts).collect();
        let cost = each(&pairs, |(span, facts)| {
            black_box(prices.cost(facts, span.start_time));
        });
        let previews = each(&pairs, |(span, facts)| {
            black_box(Previews::of(&SpanSource::from(*span), facts.span_type));
        });
        let written = each(&spans, |span| {
            black_box(to_agno_json(&span.attributes));
        });
        println!("  {name:<42} {attributes:>10} {read:>10.0} {cost:>10.0} {previews:>10.0} {written:>10.0}");
        results.insert(
            name,
            json!({"attributes": attributes, "facts_ns": read, "cost_ns": cost, "previews_ns": previews, "json_ns": written}),
        );
    }
    Ok(Value::Object(results))
}

fn captures() -> anyhow::Result<Vec<PathBuf>> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures");
    let mut paths =
        vec![fixtures.join("agno/agent_tools_ok.otlp.pb"), fixtures.join("agno/workflow_full.otlp.pb")];
    for group in ["other", "frameworks"] {
        for entry in std::fs::read_dir(fixtures.join(group)).context("captures are missing")? {
            let path = entry?.path();
            let name = path.to_string_lossy().into_owned();
            if name.ends_with(".otlp.pb") && !name.ends_with(".logs.otlp.pb") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    Ok(paths)
}

/// Returns how many nanoseconds `work` takes for one item, the median of several turns.
#[expect(clippy::cast_precision_loss, reason = "a measure, not a count")]
fn each<T>(items: &[T], work: impl Fn(&T)) -> f64 {
    let rounds = SPANS_PER_TURN.div_ceil(items.len().max(1));
    let mut turns: Vec<f64> = (0..TURNS)
        .map(|_| {
            let began = Instant::now();
            for _ in 0..rounds {
                items.iter().for_each(&work);
            }
            began.elapsed().as_nanos() as f64 / (rounds * items.len()) as f64
        })
        .collect();
    median(&mut turns)
}
