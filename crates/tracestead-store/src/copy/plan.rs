//! What is copied: which tables, and which of their columns.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::{Column, Columns, Holds};
use super::create;
use super::same::Rules;
use super::shape::{self, Shape, Shapes};
use crate::error::DatabaseError;
use crate::schema::{self, SPAN_TABLES};
use crate::session::{Access, Session, transaction};
use crate::sql::Dialect;

/// Tables of ours that are about the database they are in.
const ITS_OWN: [&str; 3] = ["tracestead_migrations", "tracestead_rollups", "tracestead_progress"];

/// Who may ask. There a row that is out of date lets somebody in.
const KEYS: &str = "tracestead_keys";

/// Agno's note of the version of each of its tables.
const VERSIONS: &str = "agno_schema_versions";

const EVENTS: &str = "tracestead_span_events";

/// What happens to a row whose key is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Merge {
    /// What is there stays.
    Keep,
    /// The row with the later time stands, which is in this column.
    Later { updated_at: usize },
    /// What is there stays, but that a key is revoked, as this column says, holds wherever it was said first.
    Revoked { revoked_at: usize },
}

/// A table that is copied row by row.
#[derive(Debug, Clone)]
pub(crate) struct TablePlan {
    pub(crate) columns: Columns,
    pub(crate) merge: Merge,
    /// Whether its rows are log records, of which spans say more.
    pub(crate) has_events: bool,
}

/// A table that is not copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The table.
    pub table: String,
    /// Why not.
    pub reason: &'static str,
}

/// What is copied.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) traces: Columns,
    pub(crate) spans: Columns,
    /// Other tables, in the order in which they are copied, before the traces.
    pub(crate) tables: Vec<TablePlan>,
    pub(crate) left_out: Vec<LeftOut>,
    pub(crate) rules: Rules,
    /// Tables that the target lacks.
    pub(crate) missing: Vec<String>,
    there: Shapes,
}

/// Why there is no plan.
#[derive(Debug)]
pub(crate) enum PlanError {
    /// The source has no traces.
    NoTraces,
    /// The target has no place for what is in these columns.
    Columns {
        table: String,
        columns: Vec<String>,
    },
    /// A later tracestead made the tables of the source.
    TooNew {
        found: u32,
    },
    Source(DatabaseError),
}

impl From<DatabaseError> for PlanError {
    fn from(error: DatabaseError) -> Self {
        Self::Source(error)
    }
}

impl Plan {
    /// Compares both databases, of which the target has the tables `here`; nothing is written.
    pub(crate) fn new(source: &mut dyn Session, here: &Shapes, to: Dialect) -> Result<Self, PlanError> {
        let (version, names) = schema::look(source)?;
        let there = transaction(source, Access::Read, shape::read)?;
        if version > schema::VERSION {
            return Err(PlanError::TooNew { found: version });
        }
        if !names.has("agno_traces") || !names.has("agno_spans") {
            return Err(PlanError::NoTraces);
        }
        let of_known = |name: &str| {
            let table = SPAN_TABLES.iter().find(|table| table.name == name)?;
            let columns = names.columns.get(name)?;
            Some(Columns::of_table(table, |column| columns.contains(column)))
        };
        let (Some(traces), Some(spans)) = (of_known("agno_traces"), of_known("agno_spans")) else {
            return Err(PlanError::NoTraces);
        };
        let mut plan = Self {
            traces,
            spans,
            tables: Vec::new(),
            left_out: Vec::new(),
            rules: Rules::between(source.dialect(), to),
            missing: Vec::new(),
            there,
        };
        for name in ["tracestead_resources", EVENTS, "tracestead_quarantine"] {
            plan.tables.extend(of_known(name).map(|columns| TablePlan {
                columns,
                merge: Merge::Keep,
                has_events: name == EVENTS,
            }));
        }
        plan.add_columns_of_others(source, here)?;
        plan.add_others(source, here, to)?;
        Ok(plan)
    }

    /// Returns the columns of log records, if there are any.
    pub(crate) fn events(&self) -> Option<&Columns> {
        self.tables.iter().find(|table| table.has_events).map(|table| &table.columns)
    }

    /// Adds columns that somebody gave to our tables in both databases.
    fn add_columns_of_others(&mut self, source: &mut dyn Session, here: &Shapes) -> Result<(), PlanError> {
        let tables = [&mut self.traces, &mut self.spans];
        let others = self.tables.iter_mut().map(|table| &mut table.columns);
        for columns in tables.into_iter().chain(others) {
            let (Some(there), none) = (self.there.get(&columns.table), Shape::default()) else { continue };
            let here = here.get(&columns.table).unwrap_or(&none);
            let is_known = |name: &str| columns.position(name).is_some() || name == schema::UNUSED_SINCE;
            let (more, lacking) = shared(there, here, is_known);
            no_loss(source, &columns.table, &lacking)?;
            columns.extend(more);
        }
        Ok(())
    }

    /// Adds the tables that are not those of spans.
    fn add_others(&mut self, source: &mut dyn Session, here: &Shapes, to: Dialect) -> Result<(), PlanError> {
        let is_other = |name: &str| {
            name != VERSIONS
                && !SPAN_TABLES.iter().any(|table| table.name == name)
                && !ITS_OWN.contains(&name)
        };
        let there = self.there.clone();
        for (name, shape) in there.iter().filter(|(name, _)| is_other(name)) {
            let reason = if to == Dialect::ClickHouse {
                Some("ClickHouse has tables of spans only")
            } else if shape.key.is_empty() {
                Some("it has no key by which a row is told from another")
            } else {
                None
            };
            if let Some(reason) = reason {
                self.left_out.push(LeftOut { table: name.clone(), reason });
                continue;
            }
            let columns = if let Some(here) = here.get(name) {
                let (columns, lacking) = shared(shape, here, |_| false);
                no_loss(source, name, &lacking)?;
                columns
            } else {
                self.missing.push(name.clone());
                let column = |column: &shape::ColumnShape| Column {
                    name: column.name.clone(),
                    from: Some(column.holds.clone()),
                    to: as_made(&column.holds),
                };
                shape.columns.iter().map(column).collect()
            };
            self.tables.extend(table_plan(name, shape, columns));
        }
        self.tables.sort_by_key(|table| depth(&there, &table.columns.table, 0));
        Ok(())
    }

    /// Makes the tables that the target lacks.
    pub(crate) fn make_missing(&mut self, target: &mut dyn Session) -> Result<(), DatabaseError> {
        let mut missing = std::mem::take(&mut self.missing);
        missing.sort_by_key(|name| depth(&self.there, name, 0));
        if missing.is_empty() {
            return Ok(());
        }
        for name in &missing {
            let Some(shape) = self.there.get(name) else { continue };
            let statements = create::statements(name, shape, &self.there, target);
            transaction(target, Access::Write, |target| {
                statements.iter().try_for_each(|sql| target.execute(sql, &[]).map(|_| ()))
            })?;
        }
        Ok(())
    }
}

fn table_plan(name: &str, shape: &Shape, columns: Vec<Column>) -> Option<TablePlan> {
    let at = |name: &str| columns.iter().position(|column| column.name == name);
    let merge = match (at("updated_at"), at("revoked_at")) {
        (_, Some(revoked_at)) if name == KEYS => Merge::Revoked { revoked_at },
        (Some(updated_at), _) if columns[updated_at].to == Holds::Integer => Merge::Later { updated_at },
        _ => Merge::Keep,
    };
    let columns = Columns::new(name, columns, shape.key.iter().map(String::as_str));
    Some(TablePlan { columns, merge, has_events: false })
        .filter(|plan| plan.columns.key.len() == shape.key.len())
}

/// Returns the columns that both have, and those that are missing here.
fn shared(there: &Shape, here: &Shape, is_known: impl Fn(&str) -> bool) -> (Vec<Column>, BTreeSet<String>) {
    let to: BTreeMap<&str, &Holds> =
        here.columns.iter().map(|column| (column.name.as_str(), &column.holds)).collect();
    let (mut columns, mut lacking) = (Vec::new(), BTreeSet::new());
    for column in there.columns.iter().filter(|column| !is_known(&column.name)) {
        match to.get(column.name.as_str()) {
            Some(to) => columns.push(Column {
                name: column.name.clone(),
                from: Some(column.holds.clone()),
                to: (*to).clone(),
            }),
            None => {
                lacking.insert(column.name.clone());
            }
        }
    }
    (columns, lacking)
}

/// Fails if one of these columns has something in any row.
fn no_loss(source: &mut dyn Session, table: &str, lacking: &BTreeSet<String>) -> Result<(), PlanError> {
    let mut columns = Vec::new();
    for column in lacking {
        if transaction(source, Access::Read, |source| shape::holds_anything(source, table, column))? {
            columns.push(column.clone());
        }
    }
    if columns.is_empty() { Ok(()) } else { Err(PlanError::Columns { table: table.to_owned(), columns }) }
}

/// What a column holds in a table that we make: what has no type of its own is text.
fn as_made(holds: &Holds) -> Holds {
    match holds {
        Holds::Other(kind) if !kind.eq_ignore_ascii_case("date") => Holds::Text,
        holds => holds.clone(),
    }
}

/// Returns how far a table is from one that refers to no other: such come first.
fn depth(shapes: &Shapes, name: &str, so_far: usize) -> usize {
    // Tables that refer to each other in a circle have no order.
    if so_far > shapes.len() {
        return so_far;
    }
    let others = shapes.get(name).map(|shape| shape.references.as_slice()).unwrap_or_default();
    let others =
        others.iter().filter(|reference| reference.table != name && shapes.contains_key(&reference.table));
    others.map(|reference| 1 + depth(shapes, &reference.table, so_far + 1)).max().unwrap_or(0)
}
