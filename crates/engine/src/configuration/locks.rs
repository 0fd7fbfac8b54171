//! One lock for each key that somebody holds or waits for, so that what is done for one key waits for nobody else's.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;

/// The locks that are held.
pub(super) struct Locks<K: Hash + Eq>(Mutex<HashMap<K, Arc<tokio::sync::Mutex<()>>>>);

/// A lock that is held. Whoever waits for it gets it in the order of asking.
pub(crate) struct Lock<'a, K: Hash + Eq> {
    locks: &'a Locks<K>,
    key: K,
    /// `None` while it is waited for, and while it is dropped.
    held: Option<OwnedMutexGuard<()>>,
}

impl<K: Hash + Eq> Default for Locks<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq + Clone> Locks<K> {
    /// Waits for the lock of a key.
    pub(super) async fn lock(&self, key: &K) -> Lock<'_, K> {
        let waited_for = Arc::clone(self.0.lock().entry(key.clone()).or_default());
        // Made before it is held: whoever stops waiting cleans up as well.
        let mut lock = Lock { locks: self, key: key.clone(), held: None };
        lock.held = Some(waited_for.lock_owned().await);
        lock
    }
}

impl<K: Hash + Eq> Drop for Lock<'_, K> {
    fn drop(&mut self) {
        let mut known = self.locks.0.lock();
        self.held = None;
        // Whoever waits or holds it has a count of it too, and takes that only under this lock.
        if known.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            known.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_key_waits_for_itself_alone_and_is_forgotten_with_its_last_holder() {
        let locks = Locks::default();
        let first = locks.lock(&"a").await;
        let other = locks.lock(&"b").await;
        let mut second = Box::pin(locks.lock(&"a"));
        assert!(polled(&mut second).await.is_none(), "it is held");
        drop(first);
        let second = second.await;
        assert_eq!(locks.0.lock().len(), 2);
        drop((second, other));
        assert!(locks.0.lock().is_empty());
    }

    async fn polled<T>(future: &mut (impl Future<Output = T> + Unpin)) -> Option<T> {
        use std::{pin::Pin, task::Poll};
        std::future::poll_fn(|context| {
            Poll::Ready(match Pin::new(&mut *future).poll(context) {
                Poll::Ready(value) => Some(value),
                Poll::Pending => None,
            })
        })
        .await
    }
}
