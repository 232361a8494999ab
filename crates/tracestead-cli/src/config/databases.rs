//! Which databases there are: the main one, those of `[databases.NAME]`, and the one for keys, approvals and the audit log.
//!
//! A database is asked for by its id, as in AgentOS. The main one's is a setting, another's is its name.

use std::path::{Path, PathBuf};

use toml::{Table, Value};
use tracestead_server::NamedDatabase;
use tracestead_store::DatabaseUrl;

use super::keys::{Reader, truth};
use super::layers::{Layers, unknown_in};
use super::{ConfigError, Shown};

/// The keys of a table, in the order in which they are shown and documented.
pub(super) const DATABASE_KEYS: &[&str] = &["url", "password_file", "read_only"];

/// Where keys, approvals and the audit log are if the main database cannot hold them.
const CATALOG_FILE: &str = "tracestead-catalog.db";

const EXPECTED_ID: &str = "expected 1 to 64 letters, digits, `-` and `_`";
const EXPECTED_FILE: &str = "expected the path of a file with a password in it";

/// Every database, checked.
#[derive(Debug)]
pub(super) struct Databases {
    main: Database,
    /// No two are the same or have one id, the main one included.
    others: Vec<Database>,
    catalog: DatabaseUrl,
}

/// One database.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) id: String,
    pub(super) url: DatabaseUrl,
    password_file: Option<PathBuf>,
    pub(super) read_only: bool,
}

/// Reads the settings of the main database, and the tables of the others in the order of their names.
pub(super) fn read(settings: &Reader<'_>) -> Result<Databases, ConfigError> {
    let main = main(settings)?;
    let catalog = settings.with("database.catalog", |text| catalog(text, &main.url, settings.layers))?;
    let mut databases = Databases { main, others: Vec::new(), catalog };
    if let Some((value, origin)) = settings.layers.tables("databases") {
        let tables = value.as_table().ok_or_else(|| no_table("databases", value, origin))?;
        for (name, value) in tables {
            let database = Entry::new(name, value, origin)?.database(&databases)?;
            databases.others.push(database);
        }
    }
    Ok(databases)
}

fn main(settings: &Reader<'_>) -> Result<Database, ConfigError> {
    let url = settings.with("database.url", parse)?;
    let id = settings.with("database.id", |text| id(text).ok_or_else(|| EXPECTED_ID.to_owned()))?;
    let read_only = settings.with("database.read_only", truth)?;
    let (url, password_file) = settings.with("database.password_file", |text| {
        let file = (!text.is_empty()).then(|| PathBuf::from(text));
        Ok((with_password_of(url, file.as_deref())?, file))
    })?;
    Ok(Database { id, url, password_file, read_only })
}

fn parse(text: &str) -> Result<DatabaseUrl, String> {
    text.parse::<DatabaseUrl>().map_err(|error| error.to_string())
}

/// Returns where the catalogue is. ClickHouse has no transactions, which it needs.
fn catalog(text: &str, main: &DatabaseUrl, layers: &Layers) -> Result<DatabaseUrl, String> {
    if text.is_empty() {
        return Ok(match main {
            DatabaseUrl::ClickHouse(_) => DatabaseUrl::Sqlite(layers.beside(CATALOG_FILE)),
            relational => relational.clone(),
        });
    }
    match parse(text)? {
        DatabaseUrl::ClickHouse(_) => {
            Err("expected a SQLite, PostgreSQL or MySQL database: ClickHouse has no transactions".to_owned())
        }
        relational => Ok(relational),
    }
}

/// An id stands in addresses, and in the file without quotes.
fn id(text: &str) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    ((1..=64).contains(&text.len()) && text.bytes().all(fits)).then(|| text.to_owned())
}

pub(super) fn with_password_of(url: DatabaseUrl, file: Option<&Path>) -> Result<DatabaseUrl, String> {
    let Some(file) = file else { return Ok(url) };
    if url.server().is_none() {
        return Err("expected none: a SQLite file has no password".to_owned());
    }
    if url.has_password() {
        return Err("expected none: the URL has a password already".to_owned());
    }
    let text = std::fs::read_to_string(file).map_err(|error| format!("{EXPECTED_FILE}: {error}"))?;
    // Editors end a file with a line end, which nobody means.
    let password =
        text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    if password.is_empty() {
        return Err(format!("{EXPECTED_FILE}: it is empty"));
    }
    Ok(url.with_password(password.to_owned()))
}

fn no_table(name: &str, value: &Value, origin: &str) -> ConfigError {
    let found = value.type_str();
    ConfigError(format!(
        "cannot use this {found} for `{name}` (from {origin}): expected a table below a line `[databases.NAME]`"
    ))
}

impl Databases {
    pub(super) fn main(&self) -> &Database {
        &self.main
    }

    /// Returns the others as the server is told of them.
    pub(super) fn others(&self) -> Vec<NamedDatabase> {
        let named = |database: &Database| NamedDatabase {
            id: database.id.clone(),
            url: database.url.clone(),
            read_only: database.read_only,
        };
        self.others.iter().map(named).collect()
    }

    fn all(&self) -> impl Iterator<Item = &Database> {
        std::iter::once(&self.main).chain(&self.others)
    }

    /// Returns where the catalogue is if it is not in the main database.
    pub(super) fn catalog_apart(&self) -> Option<DatabaseUrl> {
        (self.catalog != self.main.url).then(|| self.catalog.clone())
    }

    /// Returns where the catalogue is, as it may be shown.
    pub(super) fn catalog(&self) -> String {
        self.catalog.to_string()
    }

    /// Returns the tables as `config print` shows them, each in one line.
    pub(super) fn shown<'a>(&'a self, layers: &'a Layers) -> impl Iterator<Item = Shown> + 'a {
        let origin = layers.tables("databases").map_or("", |(_, origin)| origin);
        self.others.iter().map(move |database| Shown {
            key: format!("databases.{}", database.id),
            value: database.in_one_line(),
            origin: origin.to_owned(),
        })
    }
}

impl Database {
    fn in_one_line(&self) -> String {
        let quoted = |text: String| Value::String(text).to_string();
        let values = [
            Some(quoted(self.url.to_string())),
            self.password_file.as_ref().map(|file| quoted(file.display().to_string())),
            self.read_only.then(|| "true".to_owned()),
        ];
        let pairs = DATABASE_KEYS.iter().zip(values);
        let pairs = pairs.filter_map(|(key, value)| Some(format!("{key} = {}", value?)));
        format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
    }
}

/// One table and where it stands.
struct Entry<'a> {
    id: String,
    table: &'a Table,
    origin: &'a str,
}

impl<'a> Entry<'a> {
    fn new(name: &str, value: &'a Value, origin: &'a str) -> Result<Self, ConfigError> {
        let id = id(name).ok_or_else(|| {
            ConfigError(format!(
                "cannot use `{name}` for a name in `databases` (from {origin}): {EXPECTED_ID}"
            ))
        })?;
        // What is no table may be a URL, so only its kind is told.
        let table = value.as_table().ok_or_else(|| no_table(&format!("databases.{id}"), value, origin))?;
        Ok(Self { id, table, origin })
    }

    fn database(self, others: &Databases) -> Result<Database, ConfigError> {
        let name = format!("databases.{}", self.id);
        if let Some(key) = self.table.keys().find(|key| !DATABASE_KEYS.contains(&key.as_str())) {
            return Err(unknown_in(&name, key, DATABASE_KEYS, self.origin));
        }
        if others.all().any(|other| other.id == self.id) {
            let (id, origin) = (&self.id, self.origin);
            return Err(ConfigError(format!(
                "cannot name a database `{id}` in {origin}: that is the main one; set `database.id` or take another name"
            )));
        }
        let url = self.text("url", "expected a URL in quotes")?.ok_or_else(|| {
            let origin = self.origin;
            ConfigError(format!(
                "missing setting `{name}.url` in {origin}: expected a URL, such as sqlite:old.db"
            ))
        })?;
        let wrong = |why: &str| self.error("url", &DatabaseUrl::redact(url), why);
        let url = parse(url).map_err(|expected| wrong(&expected))?;
        if let Some(other) = others.all().find(|other| other.url.same_place(&url)) {
            return Err(wrong(&format!("expected another database than that of `{}`", other.id)));
        }
        let read_only = match self.table.get("read_only") {
            None => false,
            Some(Value::Boolean(read_only)) => *read_only,
            Some(value) => {
                return Err(self.error("read_only", &value.to_string(), "expected `true` or `false`"));
            }
        };
        let file = self.text("password_file", EXPECTED_FILE)?;
        let password_file = file.map(PathBuf::from);
        let url = with_password_of(url, password_file.as_deref())
            .map_err(|expected| self.error("password_file", file.unwrap_or_default(), &expected))?;
        Ok(Database { id: self.id, url, password_file, read_only })
    }

    fn text(&self, key: &str, expected: &str) -> Result<Option<&'a str>, ConfigError> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| self.error(key, value.type_str(), expected))
    }

    fn error(&self, key: &str, value: &str, expected: &str) -> ConfigError {
        let (id, origin) = (&self.id, self.origin);
        ConfigError(format!("cannot use `{value}` for `databases.{id}.{key}` (from {origin}): {expected}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn databases(text: &str) -> Result<Databases, String> {
        let mut layers = Layers::default();
        layers.add_toml(text, "t.toml").map_err(|error| error.to_string())?;
        read(&Reader { layers: &layers }).map_err(|error| error.to_string())
    }

    fn error(text: &str) -> String {
        databases(text).unwrap_err()
    }

    #[test]
    fn there_is_always_a_main_database() {
        let databases = databases("").unwrap();
        assert_eq!(databases.all().count(), 1);
        assert_eq!(databases.main.id, "default");
        assert_eq!(databases.catalog(), "sqlite:tracestead.db");
    }

    #[test]
    fn others_have_the_names_of_their_tables() {
        let text = "[databases.old]\nurl = \"sqlite:///old.db\"\nread_only = true\n\
                    [databases.default]\nurl = \"postgresql+psycopg://ai:s3cret@h/ai\"\n\
                    [database]\nid = \"main\"";
        let databases = databases(text).unwrap();
        let ids: Vec<&str> = databases.all().map(|database| database.id.as_str()).collect();
        assert_eq!(ids, ["main", "default", "old"]);
        assert_eq!(databases.others[0].in_one_line(), "{ url = \"postgres://ai:***@h/ai\" }");
        assert_eq!(databases.others[1].in_one_line(), "{ url = \"sqlite:old.db\", read_only = true }");
    }

    #[test]
    fn the_catalogue_is_in_a_relational_database() {
        let catalog =
            |text: &str| databases(&format!("[database]\n{text}")).map(|databases| databases.catalog());
        assert_eq!(catalog("url = \"mysql://h\"").unwrap(), "mysql://h");
        assert_eq!(catalog("url = \"clickhouse://h\"").unwrap(), "sqlite:tracestead-catalog.db");
        let text = "url = \"clickhouse://h\"\ncatalog = \"postgres://h/d\"";
        assert_eq!(catalog(text).unwrap(), "postgres://h/d");
        assert!(catalog("catalog = \"clickhouse://h\"").unwrap_err().contains("has no transactions"));
    }

    #[test]
    fn the_catalogue_lies_beside_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("t.toml");
        std::fs::write(&file, "[database]\nurl = \"clickhouse://h\"").unwrap();
        let mut layers = Layers::default();
        layers.add_file(Some(&file)).unwrap();
        let databases = read(&Reader { layers: &layers }).unwrap();
        assert_eq!(databases.catalog, DatabaseUrl::Sqlite(folder.path().join(CATALOG_FILE)));
    }

    #[test]
    fn passwords_come_from_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        let text = |url: &str| {
            format!(
                "[databases.b]\nurl = \"{url}\"\npassword_file = {}",
                Value::String(file.display().to_string())
            )
        };
        assert!(
            error(&text("postgres://u@h/d")).contains("expected the path of a file with a password in it: ")
        );
        for written in ["s3cret", "s3cret\n", "s3cret\r\n"] {
            std::fs::write(&file, written).unwrap();
            let databases = databases(&text("postgres://u@h/d")).unwrap();
            assert_eq!(databases.others[0].url, parse("postgres://u:s3cret@h/d").unwrap());
            assert!(!databases.others[0].in_one_line().contains("s3cret"));
        }
        assert!(error(&text("postgres://u:p@h/d")).contains("the URL has a password already"));
        assert!(error(&text("sqlite:b.db")).contains("a SQLite file has no password"));
        std::fs::write(&file, "\n").unwrap();
        assert!(error(&text("postgres://u@h/d")).contains("it is empty"));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let cases = [
            ("databases = 1", "cannot use this integer for `databases` (from t.toml): expected a table"),
            (
                "[databases]\nurl = \"postgres://u:s3cret@h\"",
                "cannot use this string for `databases.url` (from t.toml): expected a table below",
            ),
            (
                "[databases.\"a b\"]",
                "cannot use `a b` for a name in `databases` (from t.toml): expected 1 to 64",
            ),
            ("[databases.b]", "missing setting `databases.b.url` in t.toml: expected a URL"),
            (
                "[databases.b]\nurl = 1",
                "cannot use `integer` for `databases.b.url` (from t.toml): expected a URL",
            ),
            (
                "[databases.b]\nurl = \"postgres://u:s3cret@h:x\"",
                "cannot use `postgres://***` for `databases.b.url` (from t.toml): expected a port",
            ),
            (
                "[databases.b]\nurl = \"sqlite:b\"\nread_only = 1",
                "cannot use `1` for `databases.b.read_only` (from t.toml): expected `true` or `false`",
            ),
            (
                "[databases.b]\nurll = \"sqlite:b\"",
                "unknown setting `databases.b.urll` in t.toml; did you mean `databases.b.url`?",
            ),
            (
                "[databases.default]\nurl = \"sqlite:b\"",
                "cannot name a database `default` in t.toml: that is the main",
            ),
            (
                "[databases.b]\nurl = \"sqlite:./tracestead.db\"",
                "cannot use `sqlite:./tracestead.db` for `databases.b.url` (from t.toml): expected another database \
                 than that of `default`",
            ),
            ("[database]\nid = \"\"", "cannot use `` for `database.id` (from t.toml): expected 1 to 64"),
        ];
        for (text, expected) in cases {
            let error = error(text);
            assert!(error.starts_with(expected), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
