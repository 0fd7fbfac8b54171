//! What became of an event for each subscription, told as it was when the event came.

use std::time::Duration;

use postroad_domain::{EventType, Reason, RetryOverride, Status, SubscriptionSpec};
use postroad_engine::{EventOutcome, Explanation, LookupError, Mismatch, Origin, Published, Wait};

use crate::world::{World, acme, draft, pushed_with, to};

fn twice(url: &str) -> SubscriptionSpec {
    let retry = RetryOverride { attempts: Some(2), backoff: Some(vec![Duration::from_secs(10)]) };
    pushed_with(to(url), |push| push.retry = Some(retry))
}

async fn explained(world: &World, published: &Published) -> Vec<Explanation> {
    world.engine.history().explain(&acme(), published.id, None, 100).await.unwrap().items
}

async fn outcome(world: &World, published: &Published) -> EventOutcome {
    explained(world, published).await.remove(0).outcome
}

#[tokio::test]
async fn an_event_is_explained_by_its_delivery_from_its_first_attempt_to_its_end() {
    let world = World::new().await;
    world.subscribe(twice("https://a.example/")).await;
    let published = world.publish("{}").await;
    let exchange = world.exchange().await;
    assert_eq!(outcome(&world, &published).await, EventOutcome::Delivering { attempts: 0 });
    exchange.answer(503);
    world.reaches(&published, Status::Queued).await;
    let pending = outcome(&world, &published).await;
    assert!(
        matches!(pending, EventOutcome::Pending { why: Wait::NextAttempt, attempts: 1, until: Some(_), .. }),
        "{pending:?}"
    );
    world.pass(Duration::from_secs(10)).await;
    world.exchange().await.answer(503);
    world.reaches(&published, Status::Failed).await;
    let failed = outcome(&world, &published).await;
    assert!(
        matches!(failed, EventOutcome::Failed { reason: Reason::Exhausted, attempts: 2, .. }),
        "{failed:?}"
    );
    let id = world.delivery_of(&published).await;
    world.engine.history().retry_delivery(&Origin::ADMIN, &acme(), id).await.unwrap();
    world.exchange().await.answer(204);
    world.reaches(&published, Status::Succeeded).await;
    let delivered = explained(&world, &published).await.remove(0);
    assert_eq!((delivered.delivery, delivered.version, delivered.by_replay), (Some(id), Some(1), false));
    assert!(delivered.sentence().ends_with("attempt 3 was answered 204."), "{}", delivered.sentence());
}

#[tokio::test]
async fn what_is_said_of_an_event_does_not_change_with_its_subscriptions() {
    let world = World::new().await;
    let created = |name: &str| vec![EventType::parse(name).unwrap()];
    let other = SubscriptionSpec { events: created("lead.deleted"), ..to("https://other.example/") };
    let tagged = SubscriptionSpec { tag_sets: vec![vec!["vip".to_owned()]], ..to("https://tagged.example/") };
    let other = world.subscribe(other).await.subscription;
    let tagged = world.subscribe(tagged).await.subscription;
    let paused = world.subscribe(to("https://paused.example/")).await.subscription;
    world.pause(paused.id, false).await;
    world.clock.advance(Duration::from_secs(60));
    let published = world.publish("{}").await;
    world.clock.advance(Duration::from_secs(60));
    let before = explained(&world, &published).await;

    let wide = SubscriptionSpec { events: Vec::new(), ..other.spec.clone() };
    let revision = other.revision();
    world
        .engine
        .configuration()
        .update_subscription(&Origin::ADMIN, &acme(), other.id, revision, draft(wide))
        .await
        .unwrap();
    world.pause(paused.id, true).await;
    world.engine.configuration().delete_subscription(&Origin::ADMIN, &acme(), tagged.id).await.unwrap();
    let later = world.subscribe(to("https://later.example/")).await.subscription;

    let after = explained(&world, &published).await;
    let outcomes =
        |all: &[Explanation]| all.iter().take(3).map(|one| one.outcome.clone()).collect::<Vec<_>>();
    assert_eq!(outcomes(&after), outcomes(&before));
    assert!(
        matches!(&after[0].outcome, EventOutcome::NotMatched(Mismatch::Events { events, .. }) if events.len() == 1)
    );
    assert!(matches!(&after[1].outcome, EventOutcome::NotMatched(Mismatch::TagSets { .. })));
    assert!(after[1].deleted_at.is_some(), "a deleted one is told too, as it was there then");
    assert!(
        matches!(&after[2].outcome, EventOutcome::Inactive { since, .. } if *since < published.accepted_at)
    );
    assert_eq!(after[3].subscription, later.id);
    assert!(matches!(&after[3].outcome, EventOutcome::CreatedAfter { at } if *at > published.accepted_at));
    let next = world.publish("{}").await;
    let ids: Vec<_> = explained(&world, &next).await.iter().map(|one| one.subscription).collect();
    assert_eq!(ids, [other.id, paused.id, later.id], "one that was deleted before is no matter");
}

#[tokio::test]
async fn it_is_told_what_a_delivery_waits_for() {
    let world = World::new().await;
    let spec = pushed_with(twice("https://a.example/"), |push| push.concurrency = 1);
    world.subscribe(spec).await;
    let (first, second) = (world.publish("1").await, world.publish("2").await);
    let exchange = world.exchange().await;
    let busy = outcome(&world, &second).await;
    assert!(matches!(busy, EventOutcome::Pending { why: Wait::ReceiverBusy, until: None, .. }), "{busy:?}");
    exchange.answer_with(429, &[("retry-after", "60")]);
    world.reaches(&first, Status::Queued).await;
    for published in [&first, &second] {
        let pending = outcome(&world, published).await;
        let EventOutcome::Pending { why, until, .. } = &pending else { panic!("{pending:?}") };
        assert!(
            until.is_some_and(|until| until >= first.accepted_at.after(Duration::from_secs(60))),
            "{pending:?}"
        );
        assert!(matches!(why, Wait::RetryAfter | Wait::NextAttempt), "{pending:?}");
    }
    world.pass(Duration::from_secs(60)).await;
    world.exchange().await.answer(410);
    world.settle().await;
    let held = outcome(&world, &first).await;
    assert!(matches!(held, EventOutcome::Pending { why: Wait::ReceiverGone, .. }), "{held:?}");
}

#[tokio::test]
async fn what_stands_behind_the_head_of_an_ordered_subscription_says_so() {
    let world = World::new().await;
    let retry = RetryOverride { attempts: Some(3), backoff: Some(vec![Duration::from_secs(10)]) };
    let ordered = pushed_with(to("https://a.example/"), |push| {
        push.ordered = true;
        push.retry = Some(retry);
    });
    world.subscribe(ordered).await;
    let (head, behind) = (world.publish("1").await, world.publish("2").await);
    world.exchange().await.answer(500);
    world.reaches(&head, Status::Queued).await;
    world.settle().await;
    let waits = outcome(&world, &behind).await;
    assert!(
        matches!(waits, EventOutcome::Pending { why: Wait::Order, until: Some(_), attempts: 0, .. }),
        "{waits:?}"
    );
}

#[tokio::test]
async fn an_event_is_explained_page_by_page_and_only_where_it_is() {
    let world = World::new().await;
    for _ in 0..3 {
        world.subscribe(to("https://a.example/")).await;
    }
    let published = world.publish("{}").await;
    let all: Vec<_> = explained(&world, &published).await.iter().map(|one| one.subscription).collect();
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let page = world.engine.history().explain(&acme(), published.id, after, 2).await.unwrap();
        paged.extend(page.items.iter().map(|one| one.subscription));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((paged.len(), &paged), (3, &all));
    world.put_tenant("other").await;
    let other = postroad_domain::TenantId::parse("other").unwrap();
    let foreign = world.engine.history().explain(&other, published.id, None, 2).await;
    assert!(matches!(foreign, Err(LookupError::NotFound)), "{foreign:?}");
}
