//! How large the cases are: as they are meant, or tiny, to show that each works.

use std::time::Duration;

/// The sizes of all cases.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    /// Whether it is the tiny one.
    pub(super) is_quick: bool,
    /// What runs before the measuring begins: connections are made, caches filled.
    pub(super) warm_up: Duration,
    /// The measured time.
    pub(super) measured: Duration,
    /// How long the overload lasts.
    pub(super) overload: Duration,
    /// Tenants that take turns.
    pub(super) tenants: u64,
    /// Deliveries that wait at a neighbour, and events in a store that is backed up.
    pub(super) waiting: u64,
    /// Subscriptions that a large fan-out goes to.
    pub(super) fanned_out: u64,
    /// Deliveries that wait at a start.
    pub(super) waiting_at_start: u64,
    /// Events of the large store.
    pub(super) stored: u64,
    /// Events that are too old, and pairs of turns with and without deleting them.
    pub(super) old: u64,
    pub(super) pairs: u32,
    /// How often each question is put to it.
    pub(super) questions: u32,
}

impl Scale {
    /// As the cases are meant, with this measured time.
    pub(super) const fn full(measured: Duration) -> Self {
        Self {
            is_quick: false,
            warm_up: Duration::from_secs(2),
            measured,
            overload: Duration::from_secs(60),
            tenants: 1_000,
            waiting: 100_000,
            fanned_out: 1_000,
            waiting_at_start: 1_000_000,
            stored: 10_000_000,
            old: 1_000_000,
            pairs: 5,
            questions: 200,
        }
    }

    /// Within seconds, also with a development build.
    pub(super) const fn quick() -> Self {
        Self {
            is_quick: true,
            warm_up: Duration::from_millis(200),
            measured: Duration::from_millis(500),
            overload: Duration::from_secs(2),
            tenants: 20,
            waiting: 300,
            fanned_out: 250,
            waiting_at_start: 500,
            stored: 2_000,
            old: 2_000,
            pairs: 1,
            questions: 3,
        }
    }
}
