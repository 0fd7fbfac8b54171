//! What people do, as calls of the engine.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use postroad_domain::{
    CustomHeader, DeliveryId, EndpointUrl, EventType, Grouping, RateLimit, ReplaySelection, RetryOverride,
    Status, SubscriptionId, SubscriptionSpec, Timestamp, tenant::TenantSpec,
};
use postroad_engine::{
    CancelError, CreateError, DeliveryFilter, Engine, EventOutcome, LookupError, NewReplay, NewSubscription,
    Origin, PublishError, PublishEvent, Published, PutTenantError, ReplayError, RetryError, SendNowError,
    UpdateError,
};
use tokio::time::sleep;

use crate::{
    journal::{Answer, Call, Refused, What},
    network::{data_of, url_of},
    plan::{EVENT_TYPES, Events, Pace, Step},
    random::Draws,
    world::{Shared, tenant_id},
};

/// Bytes of one header of a large specification.
const HEADER_BYTES: usize = 4_000;

/// One person: takes the steps of a thread, as far as this life lasts.
pub(crate) async fn person(world: Shared, engine: Arc<Engine>, thread: usize) {
    world.until(world.plan.threads[thread].from).await;
    // With the same key, so that it is one event whatever became of the first try.
    if let Some((events, done)) = world.unanswered(thread) {
        publish_one(&world, &engine, (thread, &events), done).await;
    }
    while let Some((step, done)) = world.take_step(thread) {
        match step {
            Step::Wait(span) => sleep(*span).await,
            Step::Publish(events) => publish_one(&world, &engine, (thread, events), done).await,
            Step::Create(subscriptions) => create_all(&world, &engine, subscriptions).await,
            step => take(&world, &engine, step).await,
        }
    }
}

async fn take(world: &Shared, engine: &Engine, step: &Step) {
    match step {
        Step::PutTenant(tenant) => put_tenant(world, engine, *tenant).await,
        Step::Batch(events) => batch(world, engine, events).await,
        Step::Change(subscription, pace) => change(world, engine, *subscription, *pace).await,
        Step::ActivateIfGone(subscription) => activate_if_gone(world, engine, *subscription).await,
        Step::Delete(subscription) => delete(world, engine, *subscription).await,
        Step::DeleteTenant(tenant) => {
            let deleting = async {
                let deleted = engine.configuration().delete_tenant(&Origin::ADMIN, &tenant_id(*tenant)).await;
                deleted.map_or_else(|error| Answer::Not(Refused::Store(error.to_string())), |_| Answer::Done)
            };
            world.ask(Call::DeleteTenant(*tenant), deleting).await;
        }
        Step::Cancel { subscription, oldest } => cancel(world, engine, *subscription, *oldest).await,
        Step::Retry(subscription) => retry(world, engine, *subscription).await,
        Step::Replay { subscription, all } => replay(world, engine, *subscription, *all).await,
        Step::Explain(subscription) => explain(world, engine, *subscription).await,
        Step::SendNow(subscription) => send_now(world, engine, *subscription).await,
        Step::Wait(_) | Step::Publish(_) | Step::Create(_) => {}
    }
}

async fn put_tenant(world: &Shared, engine: &Engine, tenant: usize) {
    let spec = TenantSpec {
        profile: world.plan.tenants[tenant].profile.to_owned(),
        name: None,
        contacts: Vec::new(),
        options: "{}".to_owned(),
        retention: None,
        retention_bytes: None,
        sealed: None,
    };
    let putting = async {
        match engine.configuration().put_tenant(&Origin::ADMIN, tenant_id(tenant), spec).await {
            Ok(_) => Answer::Done,
            Err(PutTenantError::Store(error)) => Answer::Not(Refused::Store(error.to_string())),
            Err(error) => panic!("a tenant of a story is refused: {error:?}"),
        }
    };
    world.ask(Call::PutTenant(tenant), putting).await;
}

/// All at the same time, as an import does.
async fn create_all(world: &Shared, engine: &Arc<Engine>, subscriptions: &[usize]) {
    let create =
        |subscription: &usize| tokio::spawn(create(Shared::clone(world), Arc::clone(engine), *subscription));
    let creating: Vec<_> = subscriptions.iter().map(create).collect();
    for created in creating {
        let _ = created.await;
    }
}

async fn create(world: Shared, engine: Arc<Engine>, subscription: usize) {
    let spec = spec_of(&world, subscription);
    let tenant = tenant_id(world.plan.subscriptions[subscription].tenant);
    let creating = async {
        let new = NewSubscription { draft: spec.into(), secret: None };
        match engine.configuration().create_subscription(&Origin::ADMIN, &tenant, new).await {
            Ok(view) => Answer::Created(view.subscription.id),
            Err(CreateError::Store(error)) => Answer::Not(Refused::Store(error.to_string())),
            Err(CreateError::Invalid(faults)) => panic!("a subscription of a story is refused: {faults:?}"),
            Err(error) => Answer::Not(Refused::ByRule(error.to_string())),
        }
    };
    if let Answer::Created(id) = world.ask(Call::Create(subscription), creating).await {
        world.set_id(subscription, id);
    }
}

fn spec_of(world: &Shared, subscription: usize) -> SubscriptionSpec {
    let plan = &world.plan.subscriptions[subscription];
    let url = EndpointUrl::parse(&url_of(subscription, plan.host)).expect("this is a URL");
    let mut spec = SubscriptionSpec::to(url);
    spec.name = Some(format!("s{subscription}"));
    let types = plan.event_type.map_or(&EVENT_TYPES[..], |index| &EVENT_TYPES[index..=index]);
    spec.events = types.iter().map(|name| EventType::parse(name).expect("this is a type")).collect();
    let headers = plan.settings_bytes.div_ceil(HEADER_BYTES);
    let header = |number| CustomHeader { name: format!("x-{number}"), value: "v".repeat(HEADER_BYTES) };
    let push = spec.push_mut().expect("it is pushed");
    push.headers = (0..headers).map(header).collect();
    push.timeout = Some(plan.timeout);
    push.delay = plan.delay;
    push.group = plan.group.map(|group| Grouping {
        window: group.window,
        max_events: group.max_events,
        max_bytes: group.max_bytes,
    });
    push.retry = plan.gaps.clone().map(|gaps| RetryOverride {
        attempts: Some(gaps.len() as u32 + 1),
        backoff: (!gaps.is_empty()).then_some(gaps),
    });
    set_pace(&mut spec, plan.pace);
    spec
}

fn set_pace(spec: &mut SubscriptionSpec, pace: Pace) {
    spec.active = pace.active;
    let push = spec.push_mut().expect("it is pushed");
    (push.ordered, push.concurrency) = (pace.ordered, pace.concurrency);
    push.rate_limit =
        pace.rate_limit.map(|(count, per_ms)| RateLimit { count, per: Duration::from_millis(per_ms) });
}

async fn publish_one(world: &Shared, engine: &Engine, (thread, events): (usize, &Events), done: u64) {
    world.set_unanswered(thread, Some((*events, done)));
    let Events { tenant, first, bytes, event_type, pause_ms, .. } = *events;
    let first = first + done;
    let deliver_at = deliver_at(world, events, first);
    let call = Call::Publish { tenant, first, count: 1, bytes, event_type, deliver_at };
    let publishing = async {
        let event = event(world, (first, bytes, event_type), deliver_at);
        let result = engine.accepting().publish(&tenant_id(tenant), event).await;
        Answer::Published(vec![told(result)])
    };
    world.ask(call, publishing).await;
    world.set_unanswered(thread, None);
    let pause = Draws::new(world.plan.seed, "pause", first).millis(pause_ms);
    if !pause.is_zero() {
        sleep(pause).await;
    }
}

async fn batch(world: &Shared, engine: &Engine, events: &Events) {
    let Events { tenant, first, count, bytes, event_type, .. } = *events;
    let deliver_at = deliver_at(world, events, first);
    let call = Call::Publish { tenant, first, count, bytes, event_type, deliver_at };
    let publishing = async {
        let made = |number| event(world, (number, bytes, event_type), deliver_at);
        let batch = (first..first + count).map(made).collect();
        let results = engine.accepting().publish_batch(&tenant_id(tenant), batch).await;
        Answer::Published(results.into_iter().map(told).collect())
    };
    world.ask(call, publishing).await;
}

/// The moment of the story at which an event that is published now is to be sent.
fn deliver_at(world: &Shared, events: &Events, number: u64) -> Option<Duration> {
    let (from, to) = events.deliver_in_ms;
    let wait = || Draws::new(world.plan.seed, "deliver", number).millis((from, to));
    (to > 0).then(|| world.clock.elapsed() + wait())
}

fn event(
    world: &Shared,
    (number, bytes, event_type): (u64, usize, usize),
    deliver_at: Option<Duration>,
) -> PublishEvent {
    let data = Bytes::from(data_of(number, bytes));
    PublishEvent {
        event_type: EVENT_TYPES[event_type].to_owned(),
        idempotency: Some((format!("event-{number}"), data.clone())),
        data,
        tags: Vec::new(),
        attributes: Bytes::new(),
        occurred_at: None,
        deliver_at: deliver_at.map(|at| world.clock.wall_at(at)),
        trace: None,
    }
}

fn told(result: Result<Published, PublishError>) -> Result<postroad_domain::EventId, Refused> {
    result.map(|published| published.id).map_err(|error| match error {
        PublishError::Overloaded => Refused::Overloaded,
        PublishError::Store(error) => Refused::Store(error.to_string()),
        error => Refused::ByRule(error.to_string()),
    })
}

fn of_update(error: UpdateError) -> Answer {
    Answer::Not(match error {
        UpdateError::Store(error) => Refused::Store(error.to_string()),
        UpdateError::Invalid(faults) => panic!("a change of a story is refused: {faults:?}"),
        error => Refused::ByRule(error.to_string()),
    })
}

fn of_lookup(error: LookupError) -> Answer {
    Answer::Not(match error {
        LookupError::Store(error) => Refused::Store(error.to_string()),
        error => Refused::ByRule(error.to_string()),
    })
}

async fn change(world: &Shared, engine: &Engine, subscription: usize, pace: Pace) {
    let Some(id) = world.id(subscription) else { return };
    let tenant = tenant_id(world.plan.subscriptions[subscription].tenant);
    let changing = async {
        let current = match engine.configuration().subscription(&tenant, id).await {
            Ok(current) => current,
            Err(error) => return of_lookup(error),
        };
        let (revision, mut spec) = (current.revision(), current.spec);
        set_pace(&mut spec, pace);
        let updated = engine
            .configuration()
            .update_subscription(&Origin::ADMIN, &tenant, id, revision, spec.into())
            .await;
        updated.map_or_else(of_update, |_| Answer::Done)
    };
    world.ask(Call::Change(subscription, pace), changing).await;
}

async fn activate_if_gone(world: &Shared, engine: &Engine, subscription: usize) {
    let Some(id) = world.id(subscription) else { return };
    let plan = &world.plan.subscriptions[subscription];
    let current = engine.configuration().subscription(&tenant_id(plan.tenant), id).await;
    if current.is_ok_and(|current| current.inactive.is_some()) {
        change(world, engine, subscription, Pace { active: true, ..plan.pace }).await;
    }
}

async fn delete(world: &Shared, engine: &Engine, subscription: usize) {
    let Some(id) = world.id(subscription) else { return };
    let tenant = tenant_id(world.plan.subscriptions[subscription].tenant);
    let deleting = async {
        let deleted = engine.configuration().delete_subscription(&Origin::ADMIN, &tenant, id).await;
        deleted.map_or_else(of_lookup, |_| Answer::Done)
    };
    world.ask(Call::Delete(subscription), deleting).await;
}

/// The deliveries of a subscription in a status, newest first.
async fn deliveries_of(
    world: &Shared,
    engine: &Engine,
    (subscription, id): (usize, SubscriptionId),
    status: Status,
) -> Vec<DeliveryId> {
    let tenant = tenant_id(world.plan.subscriptions[subscription].tenant);
    let filter = DeliveryFilter { subscription: Some(id), status: Some(status), ..DeliveryFilter::default() };
    let page = engine.history().list_deliveries(&tenant, filter, None, 250).await;
    page.map(|page| page.items.iter().map(|delivery| delivery.id).collect()).unwrap_or_default()
}

async fn cancel(world: &Shared, engine: &Engine, subscription: usize, oldest: bool) {
    let Some(id) = world.id(subscription) else { return };
    let waiting = deliveries_of(world, engine, (subscription, id), Status::Queued).await;
    let Some(delivery) = (if oldest { waiting.last() } else { waiting.first() }).copied() else { return };
    let tenant = tenant_id(world.plan.subscriptions[subscription].tenant);
    let cancelling = async {
        match engine.history().cancel_delivery(&Origin::ADMIN, &tenant, delivery).await {
            Ok(_) => Answer::Done,
            Err(CancelError::Store(error)) => Answer::Not(Refused::Store(error.to_string())),
            Err(error) => Answer::Not(Refused::ByRule(error.to_string())),
        }
    };
    world.ask(Call::Cancel(subscription, delivery), cancelling).await;
}

async fn retry(world: &Shared, engine: &Engine, subscription: usize) {
    let Some(id) = world.id(subscription) else { return };
    let mut ended = deliveries_of(world, engine, (subscription, id), Status::Failed).await;
    if ended.is_empty() {
        ended = deliveries_of(world, engine, (subscription, id), Status::Succeeded).await;
    }
    let Some(delivery) = ended.first().copied() else { return };
    let tenant = tenant_id(world.plan.subscriptions[subscription].tenant);
    let retrying = async {
        match engine.history().retry_delivery(&Origin::ADMIN, &tenant, delivery).await {
            Ok(_) => Answer::Done,
            Err(RetryError::Store(error)) => Answer::Not(Refused::Store(error.to_string())),
            Err(error) => Answer::Not(Refused::ByRule(error.to_string())),
        }
    };
    world.ask(Call::Retry(subscription, delivery), retrying).await;
}

async fn replay(world: &Shared, engine: &Engine, subscription: usize, all: bool) {
    let Some(id) = world.id(subscription) else { return };
    let tenant = tenant_id(world.plan.subscriptions[subscription].tenant);
    let new = NewReplay {
        subscription: id,
        selection: if all { ReplaySelection::All } else { ReplaySelection::Failed },
        since: Timestamp::default(),
        until: None,
        pace: RateLimit { count: 100, per: Duration::from_secs(1) },
    };
    let replaying = async {
        match engine.history().start_replay(&Origin::ADMIN, &tenant, new).await {
            Ok(_) => Answer::Done,
            Err(ReplayError::Store(error)) => Answer::Not(Refused::Store(error.to_string())),
            Err(error) => Answer::Not(Refused::ByRule(error.to_string())),
        }
    };
    world.ask(Call::Replay(subscription), replaying).await;
}

async fn send_now(world: &Shared, engine: &Engine, subscription: usize) {
    let Some(id) = world.id(subscription) else { return };
    let tenant = tenant_id(world.plan.subscriptions[subscription].tenant);
    let sending = async {
        match engine.sending().send_now(&Origin::ADMIN, &tenant, id).await {
            Ok(_) => Answer::Done,
            Err(SendNowError::Store(error)) => Answer::Not(Refused::Store(error.to_string())),
            Err(error) => Answer::Not(Refused::ByRule(error.to_string())),
        }
    };
    world.ask(Call::SendNow(subscription), sending).await;
}

/// Asks why the oldest delivery waits.
async fn explain(world: &Shared, engine: &Engine, subscription: usize) {
    let Some(id) = world.id(subscription) else { return };
    let waiting = deliveries_of(world, engine, (subscription, id), Status::Queued).await;
    let Some(delivery) = waiting.last().copied() else { return };
    let tenant = tenant_id(world.plan.subscriptions[subscription].tenant);
    let page = engine.history().explain(&tenant, delivery.first_event(), None, 250).await;
    let items = page.map(|page| page.items).unwrap_or_default();
    let found = items.into_iter().find(|explained| explained.delivery == Some(delivery));
    if let Some(EventOutcome::Pending { until, why, .. }) = found.map(|explained| explained.outcome) {
        world.journal.note(What::Explained(subscription, delivery, why.as_str().to_owned(), until));
    }
}
