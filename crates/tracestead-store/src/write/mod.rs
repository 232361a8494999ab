//! Everything that changes a database.

mod apply;
mod backfill;
mod clickhouse;
mod commit;
mod derive;
mod draft;
mod hours;
mod quarantine;
mod rebuild;
mod rollups;
mod rows;
mod source;
mod span_events;
mod summary;
mod traces;
mod writer;

pub use rebuild::{Rebuild, Rebuilt};

pub(crate) use backfill::STALE;
pub(crate) use derive::{Said, spans as derive_spans, traces as derive_traces};
pub(crate) use span_events::{Joined, attributes, from_column, number};
pub(crate) use clickhouse::Hours;
pub(crate) use writer::Writer;
