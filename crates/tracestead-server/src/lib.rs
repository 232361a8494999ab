//! The only part of tracestead that listens.
//!
//! Three listeners, one router behind them: the main port answers everything (page, REST, OTLP over HTTP and gRPC), two
//! more take OTLP on the ports where every OpenTelemetry SDK sends it by default.
//!
//! ```text
//!   POST /v1/traces ─┐                                           ┌─ /traces …     Agno's routes
//!   gRPC Export ─────┴▶ budget ▶ decode ▶ store ▶ answer         ├─ /api/v1 …     the page's routes
//!                                                                └─ /  /ui …      the page
//! ```
//!
//! - An export is answered after the commit that holds it, never before.
//! - What waits is limited in bytes; over the limit senders are told to come back later.
//! - Whatever comes from the network is data. A bad span is refused alone, a bad question gets a 400 that says why.
//!
//! Start it with [`Server::start`], stop it with [`Server::stop`]. It reads no configuration and no environment: that is
//! the command's work. Logs never contain attribute values.

mod databases;
mod error;
mod guard;
mod health;
mod ingest;
mod openapi;
mod rest;
mod self_metrics;
mod server;
mod settings;
mod ui;

pub use databases::NamedDatabase;
pub use openapi::document as openapi_document;
pub use server::{Address, Face, Server, StartError};
pub use settings::Settings;

use std::sync::Arc;

use databases::Databases;
use ingest::Ingest;
use tracestead_model::UnixNanos;

/// What every handler shares.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) databases: Arc<Databases>,
    pub(crate) ingest: Arc<Ingest>,
    pub(crate) about: Arc<About>,
}

/// What does not change while the server runs.
#[derive(Debug)]
pub(crate) struct About {
    pub(crate) started_at: UnixNanos,
    pub(crate) addresses: Vec<Address>,
    pub(crate) allowed_hosts: Vec<String>,
}

/// Returns the time of the wall clock. It is asked here only.
pub(crate) fn now() -> UnixNanos {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let nanos = u64::try_from(since_1970.as_nanos()).unwrap_or(u64::MAX);
    UnixNanos::new(nanos).unwrap_or(UnixNanos::EPOCH)
}
