//! Where the databases' SQL differs.

use super::MAX_LIST;

/// Whose SQL it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
    MySql,
    ClickHouse,
}

impl Dialect {
    /// Returns how many ids a statement takes at once that is asked for in each commit. Where a list is one value, it may be
    /// longer; ClickHouse takes no value of more than 128 KiB.
    pub(crate) fn most_ids(self) -> usize {
        if self == Self::ClickHouse { 4 * MAX_LIST } else { MAX_LIST }
    }

    /// Returns how many spans go into one commit at most, if so many wait: a transaction must stay short, others write to the same
    /// tables.
    pub(crate) fn most_spans(self) -> usize {
        match self {
            // There a commit leaves files behind that are to be merged, however few spans it has.
            Self::ClickHouse => 16_384,
            _ => 4096,
        }
    }

    /// Returns `table` as it is read: of rows that were written over, the last one.
    pub(crate) fn from(self, table: &str) -> String {
        if self == Self::ClickHouse { format!("{table} FINAL") } else { table.to_owned() }
    }

    /// Returns a column of ids such that they are put in the order of their bytes, which its index has.
    pub(crate) fn id_order(self, column: &str) -> String {
        match self {
            Self::Postgres => format!("{column} COLLATE \"C\""),
            _ => column.to_owned(),
        }
    }

    /// Returns a text column such that it is compared byte by byte, whatever order its table has.
    pub(crate) fn bytes_order(self, column: &str) -> String {
        match self {
            Self::Postgres => format!("{column} COLLATE \"C\""),
            // Tables that Agno made take upper and lower case for the same.
            Self::MySql => format!("CAST({column} AS BINARY)"),
            Self::Sqlite | Self::ClickHouse => column.to_owned(),
        }
    }

    /// Returns how rows of `table`, which have a `start_time_ns`, are put in order such that the newest comes first.
    pub(crate) fn newest_first(self, table: &str) -> &'static str {
        match (self, table) {
            // The key, which is read forwards only.
            (Self::ClickHouse, "agno_traces") => "newest_first",
            (Self::ClickHouse, _) => "newest_hour, start_time_ns DESC",
            _ => "start_time_ns DESC",
        }
    }

    /// Returns a number, perhaps with a fraction or a truth value, as a whole number.
    pub(crate) fn whole(self, expression: &str) -> String {
        match self {
            Self::Sqlite => format!("CAST({expression} AS INTEGER)"),
            Self::Postgres => format!("CAST({expression} AS BIGINT)"),
            Self::MySql => format!("CAST({expression} AS SIGNED)"),
            Self::ClickHouse => format!("toInt64({expression})"),
        }
    }

    /// Returns a truth value as 0 or 1.
    pub(crate) fn flag(self, column: &str) -> String {
        match self {
            Self::Postgres => format!("CAST({column} AS INTEGER)"),
            Self::ClickHouse => format!("toInt8({column})"),
            Self::Sqlite | Self::MySql => column.to_owned(),
        }
    }

    /// Returns the end of a `SELECT` that keeps others from changing its rows until the transaction ends.
    pub(crate) fn for_update(self) -> &'static str {
        match self {
            Self::Postgres | Self::MySql => " FOR UPDATE",
            Self::Sqlite | Self::ClickHouse => "",
        }
    }

    /// Returns the end of a `SELECT` that lets others read its rows, and keeps them from changing these until the transaction
    /// ends.
    pub(crate) fn for_share(self) -> &'static str {
        match self {
            Self::Postgres => " FOR SHARE",
            Self::MySql => " LOCK IN SHARE MODE",
            Self::Sqlite | Self::ClickHouse => "",
        }
    }

    /// Returns the start and the end of an `INSERT` that leaves rows alone whose key is taken.
    pub(crate) fn insert_new(self) -> (&'static str, &'static str) {
        match self {
            Self::Sqlite | Self::Postgres => ("INSERT INTO", " ON CONFLICT DO NOTHING"),
            Self::MySql => ("INSERT IGNORE INTO", ""),
            Self::ClickHouse => ("INSERT INTO", ""),
        }
    }

    /// Returns the end of an `INSERT` that writes over a row with the same `key`: an assignment for each column.
    pub(crate) fn on_conflict(
        self,
        key: &str,
        columns: &[&str],
        assign: impl Fn(&str, &str) -> String,
    ) -> String {
        let new = |column: &str| match self {
            Self::MySql => format!("VALUES({column})"),
            _ => format!("EXCLUDED.{column}"),
        };
        let set: Vec<String> =
            columns.iter().map(|column| format!("{column} = {}", assign(column, &new(column)))).collect();
        match self {
            Self::Sqlite | Self::Postgres => format!(" ON CONFLICT ({key}) DO UPDATE SET {}", set.join(", ")),
            Self::MySql => format!(" ON DUPLICATE KEY UPDATE {}", set.join(", ")),
            Self::ClickHouse => String::new(),
        }
    }
}
