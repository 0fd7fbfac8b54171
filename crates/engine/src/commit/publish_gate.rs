//! How much may wait for its commit: the memory of what is not acknowledged yet is bounded.

use std::sync::Arc;

use postroad_domain::limits::UNACKNOWLEDGED_BYTES_MAX;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What an event takes beside its data.
const OVERHEAD_BYTES: usize = 512;

/// Hands out the bytes that may wait.
#[derive(Clone)]
pub(crate) struct PublishGate(Arc<Semaphore>);

impl PublishGate {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(UNACKNOWLEDGED_BYTES_MAX)))
    }

    /// The right to wait with so many bytes, or `None` when too many wait already. Given back when it is dropped.
    pub(crate) fn admit(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let permits = u32::try_from(bytes + OVERHEAD_BYTES).ok()?;
        Arc::clone(&self.0).try_acquire_many_owned(permits).ok()
    }
}
