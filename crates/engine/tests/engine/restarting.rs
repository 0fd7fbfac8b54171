//! Stop and start: nothing is lost, nothing is repaired by hand.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use postroad_domain::{Clock, EventId, EventType, RetryOverride, Status, SubscriptionSpec, Timestamp};
use postroad_engine::{Engine, Notifying, Origin, Parts, SecretBox, StartError};
use postroad_store::{
    Cluster, Commit, Configuration, FanoutTarget, NewDelivery, NewEvent, OpenSession, Queue,
};
use rand::{SeedableRng, rngs::StdRng};

use crate::world::{World, acme, draft, patient, pushed_with, to};

#[tokio::test]
async fn a_new_engine_goes_on_where_the_last_one_was_killed() {
    let world = World::new().await;
    world.subscribe(to("https://a.example/")).await;
    let published = world.publish("{}").await;
    let _never_answered = world.exchange().await;

    let next = World::on(world.store.clone(), world.clock.clone()).await;
    next.exchange().await.answer(200);
    let view = next.reaches(&published, Status::Succeeded).await;
    assert_eq!(view.attempts.len(), 1, "the attempt that was cut off left no trace and needed no repair");
}

#[tokio::test]
async fn a_stop_lets_exchanges_end_and_writes_their_outcomes() {
    let world = World::new().await;
    world.subscribe(to("https://a.example/")).await;
    let published = world.publish("{}").await;
    let exchange = world.exchange().await;
    let engine = world.engine.clone();
    let stopping = tokio::spawn(async move { engine.stop(Duration::from_secs(10)).await });
    world.settle().await;
    assert!(!world.engine.is_ready());
    exchange.answer(200);
    patient("the stop", stopping).await.unwrap();
    let next = World::on(world.store.clone(), world.clock.clone()).await;
    next.reaches(&published, Status::Succeeded).await;
}

#[tokio::test]
async fn a_stop_gives_back_what_does_not_end_in_time() {
    let world = World::new().await;
    world.subscribe(to("https://a.example/")).await;
    let published = world.publish("{}").await;
    let _hanging = world.exchange().await;
    let engine = world.engine.clone();
    let stopping = tokio::spawn(async move { engine.stop(Duration::from_secs(10)).await });
    world.pass(Duration::from_secs(10)).await;
    patient("the stop", stopping).await.unwrap();
    let next = World::on(world.store.clone(), world.clock.clone()).await;
    next.exchange().await.answer(200);
    next.reaches(&published, Status::Succeeded).await;
}

fn ordered_with_pauses_of(pause: Duration) -> SubscriptionSpec {
    let retry = RetryOverride { attempts: Some(2), backoff: Some(vec![pause]) };
    pushed_with(to("https://a.example/"), |push| {
        push.ordered = true;
        push.retry = Some(retry);
    })
}

#[tokio::test]
async fn the_head_of_an_ordered_lane_keeps_its_pause_over_a_restart() {
    let world = World::new().await;
    world.subscribe(ordered_with_pauses_of(Duration::from_secs(10))).await;
    let [first, second] = [world.publish("1").await, world.publish("2").await];
    world.exchange().await.answer(500);
    let again_at = world.clock.now().after(Duration::from_secs(10));
    let shown = world.reaches(&first, Status::Queued).await.delivery.due_at.unwrap();
    assert!(again_at <= shown && shown < again_at.after(Duration::from_secs(1)), "{shown}");

    world.engine.stop(Duration::ZERO).await;
    let next = World::on(world.store.clone(), world.clock.clone()).await;
    next.pass(Duration::from_secs(9)).await;
    next.no_exchange().await;
    next.pass(Duration::from_secs(2)).await;
    next.exchange().await.answer(200);
    next.reaches(&first, Status::Succeeded).await;
    next.exchange().await.answer(200);
    next.reaches(&second, Status::Succeeded).await;
}

#[tokio::test]
async fn a_subscription_that_keeps_no_order_any_more_waits_for_no_head() {
    let world = World::new().await;
    let spec = ordered_with_pauses_of(Duration::from_secs(3_600));
    let subscription = world.subscribe(spec.clone()).await;
    let [first, second] = [world.publish("1").await, world.publish("2").await];
    world.exchange().await.answer(500);
    world.reaches(&first, Status::Queued).await;
    world.no_exchange().await;
    let (id, version) = (subscription.subscription.id, subscription.subscription.version);
    let unordered = draft(pushed_with(spec, |push| push.ordered = false));
    world
        .engine
        .configuration()
        .update_subscription(&Origin::ADMIN, &acme(), id, version, unordered)
        .await
        .unwrap();
    for _ in 0..2 {
        world.exchange().await.answer(200);
    }
    world.reaches(&first, Status::Succeeded).await;
    world.reaches(&second, Status::Succeeded).await;
}

/// What the store holds when the process died right after the first commit of an event with many targets.
async fn commit_and_die(world: &World) {
    let snapshot = world.store.config_snapshot(crate::world::acme()).await.unwrap().unwrap();
    let mut rng = StdRng::seed_from_u64(3);
    let id = EventId::for_event(world.clock.now(), &mut rng);
    let expires_at = world.clock.now().after(Duration::from_secs(3_600));
    let mut targets: Vec<_> = snapshot
        .subscriptions
        .iter()
        .map(|subscription| FanoutTarget {
            subscription_no: subscription.no,
            subscription_version: subscription.version,
            due: Timestamp::default(),
            expires_at,
            group: None,
        })
        .collect();
    let fanout = targets.split_off(200);
    let deliveries =
        (1..).zip(targets).map(|(number, target)| NewDelivery { id: id.delivery(number), target });
    let event = NewEvent {
        id,
        tenant_no: snapshot.tenant.no,
        config_version: snapshot.tenant.config_version,
        tenant_version: snapshot.tenant.version,
        trace: None,
        profile: world.engine.configuration().profile("standard").unwrap().no,
        event_type: EventType::parse("a").unwrap(),
        occurred_at: None,
        tags: Vec::new(),
        attributes: Bytes::new(),
        data: Bytes::from_static(b"{}"),
        idempotency: None,
        deliveries: deliveries.collect(),
        fanout,
    };
    let open = OpenSession { name: "dead".to_owned(), lease: Duration::from_secs(1), at: world.clock.now() };
    let session = world.store.open_session(open).await.unwrap().id;
    let commit = Commit {
        at: world.clock.now(),
        session,
        events: vec![event],
        outcomes: Vec::new(),
        fanouts: Vec::new(),
    };
    world.store.commit(Arc::new(commit)).await.unwrap();
}

#[tokio::test]
async fn a_large_fan_out_that_a_crash_cut_off_goes_on() {
    let world = World::new().await;
    for number in 0..450 {
        world.subscribe(to(&format!("https://s{number}.example/"))).await;
    }
    commit_and_die(&world).await;
    let next = World::on(world.store.clone(), world.clock.clone()).await;
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..450 {
        let exchange = next.exchange().await;
        reached.insert(exchange.request.url.as_str().to_owned());
        exchange.answer(200);
    }
    assert_eq!(reached.len(), 450);
    next.no_exchange().await;
}

#[tokio::test]
async fn a_wrong_secret_key_is_refused_at_the_start() {
    let world = World::new().await;
    let other_key = "k1:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let parts = Parts {
        store: Arc::new(world.store.clone()),
        egress: Arc::new(crate::world::Stage::closed()),
        clock: Arc::new(world.clock.clone()),
        rng: StdRng::seed_from_u64(2),
        secrets: SecretBox::parse(other_key).unwrap(),
        profiles: Vec::new(),
        deactivate_after: None,
        notifying: Notifying::default(),
        node_name: "test".to_owned(),
    };
    let refused = Engine::start(parts).await.err().unwrap();
    assert!(matches!(refused, StartError::SecretKey(_)), "{refused}");
}
