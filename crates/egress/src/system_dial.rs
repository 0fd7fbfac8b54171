//! The real network: the system's resolver configuration and TCP.

use std::{
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
};

use async_trait::async_trait;
use hickory_resolver::{TokioResolver, config::LookupIpStrategy, net::NetError};
use tokio::{net::TcpStream, time::Instant};

use crate::dial::{Dial, Resolved, Stream};

/// Resolves with the system's configuration (`/etc/resolv.conf`, `/etc/hosts`); connects by TCP. Remembers nothing: that
/// is done above.
pub struct SystemDial {
    resolver: TokioResolver,
}

impl SystemDial {
    /// Reads the system's configuration. Errors: it is missing or cannot be understood.
    pub fn new() -> io::Result<Self> {
        let mut builder = TokioResolver::builder_tokio().map_err(io::Error::other)?;
        let options = builder.options_mut();
        options.cache_size = 0;
        options.ip_strategy = LookupIpStrategy::Ipv6AndIpv4;
        Ok(Self { resolver: builder.build().map_err(io::Error::other)? })
    }
}

#[async_trait]
impl Dial for SystemDial {
    async fn resolve(&self, host: &str) -> io::Result<Resolved> {
        let found = self.resolver.lookup_ip(host).await.map_err(resolve_error)?;
        // Truncated at zero where the answer took longer than it counts.
        let valid_for = found.valid_until().saturating_duration_since(Instant::now().into_std());
        Ok(Resolved { addresses: found.iter().collect(), valid_for })
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect(address).await?;
        // A request is written whole: waiting for more bytes would only delay it.
        stream.set_nodelay(true)?;
        Ok(Box::new(stream))
    }

    fn is_own(&self, ip: IpAddr) -> bool {
        // A socket can be bound to an address of this machine and to no other; nothing is sent.
        UdpSocket::bind((ip, 0)).is_ok()
    }
}

/// The resolver's own sentences show its inner structures; these are for the people who read the delivery log.
fn resolve_error(error: NetError) -> io::Error {
    if error.is_nx_domain() {
        io::Error::new(io::ErrorKind::NotFound, "the name does not exist")
    } else if error.is_no_records_found() {
        io::Error::new(io::ErrorKind::NotFound, "the name has no address")
    } else {
        io::Error::other(error)
    }
}
