//! The way out: guard, dial, the operator's proxy, TLS. The only caller of [`Dial::connect`].
//!
//! **Invariant:** what is dialled was judged, with one exception: the proxy, which the operator has named. What it then
//! calls, it judges.
//!
//! **Invariant:** no dial outlives [`DIAL_TIME_MAX`].

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use postroad_domain::limits::TIMEOUT;
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};
use tokio_rustls::TlsConnector;

use crate::{
    dial::{Dial, Stream},
    guard::{Guard, GuardError},
    proxy::{EgressProxy, ProxyError},
    reach::Reach,
    target::Place,
    tls,
};

/// From the look-up of the name to the end of the handshake. No exchange has a later deadline.
pub(crate) const DIAL_TIME_MAX: Duration = TIMEOUT.max;
/// How long an address is tried alone before the next one joins the race (RFC 8305).
const HEAD_START: Duration = Duration::from_millis(250);
/// For the way to the operator's proxy, which is near. Shorter than most exchanges may take, so that it is known to be the
/// reason.
const PROXY_TIME_MAX: Duration = Duration::from_secs(5);
/// Addresses of one name that are tried.
const ADDRESSES_DIALLED_MAX: usize = 8;

/// The way out, the same for all exchanges.
pub(crate) struct Route {
    pub(crate) guard: Guard,
    pub(crate) dial: Arc<dyn Dial>,
    pub(crate) proxy: Option<EgressProxy>,
    /// The proxy's.
    pub(crate) reach: Reach,
}

/// A new connection.
pub(crate) struct Opened {
    pub(crate) stream: Box<dyn Stream>,
    /// When its dial began.
    pub(crate) born: Instant,
    pub(crate) is_encrypted: bool,
    /// The receiver has chosen HTTP/2.
    pub(crate) is_http_2: bool,
}

impl Route {
    /// A connection to a place.
    pub(crate) async fn open(&self, tls: &TlsConnector, place: &Place) -> Result<Opened, ConnectError> {
        timeout(DIAL_TIME_MAX, self.open_in_time(tls, place)).await.unwrap_or(Err(ConnectError::TimedOut))
    }

    async fn open_in_time(&self, tls: &TlsConnector, place: &Place) -> Result<Opened, ConnectError> {
        let born = Instant::now();
        let Place { is_https, host, port } = place;
        let (mut stream, mut is_http_2) = (self.stream_to(host, *port).await?, false);
        if *is_https {
            (stream, is_http_2) = tls::handshake(tls, host, stream)
                .await
                .map_err(|source| ConnectError::Tls { host: host.to_owned(), source })?;
        }
        Ok(Opened { stream, born, is_encrypted: *is_https, is_http_2 })
    }

    async fn stream_to(&self, host: &str, port: u16) -> Result<Box<dyn Stream>, ConnectError> {
        let Some(proxy) = &self.proxy else {
            let addresses = self.guard.addresses(host, port).await?;
            return dial_first(&self.dial, &addresses).await;
        };
        self.guard.judge_literal(host, port)?;
        let tunnel = self.tunnel(proxy, host, port).await;
        let shut_for = self.reach.told(tunnel.as_ref().err());
        tunnel.map_err(|error| ConnectError::Proxy(NoTunnel { error, shut_for }))
    }

    async fn tunnel(
        &self,
        proxy: &EgressProxy,
        host: &str,
        port: u16,
    ) -> Result<Box<dyn Stream>, ProxyError> {
        let dialled = timeout(PROXY_TIME_MAX, self.stream_to_proxy(proxy)).await;
        let stream = dialled
            .unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into()))
            .map_err(|source| ProxyError::Unreachable { proxy: proxy.to_string(), source })?;
        proxy.tunnel(stream, host, port).await
    }

    async fn stream_to_proxy(&self, proxy: &EgressProxy) -> io::Result<Box<dyn Stream>> {
        let addresses = self.guard.addresses_unjudged(&proxy.host, proxy.port).await?;
        dial_first(&self.dial, &addresses).await.map_err(|error| match error {
            ConnectError::Dial { source, .. } | ConnectError::Lost(source) => source,
            _ => io::ErrorKind::TimedOut.into(),
        })
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

/// Why the operator's proxy made no tunnel, and how long it is not worth another try for anybody.
#[derive(Debug)]
pub(crate) struct NoTunnel {
    pub(crate) error: ProxyError,
    pub(crate) shut_for: Option<Duration>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error(transparent)]
    Guard(#[from] GuardError),
    #[error("cannot connect to {address}: {source}")]
    Dial { address: SocketAddr, source: io::Error },
    #[error("{}", .0.error)]
    Proxy(NoTunnel),
    #[error("{}", tls::why_failed(host, source))]
    Tls { host: String, source: io::Error },
    #[error("the connection was given up: {0}")]
    Lost(io::Error),
    #[error("no connection within {DIAL_TIME_MAX:?}")]
    TimedOut,
}
