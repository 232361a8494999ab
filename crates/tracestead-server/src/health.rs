//! `GET /health` and `GET /info`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::server::Face;

/// That the server runs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    status: &'static str,
    /// When it started, in ISO 8601.
    instantiated_at: String,
}

/// Whether the server runs; needs no authentication.
#[utoipa::path(get, path = "/health", operation_id = "health", tag = "Server", responses((status = 200, body = Health)))]
pub(crate) async fn health(State(app): State<App>) -> Json<Health> {
    Json(Health { status: "ok", instantiated_at: app.about.started_at.to_rest() })
}

/// What the server is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Info {
    name: &'static str,
    version: &'static str,
    /// The database, without secrets.
    database: String,
    /// Who may ask: `none` means everyone who can reach it.
    auth_mode: &'static str,
    listeners: Vec<Listener>,
}

/// Where the server listens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Listener {
    /// `http`, `otlp_http` or `otlp_grpc`.
    face: &'static str,
    url: String,
}

/// Version, database and addresses.
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
    Json(Info {
        name: "tracestead",
        version: env!("CARGO_PKG_VERSION"),
        database: app.about.database.clone(),
        auth_mode: "none",
        listeners: app.about.addresses.iter().map(listener).collect(),
    })
}
