//! PostgreSQL, and what speaks like it.
//!
//! Everything happens within explicit transactions that set what they need for themselves, and statements have no names: so
//! it works behind PgBouncer in transaction mode, where the next transaction may be on another connection.

mod copy;
mod text;

use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnectOptions, PgRow, PgSslMode};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Connection, Executor, PgConnection, Postgres, Row as _};
use sqlx::{TypeInfo, ValueRef};

use super::blocking::Blocking;
use super::sent::{rows_at_once, says};
use crate::error::{DatabaseError, ErrorKind};
use crate::session::{Access, Conflict, Insert, Session};
use crate::sql::{Cell, Dialect, Row, Value, for_jsonb};
use crate::{ServerUrl, Tls};

/// The most values that a statement takes.
const MAX_VALUES: usize = 65_535;

/// From so many rows on `COPY` is faster than an `INSERT` of many rows (`cargo xtask bench -- ways`). Of fewer it is far slower:
/// its end is a small packet of its own, which waits 40 ms for an acknowledgement, as the driver does not set `TCP_NODELAY`.
const COPY_FROM_ROWS: usize = 512;

/// How often it is looked whether another process has done migrating.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A connection to a server.
#[derive(Debug)]
pub(crate) struct PostgresSession {
    connection: PgConnection,
    /// The schema, quoted.
    schema: String,
    /// Holds a lock while it migrates; a transaction of its own, as those that migrate come and go.
    migration_lock: Option<PgConnection>,
    options: PgConnectOptions,
    blocking: Blocking,
}

/// Connects to the server.
pub(crate) fn connect(url: &ServerUrl) -> Result<PostgresSession, DatabaseError> {
    let blocking = Blocking::new()?;
    let options = options(url);
    let connection = blocking.connect(PgConnection::connect_with(&options), error)?;
    let schema = format!("\"{}\"", url.schema.replace('"', "\"\""));
    Ok(PostgresSession { connection, schema, migration_lock: None, options, blocking })
}

fn options(url: &ServerUrl) -> PgConnectOptions {
    let mut options = PgConnectOptions::new_without_pgpass()
        .host(&url.host)
        .port(url.port)
        .application_name(url.option("application_name").unwrap_or("tracestead"))
        .ssl_mode(match url.tls {
            Tls::Disable => PgSslMode::Disable,
            Tls::Prefer => PgSslMode::Prefer,
            Tls::Require => PgSslMode::Require,
            Tls::VerifyCa => PgSslMode::VerifyCa,
            Tls::VerifyFull => PgSslMode::VerifyFull,
        })
        .statement_cache_capacity(0)
        // PgBouncer refuses a connection that asks for it. Since version 12 the server tells floats whole by itself.
        .extra_float_digits(None)
        .log_statements(log::LevelFilter::Off);
    if let Some(socket) = &url.socket {
        options = options.socket(socket);
    }
    if let Some(user) = &url.user {
        options = options.username(user);
    }
    if let Some(password) = &url.password {
        options = options.password(password.expose());
    }
    if let Some(database) = &url.database {
        options = options.database(database);
    }
    if let Some(certificate) = &url.root_certificate {
        options = options.ssl_root_cert(certificate);
    }
    options
}

impl PostgresSession {
    fn raw(&mut self, sql: String) -> Result<(), DatabaseError> {
        let statement = sqlx::raw_sql(AssertSqlSafe(sql));
        self.blocking.wait(self.connection.execute(statement), error).map(|_| ())
    }
}

impl Session for PostgresSession {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn begin(&mut self, access: Access) -> Result<(), DatabaseError> {
        let begin = match access {
            Access::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            // Each statement sees what others have committed: rows are read after they were locked.
            Access::Write => "BEGIN ISOLATION LEVEL READ COMMITTED",
        };
        self.raw(format!("{begin}; SET LOCAL search_path TO {}", self.schema))
    }

    fn commit(&mut self) -> Result<(), DatabaseError> {
        self.raw("COMMIT".to_owned())
    }

    fn rollback(&mut self) -> Result<(), DatabaseError> {
        self.raw("ROLLBACK".to_owned())
    }

    fn query(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, DatabaseError> {
        let query = bound(text::numbered(sql, values), values);
        let rows = self.blocking.wait(query.fetch_all(&mut self.connection), error)?;
        rows.iter().map(row).collect()
    }

    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, DatabaseError> {
        if values.is_empty() {
            let statement = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
            let done = self.blocking.wait(self.connection.execute(statement), error)?;
            return Ok(done.rows_affected());
        }
        let query = bound(text::numbered(sql, values), values);
        Ok(self.blocking.wait(query.execute(&mut self.connection), error)?.rows_affected())
    }

    fn insert(&mut self, insert: &Insert<'_>, rows: &[Vec<Value<'_>>]) -> Result<u64, DatabaseError> {
        if matches!(insert.conflict, Conflict::Never) && rows.len() >= COPY_FROM_ROWS {
            let statement = format!("COPY {} ({}) FROM STDIN", insert.table, insert.columns.join(", "));
            let text = copy::text(rows);
            let connection = &mut self.connection;
            return self.blocking.wait(
                async move {
                    let mut copy = connection.copy_in_raw(&statement).await?;
                    for part in text.chunks(1 << 20) {
                        copy.send(part).await?;
                    }
                    copy.finish().await
                },
                error,
            );
        }
        let (head, tail) = insert.around(Dialect::Postgres);
        let mut written = 0;
        for some in rows_at_once(rows, insert.columns.len(), MAX_VALUES) {
            let marks = vec!["?"; insert.columns.len()].join(", ");
            let all = vec![format!("({marks})"); some.len()].join(", ");
            let values: Vec<Value<'_>> = some.iter().flatten().cloned().collect();
            written += self.execute(&format!("{head} VALUES {all}{tail}"), &values)?;
        }
        Ok(written)
    }

    fn execute_online(&mut self, sql: &str) -> Result<(), DatabaseError> {
        let statement = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        self.blocking.wait_long(self.connection.execute(statement), error).map(|_| ())
    }

    fn lock_migrations(&mut self) -> Result<(), DatabaseError> {
        let mut connection = self.blocking.connect(PgConnection::connect_with(&self.options), error)?;
        // A key of the schema's own among advisory locks.
        let hash = blake3::hash(format!("tracestead migrates {}", self.schema).as_bytes());
        let key = i64::from_be_bytes(hash.as_bytes()[..8].try_into().unwrap_or_default());
        // It is asked for again and again, not waited for: whoever waits has a snapshot, and an index that is made beside
        // writers waits for all of those.
        loop {
            let lock = format!("BEGIN; SELECT pg_try_advisory_xact_lock({key}) AS is_locked");
            let lock = sqlx::raw_sql(AssertSqlSafe(lock));
            let locked = self.blocking.wait(lock.fetch_all(&mut connection), error)?;
            if locked.first().is_some_and(|row| {
                row.try_get_raw(0).is_ok_and(|raw| raw.as_str().is_ok_and(|text| text == "t"))
            }) {
                break;
            }
            self.blocking.wait(connection.execute(sqlx::raw_sql("ROLLBACK")), error)?;
            std::thread::sleep(LOOK_AGAIN);
        }
        self.migration_lock = Some(connection);
        Ok(())
    }

    fn unlock_migrations(&mut self) -> Result<(), DatabaseError> {
        match self.migration_lock.take() {
            Some(connection) => self.blocking.wait(connection.close(), error),
            None => Ok(()),
        }
    }

    fn missing_place(&mut self) -> Result<Option<String>, DatabaseError> {
        let rows = self.query("SELECT current_schema()", &[])?;
        let is_there = rows.first().is_some_and(|row| !row.is_null(0));
        Ok((!is_there).then(|| format!("CREATE SCHEMA IF NOT EXISTS {}", self.schema)))
    }

    fn preamble(&self) -> Vec<String> {
        vec![format!("SET search_path TO {}", self.schema)]
    }

    fn qualifier(&self) -> String {
        format!("{}.", self.schema)
    }

    fn lock_rollups(&mut self, to_sum_anew: bool) -> Result<(), DatabaseError> {
        // Whoever adds has a lock of the table by adding.
        if to_sum_anew {
            self.raw("LOCK TABLE tracestead_rollups IN EXCLUSIVE MODE".to_owned())
        } else {
            Ok(())
        }
    }
}

fn bound<'a>(sql: String, values: &[Value<'_>]) -> Query<'a, Postgres, PgArguments> {
    let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
    for value in values {
        query = match value {
            Value::Text(text) => query.bind(text.as_deref().map(text::without_nul)),
            Value::Json(json) => query.bind(json.as_deref().map(|json| for_jsonb(json).into_owned())),
            Value::Int(number) => query.bind(*number),
            Value::Real(number) => query.bind(*number),
            Value::Bool(flag) => query.bind(*flag),
            Value::Bytes(bytes) => query.bind(bytes.to_vec()),
        };
    }
    query
}

fn row(row: &PgRow) -> Result<Row, DatabaseError> {
    (0..row.columns().len()).map(|at| cell(row, at)).collect::<Result<_, _>>().map(Row)
}

fn cell(row: &PgRow, at: usize) -> Result<Cell, DatabaseError> {
    let raw = row.try_get_raw(at).map_err(|failed| error(&failed))?;
    if raw.is_null() {
        return Ok(Cell::Null);
    }
    let wrong = || {
        let column = row.column(at);
        let says = format!("cannot read column {} of type {}", column.name(), column.type_info().name());
        DatabaseError::new(ErrorKind::Other, says)
    };
    let kind = row.column(at).type_info().name().to_owned();
    let bytes = raw.as_bytes().map_err(|_| wrong())?;
    let text = |bytes: &[u8]| Cell::Text(String::from_utf8_lossy(bytes).into_owned());
    Ok(match kind.as_str() {
        "INT8" => Cell::Int(i64::from_be_bytes(bytes.try_into().map_err(|_| wrong())?)),
        "INT4" => Cell::Int(i32::from_be_bytes(bytes.try_into().map_err(|_| wrong())?).into()),
        "INT2" => Cell::Int(i16::from_be_bytes(bytes.try_into().map_err(|_| wrong())?).into()),
        "FLOAT8" => Cell::Real(f64::from_be_bytes(bytes.try_into().map_err(|_| wrong())?)),
        "BOOL" => Cell::Int(bytes.first().copied().unwrap_or(0).into()),
        "BYTEA" => Cell::Bytes(bytes.to_vec()),
        // After a byte that says which version of the format it is.
        "JSONB" => text(bytes.get(1..).unwrap_or_default()),
        "TEXT" | "VARCHAR" | "NAME" | "JSON" | "CHAR" | "UNKNOWN" => text(bytes),
        _ => return Err(wrong()),
    })
}

fn error(error: &sqlx::Error) -> DatabaseError {
    let kind = match error {
        sqlx::Error::Database(said) => match said.code().as_deref().unwrap_or_default() {
            // Serialisation, deadlock, lock not available, a key that was free a moment ago.
            "40001" | "40P01" | "55P03" | "23505" => ErrorKind::Conflict,
            // Going down, too many connections.
            code if code.starts_with("08") || code.starts_with("57P") || code == "53300" => {
                ErrorKind::Connection
            }
            // What a value may be, what a row may be, how large something may be.
            code if code.starts_with("22") || code.starts_with("23") || code.starts_with("54") => {
                ErrorKind::Rows
            }
            _ => ErrorKind::Other,
        },
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => ErrorKind::Connection,
        _ => ErrorKind::Other,
    };
    DatabaseError::new(kind, says(error))
}
