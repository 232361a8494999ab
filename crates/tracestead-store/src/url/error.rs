//! Why a URL cannot be used. No text repeats what was typed, but for a parameter's name: passwords stand in URLs.

/// A URL that cannot be used, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// It is none, or of something else.
    #[error(
        "expected sqlite:PATH, postgres://USER@HOST/DATABASE, mysql://USER@HOST/DATABASE or clickhouse://USER@HOST/DATABASE"
    )]
    Scheme,
    /// The address of a web page, or of ClickHouse's HTTP interface.
    #[error(
        "expected clickhouse://USER@HOST/DATABASE (with TLS clickhouses://...) if this is a ClickHouse server"
    )]
    Http,
    /// ClickHouse's other protocol.
    #[error(
        "expected clickhouse://USER@HOST:8123/DATABASE: ClickHouse is asked over HTTP, not by its native protocol"
    )]
    Native,
    /// SQLite without a file.
    #[error(
        "expected sqlite:PATH, such as sqlite:tracestead.db; a database in memory would lose what was acknowledged"
    )]
    Memory,
    /// SQLite with something between two slashes and a third.
    #[error("expected three slashes as in sqlite:///traces.db, four as in sqlite:////tmp/traces.db, or none")]
    Slashes,
    /// SQLite with a `file:` URI.
    #[error("expected a path, such as sqlite:tracestead.db, without `file:`")]
    FileUri,
    /// A server without `//`.
    #[error("expected `//` after the colon, as in {0}://USER@HOST/DATABASE")]
    NoSlashes(&'static str),
    /// An `@` after the host, or a password that could be a port.
    #[error(
        "expected one `@`, before the host; write `@`, `/`, `?` and `#` in a name, password or value as %40, %2F, %3F and %23"
    )]
    At,
    /// Line ends and the like.
    #[error("expected no line ends or other control characters; write them as %0A")]
    Control,
    /// What stands where the host should.
    #[error(
        "expected one host: a name, an IPv4 address or an IPv6 address in brackets; write `@`, `/`, `?` and `#` in a password as %40, %2F, %3F and %23"
    )]
    Host,
    /// What stands where the port should.
    #[error("expected a port from 1 to 65535 after the host")]
    Port,
    /// What the percent signs make is no text.
    #[error("expected the {0} in percent-encoded UTF-8")]
    Encoding(&'static str),
    /// A parameter that nobody knows.
    #[error("unknown parameter {name}; expected {known}")]
    Parameter {
        /// Its name, if it looks like one.
        name: String,
        /// Those that are known.
        known: String,
    },
    /// A parameter that cannot be what it is.
    #[error("cannot use the value of parameter `{name}`: expected {expected}")]
    Value {
        /// Its name.
        name: &'static str,
        /// What would be right.
        expected: &'static str,
    },
}
