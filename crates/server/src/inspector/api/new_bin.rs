//! `GET /inspector`

use axum::{
    Json,
    response::{IntoResponse, Redirect, Response},
};
use http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::{bin_path::On, requests};
use crate::inspector::{name::BinName, page_path};

/// A bin of the inspector.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Bin {
    /// Its name.
    bin: String,
    /// Where to send to: this URL, and every one that begins with it and a slash.
    url: String,
    /// The page that shows what came.
    page: String,
}

/// A new bin of the inspector
///
/// Its name cannot be guessed. A browser is led to its page; a caller that asks for JSON is told its addresses.
#[utoipa::path(
    get,
    path = "/inspector",
    tag = "inspector",
    security(()),
    responses(
        (status = 200, description = "The bin, for a caller that accepts JSON", body = Bin),
        (status = 303, description = "To the bin's page"),
    ),
)]
pub(super) async fn new_bin(On(inspector): On, headers: HeaderMap) -> Response {
    let bin = BinName::unguessable(&mut *inspector.0.rng.lock());
    if !requests::wants_json(&headers, None) {
        return Redirect::to(&page_path(bin.as_str())).into_response();
    }
    let (url, page) = (inspector.bin_url(bin.as_str()), inspector.page_url(bin.as_str()));
    Json(Bin { bin: bin.to_string(), url, page }).into_response()
}
