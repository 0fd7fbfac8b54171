//! Handshakes behind the answer to the change that asked for them.
//!
//! What waits is made in the order of asking, but for tenants that have as many under way as are left for all others, and for a
//! subscription of which some are under way. At the start, and when orders were left out, those that must pass are read from the store.
//!
//! **Invariant:** whatever waits here is bounded: by the queue's places, and by a page of what the store knows.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use postroad_domain::{TenantNo, VerificationState, limits::HANDSHAKES_UNDER_WAY_MAX};
use postroad_store::{LaneKey, PendingVerifications, StoreError};
use tokio::task::JoinSet;

use super::making::{Handshakes, Round};
use crate::{
    configuration::handshakes::queue::{Arrived, Inbox, Order, Placed},
    shares::{Amount, Share, Shares},
};

/// Read from the store at a time.
const PAGE: usize = 64;
/// After it the store is asked again, and whether anything may be sent.
const PAUSE: Duration = Duration::from_secs(1);

/// What waits and what is under way.
struct Waiting {
    orders: VecDeque<Placed>,
    under_way: HashSet<LaneKey>,
    shares: Shares<TenantNo>,
    /// The lane behind which the store is read next; `None` where it is not read.
    reading: Option<Option<LaneKey>>,
}

impl Handshakes {
    /// Makes what comes, until it is ended.
    pub(crate) async fn keep(self: Arc<Self>, mut inbox: Inbox) {
        let shares = Shares::new(Amount { places: HANDSHAKES_UNDER_WAY_MAX, bytes: 0 });
        let mut waiting =
            Waiting { orders: VecDeque::new(), under_way: HashSet::new(), shares, reading: Some(None) };
        let mut running = JoinSet::new();
        loop {
            let asks_again = waiting.is_to_read() && !self.read(&mut waiting).await;
            waiting.start(|order, share| {
                let handshakes = Arc::clone(&self);
                running.spawn(async move {
                    let lane = order.lane;
                    handshakes.serve(order).await;
                    drop(share);
                    lane
                });
            });
            if waiting.is_to_read() && !asks_again {
                // All of the page was started: there may be another one.
                continue;
            }
            tokio::select! {
                biased;
                Some(ended) = running.join_next() => match ended {
                    Ok(lane) => {
                        waiting.under_way.remove(&lane);
                    }
                    // One panicked; the released program would have ended with it.
                    Err(error) => return tracing::error!(%error, "no more handshakes are made"),
                },
                arrived = inbox.next() => match arrived {
                    Arrived::Order(placed) => waiting.orders.push_back(placed),
                    Arrived::LeftOut => waiting.reading = Some(None),
                    Arrived::Closed => return,
                },
                () = self.dispatcher.attempts.clock.sleep(PAUSE), if asks_again => {}
            }
        }
    }

    /// Reads the next page of those that must pass; answers whether the store answered.
    async fn read(&self, waiting: &mut Waiting) -> bool {
        let after = waiting.reading.flatten();
        match self.store.pending_verifications(PendingVerifications { after, limit: PAGE }).await {
            Ok(lanes) => {
                waiting.reading = lanes.last().map(|last| Some(*last));
                let orders = lanes.into_iter().map(|lane| Order { lane, version: None, occasions: None });
                waiting.orders.extend(orders.map(|order| Placed { order, place: None }));
                true
            }
            Err(error) => {
                tracing::warn!(%error, "the subscriptions that wait for handshakes could not be read; they are asked for again");
                false
            }
        }
    }

    /// Makes the handshakes of an order, if they are wanted still.
    async fn serve(&self, order: Order) {
        while !self.health.may_send() {
            if self.health.is_stopping() {
                return;
            }
            self.dispatcher.attempts.clock.sleep(PAUSE).await;
        }
        if let Err(error) = self.try_to_serve(&order).await {
            tracing::warn!(%error, "handshakes could not be made or written: verify the subscription later");
        }
    }

    async fn try_to_serve(&self, order: &Order) -> Result<(), StoreError> {
        let Some((config, current)) = self.look_up(order.lane).await? else { return Ok(()) };
        let Some(endpoint) = config.endpoint(current.no) else { return Ok(()) };
        let Some(asked) = current.verification else { return Ok(()) };
        // A later change has an order of its own, and somebody may have had them made meanwhile.
        let is_asked = order.version.is_none_or(|version| version == asked.version);
        if !is_asked || asked.state != VerificationState::Pending {
            return Ok(());
        }
        let occasions = order.occasions.as_deref();
        let due = self.due(&config, endpoint, occasions);
        if due.is_empty() {
            tracing::info!(subscription = %current.id, "no handshake of its profile applies to a subscription any more");
            return Ok(());
        }
        let (all, expected) = (occasions.is_none(), Some(asked.version));
        self.make(Round { config: &config, endpoint, due, all, expected, by: None }).await?;
        Ok(())
    }
}

impl Waiting {
    /// Whether the store is to be read: when nothing else waits.
    fn is_to_read(&self) -> bool {
        self.orders.is_empty() && self.reading.is_some()
    }

    /// Starts every order that may start.
    fn start(&mut self, mut begin: impl FnMut(Order, Share<TenantNo>)) {
        let mut index = 0;
        while let Some(placed) = self.orders.get(index) {
            let lane = placed.order.lane;
            let is_free = !self.under_way.contains(&lane);
            let Some(share) = is_free.then(|| self.shares.take(&lane.tenant_no, 0)).flatten() else {
                index += 1;
                continue;
            };
            if let Some(Placed { order, place }) = self.orders.remove(index) {
                drop(place);
                self.under_way.insert(lane);
                begin(order, share);
            }
        }
    }
}
