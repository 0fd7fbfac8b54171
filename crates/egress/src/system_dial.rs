//! The real network: the system's resolver configuration and TCP.

use std::{
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
    time::Duration,
};

use async_trait::async_trait;
use hickory_resolver::{TokioResolver, config::LookupIpStrategy, net::NetError};
use tokio::net::TcpStream;

use crate::dial::{Dial, Stream};

/// Answers the resolver keeps.
const CACHED_ANSWERS_MAX: u64 = 8_192;
/// How long an address is believed at most: a receiver that moves is found again within its retry schedule.
const POSITIVE_TIME_MAX: Duration = Duration::from_secs(300);
/// How long a missing name is believed at most: somebody may be setting it up just now.
const NEGATIVE_TIME_MAX: Duration = Duration::from_secs(30);

/// Resolves with the system's configuration (`/etc/resolv.conf`, `/etc/hosts`) and a bounded cache; connects by TCP.
pub struct SystemDial {
    resolver: TokioResolver,
}

impl SystemDial {
    /// Reads the system's configuration. Errors: it is missing or cannot be understood.
    pub fn new() -> io::Result<Self> {
        let mut builder = TokioResolver::builder_tokio().map_err(io::Error::other)?;
        let options = builder.options_mut();
        options.cache_size = CACHED_ANSWERS_MAX;
        options.positive_max_ttl = Some(POSITIVE_TIME_MAX);
        options.negative_max_ttl = Some(NEGATIVE_TIME_MAX);
        options.ip_strategy = LookupIpStrategy::Ipv6AndIpv4;
        Ok(Self { resolver: builder.build().map_err(io::Error::other)? })
    }
}

#[async_trait]
impl Dial for SystemDial {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = self.resolver.lookup_ip(host).await.map_err(resolve_error)?;
        Ok(found.iter().collect())
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
