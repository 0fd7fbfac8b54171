//! [`HttpEgress`]: HTTP/1.1 with keep-alive over the guarded connector.
//!
//! **Invariant:** a connection lives at most [`CONNECTION_LIFE_MAX`], so that a receiver that moves to other addresses
//! is followed and no balancer in front of it is held for ever. There is no timer for that: a connection that could reach
//! this age by waiting in the pool for as long as the pool lets it, and by one more exchange, does not go back into it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, header::CONTENT_LENGTH};
use http_body_util::Full;
use hyper_util::{
    client::legacy::{
        Client,
        connect::{CaptureConnection, capture_connection},
    },
    rt::{TokioExecutor, TokioTimer},
};
use postroad_domain::{
    EndpointUrl,
    limits::{EXCHANGES_MAX, RESPONSE_BODY_TIME_MAX, TIMEOUT},
};
use rustls::pki_types::CertificateDer;
use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    connector::Connector,
    dial::Dial,
    exchange::{Egress, OutboundRequest, OutboundResponse, SendError},
    failure,
    guard::Guard,
    link::Known,
    policy::AddressPolicy,
    response::{headers_as_text, read_body},
    resting::Resting,
    spelling::Speller,
    target::{host_of, port_of, uri_of},
    tls,
};

/// From the dial to the close.
const CONNECTION_LIFE_MAX: Duration = Duration::from_secs(300);
/// A longer wait in the pool would leave no time for exchanges.
const POOL_IDLE_TIME_MAX: Duration = Duration::from_secs(120);
/// Bytes of a response's head, and of the body that wait to be read.
const READ_BUFFER_BYTES_MAX: usize = 64 * 1024;

/// What may be called and how long connections are kept.
#[derive(Clone, Debug)]
pub struct EgressConfig {
    /// Which addresses may be called.
    pub policy: AddressPolicy,
    /// Connections to one scheme, host and port that wait for the next exchange.
    pub pool_idle_per_host: usize,
    /// Connections to all hosts that wait for the next exchange: of more than these the one that has waited longest is
    /// closed.
    pub pool_idle_max: usize,
    /// How long a connection waits for the next exchange; more than 120 s counts as 120 s.
    pub pool_idle_timeout: Duration,
    /// Certificates of authorities trusted besides those of the platform.
    pub extra_roots: Vec<CertificateDer<'static>>,
}

impl EgressConfig {
    /// What the binary starts with: each connection that an exchange used is kept for a minute. A smaller number per
    /// host would close most of them between two turns of a busy host's lanes: measured, 75 % of the exchanges of ten
    /// lanes to one host then dialled anew.
    pub fn new(policy: AddressPolicy) -> Self {
        Self {
            policy,
            pool_idle_per_host: EXCHANGES_MAX,
            pool_idle_max: 2 * EXCHANGES_MAX,
            pool_idle_timeout: Duration::from_secs(60),
            extra_roots: Vec::new(),
        }
    }
}

/// The client is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No root certificate was found, or an extra one cannot be read: install the system's `ca-certificates`.
    #[error("cannot set up TLS: {0}")]
    Tls(#[from] rustls::Error),
}

/// The real [`Egress`]: one client, a pool per scheme, host and port.
pub struct HttpEgress {
    client: Client<Connector, Full<Bytes>>,
    guard: Guard,
    speller: Speller,
    reused_until_age: Duration,
}

impl HttpEgress {
    /// A client over `dial`. Errors: TLS has no roots to trust.
    pub fn new(config: EgressConfig, dial: Arc<dyn Dial>) -> Result<Self, StartError> {
        let idle_time = config.pool_idle_timeout.min(POOL_IDLE_TIME_MAX);
        let guard = Guard::new(config.policy, Arc::clone(&dial));
        let resting = Resting::new(config.pool_idle_max);
        let connector = Connector::new(guard.clone(), dial, tls::connector(config.extra_roots)?, resting);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(idle_time)
            .pool_max_idle_per_host(config.pool_idle_per_host)
            // A receiver often closes an idle connection just when we take it. The client repeats only a request of
            // which it has not written a byte, so nothing can arrive twice by it.
            .retry_canceled_requests(true)
            // The status decides: one malformed header must not turn a delivered event into one that is sent again.
            .http1_ignore_invalid_headers_in_responses(true)
            // Headers are limited to 100 by hyper's default; to set the number would only move them to the heap.
            .http1_max_buf_size(READ_BUFFER_BYTES_MAX)
            .build(connector);
        // The pool looks for connections that nobody took once in its time: such a one may wait for twice as long.
        let rest_of_life = (idle_time + TIMEOUT.max).max(2 * idle_time) + RESPONSE_BODY_TIME_MAX;
        let reused_until_age = CONNECTION_LIFE_MAX - rest_of_life;
        Ok(Self { client, guard, speller: Speller::new(), reused_until_age })
    }

    fn outgoing(&self, request: OutboundRequest) -> Result<Request<Full<Bytes>>, SendError> {
        let uri = uri_of(&request.url)?;
        let (headers, extensions) = self.speller.spell(request.headers)?;
        let lacks_length = request.body.is_empty() && !matches!(request.method, Method::GET | Method::HEAD);
        let mut outgoing = Request::new(Full::new(request.body));
        *outgoing.method_mut() = request.method;
        *outgoing.uri_mut() = uri;
        *outgoing.headers_mut() = headers;
        *outgoing.extensions_mut() = extensions;
        if lacks_length {
            // The client leaves the header out for an empty body, which some receivers answer with 411.
            outgoing.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        Ok(outgoing)
    }

    /// Keeps the connection from being used again.
    fn retire(connection: &CaptureConnection) {
        if let Some(connected) = connection.connection_metadata().as_ref() {
            connected.poison();
        }
    }
}

#[async_trait]
impl Egress for HttpEgress {
    async fn exchange(&self, request: OutboundRequest) -> Result<OutboundResponse, SendError> {
        let time_max = request.deadline.min(TIMEOUT.max);
        let deadline = Instant::now() + time_max;
        let mut outgoing = self.outgoing(request)?;
        let connection = capture_connection(&mut outgoing);
        let response = timeout_at(deadline, self.client.request(outgoing))
            .await
            .map_err(|_elapsed| failure::timed_out(time_max))?
            .map_err(|error| failure::from_client(&error))?;

        let answered = Instant::now();
        let (head, body) = response.into_parts();
        let known = head.extensions.get::<Known>();
        if known.is_some_and(|known| answered - known.born > self.reused_until_age) {
            Self::retire(&connection);
        }
        let (body, truncated) = read_body(body, deadline.min(answered + RESPONSE_BODY_TIME_MAX)).await;
        if truncated {
            Self::retire(&connection);
        } else if let Some(known) = known {
            known.rests();
        }
        let headers = headers_as_text(&head.headers);
        Ok(OutboundResponse { status: head.status.as_u16(), headers, body, truncated })
    }

    async fn check(&self, url: &EndpointUrl) -> Result<(), SendError> {
        let uri = uri_of(url)?;
        let time_max = TIMEOUT.default;
        timeout(time_max, self.guard.addresses(host_of(&uri), port_of(&uri)))
            .await
            .map_err(|_elapsed| failure::timed_out(time_max))??;
        Ok(())
    }
}
