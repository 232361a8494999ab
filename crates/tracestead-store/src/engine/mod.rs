//! The databases: how each is reached, and what its driver makes of a statement.

mod blocking;
pub(crate) mod clickhouse;
pub(crate) mod mysql;
pub(crate) mod postgres;
pub(crate) mod sqlite;

use std::path::PathBuf;
use std::sync::Arc;

use crate::error::DatabaseError;
use crate::session::{Access, Session};
use crate::sql::Value;
use crate::write::Hours;
use crate::{DatabaseUrl, ServerUrl};

/// Makes connections to one database.
#[derive(Debug, Clone)]
pub(crate) enum Connector {
    Sqlite(PathBuf, sqlite::Options),
    Postgres(ServerUrl),
    MySql(ServerUrl),
    /// With the hours that are to be summed.
    ClickHouse(ServerUrl, Arc<Hours>),
}

impl Connector {
    pub(crate) fn new(url: &DatabaseUrl, options: sqlite::Options) -> Self {
        match url {
            DatabaseUrl::Sqlite(path) => Self::Sqlite(path.clone(), options),
            DatabaseUrl::Postgres(server) => Self::Postgres(server.clone()),
            DatabaseUrl::MySql(server) => Self::MySql(server.clone()),
            DatabaseUrl::ClickHouse(server) => Self::ClickHouse(server.clone(), Arc::default()),
        }
    }

    /// Returns the hours that are to be summed, where sums are made of the spans that are stored.
    pub(crate) fn hours(&self) -> Option<&Arc<Hours>> {
        match self {
            Self::ClickHouse(_, hours) => Some(hours),
            Self::Sqlite(..) | Self::Postgres(_) | Self::MySql(_) => None,
        }
    }

    /// Connects to where the tables are. Blocks, and must not be called where that is not allowed.
    pub(crate) fn connect(&self, access: Access) -> Result<Box<dyn Session>, DatabaseError> {
        let mut session = self.reach(access)?;
        session.enter()?;
        Ok(session)
    }

    /// Connects to a server on which there may be no place for the tables yet, see [`Session::missing_place`]. Blocks as
    /// well.
    pub(crate) fn reach(&self, access: Access) -> Result<Box<dyn Session>, DatabaseError> {
        match self {
            Self::Sqlite(path, options) => Ok(Box::new(sqlite::connect(path, access, *options)?)),
            Self::Postgres(server) => Ok(Box::new(postgres::connect(server)?)),
            Self::MySql(server) => Ok(Box::new(mysql::connect(server)?)),
            Self::ClickHouse(server, hours) => Ok(Box::new(clickhouse::connect(server, hours)?)),
        }
    }
}

/// Returns the rows in parts that a statement takes: it may have so many values, and not too many bytes. Most parts have a
/// power of two of rows, so that there are few different statements.
fn rows_at_once<'a, 'b>(
    rows: &'a [Vec<Value<'b>>],
    columns: usize,
    max_values: usize,
) -> impl Iterator<Item = &'a [Vec<Value<'b>>]> {
    const MAX_BYTES: usize = 8 << 20;
    let most = (max_values / columns.max(1)).clamp(1, 512);
    let mut rest = rows;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let within = |row: &&Vec<Value<'_>>| {
            bytes += row.iter().map(size).sum::<usize>();
            bytes <= MAX_BYTES
        };
        let fit = rest.iter().take(most).take_while(within).count().max(1);
        let part = if rest.is_empty() { 0 } else { 1 << fit.ilog2() };
        let (part, after) = rest.split_at(part);
        rest = after;
        (!part.is_empty()).then_some(part)
    })
}

fn size(value: &Value<'_>) -> usize {
    match value {
        Value::Text(Some(text)) | Value::Json(Some(text)) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 8,
    }
}

/// Returns what a driver says in one line, without the words in which it repeats what kind of error it is.
fn says(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(said) => said.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}
