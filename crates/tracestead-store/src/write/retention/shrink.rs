//! Gives back what is free, where the user has asked the database to do so.
//!
//! SQLite fills pages again that became free, and a file keeps its size. With `auto_vacuum = INCREMENTAL`, which has to be
//! chosen before there are tables, it can be cut a little at a time. A `VACUUM` writes the whole file anew and keeps
//! everybody out meanwhile: that is for the user to decide.

use crate::error::DatabaseError;
use crate::session::{Access, Session, transaction};
use crate::sql::{Dialect, Row};

/// So many pages are given back in one step.
const STEP_PAGES: i64 = 1000;

/// One free page in so many is kept: the next spans want it.
const KEPT_PART: i64 = 10;

const STATE: &str = "SELECT v.auto_vacuum, f.freelist_count, p.page_count
    FROM pragma_auto_vacuum v, pragma_freelist_count f, pragma_page_count p";

/// Gives some pages back and returns whether there may be more.
pub(super) fn step(session: &mut dyn Session) -> Result<bool, DatabaseError> {
    if session.dialect() != Dialect::Sqlite {
        return Ok(false);
    }
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
    Ok(if auto_vacuum == INCREMENTAL { free - all / KEPT_PART } else { 0 })
}
