//! Traces of AI agents, in your own database.
//!
//! A program that runs agents says two things at its start: which database, and that it wants to be traced. From then on
//! every run is in `agno_traces` and `agno_spans` of that database, where the `tracestead` command, its page, Agno's classes
//! and any SQL client read it. No server is needed, and nothing leaves the process but rows.
//!
//! ```
//! use tracestead::{SqliteDb, TraceQuery, setup_tracing};
//!
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("traces.db");
//! let db = SqliteDb::open(path)?;
//! let tracing = setup_tracing(db.clone())?;
//!
//! tracing::info_span!("invoke_agent", gen_ai.operation.name = "invoke_agent", gen_ai.agent.id = "support")
//!     .in_scope(|| { /* the agent runs */ });
//!
//! for trace in db.get_traces(TraceQuery { agent_id: Some("support".into()), ..TraceQuery::default() })? {
//!     println!("{}: {} ms, {}", trace.name, trace.duration_ms, trace.status);
//! }
//! # drop(tracing);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **What is recorded.** Spans of the `tracing` crate, which is how an agent made with rig is traced without a line more;
//! spans made with OpenTelemetry's own API; and the typed spans of [`spans`] for agents of your own. They all follow
//! OpenTelemetry's and OpenInference's conventions: another backend understands them as well.
//!
//! **Never in the way.** The thread that runs an agent puts what ended into a queue, and that is all: see [`pipeline`]. A
//! database that is not there is tried again, and said once. What does not fit is dropped and counted: [`Tracing::stats`].
//!
//! **Databases.** SQLite is built in. `PostgresDb`, `MySqlDb` and `ClickHouseDb` come with the cargo features `postgres`,
//! `mysql` and `clickhouse`; `otlp` sends copies to other backends, or everything to a tracestead server.
//!
//! A process that is forked without `exec` has no thread that stores: what it records is lost, and it waits for nobody. End
//! tracing before, or set it up afterwards.

mod convert;
mod db;
pub mod environment;
mod layer;
#[cfg(feature = "otlp")]
mod otlp;
mod panics;
pub mod pipeline;
mod processor;
mod setup;
pub mod spans;
mod target;

#[cfg(feature = "clickhouse")]
pub use db::ClickHouseDb;
#[cfg(feature = "mysql")]
pub use db::MySqlDb;
#[cfg(feature = "postgres")]
pub use db::PostgresDb;
#[cfg(feature = "sqlite")]
pub use db::SqliteDb;
pub use db::{Db, DbError, StatsQuery, TraceQuery, TraceStatus, filter_from_json};
#[cfg(feature = "otlp")]
pub use otlp::{InvalidEndpoint, OtlpExporter};
pub use pipeline::{CopyStats, FlushTimedOut, Notice, Processing, Redaction, Stats};
pub use processor::TracesteadProcessor;
pub use setup::{SetupError, Tracing, TracingBuilder, setup_tracing};
pub use target::Target;
pub use tracestead_model::query::{Filter, PageStart, SessionStats, SpanRecord, TraceRecord};
pub use tracestead_model::{PriceBook, Retention, UnixNanos};
pub use tracestead_model::{content::SpanContent, facts::SpanFacts};
pub use tracestead_store::{DatabaseUrl, OpenOptions, SpanQuery, Synchronous, TableNames};

/// The wall clock, which nothing else of this crate reads.
fn now() -> tracestead_model::UnixNanos {
    tracestead_model::UnixNanos::from_i64(convert::nanos(std::time::SystemTime::now()))
}

/// The examples of the guide are tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/rust.md")]
struct Guide;
