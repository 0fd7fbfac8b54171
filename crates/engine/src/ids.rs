//! Where new ids and everything else that is random come from: one generator, passed in at the start.

use std::sync::Arc;

use parking_lot::Mutex;
use postroad_domain::{
    AttemptId, AuditId, Clock, EventId, KeyId, ReplayId, SubscriptionId, Timestamp,
    ids::{Id, Kind},
};
use rand::rngs::StdRng;

/// Makes ids of the present moment.
pub(crate) struct IdSource {
    clock: Arc<dyn Clock>,
    rng: Mutex<StdRng>,
}

impl IdSource {
    pub(crate) fn new(clock: Arc<dyn Clock>, rng: StdRng) -> Self {
        Self { clock, rng: Mutex::new(rng) }
    }

    /// The id of an event of this moment of the clock of commits, so that ids have the order of commits.
    pub(crate) fn event(&self, now: Timestamp) -> EventId {
        EventId::for_event(now, &mut *self.rng.lock())
    }

    pub(crate) fn attempt(&self) -> AttemptId {
        self.id()
    }

    pub(crate) fn subscription(&self) -> SubscriptionId {
        self.id()
    }

    pub(crate) fn replay(&self) -> ReplayId {
        self.id()
    }

    pub(crate) fn key(&self) -> KeyId {
        self.id()
    }

    pub(crate) fn audit(&self) -> AuditId {
        self.id()
    }

    /// The rng for anything else: secrets, nonces, jitter.
    pub(crate) fn with_rng<T>(&self, use_it: impl FnOnce(&mut StdRng) -> T) -> T {
        use_it(&mut self.rng.lock())
    }

    fn id<K: Kind>(&self) -> Id<K> {
        Id::new(self.clock.now(), &mut *self.rng.lock())
    }
}
