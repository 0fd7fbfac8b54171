//! A small world around a store: a clock turned by hand, seeded chance, and short words for what checks do most.

mod parts;
mod upkeep;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
pub(super) use parts::{
    accepted, event_type, lane_of, opening, outcome, prune_nothing, refill_of, spec, tenant_spec,
};
use postroad_domain::{
    Attempt, ErrorClass, EventId, ProfileNo, Reason, RequestHead, ResponseHead, Subscription,
    SubscriptionSpec, Tenant, TenantId, Timestamp, Verification, VerificationState,
    attempt::Answer,
    delivery::Delivery,
    ids::{Id, Kind},
};
use rand::{SeedableRng, rngs::StdRng};

use crate::{
    AcceptResult, AskVerification, ClaimLanes, Commit, Committed, CreateSubscription, Deactivate,
    Deactivation, DeleteSubscription, DeleteTenant, Fanout, FanoutTarget, LaneKey, NewDelivery, NewEvent,
    Next, OpenSession, Outcome, OutcomeResult, PutTenant, QueuedDelivery, RecordTest, RecordVerification,
    Refilled, Session, Store, SubscriptionChange, UpdateSubscription,
};

/// How long everything lives that a check does not look at.
pub(super) const LONG: Duration = Duration::from_secs(3600);

/// A store with one node on it.
pub struct World {
    /// The store under test.
    pub store: Arc<dyn Store>,
    /// Chance, the same in each run.
    pub rng: StdRng,
    /// The node that commits. It owns the lane of each subscription that this world creates.
    pub session: Session,
    opened_at: Timestamp,
    now: Timestamp,
}

impl World {
    /// Opens a session on an empty store.
    pub async fn new(store: Arc<dyn Store>) -> Self {
        let now = opening();
        let open = OpenSession { name: "conformance".to_owned(), lease: LONG, at: now };
        let session = store.open_session(open).await.unwrap();
        Self { store, rng: StdRng::seed_from_u64(7), session, opened_at: now, now }
    }

    // --- time and ids ----------------------------------------------------------------------------------------------

    /// A moment later than each one before.
    pub fn tick(&mut self) -> Timestamp {
        self.advance(Duration::from_millis(1))
    }

    /// Turns the clock.
    pub fn advance(&mut self, span: Duration) -> Timestamp {
        self.now = self.now.after(span);
        self.now
    }

    /// The moment that the last tick answered.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// An id greater than each one before.
    pub fn id<K: Kind>(&mut self) -> Id<K> {
        let at = self.tick();
        Id::new(at, &mut self.rng)
    }

    /// An event's id greater than each one before: its deliveries' ids are made from it.
    pub fn event_id(&mut self) -> EventId {
        let at = self.tick();
        EventId::for_event(at, &mut self.rng)
    }

    // --- configuration ---------------------------------------------------------------------------------------------

    /// Creates or replaces a tenant.
    pub async fn tenant(&mut self, id: &str) -> Tenant {
        let at = self.tick();
        let put = PutTenant {
            redirected: Vec::new(),
            audit: None,
            id: TenantId::parse(id).unwrap(),
            spec: tenant_spec("standard"),
            at,
        };
        self.store.put_tenant(put).await.unwrap().0
    }

    /// Deletes a tenant.
    pub async fn delete_tenant(&mut self, tenant: &Tenant) -> bool {
        let at = self.tick();
        self.store.delete_tenant(DeleteTenant { audit: None, id: tenant.id.clone(), at }).await.unwrap()
    }

    /// Creates an active subscription to everything, and owns its lane.
    pub async fn subscription(&mut self, tenant: &Tenant) -> Subscription {
        let create = CreateSubscription {
            tenant: None,
            ask: None,
            audit: None,
            tenant_no: tenant.no,
            id: self.id(),
            spec: spec(),
            secrets: Vec::new(),
            max: 1_000,
            at: self.now,
        };
        let created = self.store.create_subscription(create).await.unwrap();
        self.claim(lane_of(&created)).await;
        created
    }

    /// A tenant with one subscription: all that most checks need.
    pub async fn tenant_with_subscription(&mut self) -> (Tenant, Subscription) {
        let tenant = self.tenant("acme").await;
        let subscription = self.subscription(&tenant).await;
        (tenant, subscription)
    }

    /// Changes `active` of a subscription, whatever its version.
    pub async fn set_active(&mut self, subscription: &Subscription, active: bool) -> Subscription {
        let change = SubscriptionChange::Spec(Box::new(SubscriptionSpec { active, ..spec() }));
        self.change(subscription, change).await
    }

    /// Changes a subscription, whatever its version.
    pub async fn change(&mut self, subscription: &Subscription, change: SubscriptionChange) -> Subscription {
        self.change_asking(subscription, change, None).await
    }

    /// The same, asking for handshakes.
    pub async fn change_asking(
        &mut self,
        subscription: &Subscription,
        change: SubscriptionChange,
        ask: Option<AskVerification>,
    ) -> Subscription {
        let at = self.tick();
        let (tenant_no, id) = (subscription.tenant_no, subscription.id);
        let current = self.store.subscription(tenant_no, id).await.unwrap().unwrap();
        let expected = current.revision();
        let update =
            UpdateSubscription { tenant: None, ask, audit: None, tenant_no, id, expected, change, at };
        self.store.update_subscription(update).await.unwrap()
    }

    /// Makes a subscription inactive as its receiver is gone.
    pub async fn deactivate(&mut self, subscription: &Subscription) -> bool {
        self.deactivate_for(subscription, Deactivation::Gone).await
    }

    /// Makes a subscription inactive, whatever its version.
    pub async fn deactivate_for(&mut self, subscription: &Subscription, why: Deactivation) -> bool {
        let at = self.tick();
        let (tenant_no, subscription_no) = (subscription.tenant_no, subscription.no);
        let known = self.store.subscription(tenant_no, subscription.id).await.unwrap();
        let version = known.map_or(subscription.version, |known| known.version);
        let deactivate = Deactivate { audit: None, tenant_no, subscription_no, version, why, at };
        self.store.deactivate(deactivate).await.unwrap()
    }

    /// Writes what the handshakes of a subscription came to, which were made for this version; answers whether it was written.
    pub async fn verify(&mut self, subscription: &Subscription, version: i64, activates: bool) -> bool {
        let at = self.tick();
        let state = if activates { VerificationState::Passed } else { VerificationState::Failed };
        let detail = (!activates).then(|| "it answered 404".to_owned());
        let record = RecordVerification {
            audit: None,
            tenant_no: subscription.tenant_no,
            subscription_no: subscription.no,
            expected: Some(version),
            verification: Verification { version, state, at, detail },
            activates,
            at,
        };
        self.store.record_verification(record).await.unwrap()
    }

    /// Deletes a subscription.
    pub async fn delete(&mut self, subscription: &Subscription) -> bool {
        let at = self.tick();
        let delete =
            DeleteSubscription { audit: None, tenant_no: subscription.tenant_no, id: subscription.id, at };
        self.store.delete_subscription(delete).await.unwrap()
    }

    async fn claim(&mut self, lane: LaneKey) {
        let claim = ClaimLanes { session: self.session.id, lanes: vec![lane], at: self.now };
        let taken = self.store.claim_lanes(claim).await.unwrap();
        assert_eq!(taken.len(), 1, "a lane that nobody holds is free");
    }

    // --- commits ---------------------------------------------------------------------------------------------------

    /// An event for these subscriptions, matched against the configuration as it is.
    pub async fn event(&mut self, tenant: &Tenant, to: &[&Subscription]) -> NewEvent {
        let current = self.store.tenant(tenant.id.clone()).await.unwrap().unwrap_or_else(|| tenant.clone());
        let id = self.event_id();
        NewEvent {
            id,
            tenant_no: tenant.no,
            config_version: current.config_version,
            tenant_version: current.version,
            trace: None,
            profile: ProfileNo(1),
            event_type: event_type("lead.created"),
            occurred_at: None,
            tags: Vec::new(),
            attributes: Bytes::new(),
            data: Bytes::from_static(b"{}"),
            idempotency: None,
            deliveries: (1..)
                .zip(to)
                .map(|(number, subscription)| NewDelivery {
                    id: id.delivery(number),
                    target: self.target(subscription),
                })
                .collect(),
            fanout: Vec::new(),
        }
    }

    /// A subscription as an event's target, the same each time, with a long time to live.
    pub fn target(&self, subscription: &Subscription) -> FanoutTarget {
        FanoutTarget {
            subscription_no: subscription.no,
            subscription_version: subscription.version,
            due: Timestamp::default(),
            expires_at: self.opened_at.after(LONG),
            group: None,
        }
    }

    /// Commits at a new moment, with this world's session.
    pub async fn commit(
        &mut self,
        events: Vec<NewEvent>,
        outcomes: Vec<Outcome>,
        fanouts: Vec<Fanout>,
    ) -> Committed {
        let commit = Commit { events, outcomes, fanouts, ..self.empty_commit() };
        self.commit_all(commit).await
    }

    /// A commit at the next moment, with nothing in it.
    pub fn empty_commit(&mut self) -> Commit {
        let (at, session) = (self.tick(), self.session.id);
        let (events, outcomes) = (Vec::new(), Vec::new());
        Commit { at, session, events, outcomes, fanouts: Vec::new() }
    }

    /// Commits what was put together.
    pub async fn commit_all(&mut self, commit: Commit) -> Committed {
        self.store.commit(Arc::new(commit)).await.unwrap()
    }

    /// Commits events alone.
    pub async fn commit_events(&mut self, events: Vec<NewEvent>) -> Vec<AcceptResult> {
        self.commit(events, Vec::new(), Vec::new()).await.events
    }

    /// Commits one event, which must be accepted.
    pub async fn commit_event(&mut self, event: NewEvent) -> Vec<QueuedDelivery> {
        accepted(self.commit_events(vec![event]).await.remove(0))
    }

    /// Creates and commits one event for these subscriptions.
    pub async fn accept(&mut self, tenant: &Tenant, to: &[&Subscription]) -> Vec<QueuedDelivery> {
        let event = self.event(tenant, to).await;
        self.commit_event(event).await
    }

    /// Creates and commits one event for one subscription.
    pub async fn accept_one(&mut self, tenant: &Tenant, to: &Subscription) -> QueuedDelivery {
        self.accept(tenant, &[to]).await.remove(0)
    }

    /// The result of an attempt that was made for a delivery.
    pub fn outcome(&mut self, of: &QueuedDelivery, next: Next) -> Outcome {
        let attempt = Some(self.attempt(of.attempts + 1, next));
        outcome(of, attempt, next)
    }

    /// Commits the result of an attempt.
    pub async fn record(&mut self, of: &QueuedDelivery, next: Next) -> OutcomeResult {
        let outcome = self.outcome(of, next);
        self.commit_outcome(outcome).await
    }

    /// Commits an outcome alone.
    pub async fn commit_outcome(&mut self, outcome: Outcome) -> OutcomeResult {
        self.commit(Vec::new(), vec![outcome], Vec::new()).await.outcomes[0]
    }

    fn attempt(&mut self, number: u32, next: Next) -> Attempt {
        let answer = if next == Next::Succeeded {
            Answer::Response(ResponseHead {
                status: 204,
                headers: [("Server", "test")].into(),
                body: Bytes::from_static(b"ok"),
                truncated: false,
            })
        } else {
            Answer::Error { class: ErrorClass::Connect, message: "nobody listens".to_owned() }
        };
        Attempt {
            id: self.id(),
            number,
            at: self.now,
            duration: Duration::from_micros(1_234),
            // Of one kind of answer and of the other.
            repeated: number == 2,
            request: RequestHead {
                method: "POST".to_owned(),
                url: "https://example.com/hook".to_owned(),
                headers: [("X-Key", "***")].into(),
            },
            answer,
        }
    }

    /// A test of a subscription that was made just now.
    pub fn test_of(&mut self, tenant: &Tenant, to: &Subscription, succeeded: bool) -> RecordTest {
        let next = if succeeded { Next::Succeeded } else { Next::Failed(Reason::Exhausted) };
        let (event_id, at) = (self.event_id(), self.now);
        RecordTest {
            audit: None,
            tenant_no: tenant.no,
            event_id,
            event_type: event_type("lead.created"),
            attributes: Bytes::from_static(b"{\"workspace_id\":\"w\"}"),
            data: Bytes::from_static(b"{ \"b\":1.00, \"a\":2 }"),
            tenant_version: 300,
            profile: ProfileNo(7),
            subscription_no: to.no,
            subscription_version: to.version,
            at,
            attempt: self.attempt(1, next),
            succeeded,
            finished_at: self.advance(Duration::from_millis(20)),
        }
    }

    // --- looking ---------------------------------------------------------------------------------------------------

    /// A delivery as it stands now.
    pub async fn look(&self, of: &QueuedDelivery) -> Delivery {
        self.store.delivery(of.lane.tenant_no, of.id).await.unwrap().unwrap()
    }

    /// Everything that may be sent in a subscription's lane by now.
    pub async fn refill(&self, subscription: &Subscription) -> Refilled {
        self.store.refill(refill_of(lane_of(subscription), self.now)).await.unwrap()
    }
}
