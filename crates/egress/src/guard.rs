//! The guard: from a host to the addresses that may be dialled.
//!
//! **Invariant:** what it returns was judged, and the connector dials only what it returns. A name with one blocked
//! address is blocked whole: a receiver has no reason for such a name, an attacker has.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use postroad_domain::limits::NAMES_KNOWN_MAX;

use crate::{
    dial::Dial,
    names::Names,
    policy::{AddressPolicy, Blocked},
};

/// Resolves and judges.
#[derive(Clone)]
pub(crate) struct Guard {
    policy: Arc<AddressPolicy>,
    dial: Arc<dyn Dial>,
    names: Arc<Names>,
}

impl Guard {
    pub(crate) fn new(policy: AddressPolicy, dial: Arc<dyn Dial>) -> Self {
        let names = Arc::new(Names::new(Arc::clone(&dial), NAMES_KNOWN_MAX));
        Self { policy: Arc::new(policy), dial, names }
    }

    /// The addresses of `host`, each of them judged, in the resolver's order; never empty.
    pub(crate) async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, GuardError> {
        // A literal address never goes to the resolver, and always to the judge.
        let addresses = match host.parse::<IpAddr>() {
            Ok(literal) => Arc::from([literal]),
            Err(_) => {
                let failed = |source| GuardError::Resolve { host: host.to_owned(), source };
                self.names.addresses(host).await.map_err(failed)?
            }
        };
        for address in &*addresses {
            self.judge(host, *address, port)?;
        }
        Ok(addresses.iter().map(|ip| SocketAddr::new(ip.to_canonical(), port)).collect())
    }

    /// Judges a host that somebody else resolves: only a literal address can be.
    pub(crate) fn judge_literal(&self, host: &str, port: u16) -> Result<(), GuardError> {
        host.parse::<IpAddr>().map_or(Ok(()), |literal| self.judge(host, literal, port))
    }

    /// The addresses of the operator's own host, which nobody judges.
    pub(crate) async fn addresses_unjudged(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if let Ok(literal) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(literal, port)]);
        }
        let addresses = self.names.addresses(host).await?;
        Ok(addresses.iter().map(|ip| SocketAddr::new(*ip, port)).collect())
    }

    fn judge(&self, host: &str, address: IpAddr, port: u16) -> Result<(), GuardError> {
        self.policy
            .judge_on_machine(address, port, |ip| self.dial.is_own(ip))
            .map_err(|blocked| GuardError::Blocked { host: host.to_owned(), blocked })
    }
}

/// Why a host may not or cannot be dialled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GuardError {
    #[error("cannot resolve {host}: {source}")]
    Resolve { host: String, source: io::Error },
    #[error("{host} may not be called: {blocked}")]
    Blocked { host: String, blocked: Blocked },
}
