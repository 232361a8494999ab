//! From text to a database.

use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::percent_decode_str;

use super::error::UrlError;
use super::parameters::Parameters;
use super::split::{address, split};
use super::{DatabaseUrl, Server, ServerUrl, some_password};

impl FromStr for DatabaseUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = text.split_once(':').ok_or(UrlError::Scheme)?;
        let scheme = scheme.to_ascii_lowercase();
        let (database, driver) = match scheme.split_once('+') {
            Some((database, driver)) => (database, Some(driver)),
            None => (scheme.as_str(), None),
        };
        match (database, driver) {
            ("sqlite", _) => sqlite(rest).map(Self::Sqlite),
            ("postgres" | "postgresql", _) => server(Server::Postgres, false, rest).map(Self::Postgres),
            ("mysql" | "mariadb", _) => server(Server::MySql, false, rest).map(Self::MySql),
            ("clickhouse" | "clickhousedb", None | Some("http" | "connect")) => {
                server(Server::ClickHouse, false, rest).map(Self::ClickHouse)
            }
            ("clickhouses", None) | ("clickhouse", Some("https")) => {
                server(Server::ClickHouse, true, rest).map(Self::ClickHouse)
            }
            ("clickhouse", Some("native" | "asynch")) => Err(UrlError::Native),
            ("http" | "https", _) => Err(UrlError::Http),
            _ => Err(UrlError::Scheme),
        }
    }
}

/// Parameters of Python's driver that many copy along and that say nothing of the file.
const SQLITE_PARAMETERS: &[&str] = &["check_same_thread", "timeout"];

/// Our `sqlite:PATH` has a path as it is; SQLAlchemy's is percent-encoded, relative behind three slashes and absolute
/// behind four.
fn sqlite(rest: &str) -> Result<PathBuf, UrlError> {
    let path = match rest.strip_prefix("//") {
        None => rest.to_owned(),
        Some("") => return Err(UrlError::Memory),
        Some(rest) => {
            let rest = rest.strip_prefix('/').ok_or(UrlError::Slashes)?;
            let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
            if !path.starts_with("file:") {
                for (name, _) in ::url::form_urlencoded::parse(query.as_bytes()) {
                    if !SQLITE_PARAMETERS.contains(&name.as_ref()) {
                        return Err(UrlError::unknown(&name, SQLITE_PARAMETERS));
                    }
                }
            }
            decoded(path, "path")?
        }
    };
    if path.is_empty() || path == ":memory:" {
        return Err(UrlError::Memory);
    }
    if path.starts_with("file:") {
        return Err(UrlError::FileUri);
    }
    if path.contains('\0') {
        return Err(UrlError::Control);
    }
    Ok(PathBuf::from(path))
}

fn server(server: Server, tls: bool, rest: &str) -> Result<ServerUrl, UrlError> {
    let parts = split(rest.strip_prefix("//").ok_or(UrlError::NoSlashes(server.name()))?)?;
    let given = address(parts.host)?;
    let mut parameters = Parameters {
        host: given.host,
        port: given.port,
        user: not_empty(decoded(parts.user, "user")?),
        password: some_password(decoded(parts.password, "password")?),
        database: not_empty(name(decoded(parts.database, "database")?)?),
        ..Parameters::default()
    };
    parameters.read(server, parts.query)?;
    let tls = parameters.tls(server, tls);
    let (host, socket) = match parameters.host {
        Some(path) if path.starts_with('/') => (None, Some(PathBuf::from(path))),
        host => (host, None),
    };
    let schema = match server {
        Server::ClickHouse => parameters.database.clone(),
        Server::Postgres | Server::MySql => parameters.schema,
    };
    Ok(ServerUrl {
        server,
        host: host.unwrap_or_else(|| "localhost".to_owned()),
        port: parameters.port.unwrap_or_else(|| server.default_port(tls)),
        socket: parameters.socket.or(socket),
        user: parameters.user,
        password: parameters.password,
        database: parameters.database,
        schema: schema.unwrap_or_else(|| server.default_schema().to_owned()),
        tls,
        root_certificate: parameters.root_certificate,
        options: parameters.options,
    })
}

fn decoded(text: &str, part: &'static str) -> Result<String, UrlError> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| UrlError::Encoding(part))?;
    Ok(text.into_owned())
}

fn not_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// Quoting a name is the dialect's work; what no quotes hold is refused here.
fn name(name: String) -> Result<String, UrlError> {
    if name.contains(char::is_control) { Err(UrlError::Control) } else { Ok(name) }
}
