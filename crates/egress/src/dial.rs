//! The seam to the network: resolve and connect. Nothing above it knows sockets.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};

/// Names to addresses, addresses to streams. Judges nothing: that is done between the two calls.
#[async_trait]
pub trait Dial: Send + Sync + 'static {
    /// Every address of a host name, the preferred ones first. Never asked for a literal address. An empty answer
    /// and an error mean the same: the name cannot be called now.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;

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
