//! A database of any engine, for one test alone, and everything that is in it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::types::Value as Sql;
use sqlx::{AssertSqlSafe, Column, Connection as _, Row as _, TypeInfo as _, ValueRef as _};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tracestead_model::UnixNanos;
use tracestead_store::{DatabaseUrl, OpenOptions, ServerUrl, SpanStore, Synchronous, TableNames};

use crate::support::NOW;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
    MySql,
    ClickHouse,
}

/// A row: its columns and their values, as text and in one form for all engines.
pub(crate) type Row = BTreeMap<String, Option<String>>;

/// A database, gone with this value.
pub(crate) struct Place {
    pub(crate) engine: Engine,
    pub(crate) url: DatabaseUrl,
    names: TableNames,
    folder: Option<TempDir>,
}

impl Place {
    pub(crate) fn new(engine: Engine) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("t_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let (variable, parameter) = match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let url = DatabaseUrl::Sqlite(folder.path().join("tracestead.db"));
                return Self { engine, url, names: TableNames::default(), folder: Some(folder) };
            }
            Engine::Postgres => ("TRACESTEAD_TEST_POSTGRES_URL", "schema"),
            Engine::MySql => ("TRACESTEAD_TEST_MYSQL_URL", "schema"),
            Engine::ClickHouse => ("TRACESTEAD_TEST_CLICKHOUSE_URL", ""),
        };
        let server = std::env::var(variable).unwrap_or_else(|_| {
            panic!(
                "{variable} must name a server; `cargo xtask databases` starts one, `cargo xtask test` all"
            )
        });
        let url = if parameter.is_empty() {
            // The path of the URL is the database there.
            let (before, _) = server.rsplit_once('/').unwrap();
            format!("{before}/{name}")
        } else {
            let sign = if server.contains('?') { '&' } else { '?' };
            format!("{server}{sign}{parameter}={name}")
        };
        Self { engine, url: url.parse().unwrap(), names: TableNames::default(), folder: None }
    }

    /// A place whose tables of traces and spans have other names. Tests go on calling them as Agno does.
    pub(crate) fn with_names(mut self, traces: &str, spans: &str) -> Self {
        self.names = TableNames::new(traces, spans).unwrap();
        self
    }

    pub(crate) fn options(&self) -> OpenOptions {
        let mut options = OpenOptions::new(self.url.clone(), UnixNanos::from_i64(NOW));
        options.synchronous = Synchronous::Normal;
        options.tables = self.names.clone();
        options
    }

    pub(crate) fn open(&self) -> SpanStore {
        SpanStore::open(&self.options()).unwrap()
    }

    fn server(&self) -> &ServerUrl {
        self.url.server().unwrap()
    }

    /// Returns every row of every table, as text and in an order of its own.
    pub(crate) fn contents(&self) -> Vec<String> {
        let mut contents = Vec::new();
        // Where ClickHouse looks for traces, which the others know by an index.
        for table in self.tables().into_iter().filter(|table| table != "tracestead_trace_places") {
            for row in self.rows(&format!("SELECT * FROM {}", self.table(&table))) {
                let mut text = table.clone();
                for (column, value) in row {
                    let _ = write!(text, " {column}={value:?}");
                }
                contents.push(text);
            }
        }
        contents.sort();
        contents
    }

    /// Forgets every row of every table but those about the tables themselves.
    pub(crate) fn clear(&self) {
        for table in self.tables() {
            if table != "tracestead_migrations" && table != "agno_schema_versions" {
                let name = self.table(&table);
                self.run(&match self.engine {
                    Engine::ClickHouse => format!("TRUNCATE TABLE {}", name.trim_end_matches(" FINAL")),
                    _ => format!("DELETE FROM {name}"),
                });
            }
        }
    }

    /// Returns the name of a view.
    pub(crate) fn qualified(&self, view: &str) -> String {
        self.table(view).trim_end_matches(" FINAL").to_owned()
    }

    /// Returns the table as statements name it.
    pub(crate) fn table(&self, table: &str) -> String {
        let table = match table {
            "agno_traces" => self.names.traces(),
            "agno_spans" => self.names.spans(),
            table => table,
        };
        match self.engine {
            Engine::Sqlite => table.to_owned(),
            Engine::Postgres | Engine::MySql => format!("{}.{table}", self.server().schema),
            Engine::ClickHouse => {
                format!("{}.{table} FINAL", self.server().database.as_deref().unwrap_or("default"))
            }
        }
    }

    /// The tables, in an order in which their rows may be deleted.
    pub(crate) fn tables(&self) -> Vec<String> {
        let schema = || self.server().schema.clone();
        let sql = match self.engine {
            Engine::Sqlite => {
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'".to_owned()
            }
            Engine::Postgres | Engine::MySql => format!(
                "SELECT table_name AS name FROM information_schema.tables
                 WHERE table_schema = '{}' AND table_type = 'BASE TABLE'",
                schema()
            ),
            Engine::ClickHouse => format!(
                "SELECT name FROM system.tables WHERE database = '{}' AND engine NOT LIKE '%View'",
                self.server().database.as_deref().unwrap_or("default")
            ),
        };
        let as_agno = |name: String| match name {
            name if name == self.names.traces() => "agno_traces".to_owned(),
            name if name == self.names.spans() => "agno_spans".to_owned(),
            // Nobody is to make it.
            name if name == "agno_traces" || name == "agno_spans" => format!("another {name}"),
            name => name,
        };
        let found = self.rows(&sql).into_iter();
        let mut names: Vec<String> =
            found.map(|mut row| as_agno(row.remove("name").unwrap().unwrap())).collect();
        names.sort();
        names
    }

    /// Says whether there is a file, a schema or a database, whatever is in it.
    pub(crate) fn is_there(&self) -> bool {
        let schema = || self.server().schema.clone();
        let sql = match &self.url {
            DatabaseUrl::Sqlite(path) => {
                let folder = std::fs::read_dir(path.parent().unwrap()).unwrap();
                return folder.count() > 0;
            }
            DatabaseUrl::Postgres(_) | DatabaseUrl::MySql(_) => format!(
                "SELECT COUNT(*) AS n FROM information_schema.schemata WHERE schema_name = '{}'",
                schema()
            ),
            DatabaseUrl::ClickHouse(_) => {
                format!("SELECT COUNT(*) AS n FROM system.databases WHERE name = '{}'", schema())
            }
        };
        self.number(&sql) > 0
    }

    /// Runs statements one after the other on one connection, which may go from one database of the server to another.
    pub(crate) fn run_all(&self, statements: &[String]) {
        match &self.url {
            DatabaseUrl::Sqlite(path) => {
                rusqlite::Connection::open(path).unwrap().execute_batch(&statements.join(";\n")).unwrap();
            }
            DatabaseUrl::Postgres(_) | DatabaseUrl::MySql(_) => self.run(&statements.join(";\n")),
            // There are no connections that remember: the database to go to is part of each question.
            DatabaseUrl::ClickHouse(server) => {
                let client = clickhouse::Client::default().with_url(server.http_url());
                let run = async |sql: &String, client: &clickhouse::Client| {
                    client.query_raw(sql).execute().await.unwrap();
                };
                Runtime::new().unwrap().block_on(async {
                    run(&statements[0], &client).await;
                    for sql in statements[1..].iter().filter(|sql| !sql.starts_with("USE ")) {
                        run(sql, &client.clone().with_database(&server.schema)).await;
                    }
                });
            }
        }
    }

    /// Runs a statement that answers nothing.
    pub(crate) fn run(&self, sql: &str) {
        self.rows(sql);
    }

    /// Returns the first value of the first row as a number.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        let row = self.rows(sql).into_iter().next().unwrap();
        row.into_values().next().unwrap().unwrap().parse().unwrap()
    }

    /// Returns the rows that `sql` selects. Tables are named with [`Place::table`] or stand alone on SQLite.
    pub(crate) fn rows(&self, sql: &str) -> Vec<Row> {
        match &self.url {
            DatabaseUrl::Sqlite(path) => sqlite(path, sql),
            // Another runtime may be running on this thread.
            _ => std::thread::scope(|scope| {
                let asked = scope.spawn(|| Runtime::new().unwrap().block_on(self.ask(sql)));
                asked.join().unwrap()
            }),
        }
    }

    async fn ask(&self, sql: &str) -> Vec<Row> {
        match self.engine {
            Engine::Sqlite => unreachable!("a file is not asked over a network"),
            Engine::Postgres => {
                let server = self.server();
                let options = sqlx::postgres::PgConnectOptions::new_without_pgpass()
                    .host(&server.host)
                    .port(server.port)
                    .username(server.user.as_deref().unwrap())
                    .password(server.password.as_ref().unwrap().expose())
                    .database(server.database.as_deref().unwrap());
                let mut connection = sqlx::PgConnection::connect_with(&options).await.unwrap();
                let statement = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
                let rows = statement.fetch_all(&mut connection).await.unwrap();
                rows.iter().map(postgres_row).collect()
            }
            Engine::MySql => {
                let server = self.server();
                let options = sqlx::mysql::MySqlConnectOptions::new()
                    .host(&server.host)
                    .port(server.port)
                    .username(server.user.as_deref().unwrap())
                    .password(server.password.as_ref().unwrap().expose());
                let mut connection = sqlx::MySqlConnection::connect_with(&options).await.unwrap();
                let statement = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
                let rows = statement.fetch_all(&mut connection).await.unwrap();
                rows.iter().map(mysql_row).collect()
            }
            Engine::ClickHouse => clickhouse_rows(&self.server().http_url(), sql).await,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.folder.is_some() || std::thread::panicking() {
            return;
        }
        match self.engine {
            Engine::Sqlite => {}
            Engine::Postgres => self.run(&format!("DROP SCHEMA IF EXISTS {} CASCADE", self.server().schema)),
            Engine::MySql => self.run(&format!("DROP DATABASE IF EXISTS {}", self.server().schema)),
            Engine::ClickHouse => {
                self.run(&format!("DROP DATABASE IF EXISTS {}", self.server().database.as_deref().unwrap()));
            }
        }
    }
}

/// Columns that tell ClickHouse which of several rows stands.
const ITS_OWN: [&str; 3] = ["row_version", "is_deleted", "generation"];

const JSON: [&str; 7] = ["attributes", "events", "links", "scope", "models", "tags", "event"];

/// Puts a value into the form that all engines share.
fn value(column: &str, value: Option<String>) -> Option<String> {
    let value = value?;
    if !JSON.contains(&column) {
        return Some(value);
    }
    Some(canonical(&value))
}

fn collect(pairs: impl Iterator<Item = (String, Option<String>)>) -> Row {
    pairs
        .filter(|(column, _)| !ITS_OWN.contains(&column.as_str()))
        .map(|(column, found)| {
            let found = value(&column, found);
            (column, found)
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn sqlite(path: &std::path::Path, sql: &str) -> Vec<Row> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    if columns.is_empty() {
        statement.execute([]).unwrap();
        return Vec::new();
    }
    let read = |row: &rusqlite::Row<'_>| {
        let text = |at: usize| match row.get::<_, Sql>(at).unwrap() {
            Sql::Null => None,
            Sql::Integer(number) => Some(number.to_string()),
            Sql::Real(number) => Some(number.to_string()),
            Sql::Text(text) => Some(text),
            Sql::Blob(bytes) => Some(hex(&bytes)),
        };
        Ok(collect(columns.iter().enumerate().map(|(at, column)| (column.clone(), text(at)))))
    };
    statement.query_map([], read).unwrap().map(Result::unwrap).collect()
}

fn postgres_row(row: &sqlx::postgres::PgRow) -> Row {
    let text = |at: usize| {
        let raw = row.try_get_raw(at).unwrap();
        if raw.is_null() {
            return None;
        }
        let text = raw.as_str().unwrap().to_owned();
        Some(match row.column(at).type_info().name() {
            "BOOL" => if text == "t" { "1" } else { "0" }.to_owned(),
            "BYTEA" => text.trim_start_matches("\\x").to_owned(),
            _ => text,
        })
    };
    collect(row.columns().iter().map(|column| (column.name().to_owned(), text(column.ordinal()))))
}

fn mysql_row(row: &sqlx::mysql::MySqlRow) -> Row {
    let text = |at: usize| {
        let raw = row.try_get_raw(at).unwrap();
        if raw.is_null() {
            return None;
        }
        let bytes: Vec<u8> = row.try_get_unchecked(at).unwrap();
        Some(match row.column(at).type_info().name() {
            "LONGBLOB" | "BLOB" if row.column(at).name() == "bytes" => hex(&bytes),
            _ => String::from_utf8(bytes).unwrap(),
        })
    };
    collect(row.columns().iter().map(|column| (column.name().to_owned(), text(column.ordinal()))))
}

async fn clickhouse_rows(url: &str, sql: &str) -> Vec<Row> {
    let client = clickhouse::Client::default().with_url(url);
    if !sql.trim_start().starts_with("SELECT") {
        client.query(sql).execute().await.unwrap();
        return Vec::new();
    }
    let mut cursor = client.query(sql).fetch_bytes("JSONCompactEachRowWithNames").unwrap();
    let text = cursor.collect().await.unwrap();
    let mut lines = std::str::from_utf8(&text).unwrap().lines();
    let columns: Vec<String> = serde_json::from_str(lines.next().unwrap()).unwrap();
    let read = |line: &str| {
        let values: Vec<serde_json::Value> = serde_json::from_str(line).unwrap();
        let text = |value: serde_json::Value| match value {
            serde_json::Value::Null => None,
            serde_json::Value::Bool(flag) => Some(i32::from(flag).to_string()),
            serde_json::Value::String(text) => Some(text),
            other => Some(other.to_string()),
        };
        let of = |(column, value): (&String, serde_json::Value)| {
            let text = text(value);
            let text = if column == "bytes" { text.map(|text| hex(text.as_bytes())) } else { text };
            (column.clone(), text)
        };
        collect(columns.iter().zip(values).map(of))
    };
    lines.map(read).collect()
}

/// Returns JSON in the form that every database can give back: keys in order, no NUL in texts.
pub(crate) fn canonical(json: &str) -> String {
    let mut json: serde_json::Value = serde_json::from_str(json).unwrap();
    sort(&mut json);
    json.to_string()
}

fn sort(json: &mut serde_json::Value) {
    match json {
        serde_json::Value::Object(map) => {
            map.sort_keys();
            map.values_mut().for_each(sort);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(sort),
        serde_json::Value::String(text) => text.retain(|character| character != '\0'),
        _ => {}
    }
}
