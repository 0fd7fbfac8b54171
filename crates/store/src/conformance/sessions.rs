//! Nodes and the lanes they own. On an embedded store there is one node, which owns everything.

use std::{sync::Arc, time::Duration};

use postroad_domain::{Status, Tenant};

use super::{
    World,
    world::{LONG, lane_of},
};
use crate::{
    ClaimLanes, Commit, Heartbeat, LaneKey, LaneLease, Next, OpenSession, Outcome, OutcomeResult,
    QueuedDelivery, ReleaseLanes, Session, SessionId, Store, StoreError,
};

pub async fn a_session_knows_itself_among_the_living(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let other = open(&mut world, LONG).await;
    assert!(other.living.contains(&other.id));
    assert_eq!(other.owns_everything, world.session.owns_everything);
    let beaten = beat(&mut world, other.id, LONG).await.unwrap();
    assert_eq!(beaten.id, other.id);
    if world.session.owns_everything {
        assert_eq!(beaten.living, [other.id], "an embedded store has one node");
    } else {
        let mut living = beaten.living;
        living.sort_unstable();
        assert_eq!(living, [world.session.id, other.id]);
    }
}

pub async fn a_session_that_ran_out_is_lost(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let session = open(&mut world, LONG).await;
    beat(&mut world, session.id, Duration::ZERO).await.unwrap();
    let late = beat(&mut world, session.id, LONG).await;
    if session.owns_everything {
        assert!(late.is_ok(), "the one node of an embedded store is never lost");
        return;
    }
    assert!(matches!(late, Err(StoreError::SessionLost)), "{late:?}");
    let own = world.session.id;
    let living = beat(&mut world, own, LONG).await.unwrap().living;
    assert_eq!(living, [own]);
    let lane = some_lane(&mut world).await;
    let late = claim(&mut world, session.id, lane).await;
    assert!(matches!(late, Err(StoreError::SessionLost)), "{late:?}");
}

pub async fn a_lane_is_owned_by_one_node_at_a_time(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let other = open(&mut world, LONG).await;
    let lane = some_lane(&mut world).await;
    let taken = claim(&mut world, other.id, lane).await.unwrap();
    if other.owns_everything {
        assert_eq!(taken.len(), 1, "an embedded store's claims always succeed");
    } else {
        assert!(taken.is_empty(), "the world's own node holds it: {taken:?}");
    }
}

pub async fn a_claim_of_many_lanes_takes_those_that_are_free(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let other = open(&mut world, LONG).await;
    let lane = some_lane(&mut world).await;
    let free = LaneKey { subscription_no: postroad_domain::SubscriptionNo(i64::MAX), ..lane };
    let claim = ClaimLanes { session: other.id, lanes: vec![lane, free], at: world.tick() };
    let taken: Vec<_> =
        world.store.claim_lanes(claim).await.unwrap().iter().map(|lease| lease.lane).collect();
    if other.owns_everything {
        assert_eq!(taken, [lane, free]);
    } else {
        assert_eq!(taken, [free]);
    }
}

pub async fn a_released_lane_is_free_and_its_epoch_grows(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let other = open(&mut world, LONG).await;
    let lane = some_lane(&mut world).await;
    let own = world.session.id;
    let before = claim(&mut world, own, lane).await.unwrap()[0].epoch;
    release(&world, other.id, vec![lane]).await;
    if !other.owns_everything {
        assert!(claim(&mut world, other.id, lane).await.unwrap().is_empty(), "only its owner gives it back");
    }
    release(&world, own, vec![lane]).await;
    let after = claim(&mut world, other.id, lane).await.unwrap();
    assert_eq!(after.len(), 1);
    assert!(other.owns_everything || after[0].epoch > before);
}

pub async fn a_release_gives_only_the_named_lanes_back(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let other = open(&mut world, LONG).await;
    let [named, kept] = [some_lane(&mut world).await, some_lane(&mut world).await];
    release(&world, world.session.id, vec![named]).await;
    assert_eq!(claim(&mut world, other.id, named).await.unwrap().len(), 1);
    let taken = claim(&mut world, other.id, kept).await.unwrap().len();
    assert_eq!(taken, usize::from(other.owns_everything));
}

pub async fn a_release_without_names_gives_every_lane_back(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let other = open(&mut world, LONG).await;
    let lanes = [some_lane(&mut world).await, some_lane(&mut world).await];
    release(&world, world.session.id, Vec::new()).await;
    for lane in lanes {
        assert_eq!(claim(&mut world, other.id, lane).await.unwrap().len(), 1);
    }
}

pub async fn the_lanes_of_a_lost_session_can_be_taken(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let other = open(&mut world, LONG).await;
    let lane = some_lane(&mut world).await;
    let own = world.session.id;
    let before = claim(&mut world, own, lane).await.unwrap()[0].epoch;
    beat(&mut world, own, Duration::ZERO).await.unwrap();
    let after = claim(&mut world, other.id, lane).await.unwrap();
    assert_eq!(after.len(), 1);
    assert!(other.owns_everything || after[0].epoch > before);
}

pub async fn an_outcome_of_a_lane_of_another_node_is_fenced_and_not_written(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let other = open(&mut world, LONG).await;
    let (tenant, queued) = waiting(&mut world).await;
    let outcome = world.outcome(&queued, Next::Succeeded);
    let result = commit_as(&mut world, other.id, outcome).await;
    if other.owns_everything {
        assert_eq!(result, OutcomeResult::Applied);
        return;
    }
    assert_eq!(result, OutcomeResult::Fenced);
    assert_untouched(&world, &tenant, &queued).await;
    assert_eq!(world.record(&queued, Next::Succeeded).await, OutcomeResult::Applied, "the owner's counts");
}

pub async fn an_outcome_of_a_lost_session_is_fenced_and_not_written(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, queued) = waiting(&mut world).await;
    let own = world.session.id;
    beat(&mut world, own, Duration::ZERO).await.unwrap();
    let result = world.record(&queued, Next::Succeeded).await;
    if world.session.owns_everything {
        assert_eq!(result, OutcomeResult::Applied);
    } else {
        assert_eq!(result, OutcomeResult::Fenced, "nobody took the lane, but somebody might have");
        assert_untouched(&world, &tenant, &queued).await;
    }
}

pub async fn a_node_accepts_events_also_for_the_lanes_of_others(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let subscription = world.subscription(&tenant).await;
    let other = open(&mut world, LONG).await;
    let event = world.event(&tenant, &[&subscription]).await;
    let commit = Commit {
        at: world.tick(),
        session: other.id,
        events: vec![event],
        outcomes: Vec::new(),
        fanouts: Vec::new(),
    };
    let committed = world.store.commit(Arc::new(commit)).await.unwrap();
    assert_eq!(committed.events.len(), 1);
    let queued = world.refill(&subscription).await.deliveries.remove(0);
    assert_eq!(world.record(&queued, Next::Succeeded).await, OutcomeResult::Applied);
}

async fn open(world: &mut World, lease: Duration) -> Session {
    let at = world.tick();
    world.store.open_session(OpenSession { name: "other".to_owned(), lease, at }).await.unwrap()
}

async fn beat(world: &mut World, session: SessionId, lease: Duration) -> Result<Session, StoreError> {
    let at = world.tick();
    world.store.heartbeat(Heartbeat { session, lease, at }).await
}

async fn claim(world: &mut World, session: SessionId, lane: LaneKey) -> Result<Vec<LaneLease>, StoreError> {
    let at = world.tick();
    world.store.claim_lanes(ClaimLanes { session, lanes: vec![lane], at }).await
}

async fn release(world: &World, session: SessionId, lanes: Vec<LaneKey>) {
    world.store.release_lanes(ReleaseLanes { session, lanes }).await.unwrap();
}

/// A lane that the world's own node holds.
async fn some_lane(world: &mut World) -> LaneKey {
    let (_, subscription) = world.tenant_with_subscription().await;
    lane_of(&subscription)
}

async fn waiting(world: &mut World) -> (Tenant, QueuedDelivery) {
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    (tenant, queued)
}

async fn commit_as(world: &mut World, session: SessionId, outcome: Outcome) -> OutcomeResult {
    let at = world.tick();
    let commit = Commit { at, session, events: Vec::new(), outcomes: vec![outcome], fanouts: Vec::new() };
    world.store.commit(Arc::new(commit)).await.unwrap().outcomes[0]
}

async fn assert_untouched(world: &World, tenant: &Tenant, queued: &QueuedDelivery) {
    let delivery = world.look(queued).await;
    assert_eq!((delivery.status, delivery.attempts), (Status::Queued, 0));
    assert!(world.store.attempts(tenant.no, queued.id).await.unwrap().is_empty());
}
