//! The page, embedded in the binary.
//!
//! `web/` is built by `cargo xtask web` before the binary is; a binary built without it says so. Files under `assets/` have
//! their hash in their name and may be kept for ever; the page itself is asked for each time, by its hash.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/dist"]
#[allow_missing = true]
struct Dist;

const NOT_BUILT: &str = "<!doctype html><title>tracestead</title><p>This binary was built without its page. \
    Run <code>make run</code>, or <code>cargo xtask web</code> and build again. The API is at \
    <a href=\"/openapi.json\">/openapi.json</a>.";

/// Nothing is loaded from anywhere else, and no other page may frame this one.
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:; \
    style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// `GET /`.
pub(crate) async fn home() -> Redirect {
    Redirect::temporary("/ui/traces")
}

/// Any `GET` that no other route answers: a file of the page, or the page itself below `/ui`.
pub(crate) async fn serve(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let is_hidden = path.starts_with('.');
    if let Some(file) = Dist::get(path).filter(|_| !is_hidden) {
        return respond(path, &file, &request);
    }
    let is_page = path == "ui" || path.starts_with("ui/");
    match Dist::get("index.html") {
        Some(file) if is_page => respond("index.html", &file, &request),
        None if is_page => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], NOT_BUILT).into_response(),
        _ => (StatusCode::NOT_FOUND, axum::Json(serde_json::json!({"detail": "Not Found"}))).into_response(),
    }
}

fn respond(path: &str, file: &EmbeddedFile, request: &Request) -> Response {
    let etag = etag(file);
    let is_known =
        request.headers().get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response =
        if is_known { StatusCode::NOT_MODIFIED.into_response() } else { file.data.to_vec().into_response() };
    let headers = response.headers_mut();
    let content_type = mime_guess::from_path(path).first_or_octet_stream();
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let values = [
        (header::CONTENT_TYPE, content_type.to_string()),
        (header::CACHE_CONTROL, cache.to_owned()),
        (header::ETAG, etag),
        (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

fn etag(file: &EmbeddedFile) -> String {
    use std::fmt::Write as _;
    let mut text = "\"".to_owned();
    for byte in &file.metadata.sha256_hash()[..12] {
        let _ = write!(text, "{byte:02x}");
    }
    text + "\""
}
