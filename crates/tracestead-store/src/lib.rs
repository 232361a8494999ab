//! The database of tracestead.
//!
//! A [`Batch`] of spans goes in, rows come out. [`SqliteStore`] is one file: a single writer thread commits what waits in
//! groups, and readers have connections of their own. [`SqliteStore::ingest`] returns when the commit that holds the batch
//! is on disk, not before.
//!
//! ```text
//!   spans ──Batch::prepare──▶ queue ──▶ writer thread: BEGIN IMMEDIATE … spans, resources, fold of each trace … COMMIT
//!                                                                                          └──▶ answers to all who waited
//! ```
//!
//! Everything that costs CPU and does not need the database (facts, JSON texts) is done by [`Batch::prepare`] on the
//! caller's thread; the writer only binds values. Traces are folded anew from their spans at each commit, which is why
//! the order and the batches in which spans arrive leave no mark.
//!
//! The tables are Agno's `agno_traces` and `agno_spans` with nullable columns of ours beside Agno's own. Agno's classes
//! may read and write the same file meanwhile; rows they write get our columns from [`sqlite`]'s back-fill within a
//! second.
//!
//! This crate knows nothing of HTTP or OTLP. Time is given to it.

mod batch;
mod error;
pub mod sqlite;

pub use batch::{Batch, Malformed};
pub use error::{IngestError, OpenError, ReadError};
pub use sqlite::{Rebuild, Rebuilt, SpanQuery, SqliteOptions, SqliteStore, Stored, Synchronous};
