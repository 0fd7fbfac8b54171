//! An attempt as it is shown: the request as sent with secrets masked, the response or why there was none.

use postroad_domain::{
    Attempt, Headers, RequestHead, ResponseHead,
    attempt::{Answer, sends_body},
    endpoint::masked_query,
};
use serde::Serialize;
use utoipa::ToSchema;

/// One HTTP exchange.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attempt)]
pub(crate) struct AttemptJson {
    /// Its id.
    id: String,
    /// 1 for the first of the delivery; goes on over manual retries.
    number: u32,
    /// When it began.
    #[schema(format = DateTime)]
    at: String,
    /// From the look-up of the name to the end of the body.
    duration_ms: u64,
    /// The request went out a second time within this attempt, over a new connection: the kept one ended before a byte of the
    /// answer, or HTTP/2 said that the request had not been processed.
    repeated: bool,
    /// What was sent.
    request: RequestJson,
    /// What came back; null when nothing did.
    response: Option<ResponseJson>,
    /// Why nothing came back; null when something did.
    error: Option<ErrorJson>,
}

/// A request as it was sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AttemptRequest)]
struct RequestJson {
    /// `POST`.
    method: String,
    /// The whole URL; the values of its query are `***` unless the key has `subscriptions:read`.
    url: String,
    /// In the order they were sent; the values of secret ones are `***`.
    headers: Vec<HeaderJson>,
    /// The body as text, empty for a method that has none; bytes that are not UTF-8 are replaced. Null when it cannot be made
    /// again.
    body: Option<String>,
}

/// A response as it came.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AttemptResponse)]
struct ResponseJson {
    /// The HTTP status.
    status: u16,
    /// In the order they came.
    headers: Vec<HeaderJson>,
    /// The first 16 KiB of the body as text; bytes that are not UTF-8 are replaced.
    body: String,
    /// Not all of it is here: the body was longer or had not ended in time, or headers were left out or cut.
    truncated: bool,
}

/// Why no response came.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AttemptError)]
struct ErrorJson {
    /// `dns`, `connect`, `tls`, `timeout`, `blocked`, `protocol` or `script`.
    class: &'static str,
    /// What happened.
    message: String,
}

/// A header.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AttemptHeader)]
struct HeaderJson {
    /// Its name.
    name: String,
    /// Its value.
    value: String,
}

impl AttemptJson {
    /// `body` is what every attempt of the delivery sent whose method has a body; `None` when it cannot be made again. Without `shows_queries` the
    /// values of the URL's query are masked.
    pub(super) fn of(attempt: &Attempt, body: Option<&[u8]>, shows_queries: bool) -> Self {
        let (response, error) = match &attempt.answer {
            Answer::Response(response) => (Some(ResponseJson::of(response)), None),
            Answer::Error { class, message } => {
                (None, Some(ErrorJson { class: class.as_str(), message: message.clone() }))
            }
        };
        Self {
            id: attempt.id.to_string(),
            number: attempt.number,
            at: attempt.at.to_string(),
            duration_ms: u64::try_from(attempt.duration.as_millis()).unwrap_or(u64::MAX),
            repeated: attempt.repeated,
            request: RequestJson::of(&attempt.request, body, shows_queries),
            response,
            error,
        }
    }
}

impl RequestJson {
    fn of(head: &RequestHead, body: Option<&[u8]>, shows_queries: bool) -> Self {
        Self {
            method: head.method.clone(),
            url: if shows_queries { head.url.clone() } else { masked_query(&head.url) },
            headers: headers(&head.headers),
            body: if sends_body(&head.method) {
                body.map(|body| String::from_utf8_lossy(body).into_owned())
            } else {
                Some(String::new())
            },
        }
    }
}

impl ResponseJson {
    fn of(response: &ResponseHead) -> Self {
        Self {
            status: response.status,
            headers: headers(&response.headers),
            body: String::from_utf8_lossy(&response.body).into_owned(),
            truncated: response.truncated,
        }
    }
}

fn headers(headers: &Headers) -> Vec<HeaderJson> {
    let header = |(name, value): (&str, &str)| HeaderJson { name: name.to_owned(), value: value.to_owned() };
    headers.iter().map(header).collect()
}
