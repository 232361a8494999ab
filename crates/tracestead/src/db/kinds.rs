//! A type for each kind of database, for those who know which they use.

use std::ops::Deref;
#[cfg(feature = "sqlite")]
use std::path::Path;

use tracestead_store::DatabaseUrl;
#[cfg(feature = "sqlite")]
use tracestead_store::OpenOptions;
#[cfg(any(feature = "postgres", feature = "mysql", feature = "clickhouse"))]
use tracestead_store::Server;

use super::{Db, DbError};
#[cfg(feature = "sqlite")]
use crate::now;

macro_rules! kind {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(Db);

        impl Deref for $name {
            type Target = Db;

            fn deref(&self) -> &Db {
                &self.0
            }
        }

        impl From<$name> for Db {
            fn from(db: $name) -> Self {
                db.0
            }
        }

        impl From<$name> for crate::Target {
            fn from(db: $name) -> Self {
                Self::Database(db.0)
            }
        }
    };
}

#[cfg(feature = "sqlite")]
kind! {
    /// A SQLite file. See [`Db`] for what it can do.
    SqliteDb
}

#[cfg(feature = "sqlite")]
impl SqliteDb {
    /// Names a file. It is made, with its directory, when the first spans come.
    ///
    /// # Errors
    ///
    /// None yet; a path is always one. What cannot be opened shows when it is used, see [`Db::check`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DbError> {
        let url = DatabaseUrl::Sqlite(path.as_ref().to_owned());
        Ok(Self(Db::with_options(OpenOptions::new(url, now()))))
    }
}

#[cfg(feature = "postgres")]
kind! {
    /// A PostgreSQL database, or what speaks its protocol. See [`Db`] for what it can do.
    PostgresDb
}

#[cfg(feature = "postgres")]
impl PostgresDb {
    /// Names a database, as `postgres://USER:PASSWORD@HOST:PORT/DATABASE`. The tables are in the schema `ai`, or in that of
    /// `?schema=NAME`.
    ///
    /// # Errors
    ///
    /// If that is no URL of PostgreSQL.
    pub fn open(url: &str) -> Result<Self, DbError> {
        server(url, Server::Postgres).map(Self)
    }
}

#[cfg(feature = "mysql")]
kind! {
    /// A MySQL or MariaDB database. See [`Db`] for what it can do.
    MySqlDb
}

#[cfg(feature = "mysql")]
impl MySqlDb {
    /// Names a database, as `mysql://USER:PASSWORD@HOST:PORT/DATABASE`. The tables are in the database `ai`, or in that of
    /// `?schema=NAME`.
    ///
    /// # Errors
    ///
    /// If that is no URL of MySQL.
    pub fn open(url: &str) -> Result<Self, DbError> {
        server(url, Server::MySql).map(Self)
    }
}

#[cfg(feature = "clickhouse")]
kind! {
    /// A ClickHouse database, over HTTP. See [`Db`] for what it can do.
    ClickHouseDb
}

#[cfg(feature = "clickhouse")]
impl ClickHouseDb {
    /// Names a database, as `clickhouse://USER:PASSWORD@HOST:PORT/DATABASE`.
    ///
    /// # Errors
    ///
    /// If that is no URL of ClickHouse.
    pub fn open(url: &str) -> Result<Self, DbError> {
        server(url, Server::ClickHouse).map(Self)
    }
}

#[cfg(any(feature = "postgres", feature = "mysql", feature = "clickhouse"))]
fn server(url: &str, expected: Server) -> Result<Db, DbError> {
    let db = Db::open(url)?;
    let found = match db.url() {
        DatabaseUrl::Sqlite(_) => None,
        DatabaseUrl::Postgres(server) | DatabaseUrl::MySql(server) | DatabaseUrl::ClickHouse(server) => {
            Some(server.server)
        }
    };
    if found == Some(expected) {
        Ok(db)
    } else {
        Err(DbError::Question(format!("{} is a database of another kind", db.url())))
    }
}
