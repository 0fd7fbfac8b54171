//! The shape of the work: how much is sent, in which portions, to how many.

use super::pace::Pace;

/// A shape of work.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// Tenants that take turns, each with the same subscriptions.
    pub(super) tenants: u64,
    /// Subscriptions of a tenant; all want every event.
    pub(super) subscriptions: u64,
    /// Exchanges that the server may have under way for each of them.
    pub(super) concurrency: u32,
    /// Events of one POST.
    pub(super) batch: u64,
    /// Bytes of each event's data.
    pub(super) data_bytes: usize,
    /// Connections of the generator.
    pub(super) connections: usize,
    pub(super) pace: Pace,
}

impl Load {
    /// One subscription, events of 1 KiB one by one, 64 in the loop.
    pub(super) const ONE: Self = Self {
        tenants: 1,
        subscriptions: 1,
        concurrency: 64,
        batch: 1,
        data_bytes: 1_024,
        connections: 64,
        pace: Pace::InLoop(64),
    };

    /// The same with another pace.
    pub(super) const fn at(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// The same work without a server: what it takes apart (batches, tenants) does not reach a receiver in any case, and more
    /// connections make it no faster.
    pub(super) const fn bare(self) -> Self {
        let pace = if self.batch > 1 { Pace::InLoop(64) } else { self.pace };
        Self { tenants: 1, batch: 1, connections: 64, pace, ..self }
    }
}
