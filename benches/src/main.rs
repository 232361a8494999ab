//! Benchmarks: `make bench`, or `cargo xtask bench -- ingest` for one.
//!
//! A figure alone says little, as machines are noisy and differ. So `ingest` runs a bare `rusqlite` loop beside the real
//! server, in turns, and prints the ratio: the same rows, tables, indexes and transaction sizes, on the same disk. What the
//! server does beyond that (HTTP, decoding, facts, folds, answers) is what the ratio costs.
//!
//! Raw results are kept under `benches/results/`, with the machine they were taken on.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod agent;
mod engines;
mod facts;
mod ingest;
mod list;
mod machine;
mod numbers;
mod place;
mod postgres;
mod retention;
mod traces;

use std::path::Path;

use serde_json::json;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--").collect();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|argument| argument == name);
    let machine = machine::describe();
    println!("machine: {machine}");
    let mut results = serde_json::Map::new();
    if wanted("agent") {
        results.insert("agent".to_owned(), agent::run()?);
    }
    if wanted("ingest") {
        results.insert("ingest".to_owned(), ingest::run().await?);
    }
    if wanted("engines") {
        results.insert("engines".to_owned(), engines::run().await?);
    }
    if wanted("facts") {
        results.insert("facts".to_owned(), facts::run()?);
    }
    if wanted("list") {
        results.insert("list".to_owned(), list::run().await?);
    }
    if wanted("retention") {
        results.insert("retention".to_owned(), retention::run().await?);
    }
    if wanted("ways") {
        results.insert("ways".to_owned(), postgres::run().await?);
    }
    anyhow::ensure!(
        !results.is_empty(),
        "there are seven benchmarks: agent, engines, facts, ingest, list, retention, ways"
    );
    keep(&json!({"machine": machine, "version": env!("CARGO_PKG_VERSION"), "results": results}))
}

fn keep(result: &serde_json::Value) -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let file = folder.join(format!("{}.json", since_1970.as_secs()));
    std::fs::create_dir_all(&folder)?;
    std::fs::write(&file, serde_json::to_string_pretty(result)? + "\n")?;
    println!("kept in benches/results/{}", file.file_name().unwrap_or_default().to_string_lossy());
    Ok(())
}
