//! What the embedded store does for a hundred events of 1 KiB, each for one subscription and taken at the first attempt:
//! one commit that accepts them and one that records their outcomes.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use postroad_domain::{
    Attempt, AttemptId, Clock, EndpointUrl, EventId, EventType, ProfileNo, RequestHead, ResponseHead,
    Subscription, SubscriptionId, SubscriptionSpec, Tenant, TenantId, Timestamp, attempt::Answer,
};
use postroad_store::{
    AcceptResult, Cluster, Commit, Configuration, CreateSubscription, FanoutTarget, NewDelivery, NewEvent,
    Next, OpenSession, Outcome, PutTenant, Queue, QueuedDelivery, SessionId,
};
use postroad_store_sqlite::{Options, SqliteStore};
use postroad_testkit::clock::ManualClock;
use rand::{SeedableRng, rngs::StdRng};

use super::{Piece, tenant_spec};

const EVENTS: usize = 100;
const DATA_BYTES: usize = 1_024;
const REQUEST_HEADERS: [(&str, &str); 4] = [
    ("content-type", "application/json"),
    ("webhook-id", "dlv_01kahx2v5ze3btg3nbssxqdmxr"),
    ("webhook-timestamp", "1795294200"),
    ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
];

pub(super) fn piece() -> Piece {
    Piece { name: format!("store, {EVENTS} events and outcomes"), times: 10, run: Box::new(run) }
}

fn run(times: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let mut desk = Desk::open(folder.path()).await;
        for _ in 0..times {
            let waiting = desk.accept().await;
            desk.record(waiting).await;
        }
    });
}

/// A store with one subscription.
struct Desk {
    store: SqliteStore,
    clock: ManualClock,
    rng: StdRng,
    session: SessionId,
    tenant: Tenant,
    subscription: Subscription,
}

impl Desk {
    async fn open(folder: &std::path::Path) -> Self {
        let clock = ManualClock::default();
        let mut rng = StdRng::seed_from_u64(1);
        let options = Options { ballast_bytes: 0, ..Options::new(folder, Arc::new(clock.clone())) };
        let store = SqliteStore::open(options).unwrap();
        let at = clock.now();
        let open = OpenSession { name: "guard".to_owned(), lease: Duration::from_secs(60), at };
        let session = store.open_session(open).await.unwrap().id;
        let put = PutTenant {
            redirected: Vec::new(),
            audit: None,
            id: TenantId::parse("acme").unwrap(),
            spec: tenant_spec(),
            at,
        };
        let tenant = store.put_tenant(put).await.unwrap().0;
        let url = EndpointUrl::parse("https://example.com/hook").unwrap();
        let create = CreateSubscription {
            tenant: None,
            ask: None,
            audit: None,
            tenant_no: tenant.no,
            id: SubscriptionId::new(at, &mut rng),
            spec: SubscriptionSpec::to(url),
            secrets: Vec::new(),
            max: 1,
            at,
        };
        let subscription = store.create_subscription(create).await.unwrap();
        let tenant = store.tenant(tenant.id).await.unwrap().unwrap();
        Self { store, clock, rng, session, tenant, subscription }
    }

    fn now(&self) -> Timestamp {
        self.clock.advance(Duration::from_millis(1));
        self.clock.now()
    }

    async fn accept(&mut self) -> Vec<QueuedDelivery> {
        let at = self.now();
        let events = (0..EVENTS).map(|_| self.event(at)).collect();
        let (outcomes, fanouts) = (Vec::new(), Vec::new());
        let commit = Commit { at, session: self.session, events, outcomes, fanouts };
        let committed = self.store.commit(Arc::new(commit)).await.unwrap();
        let deliveries = |result| match result {
            AcceptResult::Accepted { deliveries } => deliveries,
            refused => panic!("{refused:?}"),
        };
        committed.events.into_iter().flat_map(deliveries).collect()
    }

    async fn record(&mut self, waiting: Vec<QueuedDelivery>) {
        let at = self.now();
        let outcomes = waiting.iter().map(|of| self.outcome(of, at)).collect();
        let (events, fanouts) = (Vec::new(), Vec::new());
        let commit = Commit { at, session: self.session, events, outcomes, fanouts };
        self.store.commit(Arc::new(commit)).await.unwrap();
    }

    fn event(&mut self, at: Timestamp) -> NewEvent {
        let id = EventId::for_event(at, &mut self.rng);
        let target = FanoutTarget {
            subscription_no: self.subscription.no,
            subscription_version: self.subscription.version,
            due: Timestamp::default(),
            expires_at: at.after(Duration::from_secs(3_600)),
            group: None,
        };
        NewEvent {
            id,
            tenant_no: self.tenant.no,
            config_version: self.tenant.config_version,
            tenant_version: self.tenant.version,
            trace: None,
            profile: ProfileNo(1),
            event_type: EventType::parse("lead.created").unwrap(),
            occurred_at: None,
            tags: Vec::new(),
            attributes: Bytes::new(),
            data: Bytes::from(vec![b'1'; DATA_BYTES]),
            idempotency: None,
            deliveries: vec![NewDelivery { id: id.delivery(1), target }],
            fanout: Vec::new(),
        }
    }

    fn outcome(&mut self, of: &QueuedDelivery, at: Timestamp) -> Outcome {
        let request = RequestHead {
            method: "POST".to_owned(),
            url: "https://example.com/hook".to_owned(),
            headers: REQUEST_HEADERS.into(),
        };
        let answer = ResponseHead {
            status: 204,
            headers: [("server", "guard"), ("date", "Sun, 22 Nov 2026 04:00:00 GMT")].into(),
            body: Bytes::from_static(b"ok"),
            truncated: false,
        };
        let attempt = Attempt {
            id: AttemptId::new(at, &mut self.rng),
            number: 1,
            at,
            duration: Duration::from_millis(3),
            repeated: false,
            request,
            answer: Answer::Response(answer),
        };
        Outcome {
            lane: of.lane,
            id: of.id,
            handle: of.handle,
            due: of.due,
            expires_at: of.expires_at,
            tries: of.tries,
            attempt: Some(attempt),
            body: None,
            next: Next::Succeeded,
        }
    }
}
