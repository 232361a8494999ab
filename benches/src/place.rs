//! Databases to measure: a file, and what the environment names.

use anyhow::Context;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use tempfile::TempDir;
use tracestead_model::UnixNanos;
use tracestead_store::{DatabaseUrl, OpenOptions, ServerUrl, SpanStore};

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

    /// Removes it where it would else fill the disk that the next one needs; servers are gone in the end anyway.
    pub(crate) async fn remove(self) -> anyhow::Result<()> {
        match &self.url {
            DatabaseUrl::Postgres(server) => {
                let drop = format!("DROP SCHEMA {} CASCADE", server.schema);
                connect_postgres(server).await?.execute(sqlx::raw_sql(AssertSqlSafe(drop))).await?;
            }
            DatabaseUrl::MySql(server) => {
                let drop = format!("DROP DATABASE {}", server.schema);
                connect_mysql(server).await?.execute(sqlx::raw_sql(AssertSqlSafe(drop))).await?;
            }
            DatabaseUrl::ClickHouse(server) => {
                let database = server.database.as_deref().context("the URL names no database")?;
                let drop = format!("DROP DATABASE {database}");
                let request = reqwest::Client::new().post(server.http_url()).body(drop);
                request.send().await?.error_for_status()?;
            }
            // The file goes with its folder.
            DatabaseUrl::Sqlite(_) => {}
        }
        Ok(())
    }
}

pub(crate) async fn connect_postgres(server: &ServerUrl) -> anyhow::Result<sqlx::PgConnection> {
    let options = PgConnectOptions::new_without_pgpass()
        .host(&server.host)
        .port(server.port)
        .username(server.user.as_deref().unwrap_or("postgres"))
        .password(server.password.as_ref().map_or("", |password| password.expose()))
        .database(server.database.as_deref().unwrap_or("postgres"));
    Ok(sqlx::PgConnection::connect_with(&options).await?)
}

pub(crate) async fn connect_mysql(server: &ServerUrl) -> anyhow::Result<sqlx::MySqlConnection> {
    let options = MySqlConnectOptions::new()
        .host(&server.host)
        .port(server.port)
        .charset("utf8mb4")
        .username(server.user.as_deref().unwrap_or("root"))
        .password(server.password.as_ref().map_or("", |password| password.expose()));
    Ok(sqlx::MySqlConnection::connect_with(&options).await?)
}
