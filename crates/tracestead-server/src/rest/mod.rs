//! Questions over HTTP: Agno's routes as AgentOS has them, and ours under `/api/v1`.

mod agno;
mod params;
mod v1;

use utoipa_axum::router::OpenApiRouter;

use crate::App;

/// Every route for questions.
pub(crate) fn routes() -> OpenApiRouter<App> {
    agno::routes().merge(v1::routes())
}
