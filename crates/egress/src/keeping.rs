//! How long connections are kept, how many, and which requests may share one.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use postroad_domain::Hashed;
use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use crate::{channel::Identity, exchange::Owner, target::Place};

/// The longest time between two looks for connections that are kept no longer, or that the other end has closed.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Two looks are at least so far apart, however closely the times of connections follow each other.
const LOOK_PAUSE: Duration = Duration::from_millis(100);

/// How connections are kept between two exchanges.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keeping {
    /// Connections to one address, whoever owns them: so many of HTTP/1.1 wait, and so many of HTTP/2 are kept.
    pub(crate) address_max: usize,
    /// Connections to all addresses.
    pub(crate) all_max: usize,
    /// How long one waits for the next exchange.
    pub(crate) time: Duration,
    /// An older one is not kept for another exchange.
    pub(crate) reused_until_age: Duration,
    /// One that carries many exchanges is renewed from this age on, and serves meanwhile.
    pub(crate) renewed_from_age: Duration,
    /// It begins no exchange at a greater age, renewed or not.
    pub(crate) used_until_age: Duration,
}

/// Whose connections may carry a request: two requests with different keys never share one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) owner: Owner,
    /// The channel; `None` for the usual connections.
    pub(crate) identity: Option<Identity>,
    pub(crate) place: Arc<Hashed<Place>>,
}

/// When to look again, where the time of the first one kept is over at `first`.
pub(crate) fn next_look(first: Instant, now: Instant) -> Instant {
    first.clamp(now + LOOK_PAUSE, now + LOOK_EVERY)
}

/// Calls `look`, first at `first` and then whenever it says, until it says that nothing is left to look after. `sooner` brings
/// the next look forward.
pub(crate) fn look_after<T: Send + Sync + 'static>(
    kept: &Arc<T>,
    first: Instant,
    sooner: Arc<Notify>,
    look: fn(&T) -> Option<Instant>,
) {
    let kept = Arc::downgrade(kept);
    tokio::spawn(look_until_empty(kept, first, sooner, look));
}

async fn look_until_empty<T>(
    kept: Weak<T>,
    mut next: Instant,
    sooner: Arc<Notify>,
    look: fn(&T) -> Option<Instant>,
) {
    loop {
        // Whether its time has come or it was brought forward: both are a reason to look.
        let _ = timeout_at(next, sooner.notified()).await;
        let Some(kept) = kept.upgrade() else { return };
        let Some(again) = look(&kept) else { return };
        next = again;
    }
}
