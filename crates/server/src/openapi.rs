//! The OpenAPI document: made from the same handlers that serve, so that it cannot drift from them.

use std::sync::OnceLock;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderName, header};
use utoipa::{
    OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{router::documented_routes, state::ServerState};

const JSON: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];

/// What stands above the paths; they come from the handlers.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Postroad",
        description = "Sends webhooks. 400 means that a request cannot be parsed, 422 that it was understood but a field \
                       is not valid; every refusal is a problem document (RFC 9457) with a stable `code`. Times are \
                       RFC 3339 in UTC. A durable answer (202, 201) is lost by no crash.",
        license(name = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "events", description = "What happened: publish it, read it."),
        (name = "subscriptions", description = "Who wants which events, and how they are sent."),
        (name = "deliveries", description = "Events on their way, with each attempt."),
        (name = "tenants", description = "The customer accounts of your product."),
        (name = "profiles", description = "The wire formats that tenants' receivers expect."),
        (name = "event types", description = "What a tenant adds to the catalogue of its profile."),
        (name = "operation", description = "Health and figures of the node, and this document."),
    ),
    security(("key" = [])),
)]
struct Head;

/// The document of every route of this version.
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented_routes().into_openapi()
}

/// The document without its paths.
pub(crate) fn head() -> utoipa::openapi::OpenApi {
    let mut document = Head::openapi();
    let key = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    document.components.get_or_insert_default().add_security_scheme("key", key);
    document
}

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new().routes(routes!(document))
}

/// This document
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "operation",
    security(()),
    responses((status = 200, description = "The OpenAPI document", content_type = "application/json")),
)]
async fn document() -> Response {
    (JSON, rendered()).into_response()
}

/// Made at the first request: most processes are never asked.
fn rendered() -> Bytes {
    static RENDERED: OnceLock<Bytes> = OnceLock::new();
    let render = || {
        let text = serde_json::to_vec(&openapi());
        text.expect("the document is made of texts and maps with text keys").into()
    };
    RENDERED.get_or_init(render).clone()
}
