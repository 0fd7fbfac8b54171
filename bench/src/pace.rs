//! When the generator may send: as the closed loop has room, or as the fixed rate says.

use std::{cell::Cell, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Notify, Semaphore},
    time::Instant,
};

use super::mark::now_micros;

/// How late a planned event may be sent and still count from when it was sent: the resolution of the timer. Beyond it
/// the plan counts, or a server that holds the generator up would make its own latency look good.
const LATENESS_FORGIVEN_MICROS: u64 = 2_000;

/// When the next event is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Pace {
    /// When fewer than so many events are on their way.
    InLoop(u32),
    /// So many times a second, whatever happens.
    PerSecond(u32),
    /// When the one before was answered, until so many are sent.
    Fill(u64),
}

impl Pace {
    /// Whether the work goes as fast as it can, so that its rate is a figure.
    pub(super) const fn is_rate_measured(self) -> bool {
        matches!(self, Self::InLoop(_))
    }
}

/// Hands out turns to the connections.
#[derive(Debug)]
pub(super) struct Pacer {
    mode: Mode,
    first_number: u64,
    /// Events in the turns that were given.
    given: Cell<u64>,
    ended: Cell<bool>,
    end: Notify,
}

#[derive(Debug)]
enum Mode {
    Closed { room: Semaphore },
    Open { began: Instant, began_micros: u64, per_second: u32 },
    Fill { events: u64 },
}

/// Leave to send some events.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// The number of the first of them.
    pub(super) number: u64,
    /// When they count as sent, in microseconds since 1970.
    pub(super) sent_micros: u64,
}

impl Pacer {
    /// Counts the events from `first_number`.
    pub(super) fn new(pace: Pace, first_number: u64) -> Self {
        let mode = match pace {
            Pace::InLoop(events) => Mode::Closed { room: Semaphore::new(events as usize) },
            Pace::PerSecond(per_second) => {
                Mode::Open { began: tokio::time::Instant::now(), began_micros: now_micros(), per_second }
            }
            Pace::Fill(events) => Mode::Fill { events },
        };
        Self { mode, first_number, given: Cell::new(0), ended: Cell::new(false), end: Notify::new() }
    }

    /// Waits for the turn of `events` events; `None` when no more are to be sent.
    pub(super) async fn next(&self, events: u64) -> Option<Turn> {
        if self.ended.get() {
            return None;
        }
        match &self.mode {
            Mode::Closed { room } => {
                // An error says that the end has come.
                room.acquire_many(events as u32).await.ok()?.forget();
                Some(Turn { number: self.take_numbers(events), sent_micros: now_micros() })
            }
            Mode::Open { began, began_micros, per_second } => {
                let number = self.take_numbers(events);
                let offset = offset(number - self.first_number, *per_second);
                tokio::select! {
                    () = tokio::time::sleep_until(*began + offset) => {}
                    () = self.end.notified() => return None,
                }
                let (now, planned) = (now_micros(), began_micros + offset.as_micros() as u64);
                let late = now.saturating_sub(planned) > LATENESS_FORGIVEN_MICROS;
                Some(Turn { number, sent_micros: if late { planned } else { now } })
            }
            Mode::Fill { events: wanted } => (self.given.get() < *wanted)
                .then(|| Turn { number: self.take_numbers(events), sent_micros: now_micros() }),
        }
    }

    /// Makes room for `events` more in the loop.
    pub(super) fn release(&self, events: u64) {
        if let Mode::Closed { room } = &self.mode {
            room.add_permits(events as usize);
        }
    }

    /// No more turns, also for those who wait.
    pub(super) fn end(&self) {
        self.ended.set(true);
        self.end.notify_waiters();
        if let Mode::Closed { room } = &self.mode {
            room.close();
        }
    }

    fn take_numbers(&self, events: u64) -> u64 {
        self.first_number + self.given.replace(self.given.get() + events)
    }
}

/// When the event of this number is to be sent, from the beginning.
fn offset(number: u64, per_second: u32) -> Duration {
    Duration::from_secs_f64(number as f64 / f64::from(per_second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_closed_loop_gives_no_more_turns_than_it_has_room() {
        let pacer = Pacer::new(Pace::InLoop(2), 0);
        assert_eq!(pacer.next(1).await.unwrap().number, 0);
        assert_eq!(pacer.next(1).await.unwrap().number, 1);
        let mut waiting = Box::pin(pacer.next(1));
        assert!(futures_ready(&mut waiting).await.is_none());
        pacer.release(1);
        assert_eq!(waiting.await.unwrap().number, 2);
        let waiting = pacer.next(1);
        pacer.end();
        assert!(waiting.await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn the_open_loop_gives_a_turn_when_its_time_has_come() {
        let pacer = Pacer::new(Pace::PerSecond(200), 0);
        let began = Instant::now();
        for number in 0..3 {
            assert_eq!(pacer.next(1).await.unwrap().number, number);
        }
        assert_eq!(began.elapsed(), Duration::from_millis(10));
    }

    #[tokio::test]
    async fn a_filling_ends_when_all_is_sent() {
        let pacer = Pacer::new(Pace::Fill(250), 1_000);
        let mut numbers = Vec::new();
        while let Some(turn) = pacer.next(100).await {
            numbers.push(turn.number);
        }
        assert_eq!(numbers, [1_000, 1_100, 1_200]);
    }

    /// Polls once.
    async fn futures_ready<T>(future: &mut (impl Future<Output = T> + Unpin)) -> Option<T> {
        tokio::select! {
            biased;
            value = future => Some(value),
            () = std::future::ready(()) => None,
        }
    }
}
