//! Connections that wait for their next exchange.
//!
//! **Invariants:** one waits for the owner who has used it, and for nobody else. So many wait in all and for one address, over
//! all owners, and no longer than their time; of too many those that have waited longest are closed. For one address that is when
//! they have waited a moment, or when there are a few times as many: those of a busy lane wait for its next exchange only. One that
//! its receiver has closed is not handed out, and is let go of soon after.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use postroad_domain::Hashed;
use rustc_hash::FxHashMap;
use tokio::{sync::Notify, time::Instant};

use super::connection::Connection;
use crate::{
    channel::Identity,
    keeping::{Keeping, Key, look_after, next_look},
    target::Place,
};

/// Before a receiver ends a connection that waits, it is ended here: by as much earlier, or by half of the time where that is
/// less. The answer was longer on its way than the end will be.
const END_EARLIER: Duration = Duration::from_secs(1);

/// A connection that waits for less is in use: the next exchange of a busy lane takes it.
const MOMENT: Duration = Duration::from_secs(1);
/// Times as many connections to one address wait for less than a moment as may wait for longer.
const BUSY_TIMES: usize = 4;

/// The connections that wait.
pub(super) struct Pool {
    keeping: Keeping,
    waiting: Mutex<Waiting>,
    /// A connection came whose time is over before the next look.
    sooner: Arc<Notify>,
}

#[derive(Default)]
struct Waiting {
    /// Of each key the one that came last is at the end.
    keys: FxHashMap<Key, VecDeque<Idle>>,
    /// How many wait for an address, over all keys.
    addresses: FxHashMap<Arc<Hashed<Place>>, usize>,
    /// By the order in which they came, over all keys.
    order: BTreeMap<u64, Key>,
    next: u64,
    /// When they are looked at next; `None` while nobody looks.
    next_look: Option<Instant>,
}

struct Idle {
    number: u64,
    since: Instant,
    until: Instant,
    connection: Connection,
}

impl Pool {
    pub(super) fn new(keeping: Keeping) -> Self {
        Self { keeping, waiting: Mutex::default(), sooner: Arc::default() }
    }

    /// A connection that may carry the next request: of those of the key the one that has waited shortest.
    pub(super) fn take(&self, key: &Key) -> Option<Connection> {
        loop {
            let mut idle = self.locked().take_newest(key)?;
            if idle.until > Instant::now() && idle.connection.is_quiet() {
                return Some(idle.connection);
            }
            idle.connection.close();
        }
    }

    /// Lets a connection wait. Its receiver may have said for how long it waits itself.
    pub(super) fn put(
        self: &Arc<Self>,
        key: Key,
        mut connection: Connection,
        receiver_waits: Option<Duration>,
    ) {
        connection.rest();
        let now = Instant::now();
        let until = now + receiver_waits.map_or(self.keeping.time, |its| earlier(its).min(self.keeping.time));
        let due;
        let (too_many, begins_to_look, is_sooner) = {
            let mut waiting = self.locked();
            let (too_many, is_crowded) = waiting.put(key, (now, until), connection, self.keeping);
            due = if is_crowded { until.min(now + MOMENT) } else { until };
            let planned = waiting.next_look;
            let is_sooner = planned.is_some_and(|planned| due < planned);
            if planned.is_none() || is_sooner {
                waiting.next_look = Some(next_look(due, now));
            }
            (too_many, planned.is_none(), is_sooner)
        };
        if let Some(surplus) = too_many {
            surplus.connection.close();
        }
        if begins_to_look {
            look_after(self, next_look(due, now), Arc::clone(&self.sooner), Self::look);
        } else if is_sooner {
            self.sooner.notify_one();
        }
    }

    /// Closes what waits of a channel.
    pub(super) fn forget(&self, identity: Identity) {
        let gone = self.locked().take_if(|key, _| key.identity == Some(identity));
        gone.into_iter().for_each(|idle| idle.connection.close());
    }

    /// Closes those whose time is over, those that are too many and those that were closed at the other end. Answers when to look
    /// again; `None` where nothing is left.
    fn look(&self) -> Option<Instant> {
        let now = Instant::now();
        let (gone, next_look) = {
            let mut waiting = self.locked();
            let mut gone = waiting.take_if(|_, idle| idle.until <= now || !idle.connection.is_quiet());
            gone.extend(waiting.take_surplus(self.keeping.address_max, now));
            let first = waiting.keys.values().flatten().map(|idle| idle.until).min();
            let is_crowded = waiting.addresses.values().any(|count| *count > self.keeping.address_max);
            let first = if is_crowded { first.map(|first| first.min(now + MOMENT)) } else { first };
            waiting.next_look = first.map(|first| next_look(first, now));
            (gone, waiting.next_look)
        };
        gone.into_iter().for_each(|idle| idle.connection.close());
        next_look
    }

    /// Nothing that holds the lock can panic half-way.
    fn locked(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Before the end that a receiver has announced.
fn earlier(its: Duration) -> Duration {
    its - END_EARLIER.min(its / 2)
}

impl Waiting {
    /// Adds one. Answers one that is too many now, and whether more wait for its address than may wait for longer than a moment.
    fn put(
        &mut self,
        key: Key,
        (since, until): (Instant, Instant),
        connection: Connection,
        keeping: Keeping,
    ) -> (Option<Idle>, bool) {
        let number = self.next;
        self.next += 1;
        let count = self.count(&key.place);
        let full = (count > BUSY_TIMES * keeping.address_max).then(|| Arc::clone(&key.place));
        self.order.insert(number, key.clone());
        self.keys.entry(key).or_default().push_back(Idle { number, since, until, connection });
        let oldest = if let Some(place) = full {
            self.order.values().find(|other| other.place == place)
        } else if self.order.len() > keeping.all_max {
            self.order.values().next()
        } else {
            None
        };
        let surplus = oldest.cloned().and_then(|oldest| self.take_oldest(&oldest));
        (surplus, count > keeping.address_max)
    }

    /// Counts one more for an address, and answers how many that are.
    fn count(&mut self, place: &Arc<Hashed<Place>>) -> usize {
        if let Some(count) = self.addresses.get_mut(place) {
            *count += 1;
            return *count;
        }
        self.addresses.insert(Arc::clone(place), 1);
        1
    }

    fn take_newest(&mut self, key: &Key) -> Option<Idle> {
        let idle = self.keys.get_mut(key)?.pop_back()?;
        self.is_gone(key, &idle);
        Some(idle)
    }

    fn take_oldest(&mut self, key: &Key) -> Option<Idle> {
        let of_key = self.keys.get_mut(key)?;
        let idle = of_key.pop_front()?;
        if of_key.is_empty() {
            // Its owner may have a thousand neighbours at this address, and none of them comes soon.
            self.keys.remove(key);
        }
        self.is_gone(key, &idle);
        Some(idle)
    }

    /// One waits no more.
    fn is_gone(&mut self, key: &Key, idle: &Idle) {
        self.order.remove(&idle.number);
        if let Some(count) = self.addresses.get_mut(&key.place) {
            *count -= 1;
        }
    }

    /// Of each address with more than `address_max`, those too many that have waited longest, a moment at least.
    fn take_surplus(&mut self, address_max: usize, now: Instant) -> Vec<Idle> {
        let crowded = self.addresses.iter().filter(|(_, count)| **count > address_max);
        let mut too_many: FxHashMap<_, _> =
            crowded.map(|(place, count)| (Arc::clone(place), *count - address_max)).collect();
        if too_many.is_empty() {
            return Vec::new();
        }
        let mut oldest = Vec::new();
        for (number, key) in &self.order {
            if let Some(left) = too_many.get_mut(&key.place).filter(|left| **left > 0) {
                *left -= 1;
                oldest.push(*number);
            }
        }
        self.take_if(|_, idle| now >= idle.since + MOMENT && oldest.binary_search(&idle.number).is_ok())
    }

    fn take_if(&mut self, mut is_gone: impl FnMut(&Key, &mut Idle) -> bool) -> Vec<Idle> {
        let mut gone = Vec::new();
        for (key, of_key) in &mut self.keys {
            for mut idle in std::mem::take(of_key) {
                if is_gone(key, &mut idle) { gone.push((key.clone(), idle)) } else { of_key.push_back(idle) }
            }
        }
        gone.iter().for_each(|(key, idle)| self.is_gone(key, idle));
        self.keys.retain(|_, of_key| !of_key.is_empty());
        self.addresses.retain(|_, count| *count > 0);
        gone.into_iter().map(|(_, idle)| idle).collect()
    }
}
