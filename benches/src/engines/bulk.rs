//! The bulk path of each database, with nothing around it.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, ensure};
use rusqlite::types::Value as Sql;
use sqlx::{AssertSqlSafe, Column as _, Executor as _, Row as _, TypeInfo as _, ValueRef as _};
use tracestead_store::{DatabaseUrl, ServerUrl};

use crate::place::{Place, connect_mysql, connect_postgres};

const TABLES: [&str; 2] = ["agno_traces", "agno_spans"];

/// Writes the rows of traces and spans that are in the database into copies of their tables, in as many transactions, and
/// returns the seconds it took.
pub(super) async fn write(place: &Place, transactions: usize) -> anyhow::Result<f64> {
    match &place.url {
        DatabaseUrl::Sqlite(path) => sqlite(path, transactions),
        DatabaseUrl::Postgres(server) => postgres(server, transactions).await,
        DatabaseUrl::MySql(server) => mysql(server, transactions).await,
        DatabaseUrl::ClickHouse(server) => clickhouse(server, transactions).await,
    }
}

fn sqlite(path: &Path, transactions: usize) -> anyhow::Result<f64> {
    let mut connection = rusqlite::Connection::open(path.with_extension("bulk"))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -32000",
    )?;
    connection.execute("ATTACH ?1 AS ours", [path.to_str().context("a path in UTF-8")?])?;
    let schema: Vec<String> = connection
        .prepare("SELECT sql FROM ours.sqlite_master WHERE tbl_name LIKE 'agno_%' AND sql IS NOT NULL ORDER BY type = 'index'")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut tables = Vec::new();
    for table in TABLES {
        let mut select = connection.prepare(&format!("SELECT * FROM ours.{table} ORDER BY rowid"))?;
        let width = select.column_count();
        let rows: Vec<Vec<Sql>> = select
            .query_map([], |row| (0..width).map(|at| row.get(at)).collect())?
            .collect::<Result<_, _>>()?;
        let marks = vec!["?"; width].join(", ");
        tables.push((format!("INSERT INTO main.{table} VALUES ({marks})"), rows));
    }
    connection.execute_batch("DETACH ours")?;
    for sql in schema {
        connection.execute_batch(&sql)?;
    }
    let began = Instant::now();
    for part in 0..transactions {
        let transaction = connection.transaction()?;
        for (insert, rows) in &tables {
            let mut insert = transaction.prepare_cached(insert)?;
            for row in part_of(rows, part, transactions) {
                insert.execute(rusqlite::params_from_iter(row))?;
            }
        }
        transaction.commit()?;
    }
    Ok(began.elapsed().as_secs_f64())
}

/// Returns one of so many parts of the rows.
fn part_of<T>(rows: &[T], part: usize, parts: usize) -> &[T] {
    let size = rows.len().div_ceil(parts).max(1);
    rows.chunks(size).nth(part).unwrap_or_default()
}

async fn postgres(server: &ServerUrl, transactions: usize) -> anyhow::Result<f64> {
    let mut connection = connect_postgres(server).await?;
    let (schema, copy) = (&server.schema, format!("{}_bulk", server.schema));
    let mut run = format!("CREATE SCHEMA {copy};");
    for table in TABLES {
        write!(run, "CREATE TABLE {copy}.{table} (LIKE {schema}.{table} INCLUDING ALL);")?;
    }
    connection.execute(sqlx::raw_sql(AssertSqlSafe(run))).await?;
    let mut tables = Vec::new();
    for table in TABLES {
        let mut lines: Vec<Vec<u8>> = Vec::new();
        let mut text = Vec::new();
        {
            use futures_util::TryStreamExt as _;
            let mut stream = connection.copy_out_raw(&format!("COPY {schema}.{table} TO STDOUT")).await?;
            while let Some(bytes) = stream.try_next().await? {
                text.extend_from_slice(&bytes);
            }
        }
        lines.extend(text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec));
        tables.push((table, lines));
    }
    let began = Instant::now();
    for part in 0..transactions {
        connection.execute("BEGIN").await?;
        for (table, lines) in &tables {
            let mut copying = connection.copy_in_raw(&format!("COPY {copy}.{table} FROM STDIN")).await?;
            let text = part_of(lines, part, transactions).concat();
            for some in text.chunks(1 << 20) {
                copying.send(some).await?;
            }
            copying.finish().await?;
        }
        connection.execute("COMMIT").await?;
    }
    let seconds = began.elapsed().as_secs_f64();
    let drop = format!("DROP SCHEMA {schema} CASCADE; DROP SCHEMA {copy} CASCADE");
    connection.execute(sqlx::raw_sql(AssertSqlSafe(drop))).await?;
    Ok(seconds)
}

/// A value as MySQL's text protocol has it.
#[derive(Clone)]
enum Cell {
    Null,
    Number(i64),
    Words(String),
}

async fn mysql(server: &ServerUrl, transactions: usize) -> anyhow::Result<f64> {
    /// As many rows a statement as fit into its number of values.
    const ROWS: usize = 512;
    let mut connection = connect_mysql(server).await?;
    let (schema, copy) = (&server.schema, format!("{}_bulk", server.schema));
    let mut tables = Vec::new();
    connection.execute(sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {copy}")))).await?;
    for table in TABLES {
        let like = format!("CREATE TABLE {copy}.{table} LIKE {schema}.{table}");
        connection.execute(sqlx::raw_sql(AssertSqlSafe(like))).await?;
        // In the order in which they came: by itself it is that of the key, in which they are written faster.
        let select = format!("SELECT * FROM {schema}.{table} ORDER BY start_time_ns, trace_id");
        let select = sqlx::query(AssertSqlSafe(select));
        let rows: Vec<Vec<Cell>> =
            select.fetch_all(&mut connection).await?.iter().map(mysql_row).collect::<anyhow::Result<_>>()?;
        tables.push((table, rows));
    }
    let began = Instant::now();
    for part in 0..transactions {
        connection.execute("START TRANSACTION").await?;
        for (table, rows) in &tables {
            for some in part_of(rows, part, transactions).chunks(ROWS) {
                let marks = format!("({})", vec!["?"; some[0].len()].join(", "));
                let sql = format!(
                    "INSERT INTO {copy}.{table} VALUES {}",
                    vec![marks.as_str(); some.len()].join(", ")
                );
                let mut query = sqlx::query(AssertSqlSafe(sql));
                for value in some.iter().flatten() {
                    query = match value {
                        Cell::Null => query.bind(None::<String>),
                        Cell::Number(number) => query.bind(*number),
                        Cell::Words(text) => query.bind(text.clone()),
                    };
                }
                query.execute(&mut connection).await?;
            }
        }
        connection.execute("COMMIT").await?;
    }
    let seconds = began.elapsed().as_secs_f64();
    for database in [schema, &copy] {
        connection.execute(sqlx::raw_sql(AssertSqlSafe(format!("DROP DATABASE {database}")))).await?;
    }
    Ok(seconds)
}

fn mysql_row(row: &sqlx::mysql::MySqlRow) -> anyhow::Result<Vec<Cell>> {
    let value = |at: usize| {
        if row.try_get_raw(at)?.is_null() {
            return Ok(Cell::Null);
        }
        Ok(match row.column(at).type_info().name() {
            "BIGINT" | "BOOLEAN" | "TINYINT" => Cell::Number(row.try_get_unchecked(at)?),
            _ => Cell::Words(String::from_utf8(row.try_get_unchecked(at)?)?),
        })
    };
    (0..row.columns().len()).map(value).collect()
}

async fn clickhouse(server: &ServerUrl, parts: usize) -> anyhow::Result<f64> {
    let database = server.database.as_deref().context("the URL names no database")?;
    let url = server.http_url();
    let client = reqwest::Client::new();
    let ask = async |sql: String, body: Vec<u8>| {
        let request = client.post(&url).query(&[("query", sql.as_str()), ("database", database)]).body(body);
        let answer = request.send().await?;
        let status = answer.status();
        let bytes = answer.bytes().await?;
        ensure!(status.is_success(), "{sql}: {}", String::from_utf8_lossy(&bytes));
        Ok(bytes.to_vec())
    };
    let mut bodies: Vec<Vec<(String, Vec<u8>)>> = vec![Vec::new(); parts];
    for table in TABLES {
        ask(format!("CREATE TABLE {table}_bulk AS {table}"), Vec::new()).await?;
        // What finds a trace by its id, as an index does elsewhere.
        let view = if table == "agno_traces" { "places_of_traces" } else { "places_of_spans" };
        let select = format!(
            "SELECT as_select FROM system.tables WHERE database = '{database}' AND name = 'tracestead_{view}' FORMAT TSVRaw"
        );
        let select = String::from_utf8(ask(select, Vec::new()).await?)?;
        let select =
            select.trim().replace(&format!("{database}.{table}"), &format!("{database}.{table}_bulk"));
        let create = format!("CREATE MATERIALIZED VIEW {view}_bulk TO tracestead_trace_places AS {select}");
        ask(create, Vec::new()).await?;
        let count = ask(format!("SELECT count() FROM {table} FORMAT TSV"), Vec::new()).await?;
        let count: usize = String::from_utf8(count)?.trim().parse()?;
        let size = count.div_ceil(parts);
        for (part, bodies) in bodies.iter_mut().enumerate() {
            let offset = part * size;
            let order = "ORDER BY start_time_ns, trace_id";
            let select =
                format!("SELECT * FROM {table} {order} LIMIT {size} OFFSET {offset} FORMAT RowBinary");
            let body = ask(select, Vec::new()).await?;
            bodies.push((format!("INSERT INTO {table}_bulk FORMAT RowBinary"), body));
        }
    }
    let began = Instant::now();
    for (insert, body) in bodies.into_iter().flatten() {
        ask(insert, body).await?;
    }
    let seconds = began.elapsed().as_secs_f64();
    ask(format!("DROP DATABASE {database}"), Vec::new()).await?;
    Ok(seconds)
}
