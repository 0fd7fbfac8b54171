//! `GET /`: what somebody sees who opens the server's address in a browser.

use askama::Template;
use axum::{
    extract::State,
    response::{Html, IntoResponse, Response},
};
use http::{HeaderName, header};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    problem::{Code, Problem},
    state::ServerState,
};

/// The page loads and runs nothing.
const HEADERS: [(HeaderName, &str); 2] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    version: &'static str,
    is_inspecting: bool,
}

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new().routes(routes!(home))
}

/// What this is
///
/// A page for people who open the server's address: its version, and where to go on.
#[utoipa::path(
    get,
    path = "/",
    tag = "operation",
    security(()),
    responses((status = 200, description = "The page", body = String, content_type = "text/html")),
)]
async fn home(State(state): State<ServerState>) -> Result<Response, Problem> {
    let page = HomePage { version: env!("CARGO_PKG_VERSION"), is_inspecting: state.inspector.is_some() };
    let html = page.render().map_err(|error| {
        tracing::error!(%error, "the start page could not be made");
        Problem::new(Code::Internal, "The page could not be made. The server's log says why.")
    })?;
    Ok((HEADERS, Html(html)).into_response())
}
