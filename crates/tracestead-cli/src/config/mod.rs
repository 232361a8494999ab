//! Settings: defaults, then `tracestead.toml`, then `TRACESTEAD_SECTION__KEY`, then flags; the last word wins.
//!
//! Prices, rules of retention and databases beside the main one are tables and stand in the file only. A key that nobody knows is an error that names where it stands: it is a misspelt one, and would be ignored in silence.

pub(crate) mod amounts;
mod databases;
mod entry;
mod keys;
mod layers;
mod prices;
mod retention;

use std::fmt;
use std::path::Path;

use tracestead_server::Settings;
use tracestead_store::DatabaseUrl;

use crate::arguments::Serve;
use layers::Layers;

pub(crate) use keys::LogFormat;
pub(crate) use retention::rule_in_one_line;

/// A setting that cannot be used, and where it stands.
#[derive(Debug)]
pub(crate) struct ConfigError(String);

impl ConfigError {
    /// Says what was typed or configured wrong, for a command that finds out.
    pub(crate) fn new(says: impl Into<String>) -> Self {
        Self(says.into())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

/// Every setting, checked.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) server: Settings,
    pub(crate) log_level: String,
    pub(crate) log_format: LogFormat,
    /// Name, value and origin of every setting, in the order of the documentation; then databases, prices and rules of retention.
    pub(crate) shown: Vec<Shown>,
}

/// A setting as `config print` shows it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) origin: String,
}

/// Reads a URL that was typed for `flag`.
pub(crate) fn database_url(text: &str, flag: &str) -> Result<DatabaseUrl, ConfigError> {
    text.parse::<DatabaseUrl>().map_err(|expected| {
        ConfigError(format!("cannot use `{}` for `{flag}`: {expected}", DatabaseUrl::redact(text)))
    })
}

/// Reads a URL that was typed for `flag`, and the password that belongs to it.
pub(crate) fn database_url_with_password(
    text: &str,
    file: Option<&Path>,
    flag: &str,
) -> Result<DatabaseUrl, ConfigError> {
    let url = database_url(text, flag)?;
    databases::with_password_of(url, file).map_err(|expected| {
        let file = file.unwrap_or(Path::new("")).display();
        ConfigError(format!("cannot use `{file}` for `{flag}-password-file`: {expected}"))
    })
}

impl Config {
    /// Reads every source that `serve` names, and the environment.
    pub(crate) fn load(serve: &Serve) -> Result<Self, ConfigError> {
        let mut layers = Layers::default();
        layers.add_file(serve.source.config.as_deref())?;
        layers.add_environment(std::env::vars_os())?;
        layers.add_flags(serve);
        keys::check(&layers)
    }
}
