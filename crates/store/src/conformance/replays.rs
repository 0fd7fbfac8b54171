//! Replays: what each selection queues, in which steps, and what ends them.

use std::{sync::Arc, time::Duration};

use postroad_domain::{
    RateLimit, Reason, ReplaySelection, ReplayStatus, Status, Subscription, SubscriptionSpec,
    replay::{ReplayCount, ReplayFailure},
};

use super::{
    replay_steps::{a_step, cancel, count, creation, ended, listed, run, start, step, try_start, typed},
    world::{World, event_type, opening, spec},
};
use crate::{
    CancelDelivery, CancelReplayError, CreateReplay, Next, ReplayStep, StartReplayError, Store,
    SubscriptionChange,
};

const EXHAUSTED: Next = Next::Failed(Reason::Exhausted);

pub async fn a_replay_of_what_failed_sends_it_again_oldest_first(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let failed = [
        ended(&mut world, &tenant, &subscription, EXHAUSTED).await,
        ended(&mut world, &tenant, &subscription, EXHAUSTED).await,
    ];
    let succeeded = ended(&mut world, &tenant, &subscription, Next::Succeeded).await;
    let replay = start(&mut world, &subscription, ReplaySelection::Failed).await;
    assert_eq!((replay.status, replay.progress.examined), (ReplayStatus::Running, 0));
    let stepped = step(&mut world, &replay, 10).await;
    assert_eq!(stepped.queued, [failed[0].id, failed[1].id]);
    assert_eq!((stepped.replay.status, stepped.replay.progress.replayed), (ReplayStatus::Done, 2));
    let waiting: Vec<_> = world.refill(&subscription).await.deliveries.iter().map(|waits| waits.id).collect();
    assert_eq!(waiting, stepped.queued);
    assert_eq!(world.look(&failed[0]).await.attempts, 1, "its attempts are counted on");
    assert_eq!(world.look(&succeeded).await.status, Status::Succeeded);
}

pub async fn what_the_system_cancelled_is_sent_again_and_what_a_person_cancelled_is_not(
    store: Arc<dyn Store>,
) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let paused = world.accept_one(&tenant, &subscription).await;
    world.set_active(&subscription, false).await;
    let subscription = world.set_active(&subscription, true).await;
    let called_off = world.accept_one(&tenant, &subscription).await;
    let cancel = CancelDelivery { tenant_no: tenant.no, id: called_off.id, at: world.tick(), audit: None };
    world.store.cancel_delivery(cancel).await.unwrap();
    let replay = start(&mut world, &subscription, ReplaySelection::Failed).await;
    // The pause may not be swept yet: then the replay waits for that.
    world.sweep_all(100).await;
    let stepped = run(&mut world, &replay).await;
    assert_eq!(stepped.queued, [paused.id]);
    assert_eq!(world.look(&called_off).await.reason, Some(Reason::Operator));
}

pub async fn what_is_missing_gets_a_delivery_if_the_subscription_matches_it_now(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let early =
        [typed(&mut world, &tenant, "lead.created").await, typed(&mut world, &tenant, "lead.deleted").await];
    let subscription = world.subscription(&tenant).await;
    let events = vec![event_type("lead.created")];
    let change = SubscriptionChange::Spec(Box::new(SubscriptionSpec { events, ..spec() }));
    let subscription = world.change(&subscription, change).await;
    let delivered = ended(&mut world, &tenant, &subscription, Next::Succeeded).await;
    let replay = start(&mut world, &subscription, ReplaySelection::Missing).await;
    let stepped = run(&mut world, &replay).await;
    assert_eq!(stepped.queued, [early[0].id.delivery(1)]);
    let progress = stepped.replay.progress;
    assert_eq!((progress.examined, progress.replayed, progress.skipped), (3, 1, 2));
    let created = world.refill(&subscription).await.deliveries.remove(0);
    assert_eq!((created.event.id, created.subscription_version), (early[0].id, subscription.version));
    assert_eq!(created.event.data, early[0].data);
    assert_eq!(world.look(&delivered).await.status, Status::Succeeded);
    world.record(&created, Next::Succeeded).await;
    assert_eq!(world.look(&created).await.status, Status::Succeeded);
    let again = start(&mut world, &subscription, ReplaySelection::Missing).await;
    assert!(run(&mut world, &again).await.queued.is_empty(), "nothing is missing any more");
}

pub async fn a_replay_of_everything_sends_what_succeeded_in_a_new_delivery(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let succeeded = ended(&mut world, &tenant, &subscription, Next::Succeeded).await;
    let failed = ended(&mut world, &tenant, &subscription, EXHAUSTED).await;
    let missing = typed(&mut world, &tenant, "lead.created").await;
    let waiting = world.accept_one(&tenant, &subscription).await;
    let replay = start(&mut world, &subscription, ReplaySelection::All).await;
    let stepped = run(&mut world, &replay).await;
    let again = succeeded.event.id.delivery(2);
    assert_eq!(stepped.queued, [again, failed.id, missing.id.delivery(1)]);
    assert_eq!(world.look(&succeeded).await.status, Status::Succeeded, "the first one stays what it is");
    assert_eq!(world.look(&waiting).await.status, Status::Queued);
    let listed: Vec<_> = world.refill(&subscription).await.deliveries.iter().map(|waits| waits.id).collect();
    assert!(listed.contains(&again) && listed.len() == 4);
}

pub async fn a_replay_keeps_to_its_span(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut failed = Vec::new();
    for _ in 0..4 {
        world.advance(Duration::from_secs(60));
        failed.push(ended(&mut world, &tenant, &subscription, EXHAUSTED).await);
    }
    for selection in ReplaySelection::ALL.into_iter().filter(|one| *one != ReplaySelection::Missing) {
        let create = CreateReplay {
            since: failed[1].event.accepted_at,
            until: Some(failed[3].event.accepted_at),
            ..creation(&mut world, &subscription, selection)
        };
        let replay = world.store.create_replay(create).await.unwrap();
        assert_eq!(run(&mut world, &replay).await.queued, [failed[1].id, failed[2].id], "{selection:?}");
        for queued in world.refill(&subscription).await.deliveries {
            world.record(&queued, EXHAUSTED).await;
        }
    }
}

pub async fn a_replay_goes_in_steps_and_leaves_out_and_repeats_nothing(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut failed = Vec::new();
    for _ in 0..7 {
        failed.push(ended(&mut world, &tenant, &subscription, EXHAUSTED).await.id);
    }
    let replay = start(&mut world, &subscription, ReplaySelection::Failed).await;
    let mut queued = Vec::new();
    for _ in 0..20 {
        let stepped = step(&mut world, &replay, 2).await;
        assert!(stepped.queued.len() <= 2);
        queued.extend(stepped.queued);
        if stepped.replay.status == ReplayStatus::Done {
            break;
        }
        // What fails again at once is no more than once in one replay.
        let first = world.refill(&subscription).await.deliveries.remove(0);
        world.record(&first, EXHAUSTED).await;
    }
    assert_eq!(queued, failed);
    let ended = step(&mut world, &replay, 2).await;
    assert_eq!((ended.queued.len(), ended.replay.progress.replayed), (0, 7));
}

pub async fn a_step_ends_within_an_event_and_the_next_one_goes_on_there(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    for selection in [ReplaySelection::Failed, ReplaySelection::All] {
        let to_many = world.accept(&tenant, &[&subscription; 5]).await;
        for (number, queued) in to_many.iter().enumerate() {
            world.record(queued, if number == 1 { Next::Succeeded } else { EXHAUSTED }).await;
        }
        let behind = ended(&mut world, &tenant, &subscription, EXHAUSTED).await;
        let replay = start(&mut world, &subscription, selection).await;
        let [first, _, second, third, fourth] = [0, 1, 2, 3, 4].map(|number: usize| to_many[number].id);
        for expected in [&[first, second][..], &[third, fourth], &[behind.id]] {
            assert_eq!(step(&mut world, &replay, 2).await.queued, expected, "{selection:?}");
            // What fails again at once is no more than once in one replay, also within its event.
            for queued in world.refill(&subscription).await.deliveries {
                world.record(&queued, EXHAUSTED).await;
            }
        }
        let ended = run(&mut world, &replay).await;
        assert_eq!((ended.queued.len(), ended.replay.progress.replayed), (0, 5), "{selection:?}");
        if selection == ReplaySelection::All {
            assert_eq!((ended.replay.progress.examined, ended.replay.progress.skipped), (2, 0));
        }
        // The next selection begins with nothing that failed.
        world.tick();
        world.prune_all(Duration::ZERO, 100).await;
    }
}

pub async fn an_event_that_comes_after_the_beginning_is_no_part_of_the_replay(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let replay = start(&mut world, &subscription, ReplaySelection::All).await;
    ended(&mut world, &tenant, &subscription, EXHAUSTED).await;
    let stepped = run(&mut world, &replay).await;
    assert_eq!((stepped.queued.len(), stepped.replay.progress.examined), (0, 0));
}

pub async fn while_too_much_waits_a_replay_waits_too(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let failed = ended(&mut world, &tenant, &subscription, EXHAUSTED).await;
    let waiting = world.accept_one(&tenant, &subscription).await;
    let replay = start(&mut world, &subscription, ReplaySelection::Failed).await;
    let full = ReplayStep { waiting_max: 1, ..a_step(&mut world, &replay, 10) };
    let held = world.store.replay_step(full).await.unwrap().unwrap();
    assert!(held.is_held && held.queued.is_empty());
    assert_eq!((held.replay.status, held.replay.progress.examined), (ReplayStatus::Running, 0));
    world.record(&waiting, Next::Succeeded).await;
    let free = ReplayStep { waiting_max: 1, ..a_step(&mut world, &replay, 10) };
    assert_eq!(world.store.replay_step(free).await.unwrap().unwrap().queued, [failed.id]);
}

pub async fn a_cancelled_replay_queues_nothing_more(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    for _ in 0..3 {
        ended(&mut world, &tenant, &subscription, EXHAUSTED).await;
    }
    let replay = start(&mut world, &subscription, ReplaySelection::Failed).await;
    step(&mut world, &replay, 1).await;
    let cancelled = cancel(&mut world, &tenant, replay.id).await.unwrap();
    assert_eq!((cancelled.status, cancelled.progress.replayed), (ReplayStatus::Cancelled, 1));
    assert_eq!(cancelled.finished_at, Some(world.now()));
    assert!(step(&mut world, &replay, 10).await.queued.is_empty());
    assert_eq!(world.refill(&subscription).await.deliveries.len(), 1, "what was queued goes out");
    let again = cancel(&mut world, &tenant, replay.id).await.unwrap_err();
    assert!(matches!(again, CancelReplayError::Ended), "{again:?}");
}

pub async fn a_subscription_has_one_replay_at_a_time_and_a_tenant_so_many(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, first) = world.tenant_with_subscription().await;
    let (second, third) = (world.subscription(&tenant).await, world.subscription(&tenant).await);
    let running = start(&mut world, &first, ReplaySelection::All).await;
    let refused = try_start(&mut world, &first, ReplaySelection::Failed, 2).await.unwrap_err();
    assert!(matches!(refused, StartReplayError::Running(id) if id == running.id), "{refused:?}");
    try_start(&mut world, &second, ReplaySelection::Failed, 2).await.unwrap();
    let refused = try_start(&mut world, &third, ReplaySelection::Failed, 2).await.unwrap_err();
    assert!(matches!(refused, StartReplayError::TooMany { max: 2 }), "{refused:?}");
    run(&mut world, &running).await;
    try_start(&mut world, &first, ReplaySelection::Failed, 2).await.unwrap();
}

pub async fn nothing_is_replayed_to_a_subscription_that_would_not_get_it(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let (paused, gone) = (world.subscription(&tenant).await, world.subscription(&tenant).await);
    world.set_active(&paused, false).await;
    world.deactivate(&gone).await;
    for inactive in [&paused, &gone] {
        let refused = try_start(&mut world, inactive, ReplaySelection::All, 9).await.unwrap_err();
        assert!(matches!(refused, StartReplayError::Inactive), "{refused:?}");
        let refused = count(&world, inactive, ReplaySelection::All, 100).await.unwrap_err();
        assert!(matches!(refused, StartReplayError::Inactive), "{refused:?}");
    }
    world.delete(&subscription).await;
    let refused = try_start(&mut world, &subscription, ReplaySelection::All, 9).await.unwrap_err();
    assert!(matches!(refused, StartReplayError::Deleted), "{refused:?}");
    let refused = count(&world, &subscription, ReplaySelection::All, 100).await.unwrap_err();
    assert!(matches!(refused, StartReplayError::Deleted), "{refused:?}");
    let other = world.tenant("other").await;
    let foreign = Subscription { tenant_no: other.no, ..paused };
    let refused = try_start(&mut world, &foreign, ReplaySelection::All, 9).await.unwrap_err();
    assert!(matches!(refused, StartReplayError::NotFound), "{refused:?}");
}

pub async fn a_replay_fails_when_its_subscription_is_paused_or_deleted(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, paused) = world.tenant_with_subscription().await;
    let deleted = world.subscription(&tenant).await;
    for (subscription, why) in
        [(&paused, ReplayFailure::SubscriptionInactive), (&deleted, ReplayFailure::SubscriptionDeleted)]
    {
        let failed = ended(&mut world, &tenant, subscription, EXHAUSTED).await;
        let replay = start(&mut world, subscription, ReplaySelection::Failed).await;
        if why == ReplayFailure::SubscriptionInactive {
            world.set_active(subscription, false).await;
        } else {
            world.delete(subscription).await;
        }
        let stepped = step(&mut world, &replay, 10).await;
        assert_eq!((stepped.queued.len(), stepped.replay.status), (0, ReplayStatus::Failed(why)));
        assert_eq!(world.look(&failed).await.status, Status::Failed);
    }
    assert!(world.store.running_replays(10).await.unwrap().is_empty());
}

pub async fn an_event_that_was_forgotten_is_passed_over(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    ended(&mut world, &tenant, &subscription, EXHAUSTED).await;
    world.advance(Duration::from_secs(600));
    let kept = ended(&mut world, &tenant, &subscription, EXHAUSTED).await;
    let replay = start(&mut world, &subscription, ReplaySelection::All).await;
    world.prune_all(Duration::from_secs(300), 100).await;
    assert_eq!(run(&mut world, &replay).await.queued, [kept.id]);
}

pub async fn a_test_of_a_subscription_is_not_replayed(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let test = world.test_of(&tenant, &subscription, false);
    assert!(world.store.record_test(test).await.unwrap());
    for selection in ReplaySelection::ALL {
        let replay = start(&mut world, &subscription, selection).await;
        assert!(run(&mut world, &replay).await.queued.is_empty(), "{selection:?}");
        assert_eq!(count(&world, &subscription, selection, 100).await.unwrap(), 0);
    }
}

pub async fn a_count_says_what_a_replay_queues_and_changes_nothing(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    for next in [EXHAUSTED, Next::Succeeded, EXHAUSTED, Next::Succeeded, Next::Succeeded] {
        ended(&mut world, &tenant, &subscription, next).await;
    }
    typed(&mut world, &tenant, "lead.created").await;
    for (selection, expected) in
        [(ReplaySelection::Failed, 2), (ReplaySelection::Missing, 1), (ReplaySelection::All, 6)]
    {
        for rows_max in [1, 3, 100] {
            assert_eq!(
                count(&world, &subscription, selection, rows_max).await.unwrap(),
                expected,
                "{selection:?}"
            );
        }
    }
    assert!(world.refill(&subscription).await.deliveries.is_empty());
}

pub async fn replays_are_listed_newest_first_and_read_back_as_they_were_begun(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let other = world.tenant("other").await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let create = CreateReplay {
            until: Some(opening()),
            pace: RateLimit { count: 7, per: Duration::from_millis(1_500) },
            count: ReplayCount { deliveries: 9, is_exact: false },
            ..creation(&mut world, &subscription, ReplaySelection::Missing)
        };
        let replay = world.store.create_replay(create.clone()).await.unwrap();
        assert_eq!((replay.since, replay.until), (create.since, create.until));
        assert_eq!((replay.pace, replay.count, replay.created_at), (create.pace, create.count, create.at));
        assert_eq!(world.store.replay(tenant.no, replay.id).await.unwrap(), Some(replay.clone()));
        assert_eq!(world.store.replay(other.no, replay.id).await.unwrap(), None);
        assert_eq!(world.store.running_replays(10).await.unwrap(), std::slice::from_ref(&replay));
        run(&mut world, &replay).await;
        ids.insert(0, replay.id);
    }
    for limit in [1, 2, 3, 9] {
        assert_eq!(listed(&world, &tenant, limit).await, ids, "by {limit}");
    }
    assert!(listed(&world, &other, 9).await.is_empty());
}

pub async fn the_oldest_replay_that_ended_makes_room_for_a_new_one(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, first) = world.tenant_with_subscription().await;
    let second = world.subscription(&tenant).await;
    let running = start(&mut world, &first, ReplaySelection::All).await;
    let mut ended = Vec::new();
    for _ in 0..3 {
        let kept = CreateReplay { kept_max: 3, ..creation(&mut world, &second, ReplaySelection::All) };
        let replay = world.store.create_replay(kept).await.unwrap();
        run(&mut world, &replay).await;
        ended.push(replay.id);
    }
    assert_eq!(listed(&world, &tenant, 9).await, [ended[2], ended[1], running.id]);
}

pub async fn the_replays_of_a_deleted_tenant_are_gone(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    ended(&mut world, &tenant, &subscription, EXHAUSTED).await;
    let replay = start(&mut world, &subscription, ReplaySelection::All).await;
    world.delete_tenant(&tenant).await;
    assert!(world.store.running_replays(10).await.unwrap().is_empty());
    assert_eq!(world.store.replay(tenant.no, replay.id).await.unwrap(), None);
    let a_step = a_step(&mut world, &replay, 10);
    assert!(world.store.replay_step(a_step).await.unwrap().is_none());
    let refused = cancel(&mut world, &tenant, replay.id).await.unwrap_err();
    assert!(matches!(refused, CancelReplayError::NotFound), "{refused:?}");
    world.sweep_all(3).await;
    assert!(listed(&world, &tenant, 9).await.is_empty());
}
