//! What is known of receivers: the connection to each that speaks HTTP/2, and which do not speak it.
//!
//! **Invariants:** so many are known in all, and none longer than its time after its last exchange; of too many the one that
//! was used longest ago is forgotten. Who is looking for a connection waits for one who looks already.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;
use tokio::{sync::OnceCell, time::Instant};

use super::{connection::Connection, error::Http2Error};
use crate::{
    channel::Identity,
    keeping::{Keeping, Key, look_after},
};

/// How a receiver was found. Empty while somebody dials it.
pub(super) type Receiver = Arc<OnceCell<Found>>;

/// What came of a dial.
#[derive(Debug)]
pub(super) enum Found {
    Http2(Connection),
    /// It did not choose HTTP/2.
    Http1,
    /// For those who waited for this dial. Whoever comes later dials again.
    Failed(Http2Error),
}

/// The receivers that are known.
pub(super) struct Receivers {
    keeping: Keeping,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    receivers: FxHashMap<Key, Entry>,
    is_looked_after: bool,
}

struct Entry {
    receiver: Receiver,
    used: Instant,
}

impl Receivers {
    pub(super) fn new(keeping: Keeping) -> Self {
        Self { keeping, known: Mutex::default() }
    }

    /// The connection to a receiver that can carry another exchange.
    pub(super) fn open(&self, key: &Key) -> Option<Connection> {
        let mut known = self.locked();
        let entry = known.receivers.get_mut(key)?;
        let connection = self.good(&entry.receiver)?.clone();
        entry.used = Instant::now();
        Some(connection)
    }

    /// What is known of a receiver, to be found out where it is nothing that helps.
    pub(super) fn receiver(self: &Arc<Self>, key: &Key) -> Receiver {
        let mut known = self.locked();
        let now = Instant::now();
        if let Some(entry) = known.receivers.get_mut(key)
            && self.is_of_use(&entry.receiver)
        {
            entry.used = now;
            return Arc::clone(&entry.receiver);
        }
        let receiver = Receiver::default();
        known.receivers.insert(key.clone(), Entry { receiver: Arc::clone(&receiver), used: now });
        if known.receivers.len() > self.keeping.all_max {
            known.forget_oldest();
        }
        if !std::mem::replace(&mut known.is_looked_after, true) {
            look_after(self, Self::look);
        }
        receiver
    }

    /// Keeps the connection to a receiver that was known for HTTP/1.1, unless somebody has kept one meanwhile. Answers the
    /// one to use.
    pub(super) fn keep(&self, key: &Key, connection: Connection) -> Connection {
        let mut known = self.locked();
        let Some(entry) = known.receivers.get_mut(key) else { return connection };
        if let Some(kept) = self.good(&entry.receiver) {
            return kept.clone();
        }
        entry.receiver = Arc::new(OnceCell::new_with(Some(Found::Http2(connection.clone()))));
        connection
    }

    /// Forgets a connection, unless it is not the one that is known.
    pub(super) fn give_up(&self, key: &Key, connection: &Connection) {
        let mut known = self.locked();
        let is_known = known.receivers.get(key).is_some_and(
            |entry| matches!(entry.receiver.get(), Some(Found::Http2(kept)) if kept.is_same(connection)),
        );
        if is_known {
            known.receivers.remove(key);
        }
    }

    /// Forgets the receivers of a channel.
    pub(super) fn forget(&self, identity: Identity) {
        self.locked().receivers.retain(|key, _| key.identity != Some(identity));
    }

    /// Forgets what is of no use and those that nobody used for their time; whether any is left.
    fn look(&self) -> bool {
        let mut known = self.locked();
        let now = Instant::now();
        known
            .receivers
            .retain(|_, entry| now - entry.used < self.keeping.time && self.is_of_use(&entry.receiver));
        known.is_looked_after = !known.receivers.is_empty();
        known.is_looked_after
    }

    fn is_of_use(&self, receiver: &Receiver) -> bool {
        match receiver.get() {
            None | Some(Found::Http1) => true,
            Some(Found::Http2(_)) => self.good(receiver).is_some(),
            Some(Found::Failed(_)) => false,
        }
    }

    fn good<'a>(&self, receiver: &'a Receiver) -> Option<&'a Connection> {
        match receiver.get() {
            Some(Found::Http2(connection)) if connection.is_good(self.keeping.reused_until_age) => {
                Some(connection)
            }
            _ => None,
        }
    }

    /// Nothing that holds the lock can panic half-way.
    fn locked(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn forget_oldest(&mut self) {
        let oldest = self.receivers.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
        oldest.and_then(|key| self.receivers.remove(&key));
    }
}
