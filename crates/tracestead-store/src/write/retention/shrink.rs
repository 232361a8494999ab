//! Gives back what is free, where the user has asked the database to do so.
//!
//! SQLite fills pages again that became free, and a file keeps its size. With `auto_vacuum = INCREMENTAL`, which has to be
//! chosen before there are tables, it can be cut a little at a time. A `VACUUM` writes the whole file anew and keeps
//! everybody out meanwhile: that is for the user to decide.
//!
//! On ClickHouse, months of which nothing is left go. Within the others, what was deleted goes when they are merged; it is
//! merged at once only where one user was deleted.

use crate::error::DatabaseError;
use crate::session::{Access, Session, transaction};
use crate::sql::{Dialect, Row};
use crate::write::clickhouse::{self, Month};

/// So many pages are given back in one step.
const STEP_PAGES: i64 = 1000;

/// One free page in so many is kept: the next spans want it.
const KEPT_PART: i64 = 10;

const STATE: &str = "SELECT v.auto_vacuum, f.freelist_count, p.page_count
    FROM pragma_auto_vacuum v, pragma_freelist_count f, pragma_page_count p";

/// How far that is.
#[derive(Debug, Clone, Default)]
pub(super) struct Phase {
    /// Whether nothing may be left on the disk.
    of_user: bool,
    /// The months that are still to be looked at; `None` at the beginning.
    months: Option<Vec<Month>>,
}

impl Phase {
    pub(super) fn of_user() -> Self {
        Self { of_user: true, months: None }
    }
}

/// Gives some space back and returns where to go on, if there may be more.
pub(super) fn step(session: &mut dyn Session, phase: Phase) -> Result<Option<Phase>, DatabaseError> {
    match session.dialect() {
        Dialect::Sqlite => Ok(give_pages_back(session)?.then_some(phase)),
        Dialect::ClickHouse => next_month(session, phase),
        Dialect::Postgres | Dialect::MySql => Ok(None),
    }
}

fn next_month(session: &mut dyn Session, phase: Phase) -> Result<Option<Phase>, DatabaseError> {
    let mut months = match phase.months {
        Some(months) => months,
        None => clickhouse::months(session, phase.of_user)?,
    };
    let Some(month) = months.pop() else { return Ok(None) };
    clickhouse::give_back(session, &month, phase.of_user)?;
    Ok(Some(Phase { months: Some(months), ..phase }))
}

/// Gives some pages back and returns whether there may be more.
fn give_pages_back(session: &mut dyn Session) -> Result<bool, DatabaseError> {
    let pages = transaction(session, Access::Read, to_give_back)?;
    if pages > 0 {
        transaction(session, Access::Write, |session| {
            session.query(&format!("PRAGMA incremental_vacuum({})", pages.min(STEP_PAGES)), &[])
        })?;
    }
    Ok(pages > STEP_PAGES)
}

fn to_give_back(session: &mut dyn Session) -> Result<i64, DatabaseError> {
    const INCREMENTAL: i64 = 2;
    let state = session.query(STATE, &[])?.pop().unwrap_or_else(|| Row(Vec::new()));
    let (auto_vacuum, free, all) = (state.whole(0), state.whole(1), state.whole(2));
    // As many as leave one free page in so many of what the file is then.
    let too_many = (free * KEPT_PART - all) / (KEPT_PART - 1);
    Ok(if auto_vacuum == INCREMENTAL { too_many } else { 0 })
}
