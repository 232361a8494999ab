//! Ways of many rows into PostgreSQL: `COPY`, `INSERT … SELECT … FROM UNNEST(…)` with an array for each column, and `INSERT …
//! VALUES` of many rows. The same spans go into the same table with the same indexes, in transactions of the same size; texts
//! and arrays are made before.

use std::time::Instant;

use anyhow::Context as _;
use serde_json::{Value, json};
use sqlx::postgres::{PgArguments, PgConnection, Postgres};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Executor as _, Row as _};
use tracestead_model::UnixNanos;
use tracestead_store::Batch;

use crate::numbers::median;
use crate::place::{connect_postgres, places};
use crate::traces::Maker;

const BATCHES: usize = 64;
const TRACES_PER_BATCH: usize = 16;
const SIZES: [usize; 4] = [16, 128, 512, 4096];
const TURNS: usize = 3;

/// The most values that a statement takes.
const MOST_VALUES: usize = 65_535;

/// A column and its type.
struct Column {
    name: String,
    kind: String,
}

/// Rows by their columns, as texts.
type Rows = Vec<Vec<Option<String>>>;

pub(crate) async fn run() -> anyhow::Result<Value> {
    let place = places("ways")?.into_iter().find(|place| place.engine == "PostgreSQL");
    let place = place.context("no PostgreSQL is there to be measured")?;
    let store = place.open().await?;
    let mut maker = Maker::new(1);
    for _ in 0..BATCHES {
        let spans = (0..TRACES_PER_BATCH).flat_map(|_| maker.trace()).collect();
        store.ingest(Batch::prepare(spans, Vec::new(), UnixNanos::EPOCH, store.prices())).await?;
    }
    store.close().await;
    let server = place.url.server().context("a server")?;
    let mut connection = connect_postgres(server).await?;
    let schema = &server.schema;
    run_sql(
        &mut connection,
        format!("SET search_path TO {schema}; CREATE TABLE ways (LIKE agno_spans INCLUDING ALL)"),
    )
    .await?;
    let (columns, rows) = read(&mut connection, schema).await?;
    println!("ways into PostgreSQL: {} spans with 2 KB texts, {TURNS} turns each", rows.len());
    let mut results = serde_json::Map::new();
    for size in SIZES {
        let mut rates = [Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..TURNS {
            for (rates, way) in rates.iter_mut().zip([copy_all, unnest_all, values_all]) {
                run_sql(&mut connection, "TRUNCATE ways".to_owned()).await?;
                let seconds = way(&mut connection, &columns, &rows, size).await?;
                rates.push(f64::from(u32::try_from(rows.len())?) / seconds);
            }
        }
        let [copy, unnest, values] = rates.each_mut().map(|rates| median(rates));
        println!(
            "  {size:>4} rows at once: COPY {copy:.0} rows/s, UNNEST {unnest:.0} rows/s, VALUES {values:.0} rows/s"
        );
        results.insert(
            size.to_string(),
            json!({"copy": copy, "unnest": unnest, "values": values, "raw": rates}),
        );
    }
    run_sql(&mut connection, format!("DROP SCHEMA {schema} CASCADE")).await?;
    Ok(json!({"rows_per_second_by_rows_at_once": results}))
}

async fn run_sql(connection: &mut PgConnection, sql: String) -> anyhow::Result<()> {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await?;
    Ok(())
}

async fn read(connection: &mut PgConnection, schema: &str) -> anyhow::Result<(Vec<Column>, Rows)> {
    let sql = "SELECT CAST(a.attname AS TEXT), format_type(a.atttypid, NULL) FROM pg_attribute a
        WHERE a.attrelid = CAST($1 AS regclass) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";
    let found = sqlx::query(sql).bind(format!("{schema}.agno_spans")).fetch_all(&mut *connection).await?;
    let columns: Vec<Column> = found
        .iter()
        .map(|row| Column { name: format!("\"{}\"", row.get::<String, _>(0)), kind: row.get(1) })
        .collect();
    let texts: Vec<String> = columns.iter().map(|column| format!("CAST({} AS TEXT)", column.name)).collect();
    let sql = format!("SELECT {} FROM agno_spans", texts.join(", "));
    let found = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *connection).await?;
    let row = |row: &sqlx::postgres::PgRow| (0..columns.len()).map(|at| row.get(at)).collect();
    let rows = found.iter().map(row).collect();
    Ok((columns, rows))
}

type Done<'a> = std::pin::Pin<Box<dyn Future<Output = anyhow::Result<f64>> + 'a>>;

fn copy_all<'a>(connection: &'a mut PgConnection, _: &'a [Column], rows: &'a Rows, size: usize) -> Done<'a> {
    Box::pin(async move {
        let field = |value: &Option<String>| match value {
            Some(text) => {
                text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
            }
            None => "\\N".to_owned(),
        };
        let line = |row: &Vec<Option<String>>| row.iter().map(field).collect::<Vec<_>>().join("\t") + "\n";
        let parts: Vec<String> = rows.chunks(size).map(|some| some.iter().map(line).collect()).collect();
        let began = Instant::now();
        for part in parts {
            connection.execute("BEGIN").await?;
            let mut copying = connection.copy_in_raw("COPY ways FROM STDIN").await?;
            for some in part.as_bytes().chunks(1 << 20) {
                copying.send(some).await?;
            }
            copying.finish().await?;
            connection.execute("COMMIT").await?;
        }
        Ok(began.elapsed().as_secs_f64())
    })
}

fn unnest_all<'a>(
    connection: &'a mut PgConnection,
    columns: &'a [Column],
    rows: &'a Rows,
    size: usize,
) -> Done<'a> {
    Box::pin(async move {
        let arrays: Vec<String> = (1..=columns.len()).map(|at| format!("${at}")).collect();
        let casts: Vec<String> = columns
            .iter()
            .enumerate()
            .map(|(at, column)| format!("CAST(c{at} AS {})", column.kind))
            .collect();
        let names: Vec<String> = (0..columns.len()).map(|at| format!("c{at}")).collect();
        let sql = format!(
            "INSERT INTO ways SELECT {} FROM UNNEST({}) AS u ({})",
            casts.join(", "),
            arrays.join(", "),
            names.join(", ")
        );
        let turned: Vec<Vec<Vec<Option<String>>>> = rows
            .chunks(size)
            .map(|some| {
                (0..columns.len()).map(|at| some.iter().map(|row| row[at].clone()).collect()).collect()
            })
            .collect();
        let began = Instant::now();
        for part in turned {
            connection.execute("BEGIN").await?;
            let mut query: Query<'_, Postgres, PgArguments> = sqlx::query(AssertSqlSafe(sql.clone()));
            for column in part {
                query = query.bind(column);
            }
            query.execute(&mut *connection).await?;
            connection.execute("COMMIT").await?;
        }
        Ok(began.elapsed().as_secs_f64())
    })
}

fn values_all<'a>(
    connection: &'a mut PgConnection,
    columns: &'a [Column],
    rows: &'a Rows,
    size: usize,
) -> Done<'a> {
    Box::pin(async move {
        let began = Instant::now();
        for part in rows.chunks(size) {
            connection.execute("BEGIN").await?;
            for some in part.chunks(MOST_VALUES / columns.len()) {
                let mut at = 0;
                let mut place = |column: &Column| {
                    at += 1;
                    format!("CAST(CAST(${at} AS TEXT) AS {})", column.kind)
                };
                let row = |_: &Vec<Option<String>>| {
                    format!("({})", columns.iter().map(&mut place).collect::<Vec<_>>().join(", "))
                };
                let lists: Vec<String> = some.iter().map(row).collect();
                let mut query =
                    sqlx::query(AssertSqlSafe(format!("INSERT INTO ways VALUES {}", lists.join(", "))));
                for value in some.iter().flatten() {
                    query = query.bind(value.clone());
                }
                query.execute(&mut *connection).await?;
            }
            connection.execute("COMMIT").await?;
        }
        Ok(began.elapsed().as_secs_f64())
    })
}
