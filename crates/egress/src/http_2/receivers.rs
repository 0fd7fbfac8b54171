//! What is known of receivers: the connection to each that speaks HTTP/2, and which do not speak it.
//!
//! **Invariants:** so many are known in all and of one address, over all owners, and none longer than its time after its last
//! exchange; of too many the one that was used longest ago is forgotten, and its connection closes behind the exchanges on it. Who is looking for a connection waits for one who looks already, unless the receiver is
//! known to speak HTTP/1.1. A connection is renewed by one dial at a time.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rustc_hash::FxHashMap;
use tokio::{sync::OnceCell, time::Instant};

use super::{Dialled, connection::Connection, error::Http2Error};
use crate::{
    channel::Identity,
    keeping::{Keeping, Key, look_after, next_look},
};

/// For a dial that renews a connection. The next one begins no sooner, so that there is one at a time.
pub(super) const RENEWAL_DIAL_TIME_MAX: Duration = Duration::from_secs(10);
/// After its last exchange a receiver is known so long for HTTP/1.1. Longer than connections are kept: those who come
/// together after a quiet time need not wait for one of them to find it out again. Each dial offers HTTP/2 all the same.
const HTTP_1_KNOWN_FOR: Duration = Duration::from_secs(600);

/// How a receiver was found. Empty while somebody dials it.
pub(super) type Receiver = Arc<OnceCell<Found>>;

/// What came of a dial.
#[derive(Debug)]
pub(super) enum Found {
    Http2(Connection),
    /// It did not choose HTTP/2.
    Http1,
    /// Nothing, for those who waited for this dial. Whoever comes later looks again.
    Failed,
}

impl Found {
    /// What a dial has found.
    pub(super) fn by(dialled: &Result<Dialled, Http2Error>) -> Self {
        match dialled {
            Ok(Dialled::Http2(connection)) => Self::Http2(connection.clone()),
            Ok(Dialled::Http1(_)) => Self::Http1,
            Err(_) => Self::Failed,
        }
    }
}

/// A connection that can carry another exchange.
pub(super) struct Open {
    pub(super) connection: Connection,
    /// Whoever gets it is to dial the one that takes its place.
    pub(super) is_to_be_renewed: bool,
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
    /// By an exchange over whichever version.
    used: Instant,
    /// When a dial to renew its connection began last.
    renewal_began: Option<Instant>,
}

impl Receivers {
    pub(super) fn new(keeping: Keeping) -> Self {
        Self { keeping, known: Mutex::default() }
    }

    /// The connection to a receiver that can carry another exchange.
    pub(super) fn open(&self, key: &Key) -> Option<Open> {
        let mut known = self.locked();
        let entry = known.receivers.get_mut(key)?;
        let now = Instant::now();
        entry.used = now;
        let connection = self.good(&entry.receiver)?.clone();
        let is_dialled = entry.renewal_began.is_some_and(|began| now - began < RENEWAL_DIAL_TIME_MAX);
        let is_to_be_renewed = connection.age() > self.keeping.renewed_from_age && !is_dialled;
        if is_to_be_renewed {
            entry.renewal_began = Some(now);
        }
        Some(Open { connection, is_to_be_renewed })
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
        let entry = Entry { receiver: Arc::clone(&receiver), used: now, renewal_began: None };
        known.receivers.insert(key.clone(), entry);
        if known.receivers.keys().filter(|other| other.place == key.place).count() > self.keeping.address_max
        {
            known.forget_oldest(|other| other.place == key.place && other != key);
        } else if known.receivers.len() > self.keeping.all_max {
            known.forget_oldest(|other| other != key);
        }
        if !std::mem::replace(&mut known.is_looked_after, true) {
            look_after(self, next_look(now + self.keeping.time, now), Arc::default(), Self::look);
        }
        receiver
    }

    /// Keeps a connection that was dialled without looking who else dials, unless somebody has kept one meanwhile. Answers
    /// the one to use.
    pub(super) fn keep(&self, key: &Key, connection: Connection) -> Connection {
        let mut known = self.locked();
        let Some(entry) = known.receivers.get_mut(key) else { return connection };
        if let Some(kept) = self.good(&entry.receiver) {
            return kept.clone();
        }
        entry.receiver = found(connection.clone());
        connection
    }

    /// Keeps a connection in the place of `old`, unless that one is known no longer.
    pub(super) fn replace(&self, key: &Key, old: &Connection, new: Connection) {
        if let Some(entry) = self.locked().receivers.get_mut(key)
            && entry.has(old)
        {
            entry.receiver = found(new);
        }
    }

    /// Forgets a connection, unless it is not the one that is known.
    pub(super) fn give_up(&self, key: &Key, connection: &Connection) {
        let mut known = self.locked();
        if known.receivers.get(key).is_some_and(|entry| entry.has(connection)) {
            known.receivers.remove(key);
        }
    }

    /// Forgets the receivers of a channel.
    pub(super) fn forget(&self, identity: Identity) {
        self.locked().receivers.retain(|key, _| key.identity != Some(identity));
    }

    /// Forgets what is of no use and those that nobody used for their time. Answers when to look again; `None` where none is
    /// left.
    fn look(&self) -> Option<Instant> {
        let mut known = self.locked();
        let now = Instant::now();
        known.receivers.retain(|_, entry| now < self.known_until(entry) && self.is_of_use(&entry.receiver));
        let first = known.receivers.values().map(|entry| self.known_until(entry)).min();
        known.is_looked_after = first.is_some();
        first.map(|first| next_look(first, now))
    }

    /// Unless it is used once more.
    fn known_until(&self, entry: &Entry) -> Instant {
        entry.used
            + match entry.receiver.get() {
                Some(Found::Http1) => HTTP_1_KNOWN_FOR,
                _ => self.keeping.time,
            }
    }

    fn is_of_use(&self, receiver: &Receiver) -> bool {
        match receiver.get() {
            None | Some(Found::Http1) => true,
            Some(Found::Http2(_)) => self.good(receiver).is_some(),
            Some(Found::Failed) => false,
        }
    }

    fn good<'a>(&self, receiver: &'a Receiver) -> Option<&'a Connection> {
        match receiver.get() {
            Some(Found::Http2(connection)) if connection.is_good(self.keeping.used_until_age) => {
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

impl Entry {
    /// Whether this is the connection that is known.
    fn has(&self, connection: &Connection) -> bool {
        matches!(self.receiver.get(), Some(Found::Http2(kept)) if kept.is_same(connection))
    }
}

fn found(connection: Connection) -> Receiver {
    Arc::new(OnceCell::new_with(Some(Found::Http2(connection))))
}

impl Known {
    /// Forgets the one of these that was used longest ago.
    fn forget_oldest(&mut self, is_one: impl Fn(&Key) -> bool) {
        let those = self.receivers.iter().filter(|(key, _)| is_one(key));
        let oldest = those.min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
        oldest.and_then(|key| self.receivers.remove(&key));
    }
}
