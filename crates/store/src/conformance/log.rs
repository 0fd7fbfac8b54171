//! A tenant's log: each event has the next offset of its tenant, whatever happens around it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use postroad_domain::{
    EventId, EventOffset, EventType, Subscription, Tenant, TenantNo,
    limits::{EVENT_TYPES_NUMBERED_MAX, PAGE_ROWS_SCANNED_MAX},
};
use rand::RngExt;

use super::World;
use crate::{LogRead, NewEvent, Next, ReadLog, Store};

/// How long events are kept here.
const AGE: Duration = Duration::from_secs(600);
/// Events of one commit.
const COMMIT_EVENTS: usize = 1_000;

pub async fn offsets_ascend_in_the_order_of_commits_and_within_each(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    assert_eq!(read(&world, tenant.no, 0).await, nothing());
    let mut accepted = vec![world.accept_one(&tenant, &subscription).await.event.id];
    let mut events = Vec::new();
    for _ in 0..3 {
        events.push(world.event(&tenant, &[]).await);
    }
    accepted.extend(events.iter().map(|event| event.id));
    world.commit_events(events).await;
    let log = read(&world, tenant.no, 0).await;
    assert_eq!(ids(&log), accepted);
    assert!(log.entries.is_sorted_by(|one, next| one.offset < next.offset));
    assert_eq!((log.oldest, log.next), (log.entries[0].offset, log.end));
    assert!(log.entries[0].offset >= EventOffset::FIRST && log.entries[3].offset < log.end);
    assert_eq!(log.entries[0].event_type, event_type("lead.created"));
    assert_eq!(read(&world, tenant.no, 0).await, log, "what was seen stays");
}

pub async fn events_of_other_tenants_leave_no_trace_in_a_log(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (mine, theirs) = (world.tenant("acme").await, world.tenant("other").await);
    let mut expected = BTreeMap::<TenantNo, Vec<EventId>>::new();
    for _ in 0..20 {
        let mut events = Vec::new();
        for _ in 0..world.rng.random_range(1..6) {
            let tenant = if world.rng.random_bool(0.2) { &mine } else { &theirs };
            events.push(world.event(tenant, &[]).await);
        }
        for event in &events {
            expected.entry(event.tenant_no).or_default().push(event.id);
        }
        world.commit_events(events).await;
    }
    for (tenant_no, events) in expected {
        let log = read(&world, tenant_no, 0).await;
        assert_eq!(ids(&log), events);
        assert_eq!(offsets(&log), (1..=events.len() as u64).collect::<Vec<_>>(), "nothing was left out");
    }
}

pub async fn a_test_is_not_in_the_log(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut accepted = Vec::new();
    for round in 0..12 {
        record_test(&mut world, &tenant, &subscription).await;
        if round % 3 == 2 {
            accepted.push(world.accept_one(&tenant, &subscription).await.event.id);
        }
        let log = read(&world, tenant.no, 0).await;
        assert_eq!(ids(&log), accepted);
        assert!(log.next <= log.end);
        for from in [log.next, log.end] {
            assert_eq!(read(&world, tenant.no, from.0).await.entries, []);
        }
    }
}

pub async fn what_was_not_accepted_is_not_in_the_log(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let stale = NewEvent { config_version: 99, ..world.event(&tenant, &[]).await };
    let unknown = NewEvent { tenant_no: TenantNo(i64::MAX), ..world.event(&tenant, &[]).await };
    let good = world.event(&tenant, &[]).await;
    let id = good.id;
    world.commit_events(vec![stale, unknown, good]).await;
    assert_eq!(ids(&read(&world, tenant.no, 0).await), [id]);
}

pub async fn a_log_is_read_on_where_the_last_reading_ended(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let mut accepted = Vec::new();
    for _ in 0..23 {
        let event = world.event(&tenant, &[]).await;
        accepted.push(event.id);
        world.commit_event(event).await;
    }
    let (mut seen, mut from) = (Vec::new(), EventOffset(0));
    loop {
        let read = ReadLog { tenant_no: tenant.no, from, types: Vec::new(), limit: 5 };
        let log = world.store.read_log(read).await.unwrap().unwrap();
        assert!(log.entries.len() <= 5 && log.entries.iter().all(|entry| entry.offset >= from));
        seen.extend(ids(&log));
        if log.next == log.end {
            break;
        }
        assert!(log.next > from, "each reading gets on");
        from = log.next;
    }
    assert_eq!(seen, accepted);
    let all = read(&world, tenant.no, 0).await;
    for entry in &all.entries {
        assert_eq!(read(&world, tenant.no, entry.offset.0).await.entries[0], *entry);
    }
    let behind = all.end.next().next();
    let beyond = read(&world, tenant.no, behind.0).await;
    assert_eq!((beyond.entries, beyond.next, beyond.end), (Vec::new(), behind, all.end));
}

pub async fn a_log_is_read_by_types(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let names = ["one", "two", "three"].map(event_type);
    let mut events = Vec::new();
    for round in 0..30 {
        let event_type = names[round % 3].clone();
        events.push(NewEvent { event_type, ..world.event(&tenant, &[]).await });
    }
    let expected: Vec<_> =
        events.iter().filter(|event| event.event_type != names[1]).map(|event| event.id).collect();
    world.commit_events(events).await;
    let by = |types: &[EventType]| {
        let read =
            ReadLog { tenant_no: tenant.no, from: EventOffset(0), types: types.to_vec(), limit: 1_000 };
        let store = Arc::clone(&world.store);
        async move { store.read_log(read).await.unwrap().unwrap() }
    };
    let found = by(&[names[0].clone(), names[2].clone(), event_type("never.seen")]).await;
    assert_eq!((ids(&found), found.next), (expected, found.end));
    let none = by(&[event_type("never.seen")]).await;
    assert_eq!((none.entries.len(), none.next), (0, none.end), "it was all looked at");
}

pub async fn a_reading_of_a_rare_type_ends_after_a_bounded_number_of_entries(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let rare = event_type("rare");
    let last = NewEvent { event_type: rare.clone(), ..world.event(&tenant, &[]).await };
    accept_many(&mut world, &tenant, PAGE_ROWS_SCANNED_MAX + 500, |_| event_type("frequent")).await;
    world.commit_event(last.clone()).await;
    let read = |from| {
        let read = ReadLog { tenant_no: tenant.no, from, types: vec![rare.clone()], limit: 10 };
        let store = Arc::clone(&world.store);
        async move { store.read_log(read).await.unwrap().unwrap() }
    };
    let first = read(EventOffset(0)).await;
    assert_eq!((first.entries.len(), first.next), (0, EventOffset(PAGE_ROWS_SCANNED_MAX as u64 + 1)));
    let second = read(first.next).await;
    assert_eq!((ids(&second), second.next), (vec![last.id], second.end));
}

pub async fn a_type_beyond_those_that_are_numbered_is_found_all_the_same(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("other").await);
    let count = EVENT_TYPES_NUMBERED_MAX + 3;
    accept_many(&mut world, &tenant, count, |number| event_type(&format!("invented.{number}"))).await;
    for number in [0, EVENT_TYPES_NUMBERED_MAX - 1, EVENT_TYPES_NUMBERED_MAX, count - 1] {
        let (mut from, mut found) = (EventOffset(0), Vec::new());
        loop {
            let types = vec![event_type(&format!("invented.{number}"))];
            let read = ReadLog { tenant_no: tenant.no, from, types, limit: 10 };
            let log = world.store.read_log(read).await.unwrap().unwrap();
            found.extend(offsets(&log));
            from = log.next;
            if from == log.end {
                break;
            }
        }
        assert_eq!(found, [number as u64 + 1], "invented.{number}");
    }
    // It used up its own share only.
    accept_many(&mut world, &other, 3, |number| event_type(&format!("other.{number}"))).await;
    let types = vec![event_type("other.1")];
    let read = ReadLog { tenant_no: other.no, from: EventOffset(0), types, limit: 10 };
    assert_eq!(offsets(&world.store.read_log(read).await.unwrap().unwrap()), [2]);
}

pub async fn an_offset_is_not_given_again_when_the_newest_events_were_forgotten(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let waiting = world.accept_one(&tenant, &subscription).await;
    let mut newest = Vec::new();
    for _ in 0..5 {
        newest.push(world.accept_one(&tenant, &subscription).await);
    }
    let before = read(&world, tenant.no, 0).await;
    for delivery in &newest {
        world.record(delivery, Next::Succeeded).await;
    }
    world.advance(2 * AGE);
    assert_eq!(world.prune_all(AGE, 1_000).await.events, 5);
    let left = read(&world, tenant.no, 0).await;
    assert_eq!((ids(&left), left.end), (vec![waiting.event.id], before.end));
    world.record(&waiting, Next::Succeeded).await;
    assert_eq!(world.prune_all(AGE, 1_000).await.events, 1);
    let empty = read(&world, tenant.no, 0).await;
    assert_eq!((empty.entries.len(), empty.end, empty.oldest), (0, before.end, before.end));
    record_test(&mut world, &tenant, &subscription).await;
    let next = world.accept_one(&tenant, &subscription).await;
    let log = read(&world, tenant.no, 0).await;
    assert_eq!((ids(&log), log.oldest), (vec![next.event.id], log.entries[0].offset));
    assert!(log.oldest >= before.end, "{log:?}");
}

pub async fn the_log_of_a_deleted_tenant_is_gone_and_its_name_begins_anew(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    for _ in 0..4 {
        world.accept_one(&tenant, &subscription).await;
    }
    world.delete_tenant(&tenant).await;
    let all = ReadLog { tenant_no: tenant.no, from: EventOffset(0), types: Vec::new(), limit: 10 };
    assert_eq!(world.store.read_log(all.clone()).await.unwrap(), None);
    world.sweep_all(3).await;
    assert_eq!(world.store.read_log(all).await.unwrap(), None);
    let again = world.tenant("acme").await;
    world.accept(&again, &[]).await;
    assert_eq!(offsets(&read(&world, again.no, 0).await), [1]);
}

async fn read(world: &World, tenant_no: TenantNo, from: u64) -> LogRead {
    let read = ReadLog { tenant_no, from: EventOffset(from), types: Vec::new(), limit: 1_000 };
    world.store.read_log(read).await.unwrap().unwrap()
}

fn nothing() -> LogRead {
    let first = EventOffset::FIRST;
    LogRead { entries: Vec::new(), next: EventOffset(0), oldest: first, end: first }
}

fn ids(log: &LogRead) -> Vec<EventId> {
    log.entries.iter().map(|entry| entry.event).collect()
}

fn offsets(log: &LogRead) -> Vec<u64> {
    log.entries.iter().map(|entry| entry.offset.0).collect()
}

fn event_type(name: &str) -> EventType {
    EventType::parse(name).unwrap()
}

async fn record_test(world: &mut World, tenant: &Tenant, subscription: &Subscription) {
    let test = world.test_of(tenant, subscription, true);
    assert!(world.store.record_test(test).await.unwrap());
}

async fn accept_many(
    world: &mut World,
    tenant: &Tenant,
    count: usize,
    event_type: impl Fn(usize) -> EventType,
) {
    let template = world.event(tenant, &[]).await;
    let mut numbers = 0..count;
    loop {
        let part: Vec<_> = numbers.by_ref().take(COMMIT_EVENTS).collect();
        if part.is_empty() {
            return;
        }
        let mut events = Vec::with_capacity(part.len());
        for number in part {
            let (id, event_type) = (world.event_id(), event_type(number));
            events.push(NewEvent { id, event_type, ..template.clone() });
        }
        world.commit_events(events).await;
    }
}
