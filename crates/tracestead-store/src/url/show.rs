//! A database as it is shown: in its plain form, with `***` for the password.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{DatabaseUrl, Server, ServerUrl, Tls};

/// What would be read as something else is encoded, so that what is shown can be read again.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
const ENCODED_VALUE: &AsciiSet = &ENCODED.remove(b'/');

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) | Self::MySql(url) | Self::ClickHouse(url) => url.fmt(f),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encrypted_http = self.server == Server::ClickHouse && self.tls >= Tls::Require;
        write!(f, "{}{}://", self.server.name(), if encrypted_http { "s" } else { "" })?;
        let user = self.user.as_deref().unwrap_or_default();
        write!(f, "{}", utf8_percent_encode(user, ENCODED))?;
        if self.password.is_some() {
            f.write_str(":***")?;
        }
        if self.user.is_some() || self.password.is_some() {
            f.write_str("@")?;
        }
        f.write_str(&host(&self.host))?;
        if self.port != self.server.default_port(self.tls) {
            write!(f, ":{}", self.port)?;
        }
        if let Some(database) = &self.database {
            write!(f, "/{}", utf8_percent_encode(database, ENCODED))?;
        }
        let mut separator = '?';
        self.each_parameter(|name, value| {
            write!(f, "{separator}{name}={}", utf8_percent_encode(value, ENCODED_VALUE))?;
            separator = '&';
            Ok(())
        })
    }
}

impl ServerUrl {
    /// Gives all that stands behind the question mark and is no default.
    fn each_parameter(&self, mut each: impl FnMut(&str, &str) -> fmt::Result) -> fmt::Result {
        if let Some(socket) = &self.socket {
            let name = if self.server == Server::MySql { "unix_socket" } else { "host" };
            each(name, &socket.to_string_lossy())?;
        }
        if self.server != Server::ClickHouse {
            if self.schema != self.server.default_schema() {
                each("schema", &self.schema)?;
            }
            if self.tls != Tls::Prefer {
                each("sslmode", self.tls.name())?;
            }
        } else if self.tls < Tls::Require && matches!(self.port, 443 | 8443) {
            each("secure", "false")?;
        }
        if let Some(certificate) = &self.root_certificate {
            each("sslrootcert", &certificate.to_string_lossy())?;
        }
        self.options.iter().try_for_each(|(name, value)| each(name, value))
    }
}

impl Tls {
    fn name(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

/// Returns a host as URLs have it, an IPv6 address in brackets.
pub(super) fn host(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

impl DatabaseUrl {
    /// Returns a text that was meant to be a URL without what might be a password, for messages about it.
    #[must_use]
    pub fn redact(text: &str) -> String {
        if let Ok(url) = text.parse::<Self>() {
            return url.to_string();
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+_-./".contains(&byte);
        match text.split_once(':') {
            Some((scheme, _)) if scheme == "sqlite" || scheme.starts_with("sqlite+") => text.to_owned(),
            // `user:password@host`, with the scheme forgotten, has no slashes there.
            Some((scheme, rest)) if rest.starts_with("//") && scheme.bytes().all(plain) => {
                format!("{scheme}://***")
            }
            None if text.bytes().all(plain) => text.to_owned(),
            _ => "***".to_owned(),
        }
    }
}
