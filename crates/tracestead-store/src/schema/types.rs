//! What a column holds, and the type that each database has for it.

use crate::sql::Dialect;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The id of a trace or a span.
    Id,
    /// An id that a user gave.
    Reference,
    /// One of a few words.
    Word,
    /// A time as ISO 8601 text, as Agno has it.
    Time,
    /// Text of any length.
    Text,
    Integer,
    Flag,
    Json,
    Bytes,
}

impl Kind {
    /// Returns the type.
    pub(crate) fn sql(self, dialect: Dialect) -> &'static str {
        match (dialect, self) {
            (Dialect::Sqlite, Self::Bytes) => "BLOB",
            (Dialect::Postgres, Self::Bytes) => "BYTEA",
            (Dialect::MySql, Self::Bytes) => "LONGBLOB",
            (Dialect::Sqlite | Dialect::MySql, Self::Json) => "JSON",
            (Dialect::Postgres, Self::Json) => "JSONB",
            (Dialect::Sqlite | Dialect::Postgres | Dialect::MySql, Self::Integer) => "BIGINT",
            (Dialect::Sqlite | Dialect::Postgres | Dialect::MySql, Self::Flag) => "BOOLEAN",
            // The order of bytes, whatever the language of the database is.
            (Dialect::Postgres, Self::Id | Self::Time) => "VARCHAR COLLATE \"C\"",
            (Dialect::Sqlite | Dialect::Postgres, _) => "VARCHAR",
            (Dialect::MySql, Self::Id | Self::Time) => "VARCHAR(128)",
            // As long as an index takes.
            (Dialect::MySql, Self::Reference) => "VARCHAR(512)",
            (Dialect::MySql, Self::Word) => "VARCHAR(50)",
            (Dialect::MySql, Self::Text) => "LONGTEXT",
            (Dialect::ClickHouse, Self::Integer) => "Int64",
            (Dialect::ClickHouse, Self::Flag) => "Bool",
            (Dialect::ClickHouse, Self::Word) => "LowCardinality(String)",
            (Dialect::ClickHouse, _) => "String",
        }
    }

    /// Returns the type of a column that may be empty.
    pub(crate) fn nullable(self, dialect: Dialect) -> String {
        let sql = self.sql(dialect);
        match (dialect, self) {
            (Dialect::ClickHouse, Self::Word) => "LowCardinality(Nullable(String))".to_owned(),
            (Dialect::ClickHouse, _) => format!("Nullable({sql})"),
            _ => sql.to_owned(),
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) is_nullable: bool,
}

impl Column {
    /// Returns the column as `CREATE TABLE` and `ADD COLUMN` have it.
    pub(crate) fn sql(&self, dialect: Dialect) -> String {
        let name = quoted(self.name);
        if self.is_nullable {
            format!("{name} {}", self.kind.nullable(dialect))
        } else if dialect == Dialect::ClickHouse {
            format!("{name} {}", self.kind.sql(dialect))
        } else {
            format!("{name} {} NOT NULL", self.kind.sql(dialect))
        }
    }
}

/// Two of our names are words of some databases' SQL.
pub(crate) fn quoted(name: &str) -> String {
    if matches!(name, "release" | "rank") { format!("\"{name}\"") } else { name.to_owned() }
}
