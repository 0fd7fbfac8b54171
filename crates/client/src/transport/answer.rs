//! What came back.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use crate::error::{Error, Problem};

/// An answer of success.
#[derive(Debug)]
pub(crate) struct Answer {
    server: String,
    status: u16,
    body: Bytes,
    /// The version of what is shown, where the server names it.
    pub(crate) etag: Option<String>,
    /// When it was made, by the clock of the server.
    pub(crate) date: Option<SystemTime>,
}

impl Answer {
    /// Sorts what came back into success and refusal.
    pub(super) fn of(
        server: &str,
        status: StatusCode,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Self, Error> {
        if !status.is_success() {
            return Err(refusal(server, status, headers, &body));
        }
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let etag = text(header::ETAG).map(str::to_owned);
        let date = text(header::DATE).and_then(|date| httpdate::parse_http_date(date).ok());
        Ok(Self { server: server.to_owned(), status: status.as_u16(), body, etag, date })
    }

    /// The answer of a call that needs none.
    pub(super) fn nothing(server: &str) -> Self {
        let status = StatusCode::NO_CONTENT.as_u16();
        Self { server: server.to_owned(), status, body: Bytes::new(), etag: None, date: None }
    }

    /// The body as text; what is not UTF-8 is replaced.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as a `T`.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| self.unexpected(error.to_string()))
    }

    /// An answer that does not fit.
    pub(crate) fn unexpected(&self, reason: impl Into<String>) -> Error {
        Error::Unexpected { server: self.server.clone(), status: self.status, reason: reason.into() }
    }
}

fn refusal(server: &str, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Error {
    match serde_json::from_slice::<Problem>(body) {
        Ok(problem) => Error::Problem(Box::new(Problem {
            retry_after: retry_after(headers),
            // A server of another kind may leave it out of its document.
            status: status.as_u16(),
            ..problem
        })),
        Err(error) => Error::Unexpected {
            server: server.to_owned(),
            status: status.as_u16(),
            reason: format!("no problem document: {error}"),
        },
    }
}

/// How long the server asks to wait. A moment is compared with the server's own clock, so that ours does not matter.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let asked = text(header::RETRY_AFTER)?;
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = |text: &str| httpdate::parse_http_date(text).ok();
    let (then, now): (SystemTime, SystemTime) = (moment(asked)?, moment(text(header::DATE)?)?);
    Some(then.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(headers: &[(header::HeaderName, &str)]) -> Option<Duration> {
        let pairs = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap()));
        retry_after(&pairs.collect())
    }

    #[test]
    fn a_wait_comes_in_seconds_or_as_a_moment_of_the_servers_clock() {
        assert_eq!(asked(&[(header::RETRY_AFTER, "3")]), Some(Duration::from_secs(3)));
        let date = (header::DATE, "Sun, 06 Nov 1994 08:49:37 GMT");
        let later = (header::RETRY_AFTER, "Sun, 06 Nov 1994 08:49:42 GMT");
        assert_eq!(asked(&[date, later.clone()]), Some(Duration::from_secs(5)));
        assert_eq!(asked(&[later]), None);
        assert_eq!(asked(&[(header::RETRY_AFTER, "soon")]), None);
    }
}
