//! Databases to measure: a file, and what the environment names.

use anyhow::Context;
use tempfile::TempDir;
use tracestead_model::UnixNanos;
use tracestead_store::{DatabaseUrl, OpenOptions, SpanStore};

/// A database of its own, empty at first.
pub(crate) struct Place {
    pub(crate) engine: &'static str,
    pub(crate) url: DatabaseUrl,
    _folder: Option<TempDir>,
}

/// Returns an empty database of each engine: SQLite, and those whose servers the environment names.
pub(crate) fn places(name: &str) -> anyhow::Result<Vec<Place>> {
    let folder = tempfile::tempdir()?;
    let url = DatabaseUrl::Sqlite(folder.path().join("bench.db"));
    let mut places = vec![Place { engine: "SQLite", url, _folder: Some(folder) }];
    let servers = [
        ("PostgreSQL", "TRACESTEAD_TEST_POSTGRES_URL"),
        ("MariaDB", "TRACESTEAD_TEST_MYSQL_URL"),
        ("ClickHouse", "TRACESTEAD_TEST_CLICKHOUSE_URL"),
    ];
    let name = format!("bench_{name}_{}", std::process::id());
    for (engine, variable) in servers {
        let Ok(server) = std::env::var(variable) else {
            println!(
                "  {engine} is not measured: {variable} names no server; `cargo xtask bench` starts one"
            );
            continue;
        };
        let url = if engine == "ClickHouse" {
            let (before, _) = server.rsplit_once('/').context("the URL names no database")?;
            format!("{before}/{name}")
        } else {
            format!("{server}?schema={name}")
        };
        places.push(Place { engine, url: url.parse()?, _folder: None });
    }
    Ok(places)
}

impl Place {
    pub(crate) async fn open(&self) -> anyhow::Result<SpanStore> {
        let options = OpenOptions::new(self.url.clone(), UnixNanos::EPOCH);
        Ok(tokio::task::spawn_blocking(move || SpanStore::open(&options)).await??)
    }
}
