//! Where a database is: what users write, understood and shown without its password.
//!
//! People have URLs already: Agno's are SQLAlchemy's, with a Python driver behind a plus sign that is none of our business.
//! Those and our plain forms are the same to us. What SQLAlchemy would misread (an `@` too many) is refused with a text
//! that says what to write, for a misread URL shows half of a password as a database's name.
//!
//! ```text
//! sqlite:PATH                                  sqlite:///relative.db   sqlite:////absolute.db   sqlite+aiosqlite:///…
//! postgres://USER:PASSWORD@HOST:PORT/DATABASE  postgresql+psycopg://…  …+psycopg2 …+asyncpg …+psycopg_async
//! mysql://USER:PASSWORD@HOST:PORT/DATABASE     mysql+pymysql://…       mariadb+pymysql://… …+asyncmy …+aiomysql
//! clickhouse://USER:PASSWORD@HOST:PORT/DATABASE    clickhouses://… with TLS   clickhouse+http(s)://…
//! ```
//!
//! Which tables are meant: on PostgreSQL those of the schema `ai` in the URL's database. On MySQL a schema is a database;
//! one connects to the URL's, and the tables are in `ai`. `?schema=NAME` names another on both. That is how Agno's
//! `PostgresDb` and `MySQLDb` do it. On ClickHouse the tables are in the URL's database, or in `default`.

mod error;
mod parameters;
mod parse;
mod place;
mod show;
mod split;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;

pub use error::UrlError;

/// A database, as a user named it.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(PathBuf),
    /// PostgreSQL, or what speaks its protocol.
    Postgres(ServerUrl),
    /// MySQL or MariaDB.
    MySql(ServerUrl),
    /// ClickHouse over HTTP.
    ClickHouse(ServerUrl),
}

/// A database that is reached over a network or a socket; what the URL left out has its default.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerUrl {
    /// Which server it is.
    pub server: Server,
    /// Name or address, an IPv6 address without brackets; `localhost` if none was given.
    pub host: String,
    /// The port, or the server's usual one.
    pub port: u16,
    /// If given, goes before host and port: PostgreSQL's directory of sockets, MySQL's socket.
    pub socket: Option<PathBuf>,
    /// Whom to log in as.
    pub user: Option<String>,
    /// Never empty.
    pub password: Option<Password>,
    /// The database to connect to.
    pub database: Option<String>,
    /// Where the tables are: a schema on PostgreSQL, a database on MySQL and ClickHouse.
    pub schema: String,
    /// Whether to encrypt, and what to check.
    pub tls: Tls,
    /// Certificates to trust instead of the system's.
    pub root_certificate: Option<PathBuf>,
    /// What else was asked for, in order. Most of it is for Python drivers and means nothing to us.
    pub options: Vec<(String, String)>,
}

/// The kinds of servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    MySql,
    /// ClickHouse.
    ClickHouse,
}

/// How a connection is protected; each is stricter than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tls {
    /// Not at all.
    Disable,
    /// If the server offers it; PostgreSQL's and MySQL's default.
    Prefer,
    /// Encrypted, with whomever.
    Require,
    /// The certificate must be signed by someone who is trusted.
    VerifyCa,
    /// And it must be for this host.
    VerifyFull,
}

/// A password; shown as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The password itself, for the driver only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A SQLite file.
impl From<PathBuf> for DatabaseUrl {
    fn from(path: PathBuf) -> Self {
        Self::Sqlite(path)
    }
}

/// A SQLite file.
impl From<&PathBuf> for DatabaseUrl {
    fn from(path: &PathBuf) -> Self {
        Self::Sqlite(path.clone())
    }
}

impl DatabaseUrl {
    /// Returns `sqlite`, `postgres`, `mysql` or `clickhouse`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.server().map_or("sqlite", |url| url.server.name())
    }

    /// Returns what there is to know of a server; a file has none.
    #[must_use]
    pub fn server(&self) -> Option<&ServerUrl> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(url) | Self::MySql(url) | Self::ClickHouse(url) => Some(url),
        }
    }

    /// Returns where the tables are (see [`ServerUrl::schema`]); a file has them in the open.
    #[must_use]
    pub fn schema(&self) -> Option<&str> {
        self.server().map(|url| url.schema.as_str())
    }

    /// Whether the URL brought a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.server().is_some_and(|url| url.password.is_some())
    }

    /// Returns the same database with a password that came another way, such as from a file. SQLite needs none.
    #[must_use]
    pub fn with_password(mut self, password: String) -> Self {
        if let Self::Postgres(url) | Self::MySql(url) | Self::ClickHouse(url) = &mut self {
            url.password = some_password(password);
        }
        self
    }
}

impl ServerUrl {
    /// Returns the last value of an option.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns the ClickHouse cluster that tables are made on.
    #[must_use]
    pub fn cluster(&self) -> Option<&str> {
        self.option("cluster")
    }

    /// Returns the address for ClickHouse's client, without user and password.
    #[must_use]
    pub fn http_url(&self) -> String {
        let scheme = if self.tls >= Tls::Require { "https" } else { "http" };
        format!("{scheme}://{}:{}", show::host(&self.host), self.port)
    }
}

impl Server {
    fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::MySql => "mysql",
            Self::ClickHouse => "clickhouse",
        }
    }

    fn default_port(self, tls: Tls) -> u16 {
        match self {
            Self::Postgres => 5432,
            Self::MySql => 3306,
            Self::ClickHouse if tls >= Tls::Require => 8443,
            Self::ClickHouse => 8123,
        }
    }

    fn default_schema(self) -> &'static str {
        match self {
            Self::Postgres | Self::MySql => "ai",
            Self::ClickHouse => "default",
        }
    }
}

/// An empty password is none: drivers take it so, and so does who leaves `user:@host` standing.
fn some_password(password: String) -> Option<Password> {
    (!password.is_empty()).then_some(Password(password))
}
