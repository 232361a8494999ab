//! Database URLs, as users of Agno write them and in our plain form.

use std::path::PathBuf;

/// Returns the file of `sqlite:PATH`, or of SQLAlchemy's `sqlite:///PATH`.
pub(crate) fn database_path(url: &str) -> Result<PathBuf, String> {
    let expected = "expected sqlite:PATH, such as sqlite:tracestead.db";
    let Some((scheme, rest)) = url.split_once(':') else { return Err(expected.to_owned()) };
    match scheme.split('+').next().unwrap_or_default() {
        "sqlite" => {}
        "postgres" | "postgresql" | "mysql" | "mariadb" | "clickhouse" => {
            return Err(format!("{expected}; this version keeps traces in SQLite only"));
        }
        _ => return Err(expected.to_owned()),
    }
    // SQLAlchemy: three slashes for a path from here, four for one from the root.
    let path = match rest.strip_prefix("//") {
        None => rest,
        Some(rest) => {
            rest.strip_prefix('/').ok_or("expected three slashes as in sqlite:///traces.db, or none")?
        }
    };
    if path.is_empty() || path == ":memory:" {
        return Err(format!("{expected}; a database in memory would lose what was acknowledged"));
    }
    Ok(PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_that_sqlalchemy_means() {
        let path = |url| database_path(url).unwrap().display().to_string();
        assert_eq!(path("sqlite:tracestead.db"), "tracestead.db");
        assert_eq!(path("sqlite:/var/lib/t.db"), "/var/lib/t.db");
        assert_eq!(path("sqlite:///tmp/t.db"), "tmp/t.db");
        assert_eq!(path("sqlite:////tmp/t.db"), "/tmp/t.db");
        assert_eq!(path("sqlite+aiosqlite:///t.db"), "t.db");
    }

    #[test]
    fn wrong_urls_say_what_is_expected() {
        for url in ["", "t.db", "sqlite:", "sqlite::memory:", "sqlite://t.db", "postgres://h/d", "ftp://x"] {
            assert!(database_path(url).unwrap_err().contains("expected"), "{url}");
        }
    }
}
