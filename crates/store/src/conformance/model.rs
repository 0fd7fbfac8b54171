//! Random sequences of operations against a model that is simple enough to be right.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use postroad_domain::{
    Reason, Status, Subscription, Tenant,
    delivery::{Birth, Input, StoredStatus},
    ids::DeliveryId,
    subscription::Failures,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{
    World,
    world::{lane_of, refill_of},
};
use crate::{
    BacklogBudget, CancelDelivery, CancelDeliveryError, Deactivation, LaneKey, Next, OutcomeResult,
    QueuedDelivery, Refill, RetryDelivery, RetryDeliveryError, Store, Sweep, WaitingLane, WaitingLanes,
};

pub async fn after_any_operations_a_delivery_waits_in_one_place_or_has_ended(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    for seed in 0..3 {
        let tenant = world.tenant("acme").await;
        world.rng = StdRng::seed_from_u64(seed);
        let mut model = Model::new(&mut world, tenant).await;
        for step in 0..200 {
            model.do_something(&mut world).await;
            if step % 20 == 19 {
                model.compare(&world).await;
            }
        }
        let tenant = model.tenant;
        world.delete_tenant(&tenant).await;
    }
}

pub async fn a_lane_that_is_drained_in_small_refills_hands_out_each_delivery_once(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    for _ in 0..40 {
        let mut event = world.event(&tenant, &[&subscription]).await;
        event.data = Bytes::from(vec![b'1'; world.rng.random_range(1..200)]);
        let queued = world.commit_event(event).await.remove(0);
        if world.rng.random_bool(0.3) {
            let due = world.now().after(Duration::from_millis(world.rng.random_range(0..300)));
            world.record(&queued, Next::Queued { due, tries: 1 }).await;
        }
    }
    world.advance(Duration::from_secs(1));
    let everything = world.refill(&subscription).await.deliveries;
    let expected: Vec<_> = everything.iter().map(|delivery| (delivery.due, delivery.id)).collect();
    assert_eq!(expected.len(), 40);
    assert!(expected.is_sorted_by_key(|(due, _)| *due));
    let mut seen = Vec::new();
    let mut held: Vec<QueuedDelivery> = Vec::new();
    while seen.len() < expected.len() {
        let refill = Refill {
            held: held.iter().map(|delivery| delivery.id).collect(),
            limit: world.rng.random_range(1..6),
            bytes_max: world.rng.random_range(1..500),
            ..refill_of(lane_of(&subscription), world.now())
        };
        let refilled = world.store.refill(refill).await.unwrap();
        assert!(!refilled.deliveries.is_empty());
        seen.extend(refilled.deliveries.iter().map(|delivery| (delivery.due, delivery.id)));
        assert_eq!(refilled.next_due, expected.get(seen.len()).map(|(due, _)| *due));
        held.extend(refilled.deliveries);
        // Some of what is held ends: what ended needs no holding any more.
        while held.len() > 5 {
            let ended = held.remove(world.rng.random_range(0..held.len()));
            assert_eq!(world.record(&ended, Next::Succeeded).await, OutcomeResult::Applied);
        }
    }
    assert_eq!(seen, expected);
}

/// What a delivery must look like.
struct Expected {
    /// The last place in the queue that the caller heard of.
    place: QueuedDelivery,
    status: StoredStatus,
    reason: Option<Reason>,
}

impl Expected {
    /// Carries out an input; answers whether it means anything in this state.
    fn change(&mut self, input: Input, reason: Option<Reason>) -> bool {
        let next = self.status.after(input);
        if let Some(next) = next {
            (self.status, self.reason) = (next, reason);
        }
        next.is_some()
    }

    fn waits(&self) -> bool {
        self.status.get() == Status::Queued
    }
}

/// What the store must answer.
struct Model {
    tenant: Tenant,
    subscriptions: Vec<Subscription>,
    deliveries: BTreeMap<DeliveryId, Expected>,
}

impl Model {
    async fn new(world: &mut World, tenant: Tenant) -> Self {
        let mut subscriptions = Vec::new();
        for _ in 0..3 {
            subscriptions.push(world.subscription(&tenant).await);
        }
        Self { tenant, subscriptions, deliveries: BTreeMap::new() }
    }

    async fn do_something(&mut self, world: &mut World) {
        let pause = Duration::from_millis(world.rng.random_range(0..100));
        world.advance(pause);
        match world.rng.random_range(0..20) {
            0..6 => self.accept(world).await,
            6..13 => self.attempt(world).await,
            13 => self.cancel(world).await,
            14..16 => self.retry(world).await,
            16 => self.set_active(world, false).await,
            17 => self.set_active(world, true).await,
            18 => self.deactivate(world).await,
            _ => {
                let sweep = Sweep { at: world.tick(), limit: 3, budget: BacklogBudget::default() };
                world.store.sweep(sweep).await.unwrap();
            }
        }
    }

    async fn accept(&mut self, world: &mut World) {
        let active: Vec<_> = self.subscriptions.iter().filter(|known| known.spec.active).collect();
        for place in world.accept(&self.tenant, &active).await {
            let expected = Expected { status: StoredStatus::born(Birth::Create), reason: None, place };
            self.deliveries.insert(expected.place.id, expected);
        }
    }

    /// An attempt of any delivery, also of one that has ended in between.
    async fn attempt(&mut self, world: &mut World) {
        let Some(id) = self.any(world) else { return };
        let tries = self.deliveries[&id].place.tries + 1;
        let due = world.now().after(Duration::from_millis(world.rng.random_range(0..2_000)));
        let next = match world.rng.random_range(0..5) {
            0 => Next::Succeeded,
            1 => Next::Failed(Reason::Exhausted),
            2 => Next::InPlace { not_before: due, tries },
            _ => Next::Queued { due, tries },
        };
        let Some(expected) = self.deliveries.get_mut(&id) else { return };
        let result = world.record(&expected.place, next).await;
        let waited = expected.waits();
        assert_eq!(result, if waited { OutcomeResult::Applied } else { OutcomeResult::NotWaiting });
        expected.place.attempts += 1;
        let reason = if let Next::Failed(reason) = next { Some(reason) } else { None };
        let (is_followed, lane) = (expected.change(next.input(), reason), expected.place.lane);
        assert!(is_followed || !waited, "a delivery that waits follows each outcome");
        match next {
            Next::Queued { due, tries } if is_followed => {
                (expected.place.due, expected.place.tries) = (due, tries);
                expected.place.not_before = None;
            }
            Next::InPlace { not_before, tries } if is_followed => {
                (expected.place.not_before, expected.place.tries) = (Some(not_before), tries);
            }
            Next::Succeeded if is_followed => self.count(lane, |_| None),
            Next::Failed(_) if waited => {
                let none = Failures { count: 0, since: world.now() };
                let one_more = |before: Failures| Failures { count: before.count + 1, ..before };
                self.count(lane, |before| Some(one_more(before.unwrap_or(none))));
            }
            _ => {}
        }
    }

    /// The failures of a subscription change while it is active.
    fn count(&mut self, lane: LaneKey, change: impl FnOnce(Option<Failures>) -> Option<Failures>) {
        let mut active = self.subscriptions.iter_mut().filter(|known| known.spec.active);
        if let Some(known) = active.find(|known| lane_of(known) == lane) {
            known.failures = change(known.failures);
        }
    }

    async fn cancel(&mut self, world: &mut World) {
        let Some(id) = self.any(world) else { return };
        let at = world.tick();
        let result = world
            .store
            .cancel_delivery(CancelDelivery { audit: None, tenant_no: self.tenant.no, id, at })
            .await;
        let Some(expected) = self.deliveries.get_mut(&id) else { return };
        if expected.change(Input::Cancel, Some(Reason::Operator)) {
            assert_eq!(result.unwrap(), expected.place.lane);
        } else {
            assert!(matches!(result, Err(CancelDeliveryError::Finished)), "{result:?}");
        }
    }

    async fn retry(&mut self, world: &mut World) {
        let Some(id) = self.any(world) else { return };
        let at = world.tick();
        let Some(expected) = self.deliveries.get_mut(&id) else { return };
        let lane = expected.place.lane;
        let active = self.subscriptions.iter().any(|known| lane_of(known) == lane && known.spec.active);
        let expires_at = expected.place.expires_at;
        let retry = RetryDelivery { audit: None, tenant_no: self.tenant.no, id, at, expires_at };
        let result = world.store.retry_delivery(retry).await;
        if !active {
            assert!(matches!(result, Err(RetryDeliveryError::Inactive)), "{result:?}");
        } else if expected.waits() {
            assert_eq!(result.unwrap().subscription_no, lane.subscription_no);
            let place = &mut expected.place;
            if place.due > at || place.not_before.is_some_and(|until| until > at) {
                (place.due, place.not_before) = (place.due.min(at), None);
            }
        } else {
            assert_eq!(result.unwrap().subscription_no, lane.subscription_no);
            assert!(expected.change(Input::Retry, None));
            (expected.place.due, expected.place.not_before, expected.place.tries) = (at, None, 0);
        }
    }

    async fn set_active(&mut self, world: &mut World, active: bool) {
        let index = world.rng.random_range(0..self.subscriptions.len());
        let before = self.subscriptions[index].clone();
        let after = world.set_active(&before, active).await;
        let is_activated = active && !before.spec.active;
        assert_eq!(after.failures, before.failures.filter(|_| !is_activated));
        self.stands(index, after);
    }

    async fn deactivate(&mut self, world: &mut World) {
        let index = world.rng.random_range(0..self.subscriptions.len());
        let before = self.subscriptions[index].clone();
        let failures = before.failures.filter(|_| world.rng.random_bool(0.5));
        let why = failures.map_or(Deactivation::Gone, Deactivation::Failing);
        assert_eq!(world.deactivate_for(&before, why).await, before.spec.active);
        let after = world.store.subscription(self.tenant.no, before.id).await.unwrap().unwrap();
        if before.spec.active {
            assert_eq!(after.inactive, Some((why.reason(), world.now())));
        } else {
            assert_eq!(after, before);
        }
        self.stands(index, after);
    }

    /// What waits is cancelled where its subscription is inactive, but for a reason for which it is held.
    fn stands(&mut self, index: usize, after: Subscription) {
        let calls_off = after.inactive.is_some_and(|(reason, _)| !reason.holds());
        for expected in self.deliveries.values_mut() {
            if calls_off && expected.place.lane == lane_of(&after) {
                expected.change(Input::Cancel, Some(Reason::Paused));
            }
        }
        self.subscriptions[index] = after;
    }

    fn any(&self, world: &mut World) -> Option<DeliveryId> {
        let count = self.deliveries.len();
        // Mostly a late one: the early ones have ended long ago.
        let back = world.rng.random_range(0..count.clamp(1, 20));
        self.deliveries.keys().rev().nth(back).copied()
    }

    async fn compare(&self, world: &World) {
        for (id, expected) in &self.deliveries {
            let delivery = world.store.delivery(self.tenant.no, *id).await.unwrap().unwrap();
            assert_eq!((delivery.status, delivery.reason), (expected.status.get(), expected.reason), "{id}");
            let waits = expected.waits();
            assert_eq!(
                delivery.due_at,
                waits.then_some(expected.place.not_before.unwrap_or(expected.place.due)),
                "{id}"
            );
            assert_eq!(delivery.finished_at.is_none(), waits, "{id}");
            assert_eq!(delivery.attempts, expected.place.attempts, "{id}");
        }
        for known in &self.subscriptions {
            let stored = world.store.subscription(self.tenant.no, known.id).await.unwrap().unwrap();
            assert_eq!(stored, *known);
        }
        self.compare_lanes(world).await;
        let waiting = self.waiting().count() as u64;
        assert_eq!(world.store.backlog().await.unwrap().waiting, waiting);
    }

    async fn compare_lanes(&self, world: &World) {
        let mut lanes = Vec::new();
        for subscription in &self.subscriptions {
            let lane = lane_of(subscription);
            let mut expected: Vec<_> = self
                .waiting()
                .filter(|place| place.lane == lane && subscription.spec.active)
                .map(|place| (place.due, place.id, place.tries, place.attempts))
                .collect();
            expected.sort_unstable();
            let far = world.now().after(Duration::from_secs(60));
            let refilled = world.store.refill(refill_of(lane, far)).await.unwrap();
            let answered = refilled.deliveries.iter();
            let answered: Vec<_> =
                answered.map(|place| (place.due, place.id, place.tries, place.attempts)).collect();
            assert_eq!(answered, expected);
            lanes.extend(expected.first().map(|(next_due, ..)| WaitingLane { lane, next_due: *next_due }));
        }
        let all = WaitingLanes { after: None, limit: 100 };
        assert_eq!(world.store.waiting_lanes(all).await.unwrap(), lanes);
    }

    fn waiting(&self) -> impl Iterator<Item = &QueuedDelivery> {
        let waiting = self.deliveries.values().filter(|expected| expected.waits());
        waiting.map(|expected| &expected.place)
    }
}
