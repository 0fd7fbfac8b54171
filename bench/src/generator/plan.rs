//! What a generator is told to do.

use std::{net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::bench::pace::Pace;

/// What a generator is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::bench) struct Plan {
    pub(in crate::bench) address: SocketAddr,
    pub(in crate::bench) target: Target,
    pub(in crate::bench) pace: Pace,
    /// The number of the first event.
    pub(in crate::bench) first_number: u64,
    /// Events of one POST to the server.
    pub(in crate::bench) batch: u64,
    /// Bytes of each event's data.
    pub(in crate::bench) data_bytes: usize,
    pub(in crate::bench) connections: usize,
    /// How often each event arrives.
    pub(in crate::bench) subscriptions: u64,
    /// The Unix socket on which the receiver tells what has arrived.
    pub(in crate::bench) feed: Option<PathBuf>,
    pub(in crate::bench) on_break: OnBreak,
    /// The file to which the numbers of what was accepted are written with each report.
    pub(in crate::bench) ledger: Option<PathBuf>,
}

/// Whom the generator posts to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::bench) enum Target {
    /// A server's API: these tenants take turns.
    Server { first_tenant: u64, tenants: u64, key: String, event_type: String },
    /// The receiver, without a server between.
    Receiver,
}

/// What a connection that breaks means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::bench) enum OnBreak {
    /// The run is void.
    Fail,
    /// The connection is not used any more: the server is meant to die.
    Stop,
    /// Another one takes its place, and the break is counted as an answer of status 0.
    Reconnect,
}

impl Target {
    /// Whose the `number`-th request is.
    pub(in crate::bench) const fn tenant_of(&self, number: u64) -> u64 {
        match self {
            Self::Server { first_tenant, tenants, .. } => *first_tenant + number % *tenants,
            Self::Receiver => 0,
        }
    }

    /// How many tenants take turns.
    pub(in crate::bench) const fn tenants(&self) -> u64 {
        match self {
            Self::Server { tenants, .. } => *tenants,
            Self::Receiver => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_take_turns() {
        let target =
            Target::Server { first_tenant: 5, tenants: 2, key: String::new(), event_type: String::new() };
        assert_eq!([0, 1, 2].map(|number| target.tenant_of(number)), [5, 6, 5]);
    }
}
