//! One HTTP exchange as it is recorded: what was sent, what came back or why nothing did.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{headers::Headers, ids::AttemptId, time::Timestamp};

/// Why an exchange brought no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// The host's name has no address.
    Dns,
    /// No connection, or it broke before the response.
    Connect,
    /// The TLS handshake failed: certificate, name, version.
    Tls,
    /// The exchange's one deadline passed.
    Timeout,
    /// The address is one the guard does not let us call.
    Blocked,
    /// What came back is not HTTP.
    Protocol,
    /// The subscription's script failed; nothing was sent.
    Script,
}

impl ErrorClass {
    /// Every class, in the order of its number in the store.
    pub const ALL: [Self; 7] =
        [Self::Dns, Self::Connect, Self::Tls, Self::Timeout, Self::Blocked, Self::Protocol, Self::Script];

    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Blocked => "blocked",
            Self::Protocol => "protocol",
            Self::Script => "script",
        }
    }
}

/// The head of a request as the log keeps it: secret values are masked before they come here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestHead {
    /// `POST`.
    pub method: String,
    /// The whole URL that was called.
    pub url: String,
    /// Names and values in the order they were sent.
    pub headers: Headers,
}

/// Whether requests of this method have a body: those that only ask have none.
pub fn sends_body(method: &str) -> bool {
    !matches!(method, "GET" | "HEAD")
}

/// What a receiver answered, cut to the limits of [`crate::limits`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    /// The HTTP status.
    pub status: u16,
    /// Names and values in the order they came.
    pub headers: Headers,
    /// The first bytes of the body.
    pub body: Bytes,
    /// Not all of it is here: the body was longer or had not ended in time, or headers were left out or cut.
    pub truncated: bool,
}

/// What became of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A response, whatever its status.
    Response(ResponseHead),
    /// None, with a sentence for people.
    Error {
        /// The kind of failure.
        class: ErrorClass,
        /// What happened, without secrets.
        message: String,
    },
}

/// One HTTP exchange made for a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its own id.
    pub id: AttemptId,
    /// 1 for the first attempt of the delivery; goes on over manual retries.
    pub number: u32,
    /// When it began.
    pub at: Timestamp,
    /// From the look-up of the name to the end of the body.
    pub duration: Duration,
    /// The request went out a second time within the attempt: the kept connection that had taken it ended before a byte of the
    /// answer, or HTTP/2 said that it had not been processed.
    pub repeated: bool,
    /// What was sent, without the body, which belongs to the delivery.
    pub request: RequestHead,
    /// What came back.
    pub answer: Answer,
}

impl Attempt {
    /// The HTTP status, if a response came.
    pub fn status(&self) -> Option<u16> {
        match &self.answer {
            Answer::Response(response) => Some(response.status),
            Answer::Error { .. } => None,
        }
    }
}
