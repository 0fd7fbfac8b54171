//! The connector under the pools: guard, dial, the operator's proxy, TLS. The only caller of [`Dial::connect`].
//!
//! **Invariant:** what is dialled was judged, with one exception: the proxy, which the operator has named. What it then
//! calls, it judges.
//!
//! **Invariant:** no dial outlives [`DIAL_TIME_MAX`], also one that its exchange no longer waits for: the pool
//! lets such a dial end in the background.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::{Uri, uri::Scheme};
use postroad_domain::limits::TIMEOUT;
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};
use tokio_rustls::TlsConnector;
use tower::Service;

use crate::{
    dial::{Dial, Stream},
    guard::{Guard, GuardError},
    link::{Known, Link},
    proxy::{EgressProxy, ProxyError},
    resting::Resting,
    target::{host_of, port_of},
    tls,
};

/// From the look-up of the name to the end of the handshake. No exchange has a later deadline.
pub(crate) const DIAL_TIME_MAX: Duration = TIMEOUT.max;
/// How long an address is tried alone before the next one joins the race (RFC 8305).
const HEAD_START: Duration = Duration::from_millis(250);
/// Addresses of one name that are tried.
const ADDRESSES_DIALLED_MAX: usize = 8;

/// Makes connections for one pool.
#[derive(Clone)]
pub(crate) struct Connector {
    // The pool clones its connector for each request.
    parts: Arc<Parts>,
}

struct Parts {
    route: Arc<Route>,
    tls: TlsConnector,
}

/// The way out, the same for all pools.
pub(crate) struct Route {
    pub(crate) guard: Guard,
    pub(crate) dial: Arc<dyn Dial>,
    pub(crate) proxy: Option<EgressProxy>,
    pub(crate) resting: Arc<Resting>,
}

impl Connector {
    pub(crate) fn new(route: Arc<Route>, tls: TlsConnector) -> Self {
        Self { parts: Arc::new(Parts { route, tls }) }
    }
}

impl Service<Uri> for Connector {
    type Response = Link;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Link, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let parts = Arc::clone(&self.parts);
        Box::pin(async move {
            timeout(DIAL_TIME_MAX, parts.connect(&uri)).await.unwrap_or(Err(ConnectError::TimedOut))
        })
    }
}

impl Parts {
    async fn connect(&self, uri: &Uri) -> Result<Link, ConnectError> {
        let born = Instant::now();
        let host = host_of(uri);
        let mut stream = self.route.stream_to(host, port_of(uri)).await?;
        let mut is_http_2 = false;
        if uri.scheme() == Some(&Scheme::HTTPS) {
            (stream, is_http_2) = tls::handshake(&self.tls, host, stream)
                .await
                .map_err(|source| ConnectError::Tls { host: host.to_owned(), source })?;
        }
        Ok(Link::new(stream, Known::new(born, self.route.resting.connection(), is_http_2)))
    }
}

impl Route {
    async fn stream_to(&self, host: &str, port: u16) -> Result<Box<dyn Stream>, ConnectError> {
        let Some(proxy) = &self.proxy else {
            let addresses = self.guard.addresses(host, port).await?;
            return dial_first(&self.dial, &addresses).await;
        };
        self.guard.judge_literal(host, port)?;
        let unreachable = |source| ProxyError::Unreachable { proxy: proxy.to_string(), source };
        let addresses = self.guard.addresses_unjudged(&proxy.host, proxy.port).await.map_err(unreachable)?;
        let stream = dial_first(&self.dial, &addresses).await.map_err(|error| match error {
            ConnectError::Dial { source, .. } => unreachable(source).into(),
            error => error,
        })?;
        Ok(proxy.tunnel(stream, host, port).await?)
    }
}

/// The first of the judged addresses that answers. They are tried in their order; the next one joins when those before
/// it have failed or had their head start.
async fn dial_first(dial: &Arc<dyn Dial>, addresses: &[SocketAddr]) -> Result<Box<dyn Stream>, ConnectError> {
    let mut waiting = addresses.iter().copied().take(ADDRESSES_DIALLED_MAX);
    let mut racing = JoinSet::new();
    let mut failed = ConnectError::TimedOut;
    loop {
        let next = waiting.next();
        let patience = if next.is_some() { HEAD_START } else { DIAL_TIME_MAX };
        if let Some(address) = next {
            racing.spawn(dial_one(Arc::clone(dial), address));
        }
        match timeout(patience, racing.join_next()).await {
            Ok(Some(Ok(Ok(stream)))) => return Ok(stream),
            Ok(Some(Ok(Err(error)))) => failed = error,
            Ok(Some(Err(lost))) => failed = ConnectError::Lost(io::Error::other(lost)),
            Ok(None) => return Err(failed),
            Err(_head_start_is_over) => {}
        }
    }
}

async fn dial_one(dial: Arc<dyn Dial>, address: SocketAddr) -> Result<Box<dyn Stream>, ConnectError> {
    dial.connect(address).await.map_err(|source| ConnectError::Dial { address, source })
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error(transparent)]
    Guard(#[from] GuardError),
    #[error("cannot connect to {address}: {source}")]
    Dial { address: SocketAddr, source: io::Error },
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    #[error("the TLS handshake with {host} failed: {source}")]
    Tls { host: String, source: io::Error },
    #[error("the connection was given up: {0}")]
    Lost(io::Error),
    #[error("no connection within {DIAL_TIME_MAX:?}")]
    TimedOut,
}
