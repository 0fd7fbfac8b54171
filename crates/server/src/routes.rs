//! Every route of the server, and the document that is made of them: it cannot drift from what is served.

use std::{collections::BTreeMap, sync::OnceLock};

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderName, header};
use serde_json::Value;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    health, home, inspector, metrics,
    openapi::{complete, head},
    state::ServerState,
    v1,
};

const JSON: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];

/// The document of every route of this version, as JSON.
///
/// # Panics
///
/// Never: the document is made of texts and maps with text keys.
pub fn openapi() -> Value {
    complete(&documented().into_openapi())
}

/// Every route together with its documentation.
fn documented() -> OpenApiRouter<ServerState> {
    usual().merge(v1::publishing())
}

/// All but those that publish.
pub(crate) fn usual() -> OpenApiRouter<ServerState> {
    OpenApiRouter::with_openapi(head())
        .merge(home::routes())
        .merge(health::routes())
        .merge(metrics::routes())
        .routes(routes!(document))
        .merge(inspector::routes())
        .merge(v1::routes())
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

/// What a path takes, in a list for people: `GET, POST`.
pub(crate) fn methods_of(path: &str) -> Option<&'static str> {
    static METHODS: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    let methods = METHODS.get_or_init(|| {
        let document: Value = serde_json::from_slice(&rendered()).unwrap_or_default();
        let paths = document["paths"].as_object().into_iter().flatten();
        let of_path = |operations: &Value| {
            let methods = operations.as_object().into_iter().flat_map(|operations| operations.keys());
            methods.map(|method| method.to_ascii_uppercase()).collect::<Vec<_>>().join(", ")
        };
        paths.map(|(path, operations)| (path.clone(), of_path(operations))).collect()
    });
    methods.get(path).map(String::as_str)
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
