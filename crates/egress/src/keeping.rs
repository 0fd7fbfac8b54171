//! How long connections are kept, how many, and which requests may share one.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use postroad_domain::Hashed;
use tokio::time::sleep;

use crate::{channel::Identity, target::Place};

/// Between two looks for connections that are kept no longer.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// How connections are kept between two exchanges.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keeping {
    /// Connections of HTTP/1.1 to one place.
    pub(crate) place_max: usize,
    /// Connections to all places.
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
    /// The channel; `None` for the usual connections.
    pub(crate) identity: Option<Identity>,
    pub(crate) place: Arc<Hashed<Place>>,
}

/// Calls `look` once in a while until it says that nothing is left to look after.
pub(crate) fn look_after<T: Send + Sync + 'static>(kept: &Arc<T>, look: fn(&T) -> bool) {
    let kept = Arc::downgrade(kept);
    tokio::spawn(look_until_empty(kept, look));
}

async fn look_until_empty<T>(kept: Weak<T>, look: fn(&T) -> bool) {
    loop {
        sleep(LOOK_EVERY).await;
        let Some(kept) = kept.upgrade() else { return };
        if !look(&kept) {
            return;
        }
    }
}
