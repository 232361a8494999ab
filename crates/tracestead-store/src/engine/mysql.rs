//! MySQL and MariaDB.

use std::borrow::Cow;
use std::collections::HashMap;

use sqlx::mysql::{MySqlArguments, MySqlConnectOptions, MySqlRow, MySqlSslMode};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Connection, Executor, MySql, MySqlConnection, Row as _};
use sqlx::{TypeInfo, ValueRef};

use super::blocking::Blocking;
use super::sent::{rows_at_once, says, size};
use crate::error::{DatabaseError, ErrorKind};
use crate::session::{Access, Insert, Session};
use crate::sql::{Cell, Dialect, Row, Value};
use crate::{ServerUrl, TableNames, Tls};

/// The most values that a statement takes.
const MAX_VALUES: usize = 65_535;

/// One set of rules, whatever the server's are: words in double quotes are names, and what does not fit is an error. A list
/// may be grouped by an expression of what it shows.
const MODE: &str = "SET SESSION sql_mode = 'ANSI_QUOTES,STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES'";

/// There is no such database.
const UNKNOWN_DATABASE: u16 = 1049;

/// A connection to a server.
#[derive(Debug)]
pub(crate) struct MySqlSession {
    connection: MySqlConnection,
    /// The database of the tables, quoted.
    schema: String,
    /// Whether that is the one in which names without a database are looked up; before, it may be any other.
    is_entered: bool,
    /// Those of a table that we make.
    collation: &'static str,
    /// How many bytes a statement may have with its values.
    max_packet: usize,
    /// How many characters each column of Agno's tables takes, once they were asked for.
    limits: Option<HashMap<(String, String), usize>>,
    tables: TableNames,
    blocking: Blocking,
}

/// Connects to the server.
pub(crate) fn connect(url: &ServerUrl, tables: &TableNames) -> Result<MySqlSession, DatabaseError> {
    let blocking = Blocking::new()?;
    let connection = blocking.connect(MySqlConnection::connect_with(&options(url)), error)?;
    let schema = format!("`{}`", url.schema.replace('`', "``"));
    let mut session = MySqlSession {
        connection,
        schema,
        is_entered: false,
        collation: "",
        max_packet: usize::MAX,
        limits: None,
        tables: tables.clone(),
        blocking,
    };
    // Bytes are compared, and a space at the end is a character. The two servers have different names for it.
    if let Some(mut row) = session.query("SELECT VERSION(), @@max_allowed_packet", &[])?.pop() {
        let is_mariadb = row.required(0).to_ascii_lowercase().contains("mariadb");
        session.collation = if is_mariadb { "utf8mb4_nopad_bin" } else { "utf8mb4_0900_bin" };
        session.max_packet = usize::try_from(row.whole(1)).unwrap_or(usize::MAX);
    }
    session.raw(MODE.to_owned())?;
    Ok(session)
}

fn options(url: &ServerUrl) -> MySqlConnectOptions {
    let mut options = MySqlConnectOptions::new()
        .host(&url.host)
        .port(url.port)
        .charset("utf8mb4")
        .ssl_mode(match url.tls {
            Tls::Disable => MySqlSslMode::Disabled,
            Tls::Prefer => MySqlSslMode::Preferred,
            Tls::Require => MySqlSslMode::Required,
            Tls::VerifyCa => MySqlSslMode::VerifyCa,
            Tls::VerifyFull => MySqlSslMode::VerifyIdentity,
        })
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
    // Agno's tables are in a database of their own, and the user may have no right to any other.
    if let Some(database) = &url.database {
        options = options.database(database);
    }
    if let Some(certificate) = &url.root_certificate {
        options = options.ssl_ca(certificate);
    }
    options
}

impl MySqlSession {
    fn raw(&mut self, sql: String) -> Result<(), DatabaseError> {
        let statement = sqlx::raw_sql(AssertSqlSafe(sql));
        self.blocking.wait(self.connection.execute(statement), error).map(|_| ())
    }

    /// Refuses what the server would: of what is a little too large it says so, but on more it hangs up, as if it were going down.
    fn check_size(&self, sql: &str, values: &[Value<'_>]) -> Result<(), DatabaseError> {
        /// What stands before a value, and before all of them.
        const OVERHEAD: usize = 16;
        let bytes = OVERHEAD + sql.len() + values.iter().map(|value| OVERHEAD + size(value)).sum::<usize>();
        if bytes < self.max_packet {
            return Ok(());
        }
        let limit = self.max_packet;
        let says =
            format!("{bytes} bytes are more than the server takes at once (max_allowed_packet = {limit})");
        Err(DatabaseError::new(ErrorKind::Rows, says))
    }

    fn way_in(&self) -> String {
        format!("USE {}", self.schema)
    }

    /// Returns the rows with what is too long for its column cut. Tables that Agno made take 128 characters of a session's id and
    /// 255 of a name, and would refuse the whole row.
    fn fitting<'a, 'b>(
        &mut self,
        insert: &Insert<'_>,
        rows: &'a [Vec<Value<'b>>],
    ) -> Result<Cow<'a, [Vec<Value<'b>>]>, DatabaseError> {
        if self.limits.is_none() {
            let sql =
                "SELECT table_name, column_name, character_maximum_length FROM information_schema.columns
                WHERE table_schema = DATABASE() AND table_name IN (?, ?)
                    AND character_maximum_length IS NOT NULL";
            let of = |mut row: Row| {
                let limit = usize::try_from(row.whole(2)).unwrap_or(usize::MAX);
                ((row.required(0), row.required(1)), limit)
            };
            let tables = self.tables.clone();
            let names = [Value::text(tables.traces()), Value::text(tables.spans())];
            self.limits = Some(self.query(sql, &names)?.into_iter().map(of).collect());
        }
        let limits = self.limits.as_ref();
        let table = insert.table.trim_matches('"');
        let limit = |column: &&str| limits?.get(&(table.to_owned(), (*column).to_owned())).copied();
        let limits: Vec<usize> =
            insert.columns.iter().map(|column| limit(column).unwrap_or(usize::MAX)).collect();
        let is_long = |(value, limit): (&Value<'_>, &usize)| {
            // Bytes are counted first, as they are known.
            matches!(value, Value::Text(Some(text)) if text.len() > *limit && text.chars().count() > *limit)
        };
        if !rows.iter().any(|row| row.iter().zip(&limits).any(is_long)) {
            return Ok(Cow::Borrowed(rows));
        }
        let cut = |(value, limit): (&Value<'b>, &usize)| match value {
            Value::Text(Some(text)) if is_long((value, limit)) => {
                Value::from(text.chars().take(*limit).collect::<String>())
            }
            value => value.clone(),
        };
        Ok(Cow::Owned(rows.iter().map(|row| row.iter().zip(&limits).map(cut).collect()).collect()))
    }

    fn migration_lock(&self) -> String {
        // As long as such a name may be.
        format!("tracestead {}", self.schema).chars().take(64).collect()
    }
}

impl Session for MySqlSession {
    fn dialect(&self) -> Dialect {
        Dialect::MySql
    }

    fn begin(&mut self, access: Access) -> Result<(), DatabaseError> {
        match access {
            Access::Read => {
                self.raw("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ".to_owned())?;
                self.raw("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY".to_owned())
            }
            // Rows are read after they were locked, and no gaps between rows are locked.
            Access::Write => {
                self.raw("SET TRANSACTION ISOLATION LEVEL READ COMMITTED".to_owned())?;
                self.raw("START TRANSACTION".to_owned())
            }
        }
    }

    fn commit(&mut self) -> Result<(), DatabaseError> {
        self.raw("COMMIT".to_owned())
    }

    fn rollback(&mut self) -> Result<(), DatabaseError> {
        self.raw("ROLLBACK".to_owned())
    }

    fn query(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, DatabaseError> {
        let query = bound(sql.to_owned(), values);
        let rows = self.blocking.wait(query.fetch_all(&mut self.connection), error)?;
        rows.iter().map(row).collect()
    }

    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, DatabaseError> {
        if values.is_empty() {
            let statement = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
            let done = self.blocking.wait(self.connection.execute(statement), error)?;
            return Ok(done.rows_affected());
        }
        self.check_size(sql, values)?;
        let query = bound(sql.to_owned(), values);
        Ok(self.blocking.wait(query.execute(&mut self.connection), error)?.rows_affected())
    }

    fn insert(&mut self, insert: &Insert<'_>, rows: &[Vec<Value<'_>>]) -> Result<u64, DatabaseError> {
        let (head, tail) = insert.around(Dialect::MySql);
        let marks = format!("({})", vec!["?"; insert.columns.len()].join(", "));
        let rows = self.fitting(insert, rows)?;
        let mut written = 0;
        for some in rows_at_once(&rows, insert.columns.len(), MAX_VALUES) {
            let all = vec![marks.as_str(); some.len()].join(", ");
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
        let lock = [Value::from(self.migration_lock())];
        let got = self.query("SELECT GET_LOCK(?, 120)", &lock)?;
        if got.first().is_some_and(|row| row.flag(0)) {
            return Ok(());
        }
        let says =
            "another process has been migrating this database for two minutes; try again when it is done";
        Err(DatabaseError::new(ErrorKind::Other, says))
    }

    fn unlock_migrations(&mut self) -> Result<(), DatabaseError> {
        let lock = [Value::from(self.migration_lock())];
        self.query("SELECT RELEASE_LOCK(?)", &lock).map(|_| ())
    }

    fn enter(&mut self) -> Result<(), DatabaseError> {
        self.raw(self.way_in())?;
        self.is_entered = true;
        Ok(())
    }

    fn missing_place(&mut self) -> Result<Option<String>, DatabaseError> {
        if self.is_entered {
            return Ok(None);
        }
        // To go there tells whether it is there, to whoever may use it and not to others.
        let statement = sqlx::raw_sql(AssertSqlSafe(self.way_in()));
        let entered = self.connection.execute(statement);
        let is_there = async move {
            match entered.await {
                Ok(_) => Ok(true),
                Err(error) if number(&error) == UNKNOWN_DATABASE => Ok(false),
                Err(error) => Err(error),
            }
        };
        self.is_entered = self.blocking.wait(is_there, error)?;
        let create = || {
            let (schema, collation) = (&self.schema, self.collation);
            format!("CREATE DATABASE IF NOT EXISTS {schema} CHARACTER SET utf8mb4 COLLATE {collation}")
        };
        Ok((!self.is_entered).then(create))
    }

    fn make_place(&mut self, sql: &str) -> Result<(), DatabaseError> {
        self.raw(sql.to_owned())?;
        self.enter()
    }

    fn preamble(&self) -> Vec<String> {
        vec![MODE.to_owned(), self.way_in()]
    }

    fn table_options(&self) -> String {
        format!(" ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE {}", self.collation)
    }

    fn lock_rollups(&mut self, to_sum_anew: bool) -> Result<(), DatabaseError> {
        // There is no lock of a table within a transaction, so a row stands for it.
        let lock = if to_sum_anew { "FOR UPDATE" } else { "LOCK IN SHARE MODE" };
        let sql = format!("SELECT version FROM tracestead_migrations WHERE version = 1 {lock}");
        self.query(&sql, &[]).map(|_| ())
    }
}

fn bound<'a>(sql: String, values: &[Value<'_>]) -> Query<'a, MySql, MySqlArguments> {
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for value in values {
        query = match value {
            Value::Text(text) | Value::Json(text) => query.bind(text.as_deref().map(str::to_owned)),
            Value::Int(number) => query.bind(*number),
            Value::Real(number) => query.bind(*number),
            Value::Bool(flag) => query.bind(*flag),
            Value::Bytes(bytes) => query.bind(bytes.to_vec()),
        };
    }
    query
}

fn row(row: &MySqlRow) -> Result<Row, DatabaseError> {
    (0..row.columns().len()).map(|at| cell(row, at)).collect::<Result<_, _>>().map(Row)
}

fn cell(row: &MySqlRow, at: usize) -> Result<Cell, DatabaseError> {
    let raw = row.try_get_raw(at).map_err(|failed| error(&failed))?;
    if raw.is_null() {
        return Ok(Cell::Null);
    }
    let kind = row.column(at).type_info().name().to_owned();
    Ok(match kind.as_str() {
        "BIGINT UNSIGNED" | "INT UNSIGNED" | "TINYINT UNSIGNED" | "SMALLINT UNSIGNED"
        | "MEDIUMINT UNSIGNED" => {
            let number: u64 = row.try_get_unchecked(at).map_err(|failed| error(&failed))?;
            Cell::Int(i64::try_from(number).unwrap_or(i64::MAX))
        }
        "BIGINT" | "INT" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "BOOLEAN" => {
            Cell::Int(row.try_get_unchecked(at).map_err(|failed| error(&failed))?)
        }
        "DOUBLE" => Cell::Real(row.try_get_unchecked(at).map_err(|failed| error(&failed))?),
        "FLOAT" => {
            Cell::Real(f64::from(row.try_get_unchecked::<f32, _>(at).map_err(|failed| error(&failed))?))
        }
        // A text that is compared by its bytes has the same type as bytes.
        _ => {
            let bytes: Vec<u8> = row.try_get_unchecked(at).map_err(|failed| error(&failed))?;
            String::from_utf8(bytes).map_or_else(|bytes| Cell::Bytes(bytes.into_bytes()), Cell::Text)
        }
    })
}

/// Returns the number by which the server names an error; 0 if it is not the server's.
fn number(error: &sqlx::Error) -> u16 {
    let said = error.as_database_error();
    let said = said.and_then(|said| said.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>());
    said.map_or(0, sqlx::mysql::MySqlDatabaseError::number)
}

fn error(error: &sqlx::Error) -> DatabaseError {
    let kind = match error {
        sqlx::Error::Database(_) => match number(error) {
            // Deadlock, a lock that took too long, a key that was free a moment ago, a table that was changed since.
            1213 | 1205 | 1062 | 1020 | 1412 => ErrorKind::Conflict,
            // Going down, too many connections, killed.
            1040 | 1053 | 1077 | 1079 | 1080 | 1317 | 1927 | 3169 => ErrorKind::Connection,
            // What a value may be, how large it may be.
            1048 | 1118 | 1153 | 1264 | 1265 | 1366 | 1406 | 3140 | 3141 | 3157 | 4025 => ErrorKind::Rows,
            _ => ErrorKind::Other,
        },
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => ErrorKind::Connection,
        _ => ErrorKind::Other,
    };
    DatabaseError::new(kind, says(error))
}
