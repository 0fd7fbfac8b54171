//! The seam to the network: resolve and connect. Nothing above it knows sockets.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};

/// What a name server says of a name.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Its addresses, the preferred ones first.
    pub addresses: Vec<IpAddr>,
    /// How long the answer may be believed; used within the bounds of [`postroad_domain::limits::NAME_TIME`].
    pub valid_for: Duration,
}

/// Names to addresses, addresses to streams. Judges nothing: that is done between the two calls.
#[async_trait]
pub trait Dial: Send + Sync + 'static {
    /// Every address of a host name. Never asked for a literal address, and not while an answer of before counts. No
    /// address and the error `NotFound` mean the same: the name has none. Any other error is the name server's.
    async fn resolve(&self, host: &str) -> io::Result<Resolved>;

    /// A connection to exactly this address.
    async fn connect(&self, address: SocketAddr) -> io::Result<Box<dyn Stream>>;

    /// Whether `ip` is an address of this machine. Asked only where Postroad listens on all of them, to find its own.
    fn is_own(&self, ip: IpAddr) -> bool {
        let _ = ip;
        false
    }
}

/// Bytes both ways: a TCP connection, TLS over one, or a pipe in a test.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for T {}
