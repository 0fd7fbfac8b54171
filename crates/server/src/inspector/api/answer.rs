//! `GET` and `PUT /inspector/{bin}/answer`: what a bin answers, so that retries can be tried.
//!
//! **Invariant:** of headers an answer has only those that say something of the answer itself ([`SETTABLE`]). What a browser
//! would keep for all of the origin, or a proxy before us would obey, is none of them.

use std::net::SocketAddr;

use axum::{Extension, Json, extract::ConnectInfo};
use http::{HeaderName, HeaderValue, StatusCode};
use postroad_domain::{
    Invalid,
    limits::{
        CUSTOM_HEADERS_MAX, HEADER_VALUE_BYTES_MAX, INSPECTOR_ANSWER_BYTES_MAX, INSPECTOR_ANSWER_DELAY,
        INSPECTOR_ANSWER_STATUS, REQUEST_BODY_BYTES_MAX,
    },
};
use serde::Serialize;
use utoipa::ToSchema;

use super::bin_path::BinPath;
use crate::{
    body::LimitedBody,
    check::{Faults, Field, Shape, duration_text, parse_duration},
    inspector::answer::Answer,
    json,
    problem::{Problem, Refusals},
};

const SHAPE: Shape = Shape::of(&["status", "headers", "body", "delay"]);
const HEADER_SHAPE: Shape = Shape::of(&["name", "value"]);
/// Headers that a receiver of webhooks may plausibly answer, and that concern nothing but this answer.
const SETTABLE: [&str; 10] = [
    "Cache-Control",
    "Content-Language",
    "Content-Type",
    "Date",
    "ETag",
    "Last-Modified",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
];
/// What names of one's own begin with.
const OWN_PREFIX: &str = "x-";
/// Such names that are not one's own: they tell a proxy before us to send a file or another page, or to keep this one; and the one
/// of the sandbox that every answer is shown in.
const NOT_OWN_PREFIXES: [&str; 6] =
    ["x-accel-", "x-sendfile", "x-lighttpd-", "x-litespeed-", "x-reproxy-", "x-content-type-options"];

/// What a bin of the inspector answers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BinAnswer {
    /// From 200 to 599; by default 200.
    #[schema(minimum = 200, maximum = 599)]
    status: u16,
    /// `Retry-After` and others that concern the answer alone, and names of your own that begin with `X-`; none by
    /// default.
    #[schema(max_items = 30)]
    headers: Vec<BinHeader>,
    /// Text of at most 64 KiB; empty by default.
    #[schema(max_length = 65536)]
    body: String,
    /// How long to wait before answering, up to `90s`; by default `0s`.
    delay: String,
}

/// A header that a bin of the inspector answers.
#[derive(Debug, Serialize, ToSchema)]
struct BinHeader {
    /// Its name.
    name: String,
    /// Its value.
    value: String,
}

impl BinAnswer {
    fn of(answer: &Answer) -> Self {
        let header = |(name, value): (&HeaderName, &HeaderValue)| BinHeader {
            name: name.to_string(),
            value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
        };
        Self {
            status: answer.status.as_u16(),
            headers: answer.headers.iter().map(header).collect(),
            body: answer.body.clone(),
            delay: duration_text(answer.delay),
        }
    }
}

/// What a bin answers
#[utoipa::path(
    get,
    path = "/inspector/{bin}/answer",
    tag = "inspector",
    security(()),
    params(("bin" = String, Path, description = "The bin's name")),
    responses((status = 200, description = "The answer", body = BinAnswer), Refusals),
)]
pub(super) async fn get_answer(BinPath(inspector, bin): BinPath) -> Json<BinAnswer> {
    let now = inspector.0.clock.monotonic();
    let answer = inspector.0.bins.lock().answer(&bin, now);
    Json(BinAnswer::of(&answer))
}

/// Set what a bin answers
///
/// From the next request on: 503 with `Retry-After`, 410, a wait that is longer than the sender's patience. What the body
/// does not name is set to its default.
#[utoipa::path(
    put,
    path = "/inspector/{bin}/answer",
    tag = "inspector",
    security(()),
    params(("bin" = String, Path, description = "The bin's name")),
    request_body(content = BinAnswer, content_type = "application/json"),
    responses((status = 200, description = "The answer as it is now", body = BinAnswer), Refusals),
)]
pub(super) async fn put_answer(
    BinPath(inspector, bin): BinPath,
    remote: Option<Extension<ConnectInfo<SocketAddr>>>,
    LimitedBody(body): LimitedBody<REQUEST_BODY_BYTES_MAX>,
) -> Result<Json<BinAnswer>, Problem> {
    let answer = read(&body)?;
    let shown = BinAnswer::of(&answer);
    let now = inspector.0.clock.monotonic();
    let remote = remote.map(|Extension(ConnectInfo(address))| address);
    inspector.0.bins.lock().set_answer(&bin, answer, remote, now);
    Ok(Json(shown))
}

fn read(body: &[u8]) -> Result<Answer, Problem> {
    let faults = Faults::default();
    let answer = Field::root(json::value(body)?, &faults).object(&SHAPE).map(|mut fields| {
        let status = fields.field("status").and_then(|field| field.number_within(INSPECTOR_ANSWER_STATUS));
        let status = status.and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok());
        let headers = fields.field("headers").and_then(|field| field.list(CUSTOM_HEADERS_MAX, header));
        let body = fields.field("body").and_then(|field| field.parsed(answer_body));
        let delay = fields.field("delay");
        let delay = delay.and_then(|field| field.parsed(|text| parse_duration(text, INSPECTOR_ANSWER_DELAY)));
        Answer {
            status: status.unwrap_or(StatusCode::OK),
            headers: headers.into_iter().flatten().collect(),
            body: body.unwrap_or_default(),
            delay: delay.unwrap_or(INSPECTOR_ANSWER_DELAY.default),
        }
    });
    faults.finish(answer)
}

fn answer_body(text: &str) -> Result<String, Invalid> {
    let fits = text.len() <= INSPECTOR_ANSWER_BYTES_MAX;
    fits.then(|| text.to_owned())
        .ok_or_else(|| Invalid::new(format!("is longer than {INSPECTOR_ANSWER_BYTES_MAX} bytes")))
}

fn header(field: Field<'_>) -> Option<(HeaderName, HeaderValue)> {
    let mut fields = field.object(&HEADER_SHAPE)?;
    let name = fields.required("name").and_then(|field| field.parsed(header_name));
    let value = fields.required("value").and_then(|field| field.parsed(header_value));
    Some((name?, value?))
}

fn header_name(text: &str) -> Result<HeaderName, Invalid> {
    let name = HeaderName::from_bytes(text.as_bytes());
    let name = name.map_err(|_| Invalid::new("is not a name that HTTP allows for a header"))?;
    if is_settable(name.as_str()) {
        return Ok(name);
    }
    let settable = SETTABLE.join(", ");
    Err(Invalid::new(format!(
        "cannot be set here: allowed are {settable}, and names of your own that begin with X- and mean nothing to a proxy"
    )))
}

/// Whether a name in lower case may be set.
fn is_settable(name: &str) -> bool {
    let is_own =
        name.starts_with(OWN_PREFIX) && !NOT_OWN_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    is_own || SETTABLE.iter().any(|settable| settable.eq_ignore_ascii_case(name))
}

fn header_value(text: &str) -> Result<HeaderValue, Invalid> {
    if text.len() > HEADER_VALUE_BYTES_MAX {
        return Err(Invalid::new(format!("is longer than {HEADER_VALUE_BYTES_MAX} bytes")));
    }
    HeaderValue::from_str(text).map_err(|_| Invalid::new("holds a control character"))
}
