//! All routes in one router, with what holds for every request: measuring, refusals of paths and methods.

use axum::{Router, middleware::from_fn_with_state};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    health, http_metrics, metrics, openapi,
    problem::{Code, Problem},
    state::ServerState,
    v1,
};

/// The whole server as a service.
pub fn router(state: ServerState) -> Router {
    let (routes, _) = documented_routes().split_for_parts();
    routes
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(from_fn_with_state(state.clone(), http_metrics::observe))
        .with_state(state)
}

/// Every route together with its documentation.
pub(crate) fn documented_routes() -> OpenApiRouter<ServerState> {
    OpenApiRouter::with_openapi(openapi::head())
        .merge(health::routes())
        .merge(metrics::routes())
        .merge(openapi::routes())
        .merge(v1::routes())
}

async fn no_route() -> Problem {
    Problem::new(Code::NotFound, "There is no such path. GET /openapi.json lists all of them.")
}

async fn no_method() -> Problem {
    Problem::new(Code::MethodNotAllowed, "This path has other methods: see the header `Allow`.")
}
