//! Deletes what is not to be kept any longer, while everything else goes on.
//!
//! A step is one short transaction at most, between commits, and says where the next one goes on. Nothing is remembered in
//! the database: whoever begins anew finds the same traces again, but for those that are gone. What has to go is found
//! without a lock and looked at once more with it, as spans may have come meanwhile.
//!
//! ```text
//!   look (a page of traces in the order of their beginning) ──▶ lock ──▶ out of the rollups, events, spans, traces
//!                                                                └── too many spans: some of them, and the row is marked
//! ```
//!
//! A trace with very many spans goes in several steps. The first marks its row ([`delete::UNFINISHED`]), which takes it out
//! of lists; if that is all that happens, the next prune finishes it. A span that comes for it meanwhile folds it anew, so it
//! is again what its spans say.
//!
//! Only traces go: the tables of sessions, runs, approvals and of the audit are Agno's and the user's, and stay.

mod background;
mod candidates;
mod delete;
mod plan;
mod rules;
mod shrink;
mod size;
mod sweep;
mod user;

use tracestead_model::{Retention, UnixNanos};

use super::commit::Context;
use crate::error::DatabaseError;
use crate::session::Session;

pub(crate) use background::Background;
pub(crate) use delete::WHOLE;
pub(super) use delete::delete_spans;
pub(crate) use plan::Planning;
pub use plan::{Planned, PrunePlan};

/// How many spans, with their log records, one step deletes at most: others write to the same tables.
const STEP_SPANS: u64 = 1000;

/// How many traces one step looks at.
const PAGE_TRACES: usize = 1000;

/// What is to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prune {
    /// Traces that are too old, or too many, by these rules.
    Rules(Retention),
    /// Whatever is one user's: all traces that ran on their behalf, and their spans in the traces of others.
    User(String),
    /// Resources that no span refers to any more. It reads all spans, so it is best done after much was deleted.
    Resources,
}

/// What a step did.
#[derive(Debug, Clone, Default)]
pub struct Pruned {
    /// How many traces it deleted.
    pub traces: u64,
    /// How many spans it deleted.
    pub spans: u64,
    /// How many resources it deleted.
    pub resources: u64,
    /// Where to go on from; `None` when all is done.
    pub position: Option<PrunePosition>,
}

/// Where a prune goes on. It may be thrown away at any time: then the next one begins anew.
#[derive(Debug, Clone)]
pub struct PrunePosition(Place);

/// The place of a trace in the order in which pages are read: when it began, and its id.
type Key = (i64, String);

#[derive(Debug, Clone)]
struct Place {
    /// Whether there may be traces that were begun to be deleted; they come first.
    has_unfinished: bool,
    phase: Phase,
}

#[derive(Debug, Clone)]
enum Phase {
    Age(Option<Key>),
    Size(Option<Key>, Option<size::Excess>),
    User(user::Phase),
    Resources(sweep::Phase),
    Shrink(shrink::Phase),
}

impl Pruned {
    fn at(phase: Phase) -> Self {
        Self { position: Some(PrunePosition(Place { has_unfinished: false, phase })), ..Self::default() }
    }

    /// Says what was deleted; of a trace that is not gone yet, the next step takes more.
    fn of(deleted: &delete::Deleted, phase: Phase) -> Self {
        let place = Place { has_unfinished: deleted.is_unfinished, phase };
        Self {
            traces: deleted.traces,
            spans: deleted.spans,
            resources: 0,
            position: Some(PrunePosition(place)),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Step {
    pub(super) what: Prune,
    pub(super) now: UnixNanos,
    pub(super) position: Option<PrunePosition>,
}

pub(super) fn step(
    session: &mut dyn Session,
    step: &Step,
    context: Context<'_>,
) -> Result<Pruned, DatabaseError> {
    let place = step.position.clone().map_or_else(|| first(&step.what, step.now), |position| position.0);
    if place.has_unfinished
        && let Some(deleted) = delete::unfinished(session, context)?
    {
        return Ok(Pruned::of(&deleted, place.phase));
    }
    match (&step.what, place.phase) {
        (Prune::Rules(retention), Phase::Age(after)) => {
            rules::age(session, retention, step.now, after, context)
        }
        (Prune::Rules(retention), Phase::Size(after, excess)) => {
            rules::size(session, retention, after, excess, context)
        }
        (Prune::User(user_id), Phase::User(phase)) => user::step(session, user_id, phase, context),
        (Prune::Resources, Phase::Resources(phase)) => sweep::step(session, &phase),
        (_, Phase::Shrink(phase)) => {
            let next = shrink::step(session, phase)?;
            Ok(next.map_or_else(Pruned::default, |phase| Pruned::at(Phase::Shrink(phase))))
        }
        // A position of another prune is none of this one.
        (what, _) => Ok(Pruned::at(first(what, step.now).phase)),
    }
}

fn first(what: &Prune, now: UnixNanos) -> Place {
    let phase = match what {
        Prune::Rules(_) => Phase::Age(None),
        Prune::User(_) => Phase::User(user::Phase::default()),
        Prune::Resources => Phase::Resources(sweep::Phase::first(now)),
    };
    Place { has_unfinished: *what != Prune::Resources, phase }
}
