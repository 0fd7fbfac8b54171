//! Connections that rest between two exchanges: how many there are over all hosts, and which of them closes when there
//! are too many. The pool counts only those of one host.
//!
//! **Invariant:** only the connection itself ends its rest, in the task that also writes its requests: one that was asked
//! to close and has a request to write instead goes on. A request that comes too late for that has not been begun, and
//! the client begins it anew elsewhere.
//!
//! Lacking on purpose: a connection whose answer came before its request was written whole is not counted, nor is one of
//! HTTP/2. Of those there is one for each host and channel.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Waker},
};

/// All connections that rest.
pub(crate) struct Resting {
    max: usize,
    places: Mutex<Places>,
}

#[derive(Default)]
struct Places {
    next: u64,
    /// The one that has rested longest comes first.
    taken: BTreeMap<u64, Weak<Rest>>,
}

/// The rest of one connection.
pub(crate) struct Rest {
    resting: Arc<Resting>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How often it was written to: tells a rest that is over from the present one.
    writes: u64,
    /// Among those that rest.
    place: Option<u64>,
    is_asked_to_close: bool,
    reader: Option<Waker>,
}

impl Resting {
    /// At most `max` connections rest at a time.
    pub(crate) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, places: Mutex::default() })
    }

    /// For a new connection, which does not rest yet.
    pub(crate) fn connection(self: &Arc<Self>) -> Arc<Rest> {
        Arc::new(Rest { resting: Arc::clone(self), state: Mutex::default() })
    }

    /// A place for one that begins to rest, and the oldest one when that was one too many.
    fn enter(&self, rest: &Arc<Rest>) -> (u64, Option<(u64, Weak<Rest>)>) {
        let mut places = locked(&self.places);
        let place = places.next;
        places.next += 1;
        places.taken.insert(place, Arc::downgrade(rest));
        let is_full = places.taken.len() > self.max;
        (place, if is_full { places.taken.pop_first() } else { None })
    }
}

impl Rest {
    /// To be compared in [`begin`](Self::begin).
    pub(crate) fn writes(&self) -> u64 {
        locked(&self.state).writes
    }

    /// The connection has nothing to do since its `writes`-th write. May ask another one to close.
    pub(crate) fn begin(self: &Arc<Self>, writes: u64) {
        let oldest = {
            let mut state = locked(&self.state);
            if state.writes != writes || state.place.is_some() {
                return;
            }
            let (place, oldest) = self.resting.enter(self);
            state.place = Some(place);
            oldest
        };
        if let Some((place, oldest)) = oldest
            && let Some(oldest) = oldest.upgrade()
        {
            oldest.ask_to_close(place);
        }
    }

    /// The connection is written to or is no more.
    pub(crate) fn end(&self) {
        let mut state = locked(&self.state);
        state.writes += 1;
        state.is_asked_to_close = false;
        if let Some(place) = state.place.take() {
            locked(&self.resting.places).taken.remove(&place);
        }
    }

    /// Whether the connection, which has nothing to read, should close. If not, its reader is woken when it should.
    pub(crate) fn should_close(&self, context: &Context<'_>) -> bool {
        let mut state = locked(&self.state);
        if !state.reader.as_ref().is_some_and(|reader| reader.will_wake(context.waker())) {
            state.reader = Some(context.waker().clone());
        }
        state.is_asked_to_close
    }

    fn ask_to_close(&self, place: u64) {
        let reader = {
            let mut state = locked(&self.state);
            if state.place != Some(place) {
                return;
            }
            state.place = None;
            state.is_asked_to_close = true;
            state.reader.take()
        };
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

/// Nothing that holds these locks can panic half-way.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
