//! Everything that changes a database.

mod apply;
mod backfill;
mod clickhouse;
mod commit;
mod copied;
mod derive;
mod draft;
mod hours;
mod progress;
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

pub use progress::Backfill;
pub use rebuild::{Rebuild, Rebuilt};
pub use retention::{Planned, Prune, PrunePlan, PrunePosition, Pruned};

pub(crate) use retention::{Background, Planning, WHOLE};

pub(crate) use backfill::STALE;
pub(crate) use clickhouse::{Hours, Summing};
pub(crate) use commit::Context;
pub(crate) use copied::{
    Copied, CopiedTrace, TraceColumns, is_settled_row, write as write_copied, write_events,
};
pub(crate) use derive::{Said, spans as derive_spans, traces as derive_traces};
pub(crate) use span_events::stored_keys as stored_event_keys;
pub(crate) use span_events::{Joined, attributes, from_column, number};
pub(crate) use writer::Writer;
