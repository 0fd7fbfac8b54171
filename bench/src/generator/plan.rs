//! What a generator is told to do.

use std::{net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::pace::Pace;

/// What a generator is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) address: SocketAddr,
    pub(crate) target: Target,
    pub(crate) pace: Pace,
    /// The number of the first event.
    pub(crate) first_number: u64,
    /// Events of one POST to the server.
    pub(crate) batch: u64,
    /// Bytes of each event's data.
    pub(crate) data_bytes: usize,
    pub(crate) connections: usize,
    /// How often each event arrives.
    pub(crate) subscriptions: u64,
    /// The Unix socket on which the receiver tells what has arrived.
    pub(crate) feed: Option<PathBuf>,
    pub(crate) on_break: OnBreak,
    /// The file to which the numbers of what was accepted are written with each report.
    pub(crate) ledger: Option<PathBuf>,
}

/// Whom the generator posts to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Target {
    /// A server's API: these tenants take turns.
    Server { first_tenant: u64, tenants: u64, key: String, event_type: String },
    /// The receiver, without a server between.
    Receiver,
}

/// What a connection that breaks means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum OnBreak {
    /// The run is void.
    Fail,
    /// The connection is not used any more: the server is meant to die.
    Stop,
    /// Another one takes its place, and the break is counted as an answer of status 0.
    Reconnect,
}

impl Target {
    /// Whose the `number`-th request is.
    pub(crate) const fn tenant_of(&self, number: u64) -> u64 {
        match self {
            Self::Server { first_tenant, tenants, .. } => *first_tenant + number % *tenants,
            Self::Receiver => 0,
        }
    }

    /// How many tenants take turns.
    pub(crate) const fn tenants(&self) -> u64 {
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
