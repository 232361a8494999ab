//! Whether two URLs name the same tables.

use std::path::{Path, PathBuf};

use super::{DatabaseUrl, Server, ServerUrl};

impl DatabaseUrl {
    /// Whether both have their tables in the same place, whoever logs in and however.
    ///
    /// It errs to the side of `false`: two names of one host are two places, but for those of this machine.
    #[must_use]
    pub fn same_place(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sqlite(one), Self::Sqlite(other)) => real_path(one) == real_path(other),
            _ => match (self.server(), other.server()) {
                (Some(one), Some(other)) => Place::of(one) == Place::of(other),
                _ => false,
            },
        }
    }
}

/// Follows links as far as the file exists, so that it is known before it is made.
fn real_path(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if let Ok(real) = absolute.canonicalize() {
        return real;
    }
    match (absolute.parent().map(Path::canonicalize), absolute.file_name()) {
        (Some(Ok(folder)), Some(name)) => folder.join(name),
        _ => absolute,
    }
}

#[derive(PartialEq, Eq)]
struct Place<'a> {
    server: Server,
    socket: Option<&'a Path>,
    host: &'a str,
    port: u16,
    database: Option<&'a str>,
    schema: &'a str,
}

impl<'a> Place<'a> {
    fn of(url: &'a ServerUrl) -> Self {
        let here = matches!(url.host.as_str(), "127.0.0.1" | "::1");
        Self {
            server: url.server,
            socket: url.socket.as_deref(),
            host: if here || url.socket.is_some() { "localhost" } else { &url.host },
            port: url.port,
            database: match url.server {
                // PostgreSQL takes the user's name for a database that is not named.
                Server::Postgres => url.database.as_deref().or(url.user.as_deref()),
                // The schema is the database of the tables, whichever one connects to.
                Server::MySql | Server::ClickHouse => None,
            },
            schema: &url.schema,
        }
    }
}
