//! How many connections may be open at a time.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places for connections, each free again when its permit is dropped.
pub(super) struct Places {
    free: Arc<Semaphore>,
    max: usize,
    /// It was told that all are taken, and since then there was never much room.
    is_told: bool,
}

impl Places {
    /// So many, at least one.
    pub(super) fn of(max: usize) -> Self {
        let max = max.max(1);
        Self { free: Arc::new(Semaphore::new(max)), max, is_told: false }
    }

    /// The next place, once there is one. Where all are taken the log says so, once for the whole time of the crowd.
    pub(super) async fn next(&mut self) -> OwnedSemaphorePermit {
        if self.is_news() {
            tracing::warn!(
                max = self.max,
                "all connections that may be open are: others wait until one closes"
            );
        }
        let place = Arc::clone(&self.free).acquire_owned().await;
        place.expect("nobody closes the semaphore, which is here only")
    }

    /// Whether all are taken and nobody was told yet. A crowd is over when a tenth of all places is free.
    fn is_news(&mut self) -> bool {
        let free = self.free.available_permits();
        let was_told = self.is_told && free <= self.max / 10;
        self.is_told = was_told || free == 0;
        self.is_told && !was_told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_crowd_is_told_once_and_the_next_one_again() {
        let mut places = Places::of(20);
        let mut taken = Vec::new();
        for _ in 0..20 {
            taken.push(places.next().await);
        }
        assert!(places.is_news());
        assert!(!places.is_news());
        // One leaves and another comes, over and over: still the same crowd.
        taken.pop();
        assert!(!places.is_news());
        taken.push(places.next().await);
        assert!(!places.is_news());
        taken.truncate(10);
        assert!(!places.is_news());
        while taken.len() < 20 {
            taken.push(places.next().await);
        }
        assert!(places.is_news());
    }
}
