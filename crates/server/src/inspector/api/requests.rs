//! `GET` and `DELETE /inspector/{bin}/requests`
//!
//! **Invariant:** a page is bounded in bytes as well as in requests, and so are all pages that are being sent, with a share
//! for each reader: whoever reads slowly takes room from themselves, and no memory from the server.

use std::net::SocketAddr;

use axum::{
    Extension,
    extract::ConnectInfo,
    response::{IntoResponse, IntoResponseParts, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use postroad_domain::Invalid;
use serde::Serialize;
use utoipa::ToSchema;

use super::{bin_path::BinPath, page};
use crate::{
    check::{Faults, Shape},
    inspector::{
        Inspector,
        bins::{Numbered, Page, Wanted},
        holder::Holder,
        holding::holding,
    },
    problem::{Code, Problem, ProblemDocument, Refusals},
    query::{self, List},
};

const SHAPE: Shape = Shape::of(&["format", "limit", "cursor"]);
const FORMATS: [&str; 2] = ["json", "html"];
const JSON: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];

/// A request that a bin of the inspector got.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InspectedRequest {
    /// 1 for the first of the bin.
    number: u64,
    /// When it came.
    #[schema(format = DateTime)]
    at: String,
    /// Its method.
    method: String,
    /// Its path as it was written.
    path: String,
    /// Its query as it was written; null without one.
    query: Option<String>,
    /// In the order and spelling in which they came.
    headers: Vec<InspectedHeader>,
    /// The body as text; null when it is none, then see `body_base64`.
    body: Option<String>,
    /// The body's bytes, where they are no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = String)]
    body_base64: Option<String>,
    /// How long the body was.
    body_bytes: usize,
    /// Only its beginning is kept, at most 1 MiB.
    truncated: bool,
    /// Where it came from; null for a delivery of this server, which was handed over within the process.
    remote: Option<String>,
    /// The status that it was answered with.
    answered: u16,
}

/// A header as it came.
#[derive(Debug, Serialize, ToSchema)]
struct InspectedHeader {
    /// Its name as it was spelt.
    name: String,
    /// Its value; bytes that are not UTF-8 are replaced.
    value: String,
}

impl InspectedRequest {
    fn of((number, request): &Numbered) -> Self {
        let header =
            |(name, value): &(String, String)| InspectedHeader { name: name.clone(), value: value.clone() };
        let body = std::str::from_utf8(&request.body).ok();
        Self {
            number: *number,
            at: request.at.to_string(),
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: request.headers.iter().map(header).collect(),
            body: body.map(str::to_owned),
            body_base64: body.is_none().then(|| STANDARD.encode(&request.body)),
            body_bytes: request.body_bytes,
            truncated: request.is_truncated(),
            remote: request.remote.map(|address| address.to_string()),
            answered: request.answered,
        }
    }
}

/// What a bin got, newest first
///
/// A page for browsers, which shows new requests as they come; JSON for a caller that accepts it, or with `format=json`. It
/// ends before `limit` where the requests are too long for one page together; `next` goes on behind it.
#[utoipa::path(
    get,
    path = "/inspector/{bin}/requests",
    tag = "inspector",
    security(()),
    params(
        ("bin" = String, Path, description = "The bin's name"),
        ("format" = Option<String>, Query, description = "`json` or `html`; by default what `Accept` asks for"),
        ("limit" = Option<u32>, Query, description = "1 to 250, by default 50"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page", content(
            (List<InspectedRequest> = "application/json"),
            (String = "text/html"),
        )),
        (status = 304, description = "The page that the browser has is the newest"),
        (status = 503, description = "Other pages are still on their way to this reader", body = ProblemDocument,
         content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list_requests(
    BinPath(inspector, bin): BinPath,
    remote: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let reader = Holder::of(remote.map(|Extension(ConnectInfo(address))| address));
    let Asked { format, limit, before } = read(&uri)?;
    let wants_json = wants_json(&headers, format.as_deref());
    let body_bytes_max = if wants_json { usize::MAX } else { page::SHOWN_BODY_BYTES_MAX };
    let wanted = Wanted { before, limit, body_bytes_max };
    let now = inspector.0.clock.monotonic();
    let page = inspector.0.bins.lock().page(&bin, wanted, now);
    let next = next_of(&page);
    if wants_json {
        let data = page.requests.iter().map(InspectedRequest::of).collect();
        return send(&inspector, &reader, JSON, json(&List { data, next })?);
    }
    let (newest, changes) = page.version;
    let tag = format!("\"{newest}-{changes}\"");
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == tag.as_str()) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    let html = page::render(&inspector, &bin, &page, next, before.is_none(), &tag)?;
    send(&inspector, &reader, page::headers(&tag), html.into())
}

fn json(list: &List<InspectedRequest>) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(list).map_err(|error| page::failed(&error))
}

/// A page in full, with its share of the room for all that are being sent.
fn send(
    inspector: &Inspector,
    reader: &Holder,
    headers: impl IntoResponseParts,
    page: Vec<u8>,
) -> Result<Response, Problem> {
    let Some(share) = inspector.0.pages.take(reader, page.len()) else {
        return Err(Problem::new(
            Code::NotReady,
            "Other pages of the inspector are still on their way to you. Read those first, and try again in a moment.",
        ));
    };
    Ok((headers, holding(page, share)).into_response())
}

/// Forget what a bin got
///
/// What it answers stays.
#[utoipa::path(
    delete,
    path = "/inspector/{bin}/requests",
    tag = "inspector",
    security(()),
    params(("bin" = String, Path, description = "The bin's name")),
    responses((status = 204, description = "Forgotten"), Refusals),
)]
pub(super) async fn delete_requests(BinPath(inspector, bin): BinPath) -> StatusCode {
    let now = inspector.0.clock.monotonic();
    inspector.0.bins.lock().clear(&bin, now);
    StatusCode::NO_CONTENT
}

/// The cursor of the next page is the number of the last request of this one.
fn next_of(page: &Page) -> Option<String> {
    page.requests.last().filter(|_| page.has_older).map(|(number, _)| number.to_string())
}

struct Asked {
    format: Option<String>,
    limit: usize,
    before: Option<u64>,
}

fn read(uri: &Uri) -> Result<Asked, Problem> {
    let faults = Faults::default();
    let mut query = query::read(uri, &SHAPE, &faults);
    let format = query.field("format").and_then(|field| {
        field.parsed(|text| {
            let known = FORMATS.contains(&text).then(|| text.to_owned());
            known.ok_or_else(|| Invalid::new(format!("must be {}", FORMATS.join(" or "))))
        })
    });
    let limit = query::limit(&mut query);
    let before = query::cursor(&mut query, |text| text.parse().ok())?;
    faults.finish(Some(Asked { format, limit, before }))
}

/// Browsers name HTML in `Accept`; a program that names JSON, or nothing in particular with `format=json`, gets JSON.
pub(super) fn wants_json(headers: &HeaderMap, format: Option<&str>) -> bool {
    if let Some(format) = format {
        return format == FORMATS[0];
    }
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/html")
}
