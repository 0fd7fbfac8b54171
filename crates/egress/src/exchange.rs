//! One HTTP exchange as the engine sees it: what goes out, what comes back, why nothing did.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::Method;
use postroad_domain::{EndpointUrl, ErrorClass, Headers, Repeat};

use crate::channel::Channel;

/// The seam between the engine and the network. The engine's own tests replace it whole; the tests of this crate replace
/// [`Dial`](crate::Dial) below it.
#[async_trait]
pub trait Egress: Send + Sync {
    /// Sends one request and reads its response. Any status is a success here, a redirect included. Dropping the future
    /// gives the exchange up and closes its connection.
    async fn exchange(&self, request: OutboundRequest) -> Result<OutboundResponse, SendError>;

    /// Resolves the host of `url` and judges its addresses without dialling any, so that the API can refuse a URL
    /// when it is written. An answer of today only: each exchange judges again.
    ///
    /// Errors: `Blocked` with the address and the remedy, `Dns` for a name without address, `Timeout` when the resolver
    /// does not answer.
    async fn check(&self, url: &EndpointUrl) -> Result<(), SendError>;
}

/// On whose behalf a request is made: requests of different owners never share a connection. What a receiver sends too late on
/// a connection can only become an answer to the same owner, whose receiver it is. Nothing is read from the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Owner(pub u64);

/// One request, exact to the byte.
#[derive(Clone, Debug)]
pub struct OutboundRequest {
    /// Whose it is.
    pub owner: Owner,
    /// Sent as it is.
    pub method: Method,
    /// Its path and query become the request target as they were written; a fragment stays here.
    pub url: EndpointUrl,
    /// Names and values, sent in this spelling and order; over HTTP/2 names are in lower case, and several headers of one
    /// name follow the first of them.
    /// Complete apart from `Host` and `Content-Length`, which follow from URL and body.
    pub headers: Headers,
    /// Empty for none.
    pub body: Bytes,
    /// For the whole exchange, from the look-up of the name to the end of the body; at most
    /// [`TIMEOUT.max`](postroad_domain::limits::TIMEOUT).
    pub deadline: Duration,
    /// Whether it goes out once more when the kept connection that has taken it ends before a byte of the answer.
    pub repeat: Repeat,
    /// What it asks of its connection; `None` for the usual, which costs nothing.
    pub channel: Option<Arc<Channel>>,
}

/// What came back, cut to the limits of [`postroad_domain::limits`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundResponse {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case and values in the order they came; bytes that are not UTF-8 are replaced. Those that do not
    /// fit into `RESPONSE_HEADERS_BYTES_MAX` or `RESPONSE_HEADERS_MAX` are left out, and so are lines that are no headers.
    pub headers: Headers,
    /// The first `RESPONSE_BODY_BYTES_MAX` bytes of the body.
    pub body: Bytes,
    /// Not all of it is here: the body was longer, had not ended in time, or broke off; or headers were left out, or hold
    /// spaces where there were control characters.
    pub truncated: bool,
    /// The request went out twice, the second time over a new connection.
    pub repeated: bool,
}

/// Why an exchange brought no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SendError {
    /// The kind of failure: what is decided upon.
    pub class: ErrorClass,
    /// What happened and, where there is one, the remedy: for people. No secrets, no query string, and nothing of the
    /// operator's network.
    pub message: String,
    /// The way out is shut, for whichever receiver: nothing was tried, and it is worth another try after this. `None` where
    /// the receiver, or the way from there to it, is the reason.
    pub shut_for: Option<Duration>,
    /// The request went out twice, the second time over a new connection.
    pub repeated: bool,
}

impl SendError {
    /// An exchange that the receiver, or the way to it, is the reason of.
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), shut_for: None, repeated: false }
    }
}
