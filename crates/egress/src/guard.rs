//! The guard: from a host to the addresses that may be dialled.
//!
//! **Invariant:** what it returns was judged, and the connector dials only what it returns. A name with one blocked
//! address is blocked whole: a receiver has no reason for such a name, an attacker has.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use crate::{
    dial::Dial,
    policy::{AddressPolicy, Blocked},
};

/// Resolves and judges.
#[derive(Clone)]
pub(crate) struct Guard {
    policy: Arc<AddressPolicy>,
    dial: Arc<dyn Dial>,
}

impl Guard {
    pub(crate) fn new(policy: AddressPolicy, dial: Arc<dyn Dial>) -> Self {
        Self { policy: Arc::new(policy), dial }
    }

    /// The addresses of `host`, each of them judged, in the resolver's order; never empty.
    pub(crate) async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, GuardError> {
        // A literal address never goes to the resolver, and always to the judge.
        let addresses = match host.parse::<IpAddr>() {
            Ok(literal) => vec![literal],
            Err(_) => self.resolve(host).await?,
        };
        for address in &addresses {
            self.policy
                .judge_on_machine(*address, port, |ip| self.dial.is_own(ip))
                .map_err(|blocked| GuardError::Blocked { host: host.to_owned(), blocked })?;
        }
        Ok(addresses.into_iter().map(|ip| SocketAddr::new(ip.to_canonical(), port)).collect())
    }

    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, GuardError> {
        let failed = |source| GuardError::Resolve { host: host.to_owned(), source };
        let addresses = self.dial.resolve(host).await.map_err(failed)?;
        if addresses.is_empty() {
            return Err(failed(io::Error::new(io::ErrorKind::NotFound, "the name has no address")));
        }
        Ok(addresses)
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
