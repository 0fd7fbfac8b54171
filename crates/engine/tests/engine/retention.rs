//! How long the events of a tenant are kept: the shortest of what installation, profile and tenant say.

use std::time::Duration;

use postroad_domain::{Clock, RetryOverride, Status, Tenant, tenant::TenantSpec};
use postroad_engine::{
    CancelError, CreateError, FieldProblem, LookupError, NewSubscription, Origin, Published, PutTenantError,
    Retention, RetentionMetrics, RetryError,
};
use postroad_store::{DeliveryFilter, EventFilter, History, memory::MemoryStore};
use postroad_testkit::clock::ManualClock;

use crate::world::{World, acme, draft, patient, pushed_with, tenant_of, to};

const DAY: Duration = Duration::from_secs(24 * 3_600);

fn kept(age_max: Option<Duration>, retention_bytes: Option<u64>) -> TenantSpec {
    TenantSpec { retention: age_max, retention_bytes, ..tenant_of("standard", "{}") }
}

async fn put(world: &World, spec: TenantSpec) -> Result<Tenant, Vec<FieldProblem>> {
    match world.engine.configuration().put_tenant(&Origin::ADMIN, acme(), spec).await {
        Ok((tenant, _)) => Ok(tenant),
        Err(PutTenantError::Invalid(problems)) => Err(problems),
        Err(other) => panic!("{other:?}"),
    }
}

/// What is said of the only field that is wrong.
async fn refused(world: &World, spec: TenantSpec, field: &str) -> String {
    let problems = put(world, spec).await.unwrap_err();
    assert_eq!((problems.len(), problems[0].field.as_str()), (1, field), "{problems:?}");
    problems[0].message.clone()
}

fn keep_within(world: &World, age_max: Option<Duration>, bytes_max: Option<u64>) {
    world.engine.upkeep().keep_within(Retention { age_max, bytes_max }, RetentionMetrics::default());
}

async fn delivered(world: &World, data: &str) -> Published {
    let published = world.publish(data).await;
    world.exchange().await.answer(200);
    world.reaches(&published, Status::Succeeded).await;
    published
}

#[tokio::test]
async fn nobody_reads_what_is_older_than_a_tenants_limit_also_before_it_is_erased() {
    let world = World::new().await;
    world.subscribe(to("https://a.example/")).await;
    put(&world, kept(Some(5 * DAY), None)).await.unwrap();
    let old = delivered(&world, "1").await;
    let delivery = world.delivery_of(&old).await;
    // Each commit is later than the one before, by a microsecond at least, and so is the clock that they go by.
    world.clock.advance(5 * DAY - Duration::from_millis(1));
    world.engine.history().event(&acme(), old.id).await.expect("it is just as old as it may be");
    world.clock.advance(DAY);
    let young = delivered(&world, "2").await;

    let (engine, tenant) = (&world.engine, acme());
    assert!(matches!(engine.history().event(&tenant, old.id).await, Err(LookupError::NotFound)));
    assert!(matches!(engine.history().delivery(&tenant, delivery).await, Err(LookupError::NotFound)));
    let again = engine.history().retry_delivery(&Origin::ADMIN, &tenant, delivery).await;
    assert!(matches!(again, Err(RetryError::NotFound)), "{again:?}");
    let cancelled = engine.history().cancel_delivery(&Origin::ADMIN, &tenant, delivery).await;
    assert!(matches!(cancelled, Err(CancelError::NotFound)), "{cancelled:?}");
    let events = engine.history().list_events(&tenant, EventFilter::default(), None, 10).await.unwrap();
    assert_eq!(events.items.iter().map(|event| event.id).collect::<Vec<_>>(), [young.id]);
    let deliveries =
        engine.history().list_deliveries(&tenant, DeliveryFilter::default(), None, 10).await.unwrap();
    assert_eq!(deliveries.items.len(), 1);
    put(&world, kept(None, None)).await.unwrap();
    engine.history().event(&tenant, old.id).await.expect("nothing was erased yet");
}

#[tokio::test]
async fn what_is_older_than_a_tenants_limit_is_erased_and_that_of_others_stays() {
    let world = World::new().await;
    world.put_tenant("other").await;
    // One had its limit before forgetting began, the other one gets it afterwards.
    put(&world, kept(Some(5 * DAY), None)).await.unwrap();
    keep_within(&world, Some(30 * DAY), None);
    let old = world.publish("1").await;
    world.settle().await;
    let tenant = world.engine.configuration().tenant(&acme()).await.unwrap().unwrap();
    let is_stored = async || world.store.event(tenant.no, old.id).await.unwrap().is_some();
    world.pass(5 * DAY).await;
    world.settle().await;
    assert!(is_stored().await);
    world.pass(Duration::from_secs(60)).await;
    let gone = async {
        while is_stored().await {
            world.pass(Duration::from_secs(10)).await;
        }
    };
    patient("the old event to go", gone).await;
}

#[tokio::test]
async fn a_limit_of_bytes_erases_the_oldest_of_its_tenant() {
    let world = World::new().await;
    keep_within(&world, None, None);
    world.settle().await;
    let mebibyte = 1024 * 1024;
    put(&world, kept(None, Some(mebibyte))).await.unwrap();
    let data = format!("\"{}\"", "a".repeat(600 * 1024));
    let [first, second] = [world.publish(&data).await, world.publish(&data).await];
    let gone = async {
        while world.engine.history().event(&acme(), first.id).await.is_ok() {
            world.pass(Duration::from_secs(10)).await;
        }
    };
    patient("the first event to go", gone).await;
    world.engine.history().event(&acme(), second.id).await.unwrap();
}

#[tokio::test]
async fn a_limit_that_is_too_long_or_too_short_names_the_bound_and_whose_it_is() {
    let world = World::new().await;
    keep_within(&world, Some(30 * DAY), Some(1 << 30));
    let says = refused(&world, kept(Some(31 * DAY), None), "retention").await;
    assert_eq!(says, "is 31d, but this installation keeps events for 30d: must be at most that");
    let says = refused(&world, kept(Some(2 * DAY), None), "retention").await;
    assert_eq!(
        says,
        "is 48h, but by the schedule of the profile standard a delivery may wait for 99h35m5s: must be at least that"
    );
    let says = refused(&world, kept(None, Some(2 << 30)), "retention_bytes").await;
    assert_eq!(
        says,
        "is 2147483648, but this installation keeps 1073741824 bytes in all: must be at most that"
    );
    put(&world, kept(Some(30 * DAY), Some(1 << 30))).await.unwrap();
}

#[tokio::test]
async fn a_tenants_limit_and_the_schedules_of_its_subscriptions_must_fit() {
    let world = World::new().await;
    let slow = |days: u64| {
        let retry = RetryOverride { attempts: None, backoff: Some(vec![DAY; days as usize]) };
        pushed_with(to("https://a.example/"), |push| push.retry = Some(retry))
    };
    let subscription = world.subscribe(slow(8)).await.subscription;
    let says = refused(&world, kept(Some(8 * DAY), None), "retention").await;
    assert_eq!(
        says,
        format!(
            "is 8d, but by the schedule of the subscription {} a delivery may wait for 9d: must be at least that",
            subscription.id
        )
    );
    put(&world, kept(Some(9 * DAY), None)).await.unwrap();
    let new = NewSubscription { draft: draft(slow(9)), secret: None };
    let refused = world.engine.configuration().create_subscription(&Origin::ADMIN, &acme(), new).await;
    let Some(CreateError::Invalid(problems)) = refused.err() else { panic!("its schedule is too long") };
    assert_eq!(problems[0].field, "retry");
    assert_eq!(
        problems[0].message,
        "lets a delivery wait for 10d, with its delay, its group's window and a day behind the last attempt, but the events of \
         this tenant are kept for 9d: choose a shorter delay, fewer attempts or shorter gaps"
    );
}

#[tokio::test]
async fn a_profiles_limit_holds_for_its_tenants() {
    let kept_for_six_days = |name: &str, text: String| {
        if name == "standard" { text.replace("[delivery]", "[delivery]\nretention = \"6d\"") } else { text }
    };
    let profiles = crate::world::exact_profiles_with(kept_for_six_days);
    let world = World::with_profiles(MemoryStore::embedded(), ManualClock::default(), profiles).await;
    world.put_tenant("acme").await;
    let says = refused(&world, kept(Some(7 * DAY), None), "retention").await;
    assert_eq!(says, "is 7d, but the profile standard keeps events for 144h: must be at most that");
    let old = world.publish("1").await;
    world.clock.advance(6 * DAY + Duration::from_secs(1));
    assert!(matches!(world.engine.history().event(&acme(), old.id).await, Err(LookupError::NotFound)));
    assert!(world.clock.now() > old.accepted_at.after(6 * DAY));
}
