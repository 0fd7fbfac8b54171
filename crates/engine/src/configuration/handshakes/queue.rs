//! The queue in which handshakes wait to be made, in memory only: a hint is forgotten by a restart, and what must pass stands in the
//! store as well.
//!
//! **Invariant:** whoever changes a subscription never waits here. A tenant has no more orders in it than are left for all others.
//! An order that finds no room is dropped; where the handshakes must pass, the store is asked for them later.

use std::sync::Arc;

use postroad_domain::{TenantNo, limits::HANDSHAKES_WAITING_MAX};
use postroad_profile::Occasion;
use postroad_store::LaneKey;
use tokio::sync::{Notify, mpsc};

use crate::shares::{Amount, Share, Shares};

/// The handshakes of one subscription that are to be made.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// Of which.
    pub(crate) lane: LaneKey,
    /// The version of the subscription that asks for them; `None` for whichever does now.
    pub(crate) version: Option<i64>,
    /// Those of these occasions; `None` for all.
    pub(crate) occasions: Option<Vec<Occasion>>,
}

/// An order with its place in the queue.
pub(crate) struct Placed {
    pub(crate) order: Order,
    /// Given back when the handshakes begin; `None` for what was read from the store.
    pub(crate) place: Option<Share<TenantNo>>,
}

/// Where handshakes are ordered.
pub(crate) struct Orders {
    places: Shares<TenantNo>,
    sender: mpsc::UnboundedSender<Placed>,
    left_out: Arc<Notify>,
}

/// Where they come out.
pub(crate) struct Inbox {
    receiver: mpsc::UnboundedReceiver<Placed>,
    left_out: Arc<Notify>,
}

/// What comes out.
pub(crate) enum Arrived {
    /// An order.
    Order(Placed),
    /// Some that must pass found no room: they stand in the store.
    LeftOut,
    /// Nothing more: the engine is gone.
    Closed,
}

/// Both ends of a queue.
pub(crate) fn queue() -> (Orders, Inbox) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let left_out = Arc::new(Notify::new());
    let places = Shares::new(Amount { places: HANDSHAKES_WAITING_MAX, bytes: 0 });
    (Orders { places, sender, left_out: Arc::clone(&left_out) }, Inbox { receiver, left_out })
}

impl Orders {
    /// Takes an order; answers whether it will be served: from here, or from the store where it must pass.
    pub(crate) fn order(&self, order: Order, must_pass: bool) -> bool {
        match self.places.take(&order.lane.tenant_no, 0) {
            Some(place) => self.sender.send(Placed { order, place: Some(place) }).is_ok(),
            None => {
                if must_pass {
                    self.left_out.notify_one();
                }
                must_pass
            }
        }
    }
}

impl Inbox {
    /// The next thing that comes.
    pub(crate) async fn next(&mut self) -> Arrived {
        tokio::select! {
            biased;
            placed = self.receiver.recv() => placed.map_or(Arrived::Closed, Arrived::Order),
            () = self.left_out.notified() => Arrived::LeftOut,
        }
    }
}

#[cfg(test)]
mod tests {
    use postroad_domain::SubscriptionNo;

    use super::*;

    fn order(tenant: i64) -> Order {
        let lane = LaneKey { tenant_no: TenantNo(tenant), subscription_no: SubscriptionNo(1) };
        Order { lane, version: None, occasions: None }
    }

    #[tokio::test]
    async fn a_tenant_that_floods_is_left_out_alone_and_what_must_pass_is_not_forgotten() {
        let (orders, mut inbox) = queue();
        let taken = (0..).take_while(|_| orders.order(order(1), false)).count();
        assert_eq!(taken, HANDSHAKES_WAITING_MAX / 2);
        assert!(orders.order(order(2), false), "another has room");
        assert!(orders.order(order(1), true), "the store knows of it");
        for _ in 0..=taken {
            assert!(matches!(inbox.next().await, Arrived::Order(_)));
        }
        assert!(matches!(inbox.next().await, Arrived::LeftOut));
        assert!(orders.order(order(1), false), "what was served has given its place back");
    }
}
