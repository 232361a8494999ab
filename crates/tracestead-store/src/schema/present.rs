//! What is there already.

use std::collections::{BTreeMap, BTreeSet};

use crate::TableNames;
use crate::error::{DatabaseError, ErrorKind};
use crate::session::Session;
use crate::sql::{Dialect, Row};

/// The tables, columns, indexes and views that a database has in our schema.
#[derive(Debug, Default)]
pub(crate) struct Present {
    /// The statement that makes the place of the tables, if it is missing; then there is nothing else.
    pub(crate) place: Option<String>,
    pub(crate) columns: BTreeMap<String, BTreeSet<String>>,
    /// Tables that are called as ours are by default, where ours are called otherwise.
    others: BTreeMap<String, BTreeSet<String>>,
    pub(crate) indexes: BTreeSet<String>,
    /// Indexes that were being made when their maker died: they are there and of no use.
    pub(crate) unfinished: BTreeSet<String>,
    pub(crate) views: BTreeSet<String>,
    /// The columns of the key of `agno_spans`.
    pub(crate) span_key: Vec<String>,
}

impl Present {
    /// Looks, within a transaction.
    pub(crate) fn read(session: &mut dyn Session) -> Result<Self, DatabaseError> {
        let mut present = Self { place: session.missing_place()?, ..Self::default() };
        if present.place.is_some() {
            return Ok(present);
        }
        for mut row in session.query(columns_sql(session.dialect()), &[])? {
            let (table, column): (String, String) = (row.required(0), row.required(1));
            match session.tables().ours(&table) {
                Some(table) => present.columns.entry(table.to_owned()).or_default().insert(column),
                None => present.others.entry(table).or_default().insert(column),
            };
        }
        let names = |rows: Vec<Row>| rows.into_iter().map(|mut row| row.required(0));
        if let Some(sql) = indexes_sql(session.dialect()) {
            let (whole, unfinished): (Vec<Row>, Vec<Row>) =
                session.query(sql, &[])?.into_iter().partition(|row| row.flag(1));
            (present.indexes, present.unfinished) = (names(whole).collect(), names(unfinished).collect());
        }
        if let Some(sql) = views_sql(session.dialect()) {
            present.views = names(session.query(sql, &[])?).collect();
        }
        if let Some(sql) = span_key_sql(session.dialect()) {
            present.span_key = names(session.query(sql, &[])?).collect();
        }
        Ok(present)
    }

    pub(crate) fn has(&self, table: &str) -> bool {
        self.columns.contains_key(table)
    }

    /// Fails if what tracestead has here is about other tables of traces: sums, resources and views are of one pair.
    pub(crate) fn check_names(&self, names: &TableNames) -> Result<(), DatabaseError> {
        const FILLED: &str = "is_counted";
        let is_ours = self.columns.get("agno_spans").is_some_and(|columns| columns.contains(FILLED));
        if is_ours || !self.has("tracestead_rollups") {
            return Ok(());
        }
        let of_others = self.columns.iter().chain(&self.others).find(|(table, columns)| {
            // On a cluster, the table that holds the rows may be there alone.
            columns.contains(FILLED)
                && table.trim_end_matches("_local") != "agno_spans"
                && table.trim_end_matches("_local") != names.spans()
        });
        let Some((other, _)) = of_others else { return Ok(()) };
        let says = format!(
            "the traces that tracestead keeps here have their spans in {other}, not in {}; open it with that name, or give the \
             others a schema or a file of their own",
            names.spans()
        );
        Err(DatabaseError::new(ErrorKind::Other, says))
    }
}

fn columns_sql(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => {
            "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'"
        }
        Dialect::Postgres => {
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
        }
        Dialect::MySql => {
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
        }
        Dialect::ClickHouse => "SELECT table, name FROM system.columns WHERE database = currentDatabase()",
    }
}

/// Asks for names, and whether the index can be used.
fn indexes_sql(dialect: Dialect) -> Option<&'static str> {
    match dialect {
        Dialect::Sqlite => Some("SELECT name, 1 FROM sqlite_master WHERE type = 'index'"),
        Dialect::Postgres => Some(
            "SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = current_schema()",
        ),
        Dialect::MySql => Some(
            "SELECT DISTINCT index_name, 1 FROM information_schema.statistics WHERE table_schema = DATABASE()",
        ),
        Dialect::ClickHouse => None,
    }
}

/// ClickHouse needs not know: it has a statement that replaces one or makes it.
fn views_sql(dialect: Dialect) -> Option<&'static str> {
    match dialect {
        Dialect::Sqlite => Some("SELECT name FROM sqlite_master WHERE type = 'view'"),
        // The information schema says nothing of those that belong to others.
        Dialect::Postgres => Some("SELECT viewname FROM pg_views WHERE schemaname = current_schema()"),
        Dialect::MySql => {
            Some("SELECT table_name FROM information_schema.views WHERE table_schema = DATABASE()")
        }
        Dialect::ClickHouse => None,
    }
}

fn span_key_sql(dialect: Dialect) -> Option<&'static str> {
    match dialect {
        Dialect::Sqlite => Some("SELECT name FROM pragma_table_info('agno_spans') WHERE pk > 0 ORDER BY pk"),
        Dialect::Postgres => Some(
            "SELECT a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
                JOIN pg_namespace n ON n.oid = c.relnamespace
                JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
             WHERE i.indisprimary AND c.relname = 'agno_spans' AND n.nspname = current_schema()",
        ),
        Dialect::MySql => Some(
            "SELECT column_name FROM information_schema.key_column_usage
             WHERE table_schema = DATABASE() AND table_name = 'agno_spans' AND constraint_name = 'PRIMARY'",
        ),
        Dialect::ClickHouse => None,
    }
}
