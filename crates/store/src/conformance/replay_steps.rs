//! Short words for what the checks of replays do most.

use std::time::Duration;

use postroad_domain::{
    RateLimit, Replay, ReplayId, ReplaySelection, ReplayStatus, Subscription, Tenant, replay::ReplayCount,
};

use super::world::{LONG, World, event_type, opening};
use crate::{
    CancelReplay, CancelReplayError, CountReplay, CreateReplay, ListReplays, NewEvent, Next, QueuedDelivery,
    ReplayStep, ReplayStepped, StartReplayError,
};

/// A delivery of a new event that has ended.
pub(super) async fn ended(
    world: &mut World,
    tenant: &Tenant,
    to: &Subscription,
    next: Next,
) -> QueuedDelivery {
    let queued = world.accept_one(tenant, to).await;
    world.record(&queued, next).await;
    queued
}

/// An event that went to nobody.
pub(super) async fn typed(world: &mut World, tenant: &Tenant, name: &str) -> NewEvent {
    let event = NewEvent { event_type: event_type(name), ..world.event(tenant, &[]).await };
    world.commit_event(event.clone()).await;
    event
}

pub(super) fn creation(world: &mut World, to: &Subscription, selection: ReplaySelection) -> CreateReplay {
    CreateReplay {
        tenant_no: to.tenant_no,
        id: world.id(),
        subscription: to.id,
        selection,
        since: opening(),
        until: None,
        pace: RateLimit { count: 1, per: Duration::from_secs(1) },
        count: ReplayCount::default(),
        running_max: 10,
        kept_max: 100,
        at: world.now(),
        audit: None,
    }
}

pub(super) async fn start(world: &mut World, to: &Subscription, selection: ReplaySelection) -> Replay {
    try_start(world, to, selection, 10).await.unwrap()
}

pub(super) async fn try_start(
    world: &mut World,
    to: &Subscription,
    selection: ReplaySelection,
    running_max: usize,
) -> Result<Replay, StartReplayError> {
    let create = CreateReplay { running_max, ..creation(world, to, selection) };
    world.store.create_replay(create).await
}

pub(super) fn a_step(world: &mut World, replay: &Replay, deliveries_max: usize) -> ReplayStep {
    let at = world.tick();
    ReplayStep {
        tenant_no: replay.tenant_no,
        id: replay.id,
        at,
        expires_at: at.after(LONG),
        rows_max: 100,
        time_max: Duration::MAX,
        deliveries_max,
        waiting_max: 1_000,
    }
}

pub(super) async fn step(world: &mut World, replay: &Replay, deliveries_max: usize) -> ReplayStepped {
    let step = a_step(world, replay, deliveries_max);
    world.store.replay_step(step).await.unwrap().unwrap()
}

/// Steps until it has ended; answers all that was queued.
pub(super) async fn run(world: &mut World, replay: &Replay) -> ReplayStepped {
    let mut queued = Vec::new();
    for _ in 0..100 {
        let stepped = step(world, replay, 2).await;
        queued.extend(stepped.queued.iter().copied());
        if stepped.replay.status != ReplayStatus::Running {
            return ReplayStepped { queued, ..stepped };
        }
    }
    panic!("the replay does not end");
}

pub(super) async fn cancel(
    world: &mut World,
    tenant: &Tenant,
    id: ReplayId,
) -> Result<Replay, CancelReplayError> {
    let at = world.tick();
    world.store.cancel_replay(CancelReplay { tenant_no: tenant.no, id, at, audit: None }).await
}

pub(super) async fn count(
    world: &World,
    to: &Subscription,
    selection: ReplaySelection,
    rows_max: usize,
) -> Result<u64, StartReplayError> {
    let (mut after, mut sum) = (None, 0);
    for _ in 0..100 {
        let count = CountReplay {
            tenant_no: to.tenant_no,
            subscription: to.id,
            selection,
            since: opening(),
            until: None,
            after,
            rows_max,
        };
        let counted = world.store.count_replay(count).await?;
        sum += counted.deliveries;
        after = counted.next;
        if after.is_none() {
            return Ok(sum);
        }
    }
    panic!("counting does not end");
}

pub(super) async fn listed(world: &World, tenant: &Tenant, limit: usize) -> Vec<ReplayId> {
    let (mut after, mut ids) = (None, Vec::new());
    loop {
        let page =
            world.store.list_replays(ListReplays { tenant_no: tenant.no, after, limit }).await.unwrap();
        ids.extend(page.items.iter().map(|replay| replay.id));
        after = page.next;
        if after.is_none() {
            return ids;
        }
    }
}
