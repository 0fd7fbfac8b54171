//! The form of a refusal: `{"Status":"Error","ExceptionType":…,"ExceptionMessage":…}`.
//!
//! The types of exceptions that the product's public material names are used where they fit; for the rest there are words of the same
//! kind. A refusal is a [`Problem`] like any other of the server, so what leads to it is said in one place.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use super::names;
use crate::problem::{Code, FieldError, Problem, ended};

/// A refusal on its way out.
pub(super) struct Refusal {
    problem: Problem,
    /// The status of fields that are not valid.
    invalid: StatusCode,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Exception {
    status: &'static str,
    exception_type: &'static str,
    exception_message: String,
}

impl Refusal {
    /// With the status of fields that are not valid.
    pub(super) fn new(problem: Problem, invalid: StatusCode) -> Self {
        Self { problem, invalid }
    }
}

/// Of a caller whose account is not known.
impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::new(problem, StatusCode::BAD_REQUEST)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { problem, invalid } = self;
        let usual = problem.code().status();
        let status = if usual == StatusCode::UNPROCESSABLE_ENTITY { invalid } else { usual };
        let exception = Exception {
            status: "Error",
            exception_type: exception_type(problem.code()),
            exception_message: message(&problem),
        };
        let mut response = (status, Json(exception)).into_response();
        if let Some(seconds) = problem.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

fn exception_type(code: Code) -> &'static str {
    match code.status() {
        StatusCode::UNPROCESSABLE_ENTITY => "MXInvalidDataTypeException",
        StatusCode::UNAUTHORIZED => "MXUnAuthorizedAccessException",
        StatusCode::FORBIDDEN => "MXUnauthorizedRequestException",
        StatusCode::TOO_MANY_REQUESTS => "MXAPIRateLimitExceededException",
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => "MXInvalidAPICallException",
        status if status.is_server_error() => "MXInternalServerException",
        _ => "MXInvalidInputException",
    }
}

/// The whole of what is wrong in one text, by the names of this API.
fn message(problem: &Problem) -> String {
    let sentence = |FieldError { field, message }: &FieldError| match names::to_api(field) {
        field if field.is_empty() => ended(format!("The body {message}")),
        field => ended(format!("`{field}` {message}")),
    };
    match problem.errors() {
        [] => problem.detail().to_owned(),
        errors => errors.iter().map(sentence).collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use serde_json::{Value, json};

    use super::*;

    #[tokio::test]
    async fn every_kind_of_problem_has_the_form_of_this_api() {
        for (code, status, exception, again) in [
            (Code::MalformedJson, 400, "MXInvalidInputException", None),
            (Code::Invalid, 500, "MXInvalidDataTypeException", None),
            (Code::Unauthorized, 401, "MXUnAuthorizedAccessException", None),
            (Code::Forbidden, 403, "MXUnauthorizedRequestException", None),
            (Code::MethodNotAllowed, 405, "MXInvalidAPICallException", None),
            (Code::TooManySubscriptions, 409, "MXInvalidInputException", None),
            (Code::RateLimited, 429, "MXAPIRateLimitExceededException", None),
            (Code::Internal, 500, "MXInternalServerException", None),
            (Code::StoreUnavailable, 503, "MXInternalServerException", Some("1")),
        ] {
            let refusal = Refusal::new(Problem::new(code, "Said."), StatusCode::INTERNAL_SERVER_ERROR);
            let response = refusal.into_response();
            assert_eq!(response.status().as_u16(), status, "{code:?}");
            let header = response.headers().get(header::RETRY_AFTER).map(|value| value.to_str().unwrap());
            assert_eq!(header, again, "{code:?}");
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let body: Value = serde_json::from_slice(&body).unwrap();
            let expected =
                json!({"Status": "Error", "ExceptionType": exception, "ExceptionMessage": "Said."});
            assert_eq!(body, expected, "{code:?}");
        }
    }
}
