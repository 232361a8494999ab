//! Runs what is planned, once, whoever else tries at the same time.

use tracestead_model::UnixNanos;

use super::plan::{Step, plan};
use super::present::Present;
use super::tables::{SPAN_TABLES, Table};
use super::{Tables, VERSION};
use crate::error::{DatabaseError, ErrorKind};
use crate::session::{Access, Conflict, Insert, Session, transaction};
use crate::sql::Value;
use crate::{MigrationStep, TableNames};

/// Why a database cannot be brought to [`VERSION`].
#[derive(Debug)]
pub(crate) enum MigrateError {
    TooNew { found: u32 },
    Failed { version: u32, source: DatabaseError },
}

/// Who is told of each statement before it is run.
pub(crate) type Tell<'a> = &'a mut dyn FnMut(MigrationStep<'_>);

/// Brings the database to [`VERSION`]; several processes may try at once, one does it.
pub(crate) fn migrate(
    session: &mut dyn Session,
    now: UnixNanos,
    tell: Tell<'_>,
) -> Result<Tables, MigrateError> {
    let failed = |source| MigrateError::Failed { version: VERSION, source };
    // Most starts find nothing to do, and then must not wait for another process that writes.
    let (found, present) = look(session).map_err(failed)?;
    if found > VERSION {
        return Err(MigrateError::TooNew { found });
    }
    if found == VERSION {
        return Ok(Tables::of(&present));
    }
    session.lock_migrations().map_err(failed)?;
    let migrated = locked(session, now, tell);
    let unlocked = session.unlock_migrations();
    let tables = migrated?;
    unlocked.map_err(failed)?;
    Ok(tables)
}

fn locked(session: &mut dyn Session, now: UnixNanos, tell: Tell<'_>) -> Result<Tables, MigrateError> {
    let failed = |source| MigrateError::Failed { version: VERSION, source };
    let mut number = 0;
    let names = session.tables().clone();
    let mut tell = |of: usize, sql: &str| {
        number += 1;
        tell(MigrationStep { number, of, sql: &names.put_into(sql) });
    };
    let (online, of) = transaction(session, Access::Write, |session| {
        let present = Present::read(session)?;
        present.check_names(session.tables())?;
        if version(session, &present)? >= VERSION {
            return Ok((Vec::new(), 0));
        }
        let (online, at_once): (Vec<Step>, Vec<Step>) =
            plan(&present, SPAN_TABLES, session).into_iter().partition(Step::is_online);
        let of = at_once.len() + online.len();
        for step in at_once {
            tell(of, &step.sql);
            step.run(session)?;
        }
        let agnos = agnos_versions(SPAN_TABLES, &present, session.tables(), now);
        tell_agno(session, &agnos)?;
        if online.is_empty() {
            note_version(session, now)?;
        }
        Ok((online, of))
    })
    .map_err(failed)?;
    if !online.is_empty() {
        for step in &online {
            tell(of, &step.sql);
            step.run(session).map_err(failed)?;
        }
        transaction(session, Access::Write, |session| note_version(session, now)).map_err(failed)?;
    }
    let (found, present) = look(session).map_err(failed)?;
    if found > VERSION { Err(MigrateError::TooNew { found }) } else { Ok(Tables::of(&present)) }
}

/// Returns the version of the tables and what is there of them.
pub(crate) fn look(session: &mut dyn Session) -> Result<(u32, Present), DatabaseError> {
    let mut tries = 0;
    loop {
        let found = transaction(session, Access::Read, |session| {
            let present = Present::read(session)?;
            present.check_names(session.tables())?;
            Ok((version(session, &present)?, present))
        });
        match found {
            // The table was made since the transaction began: another process migrates.
            Err(error) if error.kind == ErrorKind::Conflict && tries < MOST_LOOKS => tries += 1,
            found => return found,
        }
    }
}

/// How often it is looked while others change what there is.
const MOST_LOOKS: u32 = 20;

fn version(session: &mut dyn Session, present: &Present) -> Result<u32, DatabaseError> {
    if !present.has("tracestead_migrations") {
        return Ok(0);
    }
    let rows = session.query("SELECT MAX(version) FROM tracestead_migrations", &[])?;
    Ok(rows.first().map_or(0, |row| row.small(0)))
}

fn note_version(session: &mut dyn Session, now: UnixNanos) -> Result<(), DatabaseError> {
    let present = Present::read(session)?;
    let from = version(session, &present)?;
    let (columns, rows) = our_versions(from, now);
    let insert = Insert { table: "tracestead_migrations", columns: &columns, conflict: Conflict::Keep };
    session.insert(&insert, &rows)?;
    Ok(())
}

/// Columns and their values, row by row.
pub(super) type Rows = (Vec<&'static str>, Vec<Vec<Value<'static>>>);

/// Returns what is noted of the versions after `from`.
pub(super) fn our_versions(from: u32, now: UnixNanos) -> Rows {
    let row = |version| vec![Value::int(version), Value::from(now.to_agno())];
    (vec!["version", "applied_at"], (from + 1..=VERSION).map(row).collect())
}

/// Returns what Agno is told of the tables that it has, too, and that we make: it asks for their versions. The times have no
/// offset.
pub(super) fn agnos_versions(
    tables: &[Table],
    present: &Present,
    names: &TableNames,
    now: UnixNanos,
) -> Rows {
    let time = now.to_agno().trim_end_matches("+00:00").to_owned();
    let made = tables.iter().filter(|table| table.is_agnos && !present.has(table.name));
    let row = |table: &Table| {
        let time = || Value::from(time.clone());
        vec![Value::from(names.of(table.name).to_owned()), Value::text("3.0.0"), time(), time()]
    };
    (vec!["table_name", "version", "created_at", "updated_at"], made.map(row).collect())
}

pub(super) fn tell_agno(session: &mut dyn Session, (columns, rows): &Rows) -> Result<(), DatabaseError> {
    if rows.is_empty() {
        return Ok(());
    }
    let insert = Insert { table: "agno_schema_versions", columns, conflict: Conflict::Keep };
    session.insert(&insert, rows)?;
    Ok(())
}

impl Tables {
    fn of(present: &Present) -> Self {
        Self {
            has_unique_span_ids: !present.span_key.is_empty()
                && !present.span_key.iter().any(|column| column == "trace_id"),
        }
    }
}
