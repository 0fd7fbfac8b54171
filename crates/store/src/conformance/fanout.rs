//! Large fan-outs: an event whose deliveries follow in later commits.

use std::sync::Arc;

use postroad_domain::{EventId, Reason, Status, Subscription, Tenant};

use super::World;
use crate::{Fanout, Store};

pub async fn an_open_fan_out_names_every_target_that_is_left(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscriptions) = tenant_with(&mut world, 3).await;
    let first = accept_fanning_out(&mut world, &tenant, &subscriptions).await;
    let second = accept_fanning_out(&mut world, &tenant, &subscriptions).await;
    let open = world.store.open_fanouts(None, 10).await.unwrap();
    assert_eq!(
        open.iter().map(|fanout| fanout.event_id).collect::<Vec<_>>(),
        [first, second],
        "oldest first"
    );
    for fanout in &open {
        let targets: Vec<_> = fanout.targets.iter().map(|target| target.subscription_no).collect();
        assert_eq!(fanout.tenant_no, tenant.no);
        assert_eq!(targets, [subscriptions[1].no, subscriptions[2].no]);
        assert!(fanout.targets.iter().all(|target| target.subscription_version == 1));
        assert_eq!(fanout.next_number, 2, "the event's own commit made number 1");
    }
    assert_eq!(world.store.open_fanouts(None, 1).await.unwrap()[0].event_id, first);
    let behind = |event| world.store.open_fanouts(Some((tenant.no, event)), 10);
    let behind_first: Vec<_> = behind(first).await.unwrap().iter().map(|fanout| fanout.event_id).collect();
    assert_eq!((behind_first, behind(second).await.unwrap().len()), (vec![second], 0));
    let event = world.store.event(tenant.no, first).await.unwrap().unwrap();
    assert_eq!(open[0].event_bytes, event.bytes());
    let event = world.store.event(tenant.no, first).await.unwrap().unwrap();
    assert_eq!(event.deliveries, 3, "the count covers what is still to come");
}

pub async fn a_step_creates_its_deliveries_and_takes_its_targets_off(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscriptions) = tenant_with(&mut world, 4).await;
    let event_id = accept_fanning_out(&mut world, &tenant, &subscriptions).await;
    let step = step(&world, event_id, 2, &subscriptions[1..3]);
    let created = world.commit(Vec::new(), Vec::new(), vec![step]).await.fanned_out;
    let created_at = world.now();
    let ids: Vec<_> = created.iter().map(|delivery| delivery.id).collect();
    assert_eq!(ids, [event_id.delivery(2), event_id.delivery(3)]);
    for (queued, subscription) in created.iter().zip(&subscriptions[1..3]) {
        assert_eq!((queued.event.id, queued.due), (event_id, created_at));
        let delivery = world.look(queued).await;
        assert_eq!((delivery.subscription, delivery.status), (subscription.id, Status::Queued));
        assert_eq!((delivery.created_at, delivery.events), (created_at, vec![event_id]));
        let waiting = world.refill(subscription).await.deliveries.remove(0);
        assert_eq!((waiting.id, waiting.event.id), (queued.id, event_id));
    }
    let open = world.store.open_fanouts(None, 10).await.unwrap();
    assert_eq!((open[0].targets.len(), open[0].next_number), (1, 4));
    assert_eq!(open[0].targets[0].subscription_no, subscriptions[3].no);
}

pub async fn the_last_step_closes_the_fan_out(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscriptions) = tenant_with(&mut world, 4).await;
    let event_id = accept_fanning_out(&mut world, &tenant, &subscriptions).await;
    let steps =
        vec![step(&world, event_id, 2, &subscriptions[1..3]), step(&world, event_id, 4, &subscriptions[3..])];
    assert_eq!(world.commit(Vec::new(), Vec::new(), steps).await.fanned_out.len(), 3);
    assert!(world.store.open_fanouts(None, 10).await.unwrap().is_empty());
}

pub async fn the_deliveries_of_several_steps_are_answered_lane_by_lane(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscriptions) = tenant_with(&mut world, 3).await;
    let first = accept_fanning_out(&mut world, &tenant, &subscriptions).await;
    let second = accept_fanning_out(&mut world, &tenant, &subscriptions).await;
    let steps = [first, second].map(|event_id| step(&world, event_id, 2, &subscriptions[1..]));
    let created = world.commit(Vec::new(), Vec::new(), steps.to_vec()).await.fanned_out;
    assert_eq!(
        created.iter().map(|delivery| delivery.id).collect::<Vec<_>>(),
        [first.delivery(2), second.delivery(2), first.delivery(3), second.delivery(3)]
    );
}

pub async fn a_step_that_is_repeated_creates_nothing_twice(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscriptions) = tenant_with(&mut world, 4).await;
    let event_id = accept_fanning_out(&mut world, &tenant, &subscriptions).await;
    let once = step(&world, event_id, 2, &subscriptions[1..3]);
    world.commit(Vec::new(), Vec::new(), vec![once]).await;
    // The caller did not hear the answer and asks again; one target of the three is still open.
    let again = step(&world, event_id, 2, &subscriptions[1..]);
    let created = world.commit(Vec::new(), Vec::new(), vec![again.clone()]).await.fanned_out;
    assert_eq!(created.iter().map(|delivery| delivery.id).collect::<Vec<_>>(), [event_id.delivery(4)]);
    assert!(world.commit(Vec::new(), Vec::new(), vec![again]).await.fanned_out.is_empty());
    for subscription in &subscriptions {
        assert_eq!(world.refill(subscription).await.deliveries.len(), 1);
    }
}

pub async fn a_step_that_leaves_targets_out_creates_nothing(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscriptions) = tenant_with(&mut world, 4).await;
    let event_id = accept_fanning_out(&mut world, &tenant, &subscriptions).await;
    let step = step(&world, event_id, 3, &subscriptions[2..]);
    assert!(world.commit(Vec::new(), Vec::new(), vec![step]).await.fanned_out.is_empty());
    let open = world.store.open_fanouts(None, 10).await.unwrap();
    assert_eq!((open[0].targets.len(), open[0].next_number), (3, 2));
}

pub async fn what_fans_out_to_a_paused_subscription_is_cancelled(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscriptions) = tenant_with(&mut world, 2).await;
    let event_id = accept_fanning_out(&mut world, &tenant, &subscriptions).await;
    world.set_active(&subscriptions[1], false).await;
    let step = step(&world, event_id, 2, &subscriptions[1..]);
    let id = event_id.delivery(2);
    assert!(world.commit(Vec::new(), Vec::new(), vec![step]).await.fanned_out.is_empty());
    let delivery = world.store.delivery(tenant.no, id).await.unwrap().unwrap();
    assert_eq!((delivery.status, delivery.reason), (Status::Cancelled, Some(Reason::Paused)));
    assert_eq!((delivery.finished_at, delivery.due_at), (Some(world.now()), None));
    world.set_active(&subscriptions[1], true).await;
    assert!(world.refill(&subscriptions[1]).await.deliveries.is_empty(), "activation does not revive it");
    assert!(world.store.open_fanouts(None, 10).await.unwrap().is_empty());
}

/// Only whether it is paused at the moment of the step counted, so a short pause called nothing off.
pub async fn a_pause_that_is_over_has_called_off_what_had_not_fanned_out_yet(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscriptions) = tenant_with(&mut world, 2).await;
    let before = accept_fanning_out(&mut world, &tenant, &subscriptions).await;
    world.set_active(&subscriptions[1], false).await;
    world.set_active(&subscriptions[1], true).await;
    let after = accept_fanning_out(&mut world, &tenant, &subscriptions).await;
    let steps = [before, after].map(|event_id| step(&world, event_id, 2, &subscriptions[1..]));
    let created = world.commit(Vec::new(), Vec::new(), steps.to_vec()).await.fanned_out;
    assert_eq!(created.iter().map(|delivery| delivery.id).collect::<Vec<_>>(), [after.delivery(2)]);
    let called_off = world.store.delivery(tenant.no, before.delivery(2)).await.unwrap().unwrap();
    assert_eq!((called_off.status, called_off.reason), (Status::Cancelled, Some(Reason::Paused)));
}

pub async fn what_fans_out_to_a_gone_subscription_is_held(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscriptions) = tenant_with(&mut world, 2).await;
    let event_id = accept_fanning_out(&mut world, &tenant, &subscriptions).await;
    world.deactivate(&subscriptions[1]).await;
    let step = step(&world, event_id, 2, &subscriptions[1..]);
    let id = event_id.delivery(2);
    assert!(world.commit(Vec::new(), Vec::new(), vec![step]).await.fanned_out.is_empty());
    assert!(world.refill(&subscriptions[1]).await.deliveries.is_empty());
    world.set_active(&subscriptions[1], true).await;
    assert_eq!(world.refill(&subscriptions[1]).await.deliveries[0].id, id);
}

pub async fn nothing_fans_out_to_a_deleted_subscription(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscriptions) = tenant_with(&mut world, 3).await;
    let event_id = accept_fanning_out(&mut world, &tenant, &subscriptions).await;
    world.delete(&subscriptions[1]).await;
    let step = step(&world, event_id, 2, &subscriptions[1..]);
    let created = world.commit(Vec::new(), Vec::new(), vec![step]).await.fanned_out;
    assert_eq!(created.iter().map(|delivery| delivery.id).collect::<Vec<_>>(), [event_id.delivery(3)]);
    assert_eq!(world.store.delivery(tenant.no, event_id.delivery(2)).await.unwrap(), None);
    assert!(
        world.store.open_fanouts(None, 10).await.unwrap().is_empty(),
        "its target is served all the same"
    );
}

pub async fn the_fan_outs_of_a_deleted_tenant_are_over(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscriptions) = tenant_with(&mut world, 2).await;
    let event_id = accept_fanning_out(&mut world, &tenant, &subscriptions).await;
    world.delete_tenant(&tenant).await;
    for _ in 0..2 {
        assert!(world.store.open_fanouts(None, 10).await.unwrap().is_empty());
        let step = step(&world, event_id, 2, &subscriptions[1..]);
        assert!(world.commit(Vec::new(), Vec::new(), vec![step]).await.fanned_out.is_empty());
        world.sweep_all(10).await;
    }
}

async fn tenant_with(world: &mut World, count: usize) -> (Tenant, Vec<Subscription>) {
    let tenant = world.tenant("acme").await;
    let mut subscriptions = Vec::new();
    for _ in 0..count {
        subscriptions.push(world.subscription(&tenant).await);
    }
    (tenant, subscriptions)
}

/// Accepts an event that goes to the first subscription now and to the others later.
async fn accept_fanning_out(world: &mut World, tenant: &Tenant, to: &[Subscription]) -> EventId {
    let mut event = world.event(tenant, &[&to[0]]).await;
    event.fanout = to[1..].iter().map(|subscription| world.target(subscription)).collect();
    let id = event.id;
    assert_eq!(world.commit_event(event).await.len(), 1);
    id
}

fn step(world: &World, event_id: EventId, next_number: u16, to: &[Subscription]) -> Fanout {
    let targets = to.iter().map(|subscription| world.target(subscription)).collect();
    Fanout { tenant_no: to[0].tenant_no, event_id, event_bytes: 0, targets, next_number }
}
