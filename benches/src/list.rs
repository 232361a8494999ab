//! Pages of lists at 100,000 traces: how long an answer takes, through HTTP.

use std::time::Instant;

use anyhow::ensure;
use serde_json::{Value, json};
use tracestead_model::UnixNanos;
use tracestead_server::{Server, Settings};
use tracestead_store::Batch;

use crate::numbers::percentile;
use crate::place::{Place, places};
use crate::traces::Maker;

const TRACES: usize = 100_000;
const REQUESTS: usize = 400;

/// Questions that the page and Agno's clients ask.
const QUESTIONS: [(&str, &str); 8] = [
    ("newest", "/api/v1/traces?limit=50"),
    ("errors", "/api/v1/traces?limit=50&status=ERROR"),
    ("one agent", "/api/v1/traces?limit=50&agent_id=agent-7"),
    ("one user", "/api/v1/traces?limit=50&user_id=user-33"),
    ("one session", "/api/v1/traces?limit=50&session_id=session-41"),
    ("a range", "/api/v1/traces?limit=50&start_time=2026-11-21T01:00:00Z&end_time=2026-11-21T02:00:00Z"),
    ("agent and errors", "/api/v1/traces?limit=50&agent_id=agent-7&status=ERROR"),
    ("Agno's list", "/traces?limit=20"),
];

pub(crate) async fn run() -> anyhow::Result<Value> {
    println!("list: {TRACES} traces, {REQUESTS} requests a question, one after another");
    let mut results = serde_json::Map::new();
    for place in places("list")? {
        fill(&place).await?;
        results.insert(place.engine.to_owned(), ask(&place).await?);
    }
    Ok(json!({"traces": TRACES, "requests": REQUESTS, "engines": results}))
}

async fn ask(place: &Place) -> anyhow::Result<Value> {
    let mut settings = Settings::new(place.url.clone());
    settings.listen.set_port(0);
    settings.otlp_http = None;
    settings.otlp_grpc = None;
    let began = Instant::now();
    let server = Server::start(&settings).await?;
    let start_ms = began.elapsed().as_secs_f64() * 1000.0;
    println!("  {}: start took {start_ms:.1} ms", place.engine);
    let base = server.addresses()[0].url();
    let client = reqwest::Client::new();
    let mut results = serde_json::Map::new();
    for (name, path) in QUESTIONS {
        let mut times = Vec::with_capacity(REQUESTS);
        for _ in 0..REQUESTS {
            let began = Instant::now();
            let answer = client.get(format!("{base}{path}")).send().await?;
            ensure!(answer.status().is_success(), "{path} was answered {}", answer.status());
            let bytes = answer.bytes().await?;
            times.push(began.elapsed().as_secs_f64() * 1000.0);
            ensure!(bytes.len() > 100, "{path} found nothing");
        }
        let (p50, p99) = (percentile(&mut times, 0.5), percentile(&mut times, 0.99));
        println!("    {name:<18} p50 {p50:6.2} ms   p99 {p99:6.2} ms");
        results.insert(name.to_owned(), json!({"path": path, "p50_ms": p50, "p99_ms": p99}));
    }
    server.stop().await;
    Ok(json!({"start_ms": start_ms, "questions": results}))
}

/// Writes traces past the server: what is measured is reading.
async fn fill(place: &Place) -> anyhow::Result<()> {
    let store = place.open().await?;
    let mut maker = Maker::new(42);
    for _ in 0..TRACES / 500 {
        let spans = (0..500).flat_map(|_| maker.trace()).collect();
        store.ingest(Batch::prepare(spans, Vec::new(), UnixNanos::EPOCH, store.prices())).await?;
    }
    store.close().await;
    Ok(())
}
