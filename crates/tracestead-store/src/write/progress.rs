//! How far the back-fill is, for people who wait.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::DatabaseError;
use crate::session::{Access, Session, transaction};
use crate::sql::Value;

/// More rows than this are not counted: it is asked again and again, and of many it does not matter how many.
const MOST_COUNTED: i64 = 10_000;

/// How far the back-fill is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backfill {
    /// How many spans are still to be filled: at least so many, if it is 10,000.
    pub pending: u64,
    /// How many were filled since the database was opened.
    pub done: u64,
}

/// The same, as the writer notes it.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pending: AtomicU64,
    done: AtomicU64,
}

impl Progress {
    pub(crate) fn now(&self) -> Backfill {
        Backfill { pending: self.pending.load(Ordering::Relaxed), done: self.done.load(Ordering::Relaxed) }
    }

    pub(super) fn note_done(&self, spans: u64) {
        self.done.fetch_add(spans, Ordering::Relaxed);
    }

    pub(super) fn note_pending(&self, spans: u64) {
        self.pending.store(spans, Ordering::Relaxed);
    }
}

/// Returns how many spans are to be filled, as far as they are counted.
pub(super) fn pending(session: &mut dyn Session) -> Result<u64, DatabaseError> {
    let from = session.dialect().from("agno_spans");
    let sql = format!(
        "SELECT COUNT(*) FROM (SELECT 1 AS one FROM {from} WHERE is_counted IS NULL LIMIT ?) AS bounded"
    );
    transaction(session, Access::Read, |session| {
        let counted = session.query(&sql, &[Value::int(MOST_COUNTED)])?;
        Ok(counted.first().map_or(0, |row| row.whole(0)).unsigned_abs())
    })
}
