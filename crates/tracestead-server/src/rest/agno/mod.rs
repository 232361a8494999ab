//! AgentOS's trace routes: its shapes, its field order, its texts.
//!
//! Source: Agno 3.1.10, `agno/os/routers/traces`. Where Agno is at fault we differ: a list is two statements, not one for
//! each trace; bad input is 400; durations are whole; a failed span makes its trace ERROR for good; a range means the
//! time at which a trace started; spans without a stored parent are roots; no depth is too deep.

mod detail;
mod filter_schema;
mod list;
mod node;
mod page;
mod search;
mod sessions;
mod summary;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::traces))
        .routes(routes!(filter_schema::filter_schema))
        .routes(routes!(search::search))
        .routes(routes!(detail::trace))
        .routes(routes!(sessions::trace_session_stats))
}
