//! What has to be done otherwise where there are no transactions and rows are not changed.
//!
//! Every step may be the last one before the process ends, and another server may take any step in between. What makes the
//! end the same all the same:
//!
//! - Spans are written before the row of their trace. Who never got an answer sends again, and then the row is written
//!   again, even if every span is known.
//! - Who has written looks again (`look`): if a trace is not what it was folded from, it is folded anew. Of two servers that
//!   write to a trace at once, the one that looks last sees what both wrote.
//! - Hours are not added to but summed from their spans (`hours`), once they have been left alone for a moment.

mod hours;
mod look;
mod spans;

use super::apply::{self, Drafts};
use super::commit::Context;
use super::span_events::Joined;
use crate::error::DatabaseError;
use crate::session::{Conflict, Session};

pub(crate) use hours::Hours;
pub(super) use hours::{Summing, rebuild};
pub(super) use spans::write as write_spans;

/// Writes the drafts and sees to it that they are right whoever else writes.
pub(super) fn write(
    session: &mut dyn Session,
    drafts: Drafts<'_>,
    joined: &Joined,
    context: Context<'_>,
) -> Result<(), DatabaseError> {
    let written = look::Seen::of(&drafts, joined);
    apply::write(session, drafts, joined, Conflict::Never)?;
    look::settle(session, written, context)
}
