//! The addresses that a server listens on.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use postroad_domain::limits::CONNECTIONS_MAX;
use thiserror::Error;
use tokio::net::TcpListener;

use crate::{config::Config, machine};

/// Why an address cannot be listened on.
#[derive(Debug, Error)]
pub enum ListenError {
    /// It is taken.
    #[error(
        "cannot listen on {address}: another program listens there. Stop it, or choose another with --{flag}"
    )]
    InUse {
        /// The address that was asked for.
        address: SocketAddr,
        /// The flag that names it.
        flag: &'static str,
    },
    /// Something else.
    #[error("cannot listen on {address}: {source}. Choose another with --{flag}")]
    Refused {
        /// The address that was asked for.
        address: SocketAddr,
        /// The flag that names it.
        flag: &'static str,
        /// Why not.
        source: io::Error,
    },
}

/// A bound address: connections wait there until somebody takes them.
pub(crate) struct Listening {
    pub(crate) listener: TcpListener,
    /// The port is the real one.
    pub(crate) address: SocketAddr,
}

/// All listeners of a server.
pub(crate) struct Listeners {
    pub(crate) api: Listening,
    /// The figures alone.
    pub(crate) metrics: Option<Listening>,
}

impl Listeners {
    /// Binds what the configuration asks for.
    ///
    /// Errors: the first address that cannot be had.
    pub(crate) async fn bind(config: &Config) -> Result<Self, ListenError> {
        let api = Listening::bind(config.listen, "listen").await?;
        let metrics = match config.metrics_listen {
            Some(address) => Some(Listening::bind(address, "metrics-listen").await?),
            None => None,
        };
        Ok(Self { api, metrics })
    }

    /// Where this server can be called: no delivery may go there.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        let metrics = self.metrics.as_ref().map(|metrics| metrics.address);
        [self.api.address].into_iter().chain(metrics).collect()
    }
}

impl Listening {
    async fn bind(address: SocketAddr, flag: &'static str) -> Result<Self, ListenError> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => ListenError::InUse { address, flag },
            _ => ListenError::Refused { address, flag, source },
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }
}

/// How many connections callers may have open: of the files that the system allows a half at most, since the connections to
/// receivers and the database need some too.
pub(crate) fn connections_max() -> usize {
    let files = machine::open_files_max().ok().and_then(|files| usize::try_from(files).ok());
    files.map_or(CONNECTIONS_MAX, |files| CONNECTIONS_MAX.min(files / 2))
}

/// The URL of a server that listens on `address`, as it can be called from this machine.
pub fn local_url(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}
