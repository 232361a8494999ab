//! Everything that changes a database.

mod apply;
mod backfill;
mod commit;
mod draft;
mod hours;
mod quarantine;
mod rebuild;
mod resources;
mod retention;
mod rollups;
mod rows;
mod source;
mod span_events;
mod summary;
mod traces;
mod writer;

pub use rebuild::{Rebuild, Rebuilt};
pub use retention::{Planned, Prune, PrunePlan, PrunePosition, Pruned};

pub(crate) use retention::{Background, Planning};

pub(crate) use span_events::{Joined, attributes, from_column, number};
pub(crate) use writer::Writer;
