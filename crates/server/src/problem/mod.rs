//! Refusals and failures as RFC 9457 problem documents.
//!
//! Each has a stable code from one table ([`Code`]) and a sentence for the caller that says what is wrong and what to do.
//! What the log should know besides is written where the failure is met ([`from_engine`]); it never comes here.

mod code;
mod from_engine;

use std::time::Duration;

use axum::response::{IntoResponse, Response};
pub(crate) use code::Code;
pub(crate) use from_engine::bad_cursor;
use http::{HeaderValue, header};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");
/// Seconds after which a caller whose request could not be taken now should come again.
const RETRY_AFTER_SECS: u64 = 1;

/// Why a request was refused or failed.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    code: Code,
    detail: String,
    errors: Vec<FieldError>,
    /// Seconds after which the caller may come again, where that is known.
    retry_after: Option<u64>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// Where it stands: `delivery.headers[2].name`. The name of a query parameter or header where it is one; empty for
    /// the body as a whole.
    pub(crate) field: String,
    /// What is wrong and what to write instead.
    pub(crate) message: String,
}

impl Problem {
    /// A problem with a sentence for the caller.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// A task of a request broke down.
    pub(crate) fn of_panic(error: &tokio::task::JoinError) -> Self {
        tracing::error!(%error, "a request ended by a panic");
        Self::new(Code::Internal, "The request could not be finished. The log of the server says why.")
    }

    /// There is no such thing: `tenant`, `subscription`.
    pub(crate) fn not_found(noun: &str) -> Self {
        Self::new(Code::NotFound, format!("There is no such {noun}."))
    }

    /// Fields that were understood but are not valid.
    pub(crate) fn invalid(errors: Vec<FieldError>) -> Self {
        Self::of_fields(Code::Invalid, errors)
    }

    /// One field that is not valid.
    pub(crate) fn invalid_field(field: &str, message: impl Into<String>) -> Self {
        Self::of_field(Code::Invalid, field, message)
    }

    /// A problem of one field that has a code of its own.
    pub(crate) fn of_field(code: Code, field: &str, message: impl Into<String>) -> Self {
        Self::of_fields(code, vec![FieldError { field: field.to_owned(), message: message.into() }])
    }

    /// Fields that have a problem with a code of its own.
    pub(crate) fn of_fields(code: Code, errors: Vec<FieldError>) -> Self {
        Self { code, detail: detail_of(&errors), errors, retry_after: None }
    }

    /// The same problem of something that stands at `path` in the request: of one event of a batch.
    pub(crate) fn within(mut self, path: &str) -> Self {
        for error in &mut self.errors {
            error.field = format!("{path}.{}", error.field);
        }
        if !self.errors.is_empty() {
            self.detail = detail_of(&self.errors);
        }
        self
    }

    /// The same, with when to come again.
    pub(crate) fn again_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self { retry_after: Some(seconds.max(1)), ..self }
    }

    /// What kind it is.
    pub(crate) fn code(&self) -> Code {
        self.code
    }

    /// The sentence for the caller.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// What is wrong with each field; empty where no field is at fault.
    pub(crate) fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// After how many seconds the caller may come again; `None` where nobody knows.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        self.retry_after.or_else(|| self.code.is_for_now().then_some(RETRY_AFTER_SECS))
    }

    /// The document as it is sent.
    pub(crate) fn document(&self) -> ProblemDocument {
        ProblemDocument {
            type_: format!("/problems/{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: self.detail.clone(),
            code: self.code.as_str(),
            errors: self.errors.clone(),
        }
    }
}

fn detail_of(errors: &[FieldError]) -> String {
    match errors {
        [only] if only.field.is_empty() => ended(format!("The body {}", only.message)),
        [only] => ended(format!("`{}` {}", only.field, only.message)),
        [first, others @ ..] if others.iter().all(|error| error.field == first.field) => {
            let messages: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
            ended(format!("`{}` {}", first.field, messages.join("; ")))
        }
        many => format!("{} fields are not valid.", many.len()),
    }
}

/// A sentence; what ends in a question is one already.
pub(crate) fn ended(mut text: String) -> String {
    if !text.ends_with('?') {
        text.push('.');
    }
    text
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.code.status();
        let mut response = (status, axum::Json(self.document())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, CONTENT_TYPE);
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == Code::Unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// A problem document (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemDocument {
    /// A reference that names the kind of problem: `/problems/` and the code.
    #[serde(rename = "type")]
    type_: String,
    /// The kind of problem in a few words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong here, and what to do.
    detail: String,
    /// The kind of problem as a stable word: decide on this one.
    #[schema(value_type = Code)]
    code: &'static str,
    /// The fields that are not valid.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
}

/// The refusals that any call with a key can meet.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "read by the OpenAPI document only")]
pub(crate) enum Refusals {
    /// Cannot be parsed: the body, or the cursor of a list.
    #[response(status = 400, content_type = "application/problem+json")]
    Unreadable(ProblemDocument),
    /// The key is missing or wrong.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(ProblemDocument),
    /// The key does not allow this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemDocument),
    /// There is no such object, or it is another tenant's.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(ProblemDocument),
    /// Understood, but a field is not valid.
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(ProblemDocument),
    /// The key's rate limit is reached; `Retry-After` says when to come again.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(ProblemDocument),
    /// The store is not available now; `Retry-After` says when to come again.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemDocument),
}
