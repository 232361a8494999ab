//! The databases of tracestead.
//!
//! A [`Batch`] of spans goes in, rows come out, and what they say is the same in every database. A [`SpanStore`] is one
//! database: a single writer thread commits what waits in groups, and readers have connections of their own.
//! [`SpanStore::ingest`] returns when the commit that holds the batch is on disk, not before.
//!
//! ```text
//!   spans ──Batch::prepare──▶ queue ──▶ writer thread: BEGIN … read what is stored, fold, write … COMMIT
//!                                                                            └──▶ answers to all who waited
//! ```
//!
//! Everything that costs CPU and does not need the database (facts, JSON texts) is done by [`Batch::prepare`] on the
//! caller's thread. Traces are folded anew from their spans at each commit, which is why the order and the batches in which
//! spans arrive leave no mark.
//!
//! What is common to the databases is written once, against [`session::Session`]: a connection that takes statements with
//! `?` for values. `sql` has the few words in which the databases differ, `engine` their drivers, `schema` their tables.
//!
//! The tables are Agno's `agno_traces` and `agno_spans` with nullable columns of ours beside Agno's own. Agno's classes
//! may read and write the same tables meanwhile; rows they write get our columns from the back-fill within a second.
//!
//! Each driver is a cargo feature: `sqlite` (the default), `postgres`, `mysql` and `clickhouse`. A URL of any database can be
//! read in any build; opening one whose driver was left out is [`OpenError::NoDriver`].
//!
//! This crate knows nothing of HTTP or OTLP. Time is given to it.

mod batch;
mod catalog;
mod connection;
mod copy;
mod engine;
mod error;
mod migration;
mod names;
mod read;
mod readers;
mod schema;
mod session;
mod sql;
mod store;
mod url;
mod write;

pub use batch::{Batch, Malformed};
pub use catalog::Catalog;
pub use copy::{Copier, CopyDone, CopyError, Difference, LeftOut, Verified, Verifier};
pub use error::{DatabaseError, IngestError, OpenError, ReadError};
pub use migration::{MigrationStep, Plan};
pub use names::{TableNameError, TableNames};
pub use read::SpanQuery;
pub use store::{OpenOptions, SpanStore, Stored, Synchronous};
pub use url::{DatabaseUrl, Password, Server, ServerUrl, Tls, UrlError};
pub use write::{Backfill, Planned, Prune, PrunePlan, PrunePosition, Pruned, Rebuild, Rebuilt};
