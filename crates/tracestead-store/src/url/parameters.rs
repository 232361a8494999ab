//! What stands behind the question mark.
//!
//! The same thing has a name in each driver. A parameter that only concerns a driver in Python is kept and ignored, one
//! that nobody knows is an error: it is a misspelt `sslmode`, and would be ignored in silence.

use std::path::PathBuf;

use super::error::UrlError;
use super::split::address;
use super::{Password, Server, Tls, some_password};

/// Who and where, for who leaves it out before the question mark.
const PLACE: &[&str] = &["user", "password", "host", "port"];
const POSTGRES: &[&str] = &["schema", "options", "sslmode", "ssl", "sslrootcert"];
const POSTGRES_OPTIONS: &[&str] = &[
    "application_name",
    "fallback_application_name",
    "charset",
    "client_encoding",
    "connect_timeout",
    "timeout",
    "command_timeout",
    "channel_binding",
    "target_session_attrs",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "prepare_threshold",
    "prepared_statement_cache_size",
    "statement_cache_size",
    "pgbouncer",
];
const MYSQL: &[&str] = &[
    "schema",
    "unix_socket",
    "sslmode",
    "ssl",
    "ssl_ca",
    "ssl_disabled",
    "ssl_verify_cert",
    "ssl_verify_identity",
    "sslrootcert",
];
const MYSQL_OPTIONS: &[&str] = &[
    "application_name",
    "charset",
    "collation",
    "connect_timeout",
    "connection_timeout",
    "read_timeout",
    "write_timeout",
    "autocommit",
    "use_unicode",
    "local_infile",
    "binary_prefix",
    "auth_plugin",
];
const CLICKHOUSE: &[&str] = &["secure", "protocol"];
const CLICKHOUSE_OPTIONS: &[&str] = &["cluster"];

/// What a URL says of a server, before defaults.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) socket: Option<PathBuf>,
    pub(super) user: Option<String>,
    pub(super) password: Option<Password>,
    pub(super) database: Option<String>,
    pub(super) schema: Option<String>,
    pub(super) root_certificate: Option<PathBuf>,
    pub(super) options: Vec<(String, String)>,
    pub(super) tls: Option<Tls>,
}

impl Parameters {
    /// Reads `name=value&name=value`; what is said here goes before what stands before the question mark, as in libpq.
    pub(super) fn read(&mut self, server: Server, query: &str) -> Result<(), UrlError> {
        let (known, options) = match server {
            Server::Postgres => (POSTGRES, POSTGRES_OPTIONS),
            Server::MySql => (MYSQL, MYSQL_OPTIONS),
            Server::ClickHouse => (CLICKHOUSE, CLICKHOUSE_OPTIONS),
        };
        for (name, value) in ::url::form_urlencoded::parse(query.as_bytes()) {
            // MySQL's own client has `ssl-mode`, sqlx has it beside `sslmode`.
            let name = if matches!(&*name, "ssl-mode" | "ssl_mode") { "sslmode" } else { &*name };
            if value.contains(char::is_control) {
                return Err(UrlError::Control);
            }
            if options.contains(&name) {
                self.options.push((name.to_owned(), value.into_owned()));
            } else if let Some(name) = PLACE.iter().chain(known).find(|known| **known == name) {
                self.set(name, value.into_owned())?;
            } else {
                return Err(UrlError::unknown(name, &[known, options, PLACE].concat()));
            }
        }
        if self.options.iter().any(|(name, value)| name == "cluster" && value.is_empty()) {
            return Err(UrlError::Value { name: "cluster", expected: "the name of a cluster" });
        }
        Ok(())
    }

    fn set(&mut self, name: &'static str, value: String) -> Result<(), UrlError> {
        let truth = || truth(name, &value);
        match name {
            "user" => self.user = Some(value).filter(|user| !user.is_empty()),
            "password" => self.password = some_password(value),
            "port" => self.port = Some(port(&value)?),
            "host" if value.starts_with('/') => self.socket = Some(PathBuf::from(value)),
            "host" => {
                let given = address(&value)?;
                self.host = given.host;
                self.port = given.port.or(self.port);
            }
            "unix_socket" => self.socket = Some(PathBuf::from(value)),
            "schema" => self.schema = Some(schema("schema", &value)?),
            // `?schema=` is ours and goes before what is for psycopg.
            "options" => {
                let first = search_path(&value)?;
                self.schema = self.schema.take().or(first);
            }
            "sslrootcert" | "ssl_ca" => self.trust(value),
            "sslmode" => self.at_least(mode(&value).ok_or(UrlError::Value { name, expected: MODES })?),
            "ssl" => {
                let said = mode(&value).or_else(|| {
                    truth().ok().map(|encrypted| if encrypted { Tls::Require } else { Tls::Disable })
                });
                self.at_least(said.ok_or(UrlError::Value { name, expected: MODES })?);
            }
            "ssl_disabled" => self.at_least(if truth()? { Tls::Disable } else { Tls::Require }),
            "ssl_verify_cert" => self.at_least(if truth()? { Tls::VerifyCa } else { Tls::Prefer }),
            "ssl_verify_identity" => self.at_least(if truth()? { Tls::VerifyFull } else { Tls::Prefer }),
            "secure" => self.at_least(if truth()? { Tls::VerifyFull } else { Tls::Disable }),
            "protocol" => self.at_least(match value.as_str() {
                "https" => Tls::VerifyFull,
                "http" => Tls::Disable,
                _ => return Err(UrlError::Value { name, expected: "http or https" }),
            }),
            _ => return Err(UrlError::unknown(name, PLACE)),
        }
        Ok(())
    }

    /// Of two that contradict each other the stricter one is meant.
    fn at_least(&mut self, tls: Tls) {
        self.tls = self.tls.max(Some(tls));
    }

    fn trust(&mut self, certificate: String) {
        // libpq's word for the system's certificates, which it takes for full verification only.
        if certificate == "system" {
            self.at_least(Tls::VerifyFull);
        } else if !certificate.is_empty() {
            self.root_certificate = Some(PathBuf::from(certificate));
        }
    }

    /// Returns how to connect: as was said, else by scheme and port.
    pub(super) fn tls(&self, server: Server, scheme: bool) -> Tls {
        let said = match (server, self.tls) {
            (Server::ClickHouse, said) if scheme => said.max(Some(Tls::VerifyFull)),
            // ClickHouse's own clients go by these ports, too.
            (Server::ClickHouse, None) if matches!(self.port, Some(443 | 8443)) => Some(Tls::VerifyFull),
            (Server::ClickHouse, None) => Some(Tls::Disable),
            (_, said) => said,
        };
        match said {
            // Who names a certificate wants it used: libpq and MySQL's client do so.
            None | Some(Tls::Require) if self.root_certificate.is_some() => Tls::VerifyCa,
            None => Tls::Prefer,
            Some(tls) => tls,
        }
    }
}

impl UrlError {
    /// A name is repeated if it looks like one: what is no parameter at all might be a piece of a password.
    pub(super) fn unknown(name: &str, known: &[&str]) -> Self {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        let plain = (1..=40).contains(&name.len()) && name.bytes().all(plain);
        let name = if plain { format!("`{name}`") } else { "in the URL".to_owned() };
        Self::Parameter { name, known: known.join(", ") }
    }
}

const MODES: &str = "disable, prefer, require, verify-ca or verify-full";

/// Reads libpq's words and those of MySQL.
fn mode(text: &str) -> Option<Tls> {
    Some(match text.to_ascii_lowercase().replace('_', "-").as_str() {
        "disable" | "disabled" => Tls::Disable,
        "allow" | "prefer" | "preferred" => Tls::Prefer,
        "require" | "required" => Tls::Require,
        "verify-ca" => Tls::VerifyCa,
        "verify-full" | "verify-identity" => Tls::VerifyFull,
        _ => return None,
    })
}

fn truth(name: &'static str, text: &str) -> Result<bool, UrlError> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(UrlError::Value { name, expected: "true or false" }),
    }
}

fn port(text: &str) -> Result<u16, UrlError> {
    text.parse().ok().filter(|port| *port > 0).ok_or(UrlError::Port)
}

/// 63 bytes is PostgreSQL's bound; what is longer would be cut and another schema meant.
fn schema(parameter: &'static str, text: &str) -> Result<String, UrlError> {
    if (1..=63).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err(UrlError::Value { name: parameter, expected: "the name of a schema, of 1 to 63 bytes" })
    }
}

/// Reads psycopg's `-csearch_path=one,two`: tables are made in the first that is no placeholder.
fn search_path(options: &str) -> Result<Option<String>, UrlError> {
    let expected = "-csearch_path=SCHEMA and nothing else; write schema=SCHEMA";
    let error = || UrlError::Value { name: "options", expected };
    let assignment = options.trim().strip_prefix("-c").or_else(|| options.trim().strip_prefix("--"));
    let (name, path) = assignment.and_then(|text| text.split_once('=')).ok_or_else(error)?;
    if name.trim() != "search_path" || path.contains(" -") {
        return Err(error());
    }
    let mut schemas = path.split(',').map(|schema| schema.trim().trim_matches('"'));
    schemas.find(|schema| *schema != "$user").map(|first| schema("options", first)).transpose()
}
