//! Every setting: its name, its default, how it is read.

use std::net::{SocketAddr, ToSocketAddrs};

use toml::Value;
use tracestead_server::Settings;
use tracestead_store::{DatabaseUrl, Synchronous};

use super::layers::Layers;
use super::{Config, ConfigError, Shown, amounts, databases, prices, retention};

/// A setting that exists.
pub(super) struct Key {
    /// Section and name.
    pub(super) name: &'static str,
    default: &'static str,
    /// Whether a password may stand in it.
    is_url: bool,
}

const fn key(name: &'static str, default: &'static str) -> Key {
    Key { name, default, is_url: false }
}

const fn url(name: &'static str, default: &'static str) -> Key {
    Key { name, default, is_url: true }
}

/// Every setting, in the order of the documentation.
pub(super) const KEYS: &[Key] = &[
    url("database.url", "sqlite:tracestead.db"),
    key("database.password_file", ""),
    key("database.read_only", "false"),
    key("database.id", "default"),
    url("database.catalog", ""),
    key("database.synchronous", "full"),
    key("database.max_size", ""),
    key("server.listen", "127.0.0.1:7777"),
    key("server.insecure_no_auth", "false"),
    key("server.allowed_hosts", ""),
    key("otlp.http", "127.0.0.1:4318"),
    key("otlp.grpc", "127.0.0.1:4317"),
    key("otlp.max_body_bytes", "67108864"),
    key("otlp.max_queue_bytes", "100663296"),
    key("otlp.cors_origins", "*"),
    key("log.level", "info"),
    key("log.format", "text"),
];

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs: an object a line.
    Json,
}

/// Reads every setting, or says which one is wrong and where it stands.
pub(super) fn check(layers: &Layers) -> Result<Config, ConfigError> {
    let read = Reader { layers };
    let databases = databases::read(&read)?;
    let mut server = Settings::new(databases.main().url.clone());
    server.database_id.clone_from(&databases.main().id);
    server.read_only = databases.main().read_only;
    server.databases = databases.others();
    server.catalog = databases.catalog_apart();
    server.synchronous = read.with("database.synchronous", |text| match text {
        "full" => Ok(Synchronous::Full),
        "normal" => Ok(Synchronous::Normal),
        _ => Err("expected `full` or `normal`".to_owned()),
    })?;
    server.listen = read.with("server.listen", socket)?;
    server.insecure_no_auth = read.with("server.insecure_no_auth", truth)?;
    server.allowed_hosts = read.with("server.allowed_hosts", list)?;
    server.otlp_http = read.with("otlp.http", socket_or_off)?;
    server.otlp_grpc = read.with("otlp.grpc", socket_or_off)?;
    server.max_body_bytes = read.with("otlp.max_body_bytes", bytes)?;
    server.max_queue_bytes = read.with("otlp.max_queue_bytes", bytes)?;
    if server.max_queue_bytes < server.max_body_bytes {
        let why = "an export of the largest size would never fit";
        return Err(
            read.error("otlp.max_queue_bytes", &format!("expected at least otlp.max_body_bytes: {why}"))
        );
    }
    server.cors_origins = read.with("otlp.cors_origins", list)?;
    let log_level = read.with("log.level", |text| match text {
        "off" | "error" | "warn" | "info" | "debug" | "trace" => Ok(text.to_owned()),
        _ => Err("expected off, error, warn, info, debug or trace".to_owned()),
    })?;
    let log_format = read.with("log.format", |text| match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("expected `text` or `json`".to_owned()),
    })?;
    server.prices = prices::read(layers)?;
    server.retention.rules = retention::read(layers)?;
    server.retention.max_bytes = read.with("database.max_size", |text| {
        if text.is_empty() { Ok(None) } else { amounts::size(text).map(Some) }
    })?;
    let shown = KEYS.iter().map(|key| {
        let (value, origin) = read.shown(key.name);
        let value = if key.name == "database.catalog" { databases.catalog() } else { value };
        Shown { key: key.name.to_owned(), value, origin }
    });
    let shown = shown.chain(databases.shown(layers)).chain(prices::shown(layers, &server.prices));
    let shown = shown.chain(retention::shown(layers, &server.retention.rules)).collect();
    Ok(Config { server, log_level, log_format, shown })
}

/// Settings, one over the other, with their defaults.
pub(super) struct Reader<'a> {
    pub(super) layers: &'a Layers,
}

impl Reader<'_> {
    /// Returns the text of a setting and its origin; a list is joined by commas, as a variable would have it.
    fn value(&self, name: &str) -> (String, String) {
        let default = KEYS.iter().find(|key| key.name == name).map_or("", |key| key.default);
        let Some((value, origin)) = self.layers.get(name) else {
            return (default.to_owned(), "default".to_owned());
        };
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Array(items) => {
                let items =
                    items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
                items.collect::<Vec<_>>().join(",")
            }
            value => value.to_string(),
        };
        (text, origin.clone())
    }

    /// Returns a setting as it may be shown, and its origin.
    fn shown(&self, name: &str) -> (String, String) {
        let (text, origin) = self.value(name);
        let is_url = KEYS.iter().any(|key| key.name == name && key.is_url);
        (if is_url { DatabaseUrl::redact(&text) } else { text }, origin)
    }

    pub(super) fn with<T>(
        &self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        let (text, _) = self.value(name);
        read(&text).map_err(|expected| self.error(name, &expected))
    }

    fn error(&self, name: &str, expected: &str) -> ConfigError {
        let (text, origin) = self.shown(name);
        ConfigError(format!("cannot use `{text}` for `{name}` (from {origin}): {expected}"))
    }
}

pub(super) fn truth(text: &str) -> Result<bool, String> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("expected `true` or `false`".to_owned()),
    }
}

fn socket(text: &str) -> Result<SocketAddr, String> {
    let expected = || "expected an address and a port, such as 127.0.0.1:7777".to_owned();
    // `:7777` is what many programs take for "every address"; here it would be a surprise.
    text.to_socket_addrs().ok().and_then(|mut found| found.next()).ok_or_else(expected)
}

fn socket_or_off(text: &str) -> Result<Option<SocketAddr>, String> {
    if text == "off" { Ok(None) } else { socket(text).map(Some).map_err(|expected| expected + ", or `off`") }
}

fn bytes(text: &str) -> Result<usize, String> {
    let expected = || "expected a number of bytes above 0".to_owned();
    text.parse().ok().filter(|bytes| *bytes > 0).ok_or_else(expected)
}

#[expect(clippy::unnecessary_wraps, reason = "a reader as the others")]
fn list(text: &str) -> Result<Vec<String>, String> {
    Ok(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn layers(text: &str) -> Layers {
        let mut layers = Layers::default();
        layers.add_toml(text, "t.toml").unwrap();
        layers
    }

    #[test]
    fn defaults_are_those_of_the_server() {
        let config = check(&Layers::default()).unwrap();
        assert_eq!(
            format!("{:?}", config.server),
            format!("{:?}", Settings::new(PathBuf::from("tracestead.db")))
        );
    }

    #[test]
    fn the_last_word_wins_and_is_named() {
        let mut layers = layers(
            "[server]\nlisten = \"127.0.0.1:1\"\n[otlp]\nhttp = \"off\"\ncors_origins = [\"https://a\", \"https://b\"]",
        );
        layers
            .add_environment([("TRACESTEAD_SERVER__LISTEN".into(), "127.0.0.1:2".into())].into_iter())
            .unwrap();
        let config = check(&layers).unwrap();
        assert_eq!(config.server.listen.port(), 2);
        assert_eq!(config.server.otlp_http, None);
        assert_eq!(config.server.cors_origins, ["https://a", "https://b"]);
        let listen = config.shown.iter().find(|shown| shown.key == "server.listen").unwrap();
        assert_eq!(listen.origin, "TRACESTEAD_SERVER__LISTEN");
    }

    /// The rows of the table below `heading` in the documentation, cell by cell.
    fn documented(heading: &str) -> Vec<Vec<String>> {
        let (_, below) = DOCUMENTATION.split_once(&format!("\n## {heading}\n")).unwrap();
        let rows = below.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
        let cells =
            |row: &str| row.trim_matches('|').split(" | ").map(|cell| cell.trim().replace('`', "")).collect();
        rows.take_while(|line| line.starts_with('|')).map(cells).collect()
    }

    const DOCUMENTATION: &str = include_str!("../../../../docs/config.md");

    #[test]
    fn the_documentation_has_every_setting() {
        let none = |default: &str| if default.is_empty() { "none".to_owned() } else { default.to_owned() };
        let variable = |name: &str| format!("TRACESTEAD_{}", name.to_uppercase().replacen('.', "__", 1));
        let settings: Vec<_> =
            KEYS.iter().map(|key| [key.name.to_owned(), none(key.default), variable(key.name)]).collect();
        let said: Vec<_> = documented("Settings")
            .into_iter()
            .map(|row| [row[0].clone(), row[1].clone(), row[3].clone()])
            .collect();
        assert_eq!(said, settings);
        let said: Vec<_> = documented("Prices").into_iter().map(|row| row[0].clone()).collect();
        assert_eq!(said, prices::PRICE_KEYS);
        let said: Vec<_> = documented("Retention").into_iter().map(|row| row[0].clone()).collect();
        assert_eq!(said, retention::RETENTION_KEYS);
        let said: Vec<_> = documented("More databases").into_iter().map(|row| row[0].clone()).collect();
        assert_eq!(said, databases::DATABASE_KEYS);
    }

    #[test]
    fn the_examples_of_the_documentation_are_right() {
        let examples: Vec<&str> =
            DOCUMENTATION.split("```toml\n").skip(1).filter_map(|text| text.split("```").next()).collect();
        for list in ["[[prices]]", "[[retention]]"] {
            assert!(examples.iter().any(|example| example.contains(list)));
        }
        for example in examples {
            check(&layers(example)).unwrap();
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        let text = "[database]\ncatalog = \"postgres://u:s3cret@h/d\"\n\
                    [databases.old]\nurl = \"mysql://u:s3cret@h\"";
        let config = check(&layers(text)).unwrap();
        let shown = |key: &str| config.shown.iter().find(|shown| shown.key == key).unwrap().value.clone();
        assert_eq!(shown("database.catalog"), "postgres://u:***@h/d");
        assert_eq!(shown("databases.old"), "{ url = \"mysql://u:***@h\" }");
        for key in ["url", "catalog"] {
            let text = format!("[database]\n{key} = \"postgres://u:s3cret@h:x\"");
            let error = check(&layers(&text)).unwrap_err().to_string();
            assert!(error.contains(&format!("for `database.{key}` (from t.toml): expected")), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let error = |text: &str| check(&layers(text)).unwrap_err().to_string();
        assert_eq!(
            error("[log]\nlevel = \"loud\""),
            "cannot use `loud` for `log.level` (from t.toml): expected off, error, warn, info, debug or trace"
        );
        assert!(error("[otlp]\nmax_body_bytes = -1").contains("expected a number of bytes above 0"));
        assert!(error("[otlp]\nmax_queue_bytes = 1").contains("would never fit"));
        assert!(error("[server]\nlisten = \"nowhere\"").contains("such as 127.0.0.1:7777"));
    }
}
