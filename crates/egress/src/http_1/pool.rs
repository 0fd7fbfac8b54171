//! Connections that wait for their next exchange.
//!
//! **Invariants:** so many wait in all and for one place, and no longer than their time; of too many the one that has waited
//! longest is closed at once. One that its receiver has closed is not handed out, and is let go of soon after.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustc_hash::FxHashMap;
use tokio::time::Instant;

use super::connection::Connection;
use crate::{
    channel::Identity,
    keeping::{Keeping, Key, look_after},
};

/// The connections that wait.
pub(super) struct Pool {
    keeping: Keeping,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    /// Of each place the one that came last is at the end.
    places: FxHashMap<Key, VecDeque<Idle>>,
    /// By the order in which they came, over all places.
    order: BTreeMap<u64, Key>,
    next: u64,
    is_looked_after: bool,
}

struct Idle {
    number: u64,
    until: Instant,
    connection: Connection,
}

impl Pool {
    pub(super) fn new(keeping: Keeping) -> Self {
        Self { keeping, waiting: Mutex::default() }
    }

    /// A connection that may carry the next request: of those to the place the one that has waited shortest.
    pub(super) fn take(&self, key: &Key) -> Option<Connection> {
        loop {
            let mut idle = self.locked().take_newest(key)?;
            if idle.until > Instant::now() && idle.connection.is_quiet() {
                return Some(idle.connection);
            }
            idle.connection.close();
        }
    }

    /// Lets a connection wait.
    pub(super) fn put(self: &Arc<Self>, key: Key, mut connection: Connection) {
        connection.rest();
        let until = Instant::now() + self.keeping.time;
        let (too_many, begins_to_look) = {
            let mut waiting = self.locked();
            waiting.put(key, until, connection);
            let too_many = waiting.take_surplus(self.keeping);
            (too_many, !std::mem::replace(&mut waiting.is_looked_after, true))
        };
        if let Some(surplus) = too_many {
            surplus.connection.close();
        }
        if begins_to_look {
            look_after(self, Self::look);
        }
    }

    /// Closes what waits of a channel.
    pub(super) fn forget(&self, identity: Identity) {
        let gone = self.locked().take_if(|key, _| key.identity == Some(identity));
        gone.into_iter().for_each(|idle| idle.connection.close());
    }

    /// Closes those whose time is over and those that were closed at the other end; whether any is left.
    fn look(&self) -> bool {
        let now = Instant::now();
        let (gone, is_empty) = {
            let mut waiting = self.locked();
            let gone = waiting.take_if(|_, idle| idle.until <= now || !idle.connection.is_quiet());
            waiting.is_looked_after = !waiting.order.is_empty();
            (gone, waiting.order.is_empty())
        };
        gone.into_iter().for_each(|idle| idle.connection.close());
        !is_empty
    }

    /// Nothing that holds the lock can panic half-way.
    fn locked(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn put(&mut self, key: Key, until: Instant, connection: Connection) {
        let number = self.next;
        self.next += 1;
        self.order.insert(number, key.clone());
        let place = self.places.entry(key).or_default();
        place.push_back(Idle { number, until, connection });
    }

    fn take_newest(&mut self, key: &Key) -> Option<Idle> {
        let idle = self.places.get_mut(key)?.pop_back()?;
        self.order.remove(&idle.number);
        Some(idle)
    }

    /// One that is too many, after one was put.
    fn take_surplus(&mut self, keeping: Keeping) -> Option<Idle> {
        let newest = self.order.last_key_value().map(|(_, key)| key.clone())?;
        let is_crowded = self.places.get(&newest).is_some_and(|place| place.len() > keeping.place_max);
        let key = match self.order.first_key_value() {
            _ if is_crowded => newest,
            Some((_, oldest)) if self.order.len() > keeping.all_max => oldest.clone(),
            _ => return None,
        };
        let idle = self.places.get_mut(&key)?.pop_front()?;
        self.order.remove(&idle.number);
        Some(idle)
    }

    fn take_if(&mut self, mut is_gone: impl FnMut(&Key, &mut Idle) -> bool) -> Vec<Idle> {
        let mut gone = Vec::new();
        for (key, place) in &mut self.places {
            for mut idle in std::mem::take(place) {
                if is_gone(key, &mut idle) { gone.push(idle) } else { place.push_back(idle) }
            }
        }
        self.places.retain(|_, place| !place.is_empty());
        for idle in &gone {
            self.order.remove(&idle.number);
        }
        gone
    }
}
