//! ClickHouse, over HTTP.
//!
//! There are no transactions and no unique keys: rows are written, never changed, and of rows with one key the one with the
//! greatest version stands, of equal ones the last written (see `schema/clickhouse.rs`). What other databases do in a
//! transaction is done by `write/clickhouse` such that every order in which several servers do it ends the same.

mod answer;
mod rows;
mod statement;

use std::net::IpAddr;
use std::sync::Arc;

use clickhouse::{Client, Compression};

use super::blocking::Blocking;
use crate::error::DatabaseError;
use crate::session::{Access, Insert, Session};
use crate::sql::{Dialect, Row, Value};
use crate::write::Hours;
use crate::{ServerUrl, TableNames};

/// What every statement needs, whatever the server's defaults are. All of it is known since 24.8.
const SETTINGS: [(&str, &str); 9] = [
    // SQL as everyone else has it.
    ("join_use_nulls", "1"),
    ("aggregate_functions_null_for_empty", "1"),
    ("union_default_mode", "DISTINCT"),
    // Answers as `answer` reads them.
    ("output_format_json_quote_64bit_integers", "0"),
    ("output_format_json_quote_denormals", "0"),
    ("output_format_json_escape_forward_slashes", "0"),
    // Rows with one key are in one partition: its month is made of what is in the key.
    ("do_not_merge_across_partitions_select_final", "1"),
    // We gather rows ourselves, and an answer must mean that they are stored.
    ("async_insert", "0"),
    // A row that is set back to what it was is not a row that was sent twice.
    ("insert_deduplicate", "0"),
];

/// What is needed besides where several servers hold the tables.
const CLUSTER_SETTINGS: [(&str, &str); 5] = [
    // An acknowledged span is on its shard, and on most of the replicas there: one machine may burn.
    ("distributed_foreground_insert", "1"),
    ("insert_quorum", "auto"),
    // What belongs to a trace is on one shard, so each shard answers for itself, and only those that are asked for.
    ("distributed_product_mode", "local"),
    ("optimize_skip_unused_shards", "1"),
    // Who looks after writing looks at the replica that was written. `select_sequential_consistency` would do it for any
    // replica, but it needs `insert_quorum_parallel=0`, and then two servers cannot write at once.
    ("load_balancing", "in_order"),
];

/// A client of one server.
#[derive(Debug)]
pub(crate) struct ClickHouseSession {
    client: Client,
    database: String,
    cluster: Option<String>,
    tables: TableNames,
    hours: Arc<Hours>,
    blocking: Blocking,
}

/// Asks the server whether it answers.
pub(crate) fn connect(
    url: &ServerUrl,
    tables: &TableNames,
    hours: &Arc<Hours>,
) -> Result<ClickHouseSession, DatabaseError> {
    let session = ClickHouseSession {
        client: client(url),
        database: url.schema.clone(),
        cluster: url.cluster().map(str::to_owned),
        tables: tables.clone(),
        hours: Arc::clone(hours),
        blocking: Blocking::new()?,
    };
    let query = session.elsewhere().query_raw("SELECT 1");
    session.blocking.connect(answer::collect(query), answer::error)?;
    Ok(session)
}

fn client(url: &ServerUrl) -> Client {
    let mut client = Client::default()
        .with_url(url.http_url())
        .with_database(&url.schema)
        .with_compression(if is_near(&url.host) { Compression::None } else { Compression::Lz4 })
        .with_product_info("tracestead", env!("CARGO_PKG_VERSION"));
    if let Some(user) = &url.user {
        client = client.with_user(user);
    }
    if let Some(password) = &url.password {
        client = client.with_password(password.expose());
    }
    let of_cluster = CLUSTER_SETTINGS.into_iter().filter(|_| url.cluster().is_some());
    for (name, value) in SETTINGS.into_iter().chain(of_cluster) {
        client = client.with_setting(name, value);
    }
    client
}

/// Says whether the server is on this machine: what crosses no network need not be small.
fn is_near(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    address.map_or(host == "localhost", |address| address.is_loopback())
}

impl ClickHouseSession {
    /// Returns a client of the database that is always there: of one that is not, nothing can be asked.
    fn elsewhere(&self) -> Client {
        self.client.clone().with_database("system")
    }

    fn on_cluster(&self) -> String {
        let cluster = self.cluster.as_deref().map(statement::identifier);
        cluster.map_or_else(String::new, |cluster| format!(" ON CLUSTER {cluster}"))
    }

    fn ask(&self, sql: &str, values: &[Value<'_>]) -> Result<answer::Answer, DatabaseError> {
        self.blocking.wait(answer::collect(statement::bound(&self.client, sql, values)), answer::error)
    }
}

impl Session for ClickHouseSession {
    fn dialect(&self) -> Dialect {
        Dialect::ClickHouse
    }

    /// There are no transactions.
    fn begin(&mut self, _access: Access) -> Result<(), DatabaseError> {
        Ok(())
    }

    fn commit(&mut self) -> Result<(), DatabaseError> {
        Ok(())
    }

    fn rollback(&mut self) -> Result<(), DatabaseError> {
        Ok(())
    }

    fn query(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, DatabaseError> {
        answer::rows(&self.ask(sql, values)?.text)
    }

    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, DatabaseError> {
        Ok(self.ask(sql, values)?.written)
    }

    fn execute_online(&mut self, sql: &str) -> Result<(), DatabaseError> {
        self.blocking.wait_long(self.client.query_raw(sql).execute(), answer::error)
    }

    /// Rows are written whether their key is taken or not: which of two stands is a matter of the table.
    fn insert(&mut self, insert: &Insert<'_>, rows: &[Vec<Value<'_>>]) -> Result<u64, DatabaseError> {
        if rows.is_empty() {
            return Ok(0);
        }
        let table = self.tables.ours(insert.table.trim_matches('"')).unwrap_or(insert.table);
        let columns = rows::columns(table, insert.columns)?;
        rows::check(&columns, rows)?;
        let names = insert.columns.join(", ");
        let sql = format!("INSERT INTO {} ({names}) FORMAT RowBinary", insert.table);
        let client = &self.client;
        let sent = async move {
            // The server reads the first rows while the next ones are made.
            let mut insert = client.insert_formatted_with(sql);
            let mut bytes = Vec::with_capacity(rows::CHUNK_BYTES);
            for (at, row) in rows.iter().enumerate() {
                rows::encode(&columns, row, &mut bytes);
                if bytes.len() < rows::CHUNK_BYTES && at + 1 < rows.len() {
                    continue;
                }
                let chunk = std::mem::replace(&mut bytes, Vec::with_capacity(rows::CHUNK_BYTES));
                if let Err(error) = insert.send(chunk.into()).await {
                    // It may have refused before it has read all, and says why.
                    return Err(insert.end().await.err().unwrap_or(error));
                }
            }
            insert.end().await
        };
        self.blocking.wait(sent, answer::error)?;
        Ok(rows.len() as u64)
    }

    fn missing_place(&mut self) -> Result<Option<String>, DatabaseError> {
        let sql = "SELECT count() FROM databases WHERE name = {p1:String}";
        let query = self.elsewhere().query_raw(sql).param("p1", &self.database);
        let found = self.blocking.wait(answer::collect(query), answer::error)?;
        let is_there = answer::rows(&found.text)?.first().is_some_and(|row| row.flag(0));
        let database = statement::identifier(&self.database);
        let create = || format!("CREATE DATABASE IF NOT EXISTS {database}{}", self.on_cluster());
        Ok((!is_there).then(create))
    }

    fn make_place(&mut self, sql: &str) -> Result<(), DatabaseError> {
        self.blocking.wait(self.elsewhere().query_raw(sql).execute(), answer::error)
    }

    fn preamble(&self) -> Vec<String> {
        vec![format!("USE {}", statement::identifier(&self.database))]
    }

    fn cluster(&self) -> Option<&str> {
        self.cluster.as_deref()
    }

    fn touch_hours(&mut self, hours: &[i64]) {
        self.hours.touch(hours);
    }
}
