//! A clock that stands still until a test turns it.
//!
//! Sleepers wake in the order of their moments, those of one moment in the order in which they lay down. The clock wakes
//! them but does not run them: a test that wants to see what one did waits for its signal. It has no pace of its own on
//! purpose.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use parking_lot::Mutex;
use postroad_domain::time::{Clock, Sleep, Timestamp};
use tokio::sync::{oneshot, watch};

use crate::patience::within;

/// A [`Clock`] that moves only by [`advance`](Self::advance). Clones are the same clock.
#[derive(Clone, Debug)]
pub struct ManualClock {
    shared: Arc<Shared>,
}

impl Default for ManualClock {
    /// Stands at 2026-11-21T00:00:00Z.
    fn default() -> Self {
        Self::at(Timestamp::from_millis(1_795_219_200_000))
    }
}

impl ManualClock {
    /// Stands at `start`.
    pub fn at(start: Timestamp) -> Self {
        let state =
            State { wall: start, monotonic: Duration::ZERO, next_number: 0, sleepers: BTreeMap::new() };
        Self { shared: Arc::new(Shared { state: Mutex::new(state), count: watch::Sender::new(0) }) }
    }

    /// Turns the clock by `span` and wakes every sleeper whose moment has come.
    pub fn advance(&self, span: Duration) {
        let mut state = self.shared.state.lock();
        state.turn(span);
        let now = state.monotonic;
        while let Some(first) = state.sleepers.first_entry().filter(|first| first.key().due <= now) {
            // A sleeper that was dropped in this very moment has no ear left.
            let _ = first.remove().send(());
        }
        self.shared.count.send_replace(state.sleepers.len());
    }

    /// Turns the clock to the earliest sleeper, wakes it and returns how far that was; `None` when nobody sleeps.
    pub fn advance_to_next(&self) -> Option<Duration> {
        let span = self.next_due()?;
        self.advance(span);
        Some(span)
    }

    /// How long the earliest sleeper still sleeps; `None` when nobody does.
    pub fn next_due(&self) -> Option<Duration> {
        let state = self.shared.state.lock();
        state.sleepers.first_key_value().map(|(place, _)| place.due.saturating_sub(state.monotonic))
    }

    /// Moves the wall clock alone, as an administrator does: durations and sleepers do not notice.
    pub fn set_wall(&self, now: Timestamp) {
        self.shared.state.lock().wall = now;
    }

    /// Sleepers that are registered now.
    pub fn sleeper_count(&self) -> usize {
        self.shared.state.lock().sleepers.len()
    }

    /// Waits until at least `wanted` sleepers are registered.
    pub async fn sleepers(&self, wanted: usize) {
        let mut count = self.shared.count.subscribe();
        let enough = within(&format!("{wanted} sleepers"), count.wait_for(|count| *count >= wanted)).await;
        enough.expect("the clock holds the sender and lives as long as this call");
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.shared.state.lock().wall
    }

    fn monotonic(&self) -> Duration {
        self.shared.state.lock().monotonic
    }

    fn sleep(&self, span: Duration) -> Sleep {
        if span.is_zero() {
            return Box::pin(std::future::ready(()));
        }
        let (bell, ring) = oneshot::channel();
        let mut state = self.shared.state.lock();
        let place = Place { due: state.monotonic.saturating_add(span), number: state.next_number };
        state.next_number += 1;
        state.sleepers.insert(place, bell);
        self.shared.count.send_replace(state.sleepers.len());
        Box::pin(Sleeper { place, ring, shared: Arc::clone(&self.shared) })
    }
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// The number of sleepers, for those who wait for it.
    count: watch::Sender<usize>,
}

#[derive(Debug)]
struct State {
    wall: Timestamp,
    monotonic: Duration,
    next_number: u64,
    sleepers: BTreeMap<Place, oneshot::Sender<()>>,
}

impl State {
    fn turn(&mut self, span: Duration) {
        self.wall = self.wall.after(span);
        self.monotonic = self.monotonic.saturating_add(span);
    }
}

/// A place in the row of sleepers: by moment, then by arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    due: Duration,
    number: u64,
}

/// The future of one sleep; leaves the row when it is dropped, so that a lost `select!` branch is not counted.
struct Sleeper {
    place: Place,
    ring: oneshot::Receiver<()>,
    shared: Arc<Shared>,
}

impl Future for Sleeper {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // The bell is dropped unrung only together with the clock, and this future keeps the clock's state alive.
        Pin::new(&mut self.ring).poll(context).map(|_| ())
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        if state.sleepers.remove(&self.place).is_some() {
            self.shared.count.send_replace(state.sleepers.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn sleepers_wake_in_the_order_of_their_moments() {
        let clock = ManualClock::default();
        let (tell, mut told) = mpsc::unbounded_channel();
        for (name, secs) in [("late", 30), ("early", 10), ("early too", 10)] {
            let (sleep, tell) = (clock.sleep(SECOND * secs), tell.clone());
            tokio::spawn(async move {
                sleep.await;
                tell.send(name)
            });
        }
        clock.sleepers(3).await;
        clock.advance(SECOND * 9);
        assert_eq!(clock.sleeper_count(), 3);
        clock.advance(SECOND);
        let mut early = [told.recv().await.unwrap(), told.recv().await.unwrap()];
        early.sort_unstable();
        assert_eq!(early, ["early", "early too"]);
        assert_eq!(clock.advance_to_next(), Some(SECOND * 20));
        assert_eq!(told.recv().await, Some("late"));
        assert_eq!(clock.advance_to_next(), None);
        assert_eq!(clock.monotonic(), SECOND * 30);
    }

    #[tokio::test]
    async fn a_dropped_sleep_is_not_counted() {
        let clock = ManualClock::default();
        let (kept, dropped) = (clock.sleep(SECOND * 2), clock.sleep(SECOND));
        drop(dropped);
        assert_eq!((clock.sleeper_count(), clock.next_due()), (1, Some(SECOND * 2)));
        clock.advance(SECOND * 5);
        kept.await;
        assert_eq!(clock.sleeper_count(), 0);
    }

    #[tokio::test]
    async fn a_jump_of_the_wall_clock_wakes_nobody() {
        let clock = ManualClock::default();
        let before = clock.now();
        let _sleep = clock.sleep(SECOND);
        clock.set_wall(before.after(SECOND * 3_600));
        assert_eq!((clock.sleeper_count(), clock.monotonic()), (1, Duration::ZERO));
        clock.advance(SECOND);
        assert_eq!(clock.now(), before.after(SECOND * 3_601));
    }

    #[tokio::test]
    async fn a_sleep_of_no_time_ends_at_once() {
        ManualClock::default().sleep(Duration::ZERO).await;
    }
}
