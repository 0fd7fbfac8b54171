//! The time of a story: the virtual time of the runtime, over all lives of the node, and a wall clock that leaps.
//!
//! **Invariant:** monotonic time never leaps; only the wall does, and only when the story says so.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use parking_lot::Mutex;
use postroad_domain::time::{Clock, Sleep, Timestamp};
use tokio::time::Instant;

/// The wall at the beginning of each story: 2026-11-21T00:00:00Z.
pub(crate) const WALL_AT_START: Timestamp = Timestamp::from_millis(1_795_219_200_000);

/// The clock of a story. Clones are the same clock.
#[derive(Clone, Debug, Default)]
pub(crate) struct StoryClock(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Time of the lives before this one, and between them.
    before: Duration,
    /// When this life began, on the clock of its runtime.
    life_began: Option<Instant>,
    /// The last time that was told: what counts while no runtime runs.
    last: Duration,
    /// How far the wall leapt, in microseconds.
    wall_ahead: i64,
}

impl StoryClock {
    /// A life begins: from now on the runtime's clock counts. Must be called within the runtime.
    pub(crate) fn begin_life(&self) {
        let mut state = self.0.lock();
        state.before = state.last;
        state.life_began = Some(Instant::now());
    }

    /// The life is over; the node is down for so long.
    pub(crate) fn end_life(&self, down_for: Duration) {
        let elapsed = self.elapsed();
        let mut state = self.0.lock();
        state.life_began = None;
        state.last = elapsed + down_for;
    }

    /// Since the beginning of the story.
    pub(crate) fn elapsed(&self) -> Duration {
        let mut state = self.0.lock();
        if let Some(began) = state.life_began {
            state.last = state.before + began.elapsed();
        }
        state.last
    }

    /// Moves the wall alone.
    pub(crate) fn leap(&self, by_micros: i64) {
        self.0.lock().wall_ahead += by_micros;
    }

    /// The wall at a moment of the story, as far as it has leapt by now.
    pub(crate) fn wall_at(&self, elapsed: Duration) -> Timestamp {
        let ahead = self.0.lock().wall_ahead;
        let at = WALL_AT_START.after(elapsed);
        Timestamp::from_micros(at.as_micros().saturating_add(ahead))
    }
}

impl Clock for StoryClock {
    fn now(&self) -> Timestamp {
        self.wall_at(self.elapsed())
    }

    fn monotonic(&self) -> Duration {
        self.elapsed()
    }

    fn sleep(&self, span: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(span))
    }
}

/// A clock for the threads of a store, which are not the runtime's: it stands where it was set before their work began.
#[derive(Clone, Debug, Default)]
pub(crate) struct StandingClock(Arc<(AtomicU64, AtomicI64)>);

impl StandingClock {
    /// Sets it to a story's time.
    pub(crate) fn set(&self, clock: &StoryClock) {
        let elapsed = clock.elapsed();
        self.0.0.store(elapsed.as_micros() as u64, Relaxed);
        self.0.1.store(clock.wall_at(elapsed).as_micros(), Relaxed);
    }
}

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.1.load(Relaxed))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.0.0.load(Relaxed))
    }

    /// Never ends: a store does not wait.
    fn sleep(&self, _: Duration) -> Sleep {
        Box::pin(std::future::pending())
    }
}
