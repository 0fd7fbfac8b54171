//! What a bin answers.
//!
//! **Invariant:** an answer can do nothing to the pages of this server, though it is of the same origin: it is shown in a
//! sandbox ([`SANDBOX`]), its content type is not guessed, and it has only headers that `api::answer` lets in.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use postroad_domain::limits::INSPECTOR_ANSWER_DELAY;

use crate::check::duration_text;

/// A browser that opens a bin treats what it answers as a page of nobody.
const SANDBOX: [(HeaderName, HeaderValue); 2] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];

/// What a bin answers.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// From 200 to 599.
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
    /// The wait before it.
    pub(super) delay: Duration,
}

impl Default for Answer {
    fn default() -> Self {
        let (headers, body) = (HeaderMap::new(), String::new());
        Self { status: StatusCode::OK, headers, body, delay: INSPECTOR_ANSWER_DELAY.default }
    }
}

impl Answer {
    /// Memory that it takes.
    pub(super) fn bytes(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
        self.body.len() + headers.sum::<usize>()
    }

    /// The answer in a line, for people: `503, Retry-After: 5, after 2s`.
    pub(super) fn in_words(&self) -> String {
        let reason = self.status.canonical_reason().unwrap_or_default();
        let mut words = format!("{} {reason}", self.status.as_u16()).trim_end().to_owned();
        for (name, value) in &self.headers {
            words.push_str(&format!(", {name}: {}", String::from_utf8_lossy(value.as_bytes())));
        }
        if !self.body.is_empty() {
            words.push_str(&format!(", a body of {} bytes", self.body.len()));
        }
        if !self.delay.is_zero() {
            words.push_str(&format!(", after {}", duration_text(self.delay)));
        }
        words
    }

    /// The response itself.
    pub(super) fn response(&self) -> Response {
        let mut headers = self.headers.clone();
        headers.extend(SANDBOX);
        (self.status, headers, Bytes::from(self.body.clone())).into_response()
    }
}
