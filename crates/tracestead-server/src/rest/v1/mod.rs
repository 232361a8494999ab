//! Our own routes, which the page uses. A list never loads attributes; a tree is light; a span is whole.

mod span;
mod trace;
mod traces;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(traces::traces))
        .routes(routes!(traces::facets))
        .routes(routes!(trace::trace))
        .routes(routes!(span::span))
}
