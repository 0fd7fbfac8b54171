//! [`HttpEgress`]: HTTP/1.1 with keep-alive over the guarded connector, HTTP/2 where a channel asks for it.
//!
//! **Invariant:** a connection lives at most [`CONNECTION_LIFE_MAX`], so that a receiver that moves to other addresses
//! is followed and no balancer in front of it is held for ever. There is no timer for that: a connection that could reach
//! this age by waiting in the pool for as long as the pool lets it, and by one more exchange, does not go back into it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header::CONTENT_LENGTH};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::{
    self,
    connect::{CaptureConnection, capture_connection},
};
use postroad_domain::{
    EndpointUrl, HttpVersion,
    limits::{CHANNELS_MAX, EXCHANGES_MAX, RESPONSE_BODY_TIME_MAX, TIMEOUT},
};
use rustls::pki_types::CertificateDer;
use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    channel::Channel,
    connector::Route,
    dial::Dial,
    exchange::{Egress, OutboundRequest, OutboundResponse, SendError},
    failure,
    guard::Guard,
    link::Known,
    policy::AddressPolicy,
    pools::{Keeping, Pool, Pools},
    proxy::EgressProxy,
    response::{headers_as_text, read_body},
    resting::Resting,
    spelling::Speller,
    target::{host_of, port_of, uri_of},
    tls::Tls,
};

/// From the dial to the close.
const CONNECTION_LIFE_MAX: Duration = Duration::from_secs(300);
/// A longer wait in the pool would leave no time for exchanges.
const POOL_IDLE_TIME_MAX: Duration = Duration::from_secs(120);
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
    /// Through which all connections go.
    pub proxy: Option<EgressProxy>,
    /// Channels whose connections are kept.
    pub channels_max: usize,
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
            proxy: None,
            channels_max: CHANNELS_MAX,
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

/// The real [`Egress`]: connections are told apart by channel, scheme, host and port.
pub struct HttpEgress {
    pools: Pools,
    guard: Guard,
    /// Not through a proxy: names are resolved here.
    is_direct: bool,
    speller: Speller,
    reused_until_age: Duration,
}

impl HttpEgress {
    /// A client over `dial`. Errors: TLS has no roots to trust.
    pub fn new(config: EgressConfig, dial: Arc<dyn Dial>) -> Result<Self, StartError> {
        let idle_time = config.pool_idle_timeout.min(POOL_IDLE_TIME_MAX);
        let guard = Guard::new(config.policy, Arc::clone(&dial));
        let resting = Resting::new(config.pool_idle_max);
        let route = Route { guard: guard.clone(), dial, proxy: config.proxy, resting };
        let is_direct = route.proxy.is_none();
        let keeping = Keeping { idle_per_host: config.pool_idle_per_host, idle_time };
        let tls = Tls::new(config.extra_roots)?;
        let pools = Pools::new(Arc::new(route), tls, keeping, config.channels_max)?;
        // The pool looks for connections that nobody took once in its time: such a one may wait for twice as long.
        let rest_of_life = (idle_time + TIMEOUT.max).max(2 * idle_time) + RESPONSE_BODY_TIME_MAX;
        let reused_until_age = CONNECTION_LIFE_MAX - rest_of_life;
        Ok(Self { pools, guard, is_direct, speller: Speller::new(), reused_until_age })
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

    /// Over the connections of a channel. What the receiver says it has not looked at, because it closes its connection of
    /// HTTP/2 just now, is sent once more over another one.
    async fn send_over(
        &self,
        channel: &Channel,
        outgoing: Request<Full<Bytes>>,
    ) -> Result<(Response<Incoming>, CaptureConnection), SendError> {
        let pool = self.pools.of(channel)?;
        let again = (channel.http_version == HttpVersion::Two).then(|| outgoing.clone());
        let sent = match (send(&pool, outgoing).await, again) {
            (Err(error), Some(again)) if failure::was_not_looked_at(&error) => send(&pool, again).await,
            (sent, _) => sent,
        };
        sent.map_err(|error| failure::from_client(&error))
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
        let channel = request.channel.clone();
        let outgoing = self.outgoing(request)?;
        let sent = async {
            match channel {
                None => send(&self.pools.usual, outgoing).await.map_err(|error| failure::from_client(&error)),
                // On the heap, so that the usual exchange is no larger for it.
                Some(channel) => Box::pin(self.send_over(&channel, outgoing)).await,
            }
        };
        let (response, connection) =
            timeout_at(deadline, sent).await.map_err(|_elapsed| failure::timed_out(time_max))??;

        let answered = Instant::now();
        let (head, body) = response.into_parts();
        let known = head.extensions.get::<Known>();
        if known.is_some_and(|known| answered - known.born > self.reused_until_age) {
            Self::retire(&connection);
        }
        let (body, truncated) = read_body(body, deadline.min(answered + RESPONSE_BODY_TIME_MAX)).await;
        match known {
            // The end of one stream says nothing of the connection.
            Some(known) if known.is_http_2 => {}
            _ if truncated => Self::retire(&connection),
            Some(known) => known.rests(),
            None => {}
        }
        let headers = headers_as_text(&head.headers);
        Ok(OutboundResponse { status: head.status.as_u16(), headers, body, truncated })
    }

    async fn check(&self, url: &EndpointUrl) -> Result<(), SendError> {
        let uri = uri_of(url)?;
        if !self.is_direct {
            return Ok(self.guard.judge_literal(host_of(&uri), port_of(&uri))?);
        }
        let time_max = TIMEOUT.default;
        timeout(time_max, self.guard.addresses(host_of(&uri), port_of(&uri)))
            .await
            .map_err(|_elapsed| failure::timed_out(time_max))??;
        Ok(())
    }
}

async fn send(
    pool: &Pool,
    mut outgoing: Request<Full<Bytes>>,
) -> Result<(Response<Incoming>, CaptureConnection), legacy::Error> {
    let connection = capture_connection(&mut outgoing);
    Ok((pool.request(outgoing).await?, connection))
}
