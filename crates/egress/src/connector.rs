//! The connector under the pool: guard, dial, TLS. The only caller of [`Dial::connect`].
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

/// Makes connections for the pool.
#[derive(Clone)]
pub(crate) struct Connector {
    // The pool clones its connector for each request.
    parts: Arc<Parts>,
}

struct Parts {
    guard: Guard,
    dial: Arc<dyn Dial>,
    tls: TlsConnector,
    resting: Arc<Resting>,
}

impl Connector {
    pub(crate) fn new(guard: Guard, dial: Arc<dyn Dial>, tls: TlsConnector, resting: Arc<Resting>) -> Self {
        Self { parts: Arc::new(Parts { guard, dial, tls, resting }) }
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
        let addresses = self.guard.addresses(host, port_of(uri)).await?;
        let mut stream = dial_first(&self.dial, &addresses).await?;
        if uri.scheme() == Some(&Scheme::HTTPS) {
            stream = tls::handshake(&self.tls, host, stream)
                .await
                .map_err(|source| ConnectError::Tls { host: host.to_owned(), source })?;
        }
        Ok(Link::new(stream, Known::new(born, self.resting.connection())))
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
    #[error("the TLS handshake with {host} failed: {source}")]
    Tls { host: String, source: io::Error },
    #[error("the connection was given up: {0}")]
    Lost(io::Error),
    #[error("no connection within {DIAL_TIME_MAX:?}")]
    TimedOut,
}
