//! A URL's parts, by SQLAlchemy's rules where they are not those of URLs.
//!
//! SQLAlchemy takes all up to an `@` for the password, with `/`, `?` and `#` in it, and so people write it. It takes the
//! first `@`, which leaves the rest of a password such as `p@ss` in the host's name; we take the last before the host ends.

use ::url::{Host, ParseError, Url};
use percent_encoding::percent_decode_str;

use super::error::UrlError;

/// What stands behind `scheme://`, still encoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    pub(super) user: &'a str,
    pub(super) password: &'a str,
    /// With its port.
    pub(super) host: &'a str,
    pub(super) database: &'a str,
    pub(super) query: &'a str,
}

pub(super) fn split(text: &str) -> Result<Parts<'_>, UrlError> {
    let (credentials, place) = match end_of_credentials(text) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => ("", text),
    };
    let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    let (host, rest) = place.split_at(end_of_host(place));
    // Half a password would be taken for a database or a parameter, and shown.
    if rest.contains('@') {
        return Err(UrlError::At);
    }
    if place.contains(char::is_control) {
        return Err(UrlError::Control);
    }
    let (database, query) = rest.split_once('?').unwrap_or((rest, ""));
    let database = database.strip_prefix('/').unwrap_or(database);
    Ok(Parts { user, password, host, database, query })
}

/// Returns the place of the `@` before the host.
fn end_of_credentials(text: &str) -> Option<usize> {
    let head = &text[..end_of_host(text)];
    if let Some(at) = head.rfind('@') {
        return Some(at);
    }
    // What remains is a password with `/` or `?` in it, or an `@` in a place where it is refused: behind `host:5432/`,
    // behind `[::1]:5432/` or where there is no colon.
    let (_, password) = head.split_once(':')?;
    let port = !password.is_empty() && password.bytes().all(|byte| byte.is_ascii_digit());
    if port || text.starts_with('[') {
        return None;
    }
    let first = text.find('@')?;
    let end = first + end_of_host(&text[first..]);
    text[..end].rfind('@')
}

fn end_of_host(text: &str) -> usize {
    text.find(['/', '?']).unwrap_or(text.len())
}

/// A host as it is looked up, with its port, or a path of a socket.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
}

/// Reads `HOST`, `HOST:PORT` and `:PORT`; `HOST` may be a path of a socket with its slashes as `%2F`.
pub(super) fn address(text: &str) -> Result<Address, UrlError> {
    if text.is_empty() {
        return Ok(Address { host: None, port: None });
    }
    // A URL may not have a port without a host, libpq may.
    let (given, text) =
        if text.starts_with(':') { (false, format!("localhost{text}")) } else { (true, text.to_owned()) };
    if text.contains(['/', '?', '#', '\\', ',']) {
        return Err(UrlError::Host);
    }
    let url = Url::parse(&format!("tcp://{text}/")).map_err(|error| match error {
        ParseError::InvalidPort => UrlError::Port,
        _ => UrlError::Host,
    })?;
    let host = match url.host().ok_or(UrlError::Host)? {
        Host::Domain(name) => name_or_socket(name)?,
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    if url.port() == Some(0) {
        return Err(UrlError::Port);
    }
    Ok(Address { host: given.then_some(host), port: url.port() })
}

fn name_or_socket(name: &str) -> Result<String, UrlError> {
    let name = percent_decode_str(name).decode_utf8().map_err(|_| UrlError::Encoding("host"))?;
    if name.contains(char::is_control) {
        return Err(UrlError::Control);
    }
    if name.starts_with('/') {
        return Ok(name.into_owned());
    }
    // The rules of web addresses: lower case, international names as DNS has them.
    Host::parse(&name).map(|host| host.to_string()).map_err(|_| UrlError::Host)
}
