//! Binds, serves and stops.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tracestead_store::OpenError;

use crate::databases::Databases;
use crate::ingest::{self, Ingest};
use crate::{About, App, Settings, guard, openapi, self_metrics, ui};

/// How long open connections may go on after a stop before they are cut.
const DRAIN: Duration = Duration::from_secs(20);

/// What is served at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// Page, REST and OTLP.
    Main,
    /// OTLP over HTTP.
    OtlpHttp,
    /// OTLP over gRPC.
    OtlpGrpc,
}

/// Where something is served.
#[derive(Debug, Clone, Copy)]
pub struct Address {
    /// What is served.
    pub face: Face,
    /// Where; never port 0.
    pub socket: SocketAddr,
}

impl Address {
    /// Returns the address as people write it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.socket)
    }

    /// Returns what is served, for people.
    #[must_use]
    pub fn purpose(&self) -> &'static str {
        match self.face {
            Face::Main => "page and REST",
            Face::OtlpHttp => "OTLP/HTTP",
            Face::OtlpGrpc => "OTLP/gRPC",
        }
    }
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A database cannot be used.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// An address cannot be bound.
    #[error("cannot listen on {socket} ({purpose}): {source}")]
    Bind {
        /// The address.
        socket: SocketAddr,
        /// What was to be served.
        purpose: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// Other machines could read everything.
    #[error(
        "refusing to listen on {0}: other machines could read every prompt, as nobody has to say who they are; \
         listen on 127.0.0.1, or pass --insecure-no-auth if something in front of it checks who asks"
    )]
    OpenWithoutAuthentication(SocketAddr),
}

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    addresses: Vec<Address>,
    app: App,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Server {
    /// Opens the databases, binds every address and begins to serve.
    pub async fn start(settings: &Settings) -> Result<Self, StartError> {
        self_metrics::install();
        let faces = [
            (Face::Main, Some(settings.listen)),
            (Face::OtlpHttp, settings.otlp_http),
            (Face::OtlpGrpc, settings.otlp_grpc),
        ];
        let mut has_open_bind = false;
        let mut bound = Vec::new();
        let mut addresses = Vec::new();
        for (face, socket) in faces {
            let Some(socket) = socket else { continue };
            has_open_bind |= !socket.ip().is_loopback();
            if has_open_bind && !settings.insecure_no_auth {
                return Err(StartError::OpenWithoutAuthentication(socket));
            }
            let purpose = Address { face, socket }.purpose();
            let cannot_bind = |source| StartError::Bind { socket, purpose, source };
            let listener = TcpListener::bind(socket).await.map_err(cannot_bind)?;
            addresses.push(Address { face, socket: listener.local_addr().map_err(cannot_bind)? });
            bound.push((face, listener));
        }
        let now = crate::now();
        let databases = Arc::new(Databases::open(settings, now).await?);
        let about = About {
            started_at: now,
            addresses: addresses.clone(),
            allowed_hosts: settings.allowed_hosts.clone(),
        };
        let app = App {
            ingest: Arc::new(Ingest::new(Arc::clone(databases.main()), settings)),
            databases,
            about: Arc::new(about),
        };
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        for (face, listener) in bound {
            let router =
                if face == Face::Main { main_router(&app, settings) } else { otlp_router(&app, settings) };
            let stopped = stop.clone().cancelled_owned();
            tasks.spawn(async move {
                if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
                    tracing::error!(%error, ?face, "stopped serving");
                }
            });
        }
        for (id, store) in app.databases.all() {
            tracing::info!(id, database = %store.url(), read_only = store.is_read_only(), "opened");
        }
        tracing::info!(has_open_bind, "started");
        Ok(Self { addresses, app, stop, tasks })
    }

    /// Returns what is served where, the main address first.
    #[must_use]
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Refuses new exports, finishes those being read, writes what waits and closes the databases.
    pub async fn stop(mut self) {
        self.app.ingest.stop();
        self.stop.cancel();
        let drained =
            tokio::time::timeout(DRAIN, async { while self.tasks.join_next().await.is_some() {} }).await;
        if drained.is_err() {
            tracing::warn!("some connections were still open and are cut");
            self.tasks.abort_all();
        }
        self.app.databases.close().await;
        tracing::info!("stopped");
    }
}

fn main_router(app: &App, settings: &Settings) -> Router {
    let (documented, document) = openapi::routes().split_for_parts();
    let document = document.to_pretty_json().unwrap_or_default();
    let answers = Router::new()
        .merge(documented)
        .route("/openapi.json", get(move || async { ([("content-type", "application/json")], document) }))
        .route("/metrics/self", get(self_metrics::render))
        .route("/", get(ui::home))
        .fallback(get(ui::serve))
        .layer(CompressionLayer::new().gzip(true).compress_when(
            SizeAbove::new(1024).and(NotForContentType::IMAGES).and(NotForContentType::const_new("font/")),
        ))
        .layer(from_fn_with_state(app.clone(), guard::refuse_foreign_hosts));
    ingest::routes(&settings.cors_origins).merge(answers).with_state(app.clone())
}

fn otlp_router(app: &App, settings: &Settings) -> Router {
    ingest::routes(&settings.cors_origins).with_state(app.clone())
}
