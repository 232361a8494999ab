//! The statements that bring a database to our version.

use super::present::Present;
use super::tables::{BY_TRACE, DROPPED_INDEXES, INDEXES, Index, Table};
use super::types::quoted;
use super::views::views;
use crate::error::DatabaseError;
use crate::session::Session;
use crate::sql::Dialect;

/// A statement, and how it is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) sql: String,
    pub(crate) run: Run,
}

/// How a statement is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Run {
    /// Before all others: it makes the place of the tables.
    Place,
    /// In the transaction of all others.
    AtOnce,
    /// After them: it may take long and must not be within a transaction.
    Online,
}

impl Step {
    /// Returns the step that makes the place of the tables, if it is missing.
    pub(super) fn place(present: &Present) -> impl Iterator<Item = Self> {
        present.place.clone().into_iter().map(|sql| Self { sql, run: Run::Place })
    }

    pub(super) fn is_online(&self) -> bool {
        self.run == Run::Online
    }

    pub(super) fn run(&self, session: &mut dyn Session) -> Result<(), DatabaseError> {
        match self.run {
            Run::Place => session.make_place(&self.sql),
            Run::AtOnce => session.execute(&self.sql, &[]).map(|_| ()),
            Run::Online => session.execute_online(&self.sql),
        }
    }
}

/// Returns what the database lacks of the tables of spans, their indexes and views.
pub(crate) fn plan(present: &Present, tables: &[Table], session: &dyn Session) -> Vec<Step> {
    let dialect = session.dialect();
    if dialect == Dialect::ClickHouse {
        return super::clickhouse::plan(present, tables, session.cluster());
    }
    let is_agnos_key =
        present.has("agno_spans") && !present.span_key.iter().any(|column| column == "trace_id");
    let by_trace = Some(&BY_TRACE).filter(|_| is_agnos_key);
    let mut steps = lacking(present, tables, INDEXES.iter().chain(by_trace), session);
    for index in DROPPED_INDEXES.iter().filter(|index| present.indexes.contains(index.name)) {
        let on = if dialect == Dialect::MySql { format!(" ON {}", index.table) } else { String::new() };
        steps.push(at_once(format!("DROP INDEX {}{on}", index.name)));
    }
    steps.extend(create_views(present, dialect));
    steps
}

/// Returns what the database lacks of these tables and indexes, and of a place for them.
pub(super) fn lacking<'a>(
    present: &Present,
    tables: &[Table],
    indexes: impl Iterator<Item = &'a Index>,
    session: &dyn Session,
) -> Vec<Step> {
    let (dialect, options) = (session.dialect(), session.table_options());
    let mut steps: Vec<Step> = Step::place(present).collect();
    for table in tables {
        match present.columns.get(table.name) {
            None => steps.push(at_once(create(table, dialect, &options))),
            Some(columns) => {
                let missing: Vec<String> = table
                    .columns
                    .iter()
                    .filter(|column| !columns.contains(column.name))
                    .map(|column| format!("ADD COLUMN {}", column.sql(dialect)))
                    .collect();
                steps.extend(add_columns(table.name, &missing, dialect).into_iter().map(at_once));
            }
        }
    }
    for index in indexes {
        if tables.iter().any(|table| table.name == index.table) && !present.indexes.contains(index.name) {
            steps.extend(create_index(index, present, session));
        }
    }
    steps
}

/// Views hold nothing, so they are made anew by each version.
fn create_views(present: &Present, dialect: Dialect) -> impl Iterator<Item = Step> {
    views(dialect).into_iter().flat_map(|view| {
        // What is not there need not go: who reads the statements looks for what they take away.
        let drop = present.views.contains(view.name).then(|| format!("DROP VIEW IF EXISTS {}", view.name));
        let create = format!("CREATE VIEW {} AS\n{}", view.name, view.select);
        drop.into_iter().chain([create]).map(at_once)
    })
}

pub(super) fn at_once(sql: String) -> Step {
    Step { sql, run: Run::AtOnce }
}

fn create(table: &Table, dialect: Dialect, options: &str) -> String {
    let columns: Vec<String> = table.columns.iter().map(|column| column.sql(dialect)).collect();
    let (name, key) = (table.name, table.key);
    let columns = columns.join(",\n    ");
    match dialect {
        Dialect::Sqlite => {
            // Agno's table says so too, and Agno's own connections hold to it.
            let reference = if name == "agno_spans" {
                ",\n    FOREIGN KEY (trace_id) REFERENCES agno_traces (trace_id)"
            } else {
                ""
            };
            // A short row is its key's: the table is its own index.
            let is_compact =
                matches!(name, "tracestead_resources" | "tracestead_span_events" | "tracestead_rollups");
            let tail = if is_compact { " WITHOUT ROWID" } else { "" };
            format!("CREATE TABLE {name} (\n    {columns},\n    PRIMARY KEY ({key}){reference}\n){tail}")
        }
        _ => {
            format!("CREATE TABLE {name} (\n    {columns},\n    PRIMARY KEY ({key})\n){options}")
        }
    }
}

fn add_columns(table: &str, missing: &[String], dialect: Dialect) -> Vec<String> {
    match dialect {
        _ if missing.is_empty() => Vec::new(),
        // One column a statement.
        Dialect::Sqlite => missing.iter().map(|column| format!("ALTER TABLE {table} {column}")).collect(),
        _ => vec![format!("ALTER TABLE {table}\n    {}", missing.join(",\n    "))],
    }
}

fn create_index(index: &Index, present: &Present, session: &dyn Session) -> Vec<Step> {
    let dialect = session.dialect();
    let columns: Vec<String> = index
        .columns
        .iter()
        .map(|column| match *column {
            "trace_id" => dialect.id_order("trace_id"),
            column => quoted(column),
        })
        .collect();
    let only = match (index.only, dialect) {
        (Some(only), Dialect::Sqlite | Dialect::Postgres) => format!(" WHERE {only}"),
        _ => String::new(),
    };
    // Others go on writing to a table that is there.
    let is_online = dialect == Dialect::Postgres && present.has(index.table);
    let run = if is_online { Run::Online } else { Run::AtOnce };
    let concurrently = if is_online { " CONCURRENTLY" } else { "" };
    let qualifier = if is_online { session.qualifier() } else { String::new() };
    let (name, table, columns) = (index.name, index.table, columns.join(", "));
    let mut steps = Vec::new();
    if is_online && present.unfinished.contains(index.name) {
        steps.push(Step { sql: format!("DROP INDEX CONCURRENTLY IF EXISTS {qualifier}{name}"), run });
    }
    let sql = format!("CREATE INDEX{concurrently} {name} ON {qualifier}{table} ({columns}){only}");
    steps.push(Step { sql, run });
    steps
}
