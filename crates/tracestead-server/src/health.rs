//! `GET /health` and `GET /info`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use tracestead_store::SpanStore;
use utoipa::ToSchema;

use crate::App;
use crate::server::Face;

/// How long the catalogue may take to answer.
const CATALOG_PATIENCE: Duration = Duration::from_secs(2);

/// Whether the server works.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok` or `error`.
    status: &'static str,
    /// When it started, in ISO 8601.
    instantiated_at: String,
    /// How far the rows that Agno wrote are filled; `null` if the server only reads.
    backfill: Option<Filling>,
    /// Whether keys, approvals and the audit log can be read: `ok` or `error`; `null` if the server only reads.
    catalog: Option<&'static str>,
}

/// How far the rows that Agno wrote are filled.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Filling {
    /// How many spans are still to be filled; at least so many, if it is 10,000.
    pending: u64,
    /// How many were filled since the server started.
    done: u64,
}

/// Whether the server can store what it is sent; needs no authentication.
#[utoipa::path(
    get,
    path = "/health",
    operation_id = "health",
    tag = "Server",
    responses(
        (status = 200, body = Health),
        (status = 503, body = Health, description = "Nothing can be stored any more: restart it, and see its log"),
    )
)]
pub(crate) async fn health(State(app): State<App>) -> (StatusCode, Json<Health>) {
    let (code, status) = if app.databases.are_writing() {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "error")
    };
    let instantiated_at = app.about.started_at.to_rest();
    let backfill =
        app.databases.backfill().map(|filling| Filling { pending: filling.pending, done: filling.done });
    let catalog = catalog(&app).await;
    (code, Json(Health { status, instantiated_at, backfill, catalog }))
}

/// Who asks for health does not wait for a database that is gone.
async fn catalog(app: &App) -> Option<&'static str> {
    let checked = tokio::time::timeout(CATALOG_PATIENCE, app.databases.catalog()?.check()).await;
    Some(if matches!(checked, Ok(Ok(()))) { "ok" } else { "error" })
}

/// What the server is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Info {
    name: &'static str,
    version: &'static str,
    /// The main database, without secrets.
    database: String,
    /// Every database, the main one first.
    databases: Vec<DatabaseInfo>,
    /// Where keys, approvals and the audit log are, without secrets; `null` if the server only reads.
    catalog: Option<String>,
    /// Who may ask: `none` means everyone who can reach it.
    auth_mode: &'static str,
    listeners: Vec<Listener>,
}

/// A database that can be asked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DatabaseInfo {
    /// The `db_id` of questions.
    id: String,
    /// Where it is, without secrets.
    database: String,
    /// Whether nothing in it is changed.
    read_only: bool,
}

/// Where the server listens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Listener {
    /// `http`, `otlp_http` or `otlp_grpc`.
    face: &'static str,
    url: String,
}

/// Version, databases and addresses.
#[utoipa::path(get, path = "/info", operation_id = "info", tag = "Server", responses((status = 200, body = Info)))]
pub(crate) async fn info(State(app): State<App>) -> Json<Info> {
    let listener = |address: &crate::Address| Listener {
        face: match address.face {
            Face::Main => "http",
            Face::OtlpHttp => "otlp_http",
            Face::OtlpGrpc => "otlp_grpc",
        },
        url: address.url(),
    };
    let database = |(id, store): (&str, &SpanStore)| DatabaseInfo {
        id: id.to_owned(),
        database: store.url().to_string(),
        read_only: store.is_read_only(),
    };
    Json(Info {
        name: "tracestead",
        version: env!("CARGO_PKG_VERSION"),
        database: app.databases.main().url().to_string(),
        databases: app.databases.all().map(database).collect(),
        catalog: app.databases.catalog().map(|catalog| catalog.url().to_string()),
        auth_mode: "none",
        listeners: app.about.addresses.iter().map(listener).collect(),
    })
}
