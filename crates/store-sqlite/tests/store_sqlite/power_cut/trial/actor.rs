//! Does to one store what was planned: finds the store's own numbers for public ids, and answers in public words.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use postroad_domain::{DeliveryId, ProfileNo, Status, TenantId, Timestamp, delivery::StoredBody};
use postroad_store::{
    AcceptResult, BacklogBudget, CancelDelivery, CancelDeliveryError, Commit, Committed, ConfigSnapshot,
    DeleteTenant, Fanout, FanoutTarget, NewDelivery, NewEvent, Next, OpenSession, Outcome, OutcomeResult,
    Prune, QueuedDelivery, RetryDelivery, RetryDeliveryError, SendNow, SendNowError, SessionId, SettingKey,
    Store, StoreError, Sweep,
};

use super::{
    picture,
    step::{EventPlan, OutcomePlan, Step, SubscriptionName, Write},
};

/// What a caller remembers. Outlives a reboot, as an engine's memory does not: with it, outcomes come late too.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// Where each delivery that was ever handed out had its last place in the queue.
    last: BTreeMap<DeliveryId, QueuedDelivery>,
    /// Those that were due when the caller looked: of no other group an attempt may be made.
    due: BTreeSet<DeliveryId>,
}

/// No delivery of a trial lives so long.
const LIFE_OF_DELIVERY: Duration = Duration::from_secs(30 * 86_400);

/// A caller of one store.
pub(crate) struct Actor {
    pub(crate) store: Arc<dyn Store>,
    session: SessionId,
    places: Places,
}

impl Actor {
    /// Begins to work on a store that is open.
    pub(crate) async fn begin(store: Arc<dyn Store>, places: Places) -> Result<Self, StoreError> {
        let at = Timestamp::default();
        let open = OpenSession { name: "trial".to_owned(), lease: LIFE_OF_DELIVERY, at };
        let session = store.open_session(open).await?.id;
        let mut actor = Self { store, session, places };
        actor.look().await?;
        Ok(actor)
    }

    /// Finds where everything that may be handed out waits, also what no answer ever named.
    pub(crate) async fn look(&mut self) -> Result<(), StoreError> {
        let waiting = picture::waiting(&*self.store).await?;
        self.places.last.extend(waiting.into_iter().map(|place| (place.id, place)));
        Ok(())
    }

    /// Lets go of the store.
    pub(crate) fn end(self) -> Places {
        self.places
    }

    /// Does one thing; answers what the store said, a refusal too. An error leaves open whether it was done.
    pub(crate) async fn perform(&mut self, write: &Write) -> Result<String, StoreError> {
        let at = write.at;
        match &write.step {
            Step::PutTenant { tenant, name } => self.put_tenant(at, tenant, name).await,
            Step::DeleteTenant { tenant } => self
                .store
                .delete_tenant(DeleteTenant { audit: None, id: tenant.clone(), at })
                .await
                .map(in_words),
            Step::CreateSubscription { subscription } => self.create(at, subscription).await,
            Step::SetActive { subscription, active } => self.set_active(at, subscription, *active).await,
            Step::DeleteSubscription { subscription } => self.delete(at, subscription).await,
            Step::Rotate { subscription, sealed } => self.rotate(at, subscription, sealed).await,
            Step::Deactivate { subscription } => self.deactivate(at, subscription).await,
            Step::PutEventType { tenant, event_type } => self.put_event_type(at, tenant, event_type).await,
            Step::DeleteEventType { tenant, name } => self.delete_event_type(at, tenant, name).await,
            Step::PutProfile { content } => self.put_profile(at, *content).await,
            Step::Test(plan) => self.test(at, plan).await,
            Step::Commit { events, outcomes } => {
                let events = self.new_events(events).await?;
                let outcomes = self.new_outcomes(at, outcomes).await?;
                self.commit(at, events, outcomes, Vec::new()).await
            }
            Step::FanOut { targets_each } => self.fan_out(at, *targets_each).await,
            Step::Retry { delivery } => self.retry(at, *delivery).await,
            Step::Cancel { delivery } => self.cancel(at, *delivery).await,
            Step::SendNow { subscription, limit } => self.send_now(at, subscription, *limit).await,
            Step::Sweep { limit } => {
                // How far a step comes is the store's own affair.
                self.store
                    .sweep(Sweep { at, limit: *limit, budget: BacklogBudget::default() })
                    .await
                    .map(|_| String::new())
            }
            Step::Prune { age } => self.prune(at, *age).await,
            Step::PutSetting { value } => {
                self.store.put_setting(SettingKey::AdminKeyHash, value.clone()).await.map(in_words)
            }
        }
    }

    /// Does one thing whose answer nobody hears: the caller remembers what it did before.
    pub(crate) async fn perform_unheard(&mut self, write: &Write) -> Result<(), StoreError> {
        let remembered = self.places.clone();
        self.perform(write).await?;
        self.places = remembered;
        Ok(())
    }

    /// How far a sweep came is the store's own affair, and what was called off stays until it was swept: so everything
    /// is swept first, which changes no answer.
    async fn prune(&self, at: Timestamp, age: Duration) -> Result<String, StoreError> {
        let sweep = Sweep { at, limit: 1_000_000, budget: BacklogBudget::default() };
        while self.store.sweep(sweep).await?.more {}
        let (age_max, rows_max, time_max) = (Some(age), usize::MAX, Duration::MAX);
        let pruned = self
            .store
            .prune(Prune { at, age_max, bytes_max: None, tenants: Arc::default(), rows_max, time_max })
            .await?;
        // How many went is the store's own affair too: it may still have had some of a deleted tenant.
        Ok(in_words(pruned.more))
    }

    async fn retry(&mut self, at: Timestamp, id: DeliveryId) -> Result<String, StoreError> {
        let Some(place) = self.places.last.get_mut(&id) else { return Ok(nothing()) };
        let (tenant_no, expires_at) = (place.lane.tenant_no, at.after(LIFE_OF_DELIVERY));
        let before = self.store.delivery(tenant_no, id).await?;
        match self.store.retry_delivery(RetryDelivery { audit: None, tenant_no, id, at, expires_at }).await {
            Ok(_) if before.is_some_and(|before| !before.status.is_final()) => {
                place.due = place.due.min(at);
                Ok("sent now".to_owned())
            }
            Ok(_) => {
                (place.due, place.tries, place.expires_at) = (at, 0, expires_at);
                Ok("retried".to_owned())
            }
            Err(RetryDeliveryError::Store(error)) => Err(error),
            Err(refusal) => Ok(in_words(refusal)),
        }
    }

    async fn cancel(&self, at: Timestamp, id: DeliveryId) -> Result<String, StoreError> {
        let Some(place) = self.places.last.get(&id) else { return Ok(nothing()) };
        let cancel = CancelDelivery { audit: None, tenant_no: place.lane.tenant_no, id, at };
        match self.store.cancel_delivery(cancel).await {
            Ok(_) => Ok("cancelled".to_owned()),
            Err(CancelDeliveryError::Store(error)) => Err(error),
            Err(refusal) => Ok(in_words(refusal)),
        }
    }

    /// One step, which is one transaction.
    async fn send_now(
        &self,
        at: Timestamp,
        name: &SubscriptionName,
        limit: usize,
    ) -> Result<String, StoreError> {
        let Some(tenant) = self.store.tenant(name.tenant.clone()).await? else { return Ok(nothing()) };
        let (tenant_no, subscription) = (tenant.no, name.id);
        let send = SendNow { audit: None, tenant_no, subscription, at, after: None, limit };
        match self.store.send_now(send).await {
            Ok(sent) => Ok(in_words((sent.count, sent.next.is_some()))),
            Err(SendNowError::Store(error)) => Err(error),
            Err(refusal) => Ok(in_words(refusal)),
        }
    }

    async fn fan_out(&mut self, at: Timestamp, targets_each: usize) -> Result<String, StoreError> {
        let mut steps: Vec<Fanout> = self.store.open_fanouts(None, 3).await?;
        for step in &mut steps {
            step.targets.truncate(targets_each);
        }
        self.commit(at, Vec::new(), (Vec::new(), Vec::new()), steps).await
    }

    async fn commit(
        &mut self,
        at: Timestamp,
        events: Vec<NewEvent>,
        (outcomes, read): (Vec<Outcome>, Vec<QueuedDelivery>),
        fanouts: Vec<Fanout>,
    ) -> Result<String, StoreError> {
        let commit = Arc::new(Commit { at, session: self.session, events, outcomes, fanouts });
        let committed = self.store.commit(Arc::clone(&commit)).await?;
        self.places.due.extend(read.iter().map(|place| place.id));
        self.places.last.extend(read.into_iter().map(|place| (place.id, place)));
        self.note(&commit, &committed);
        Ok(committed_in_words(&committed))
    }

    async fn new_events(&self, plans: &[EventPlan]) -> Result<Vec<NewEvent>, StoreError> {
        let mut tenants: HashMap<&TenantId, Option<ConfigSnapshot>> = HashMap::new();
        let mut events = Vec::new();
        for plan in plans {
            if !tenants.contains_key(&plan.tenant) {
                tenants.insert(&plan.tenant, self.store.config_snapshot(plan.tenant.clone()).await?);
            }
            let tenant = tenants.get(&plan.tenant).and_then(Option::as_ref);
            events.extend(tenant.map(|tenant| new_event(plan, tenant)));
        }
        Ok(events)
    }

    /// The outcomes, and where those stood that the caller looked for.
    async fn new_outcomes(
        &self,
        at: Timestamp,
        plans: &[OutcomePlan],
    ) -> Result<(Vec<Outcome>, Vec<QueuedDelivery>), StoreError> {
        let (mut outcomes, mut read) = (Vec::new(), Vec::new());
        for plan in plans {
            let Some(mut place) = self.places.last.get(&plan.delivery).cloned() else { continue };
            let delivery = self.store.delivery(place.lane.tenant_no, place.id).await?;
            if plan.when_due {
                let due = self.store.refill(picture::everything_in(place.lane, at)).await?.deliveries;
                let waits = delivery.as_ref().is_some_and(|delivery| delivery.status == Status::Queued);
                match due.into_iter().find(|due| due.id == plan.delivery) {
                    Some(due) => {
                        place = due;
                        read.push(place.clone());
                    }
                    None if waits || !self.places.due.contains(&plan.delivery) => continue,
                    None => {}
                }
            }
            let mut attempt = plan.attempt.clone();
            attempt.number = delivery.map_or(0, |delivery| delivery.attempts) + 1;
            outcomes.push(Outcome {
                lane: place.lane,
                id: place.id,
                handle: place.handle,
                due: place.due,
                expires_at: place.expires_at,
                tries: place.tries,
                attempt: Some(attempt),
                body: plan.body.clone().map(|body| Arc::new(StoredBody { method: None, url: None, body })),
                next: plan.next,
            });
        }
        Ok((outcomes, read))
    }

    fn note(&mut self, commit: &Commit, committed: &Committed) {
        for (outcome, result) in commit.outcomes.iter().zip(&committed.outcomes) {
            if let (Next::Queued { due, tries }, OutcomeResult::Applied) = (outcome.next, result)
                && let Some(place) = self.places.last.get_mut(&outcome.id)
            {
                (place.due, place.tries) = (due, tries);
            }
        }
        let accepted = committed.events.iter().flat_map(|result| match result {
            AcceptResult::Accepted { deliveries } => &deliveries[..],
            _ => &[],
        });
        let placed = accepted.chain(&committed.fanned_out);
        self.places.last.extend(placed.map(|place| (place.id, place.clone())));
    }
}

fn new_event(plan: &EventPlan, config: &ConfigSnapshot) -> NewEvent {
    let wanting = config.subscriptions.iter().filter_map(|known| {
        let wanted = plan.wanted_by.iter().find(|(id, _)| *id == known.id);
        wanted.map(|(_, waiting)| (known, waiting))
    });
    let mut targets: Vec<FanoutTarget> = wanting
        .filter(|(known, _)| known.spec.active)
        .map(|(known, waiting)| FanoutTarget {
            subscription_no: known.no,
            subscription_version: known.version,
            due: waiting.due,
            expires_at: plan.id.timestamp().after(LIFE_OF_DELIVERY),
            group: waiting.group,
        })
        .collect();
    let fanout = targets.split_off(plan.served_at_once.min(targets.len()));
    let deliveries = (1..).zip(targets);
    NewEvent {
        id: plan.id,
        tenant_no: config.tenant.no,
        config_version: config.tenant.config_version,
        tenant_version: config.tenant.version,
        trace: None,
        profile: ProfileNo(1),
        event_type: plan.event_type.clone(),
        occurred_at: None,
        tags: plan.tags.clone(),
        attributes: plan.attributes.clone(),
        data: plan.data.clone(),
        idempotency: plan.idempotency,
        deliveries: deliveries
            .map(|(number, target)| NewDelivery { id: plan.id.delivery(number), target })
            .collect(),
        fanout,
    }
}

fn committed_in_words(committed: &Committed) -> String {
    let events: Vec<String> = committed
        .events
        .iter()
        .map(|result| match result {
            AcceptResult::Accepted { deliveries } => format!("accepted {:?}", ids(deliveries)),
            other => in_words(other),
        })
        .collect();
    let failures: Vec<_> = committed.failing.iter().map(|failing| failing.failures).collect();
    in_words((events, &committed.outcomes, failures, ids(&committed.fanned_out)))
}

fn ids(places: &[QueuedDelivery]) -> Vec<DeliveryId> {
    places.iter().map(|place| place.id).collect()
}

pub(super) fn in_words(answer: impl std::fmt::Debug) -> String {
    format!("{answer:?}")
}

pub(super) fn nothing() -> String {
    "there is no such thing".to_owned()
}
