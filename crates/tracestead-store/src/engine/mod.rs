//! The databases: how each is reached, and what its driver makes of a statement.

#[cfg(any(feature = "postgres", feature = "mysql", feature = "clickhouse"))]
mod blocking;
#[cfg(feature = "clickhouse")]
mod clickhouse;
#[cfg(feature = "mysql")]
mod mysql;
mod original;
#[cfg(feature = "postgres")]
mod postgres;
mod renamed;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod sent;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::sync::Arc;

use crate::error::{DatabaseError, ErrorKind};
use crate::session::{Access, Session};
use crate::write::Hours;
use crate::{DatabaseUrl, OpenError, OpenOptions, TableNames};

pub(crate) use original::Original;

/// Makes connections to one database.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    options: Arc<OpenOptions>,
    /// Those that are to be summed, where sums are made of the spans that are stored.
    hours: Arc<Hours>,
}

impl Connector {
    /// Connects to nothing yet; fails if this build has no driver for the database.
    pub(crate) fn new(options: &OpenOptions) -> Result<Self, OpenError> {
        let (is_there, server, feature) = match &options.url {
            DatabaseUrl::Sqlite(_) => (cfg!(feature = "sqlite"), "SQLite", "sqlite"),
            DatabaseUrl::Postgres(_) => (cfg!(feature = "postgres"), "PostgreSQL", "postgres"),
            DatabaseUrl::MySql(_) => (cfg!(feature = "mysql"), "MySQL and MariaDB", "mysql"),
            DatabaseUrl::ClickHouse(_) => (cfg!(feature = "clickhouse"), "ClickHouse", "clickhouse"),
        };
        if !is_there {
            return Err(OpenError::NoDriver { database: options.url.to_string(), server, feature });
        }
        Ok(Self { options: Arc::new(options.clone()), hours: Arc::default() })
    }

    /// Returns the hours that are to be summed, where sums are made of the spans that are stored.
    pub(crate) fn hours(&self) -> Option<&Arc<Hours>> {
        matches!(self.options.url, DatabaseUrl::ClickHouse(_)).then_some(&self.hours)
    }

    /// Connects to where the tables are. Blocks, and must not be called where that is not allowed.
    pub(crate) fn connect(&self, access: Access) -> Result<Box<dyn Session>, DatabaseError> {
        if let DatabaseUrl::Sqlite(path) = &self.options.url
            && !path.exists()
        {
            // Only who makes tables makes a file.
            return Err(DatabaseError::new(
                ErrorKind::Other,
                "the database's file is not there any more; put it back, or start anew to have one made",
            ));
        }
        let mut session = self.reach(access)?;
        session.enter()?;
        Ok(session)
    }

    /// Connects to a server on which there may be no place for the tables yet, see [`Session::missing_place`]. Blocks as
    /// well.
    pub(crate) fn reach(&self, access: Access) -> Result<Box<dyn Session>, DatabaseError> {
        let (session, names) = (self.driver(access)?, &self.options.tables);
        if *names == TableNames::default() {
            return Ok(session);
        }
        Ok(Box::new(renamed::Renamed { session, names: names.clone() }))
    }

    #[cfg_attr(
        not(feature = "sqlite"),
        expect(unused_variables, reason = "only files are opened to be read")
    )]
    fn driver(&self, access: Access) -> Result<Box<dyn Session>, DatabaseError> {
        match &self.options.url {
            #[cfg(feature = "sqlite")]
            DatabaseUrl::Sqlite(path) => {
                Ok(Box::new(sqlite::connect(path, access, sqlite::Options::of(&self.options))?))
            }
            #[cfg(feature = "postgres")]
            DatabaseUrl::Postgres(server) => Ok(Box::new(postgres::connect(server)?)),
            #[cfg(feature = "mysql")]
            DatabaseUrl::MySql(server) => Ok(Box::new(mysql::connect(server, &self.options.tables)?)),
            #[cfg(feature = "clickhouse")]
            DatabaseUrl::ClickHouse(server) => {
                Ok(Box::new(clickhouse::connect(server, &self.options.tables, &self.hours)?))
            }
            // None is made for it, see `new`.
            #[cfg(not(all(
                feature = "sqlite",
                feature = "postgres",
                feature = "mysql",
                feature = "clickhouse"
            )))]
            _ => Err(DatabaseError::new(ErrorKind::Other, "this build has no driver for it")),
        }
    }
}
