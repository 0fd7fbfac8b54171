//! [`HttpEgress`]: what is known of URLs and channels before an exchange begins.
//!
//! **Invariant:** a connection lives at most [`CONNECTION_LIFE_MAX`], so that a receiver that moves to other addresses
//! is followed and no balancer in front of it is held for ever. There is no timer for that: a connection that could reach
//! this age by waiting for as long as connections may, and by one more exchange, does not wait.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use postroad_domain::{
    EndpointUrl, HttpVersion,
    limits::{CHANNELS_MAX, CONNECTIONS_PER_ADDRESS_MAX, EXCHANGES_MAX, RESPONSE_BODY_TIME_MAX, TIMEOUT},
};
use quick_cache::sync::Cache;
use rustls::pki_types::CertificateDer;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use crate::{
    channel::{Channel, Identity},
    channels::Channels,
    connector::Route,
    dial::Dial,
    exchange::{Egress, OutboundRequest, OutboundResponse, SendError},
    exchanges::{Exchanges, Order},
    failure,
    guard::Guard,
    keeping::{Keeping, Key},
    policy::AddressPolicy,
    proxy::EgressProxy,
    reach::Reach,
    repeating::Repeating,
    target::{Target, host_of, port_of, uri_of},
    tls::Tls,
};

/// URLs whose parts are remembered.
const TARGETS_CACHED_MAX: usize = 4_096;
/// From the dial to the close.
const CONNECTION_LIFE_MAX: Duration = Duration::from_secs(300);
/// A longer wait in the pool would leave no time for exchanges.
const POOL_IDLE_TIME_MAX: Duration = Duration::from_secs(120);
/// How long a connection waits for its next exchange where its receiver does not say for how long it waits itself. Shorter than
/// the usual times of what stands in front of most receivers: 60 s of Amazon's balancer, 75 s of nginx, 100 s and more of other
/// networks. Node and Apache end theirs after 5 s, and say so; whoever ends one earlier and does not say it costs a repeat.
const POOL_IDLE_TIME: Duration = Duration::from_secs(55);
/// How long a connection of HTTP/2 serves while a new one is looked for to take its place.
const RENEWAL_TIME: Duration = Duration::from_secs(60);

/// What may be called and how long connections are kept.
#[derive(Clone, Debug)]
pub struct EgressConfig {
    /// Which addresses may be called.
    pub policy: AddressPolicy,
    /// Connections to one scheme, host and port, over all owners, that wait for the next exchange for more than a second, and as
    /// many of HTTP/2 that are kept: of more than these those that have waited longest are closed. Four times as many may wait for
    /// less.
    pub pool_idle_per_address: usize,
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
    /// What the binary starts with. As many connections to one address wait as one lane uses at a time. A fourth of that
    /// would close most of them between two turns of a busy address's lanes: measured, 75 % of the exchanges of ten lanes to
    /// one address then dialled anew. More would let one address that many tenants call take what others need.
    pub fn new(policy: AddressPolicy) -> Self {
        Self {
            policy,
            pool_idle_per_address: CONNECTIONS_PER_ADDRESS_MAX,
            pool_idle_max: 2 * EXCHANGES_MAX,
            pool_idle_timeout: POOL_IDLE_TIME,
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

/// The real [`Egress`]: connections are told apart by owner, channel, scheme, host and port.
///
/// Shared over all owners are the answers of name servers, since they are the same for everybody and hold nothing of theirs, and
/// within one channel the sessions of TLS: what a receiver gives for the next handshake says who it is and nothing of what was
/// sent, and without it a thousand tenants of one receiver would cost a thousand whole handshakes.
pub struct HttpEgress {
    guard: Guard,
    /// Not through a proxy: names are resolved here.
    is_direct: bool,
    targets: Cache<EndpointUrl, Arc<Target>>,
    tls: Tls,
    usual: TlsConnector,
    connectors: Mutex<Channels<TlsConnector>>,
    exchanges: Exchanges,
}

impl HttpEgress {
    /// A client over `dial`. Errors: TLS has no roots to trust.
    pub fn new(config: EgressConfig, dial: Arc<dyn Dial>) -> Result<Self, StartError> {
        let time = config.pool_idle_timeout.min(POOL_IDLE_TIME_MAX);
        let used_until_age = CONNECTION_LIFE_MAX - TIMEOUT.max - RESPONSE_BODY_TIME_MAX;
        let keeping = Keeping {
            address_max: config.pool_idle_per_address,
            all_max: config.pool_idle_max,
            time,
            reused_until_age: used_until_age - time,
            renewed_from_age: used_until_age - RENEWAL_TIME,
            used_until_age,
        };
        let guard = Guard::new(config.policy, Arc::clone(&dial));
        let is_direct = config.proxy.is_none();
        let route = Route { guard: guard.clone(), dial, proxy: config.proxy, reach: Reach::default() };
        let tls = Tls::new(config.extra_roots)?;
        Ok(Self {
            guard,
            is_direct,
            targets: Cache::new(TARGETS_CACHED_MAX),
            usual: tls.usual()?,
            tls,
            connectors: Mutex::new(Channels::new(config.channels_max)),
            exchanges: Exchanges::new(route, keeping),
        })
    }

    fn target(&self, url: &EndpointUrl) -> Result<Arc<Target>, SendError> {
        if let Some(known) = self.targets.get(url) {
            return Ok(known);
        }
        let target = Arc::new(Target::of(url)?);
        self.targets.insert(url.clone(), Arc::clone(&target));
        Ok(target)
    }

    /// How the channel does TLS, made once for it. Errors: its settings cannot be used.
    fn connector(&self, channel: &Channel) -> Result<TlsConnector, SendError> {
        if let Some(known) = self.connectors().known(&channel.identity) {
            return Ok(known);
        }
        let (connector, gone) = self.connectors().keep(channel.identity, self.tls.of(channel)?);
        if let Some(gone) = gone {
            self.exchanges.forget(gone);
        }
        Ok(connector)
    }

    /// Nothing that holds the lock can panic half-way.
    fn connectors(&self) -> MutexGuard<'_, Channels<TlsConnector>> {
        self.connectors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes what an exchange has put back if its channel was given up meanwhile.
    fn leave(&self, identity: Identity) {
        let is_kept = self.connectors().is_kept(&identity);
        if !is_kept {
            self.exchanges.forget(identity);
        }
    }
}

#[async_trait]
impl Egress for HttpEgress {
    async fn exchange(&self, request: OutboundRequest) -> Result<OutboundResponse, SendError> {
        let time_max = request.deadline.min(TIMEOUT.max);
        let deadline = Instant::now() + time_max;
        let target = self.target(&request.url)?;
        let order = |tls, identity| {
            let key = Key { owner: request.owner, identity, place: Arc::clone(&target.place) };
            let repeating = Repeating::new(request.repeat);
            Order { key, tls, target: &target, request: &request, deadline, time_max, repeating }
        };
        let Some(channel) = &request.channel else {
            let order = order(&self.usual, None);
            return order.noted(self.exchanges.over_http_1(&order).await);
        };
        let connector = self.connector(channel)?;
        let order = order(&connector, Some(channel.identity));
        // Who is called without TLS cannot choose HTTP/2.
        let outcome = if channel.http_version == HttpVersion::Two && target.place.is_https {
            // On the heap, so that the usual exchange is no larger for it.
            Box::pin(self.exchanges.over_newest(&order)).await
        } else {
            self.exchanges.over_http_1(&order).await
        };
        self.leave(channel.identity);
        order.noted(outcome)
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
