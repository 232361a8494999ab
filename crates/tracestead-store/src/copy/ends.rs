//! Both ends of a copy: connected and compared.

use super::CopyError;
use super::plan::{Plan, PlanError};
use super::shape::{self, Shapes};
use crate::connection::Connection;
use crate::engine::Connector;
use crate::error::DatabaseError;
use crate::schema::VERSION;
use crate::session::{Access, Session, transaction};
use crate::sql::Dialect;
use crate::{DatabaseUrl, OpenError, OpenOptions, ServerUrl};

/// A database that is read.
#[derive(Debug)]
pub(super) struct Readable {
    connection: Connection,
    name: String,
}

impl Readable {
    /// Reads within a transaction: all its statements see one state.
    pub(super) fn read<T>(
        &mut self,
        mut read: impl FnMut(&mut dyn Session) -> Result<T, DatabaseError>,
    ) -> Result<T, CopyError> {
        let found = self.connection.run(|session, _| transaction(session, Access::Read, &mut read));
        found.map_err(|source| CopyError::Read { database: self.name.clone(), source })
    }

    pub(super) fn trace_count(&mut self) -> Result<u64, CopyError> {
        self.read(|session| {
            let from = session.dialect().from("agno_traces");
            let found = session.query(&format!("SELECT COUNT(*) FROM {from}"), &[])?;
            Ok(found.first().map_or(0, |row| row.whole(0).unsigned_abs()))
        })
    }
}

/// Connects to a database that is read.
pub(super) fn readable(options: &OpenOptions) -> Result<Readable, CopyError> {
    let session = connect(options, Access::Read)?;
    let connection = Connection::new(session, options.connector()?, Access::Read);
    Ok(Readable { connection, name: options.url.to_string() })
}

/// Compares both databases. Nothing is written.
pub(super) fn plan(from: &OpenOptions, to: &OpenOptions, access: Access) -> Result<Plan, CopyError> {
    if are_same(&from.url, &to.url) {
        return Err(CopyError::Same { database: to.url.to_string() });
    }
    let mut source = connect(from, Access::Read)?;
    let here = shapes(to, access)?;
    Plan::new(source.as_mut(), &here, dialect(&to.url)).map_err(|error| match error {
        PlanError::NoTraces => CopyError::NoTraces { database: from.url.to_string() },
        PlanError::Columns { table, columns } => {
            CopyError::Columns { to: to.url.to_string(), table, columns: columns.join(", ") }
        }
        PlanError::TooNew { found } => {
            OpenError::TooNew { database: from.url.to_string(), found, known: VERSION }.into()
        }
        PlanError::Source(source) => CopyError::Read { database: from.url.to_string(), source },
    })
}

fn shapes(options: &OpenOptions, access: Access) -> Result<Shapes, CopyError> {
    // To look into a file that is not there would make it.
    if matches!(&options.url, DatabaseUrl::Sqlite(path) if access == Access::Write && !path.exists()) {
        return Ok(Shapes::new());
    }
    let mut session = connected(options, |connector| connector.reach(access))?;
    // Nor is there anything in a schema or database that is still to be made.
    let shapes = |session: &mut dyn Session| match session.missing_place()? {
        Some(_) => Ok(Shapes::new()),
        None => shape::read(session),
    };
    transaction(session.as_mut(), Access::Read, shapes)
        .map_err(|source| CopyError::Read { database: options.url.to_string(), source })
}

fn connect(options: &OpenOptions, access: Access) -> Result<Box<dyn Session>, CopyError> {
    connected(options, |connector| connector.connect(access))
}

fn connected(
    options: &OpenOptions,
    connect: impl FnOnce(Connector) -> Result<Box<dyn Session>, DatabaseError>,
) -> Result<Box<dyn Session>, CopyError> {
    connect(options.connector()?)
        .map_err(|source| OpenError::Open { database: options.url.to_string(), source }.into())
}

fn dialect(url: &DatabaseUrl) -> Dialect {
    match url {
        DatabaseUrl::Sqlite(_) => Dialect::Sqlite,
        DatabaseUrl::Postgres(_) => Dialect::Postgres,
        DatabaseUrl::MySql(_) => Dialect::MySql,
        DatabaseUrl::ClickHouse(_) => Dialect::ClickHouse,
    }
}

/// Says whether both are the same database, whoever logs in.
fn are_same(from: &DatabaseUrl, to: &DatabaseUrl) -> bool {
    let place = |url: &ServerUrl| {
        (url.server, url.host.clone(), url.port, url.socket.clone(), url.database.clone(), url.schema.clone())
    };
    match (from, to) {
        (DatabaseUrl::Sqlite(from), DatabaseUrl::Sqlite(to)) => {
            from == to || matches!((from.canonicalize(), to.canonicalize()), (Ok(from), Ok(to)) if from == to)
        }
        (from, to) => match (from.server(), to.server()) {
            (Some(from), Some(to)) => place(from) == place(to),
            _ => false,
        },
    }
}
