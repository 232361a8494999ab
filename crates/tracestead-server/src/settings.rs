//! What a server needs to be told.

use std::net::SocketAddr;

use tracestead_model::{Price, Retention};
use tracestead_store::{DatabaseUrl, Synchronous};

use crate::NamedDatabase;

/// Where the catalogue is if the main database cannot hold it.
const CATALOG_FILE: &str = "tracestead-catalog.db";

/// What a server needs to be told. [`Settings::new`] gives the defaults.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where traces are that are sent to the server, and that are asked for without a `db_id`.
    pub database: DatabaseUrl,
    /// Its `db_id`.
    pub database_id: String,
    /// Databases beside it, which are asked only; none has its id.
    pub databases: Vec<NamedDatabase>,
    /// Where keys, approvals and the audit log are; `None` for the main database or, where that cannot hold them,
    /// `tracestead-catalog.db`.
    pub catalog: Option<DatabaseUrl>,
    /// Nothing in the database is changed; exports are refused.
    pub read_only: bool,
    /// When a commit is on disk.
    pub synchronous: Synchronous,
    /// Where page, REST and OTLP are served; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where OTLP/HTTP is taken beside the main port.
    pub otlp_http: Option<SocketAddr>,
    /// Where OTLP/gRPC is taken.
    pub otlp_grpc: Option<SocketAddr>,
    /// The largest export taken, in bytes after decompression.
    pub max_body_bytes: usize,
    /// How many bytes of exports may wait or be worked on at once.
    pub max_queue_bytes: usize,
    /// Whether it may listen where other machines reach it although nobody has to say who they are.
    pub insecure_no_auth: bool,
    /// Names under which browsers may ask beside `localhost` and addresses, such as that of a reverse proxy.
    pub allowed_hosts: Vec<String>,
    /// Web origins whose pages may export spans; `*` means any.
    pub cors_origins: Vec<String>,
    /// What calls cost, before the price list is asked.
    pub prices: Vec<Price>,
    /// How long traces are kept; for ever if it says nothing.
    pub retention: Retention,
}

impl Settings {
    /// Returns the defaults for the database at `database`: loopback, OpenTelemetry's ports, durable commits.
    #[must_use]
    pub fn new(database: impl Into<DatabaseUrl>) -> Self {
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self {
            database: database.into(),
            database_id: "default".to_owned(),
            databases: Vec::new(),
            catalog: None,
            read_only: false,
            synchronous: Synchronous::Full,
            listen: local(7777),
            otlp_http: Some(local(4318)),
            otlp_grpc: Some(local(4317)),
            max_body_bytes: 64 << 20,
            max_queue_bytes: 96 << 20,
            insecure_no_auth: false,
            allowed_hosts: Vec::new(),
            cors_origins: vec!["*".to_owned()],
            prices: Vec::new(),
            retention: Retention::default(),
        }
    }
    /// Returns where the catalogue is.
    #[must_use]
    pub fn catalog_url(&self) -> DatabaseUrl {
        match (&self.catalog, &self.database) {
            (Some(catalog), _) => catalog.clone(),
            (None, DatabaseUrl::ClickHouse(_)) => DatabaseUrl::Sqlite(CATALOG_FILE.into()),
            (None, relational) => relational.clone(),
        }
    }
}
