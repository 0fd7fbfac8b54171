//! A whole engine on a memory store, with a clock that stands still and receivers that the test plays itself.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use postroad_domain::{
    DeliveryId, EndpointUrl, ErrorClass, Headers, Status, SubscriptionId, SubscriptionSpec, TenantId,
    subscription::Push, tenant::TenantSpec,
};
use postroad_egress::{Egress, OutboundRequest, OutboundResponse, SendError};
use postroad_engine::{
    Engine, GivenProfile, Mailer, NewSubscription, Notifying, Origin, Parts, PublishError, PublishEvent,
    Published, SecretBox, SubscriptionDraft, SubscriptionView,
};
use postroad_store::{DeliveryFilter, memory::MemoryStore};
use postroad_testkit::clock::ManualClock;
use rand::{SeedableRng, rngs::StdRng};
use tokio::sync::{Mutex, mpsc, oneshot};

/// Long enough that only a test that hangs meets it.
const PATIENCE: Duration = Duration::from_secs(20);

/// An exchange that waits for the test to play the receiver.
pub(crate) struct Exchange {
    pub(crate) request: OutboundRequest,
    answer: oneshot::Sender<Result<OutboundResponse, SendError>>,
}

impl Exchange {
    /// The first header of that name, in whatever spelling; empty for none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut headers = self.request.headers.iter();
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    pub(crate) fn answer(self, status: u16) {
        self.answer_with(status, &[]);
    }

    pub(crate) fn answer_with(self, status: u16, headers: &[(&str, &str)]) {
        let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let body = Bytes::from_static(b"thanks");
        let _ = self.answer.send(Ok(OutboundResponse {
            status,
            headers,
            body,
            truncated: false,
            repeated: false,
        }));
    }

    /// With a body, cut where there was more of it.
    pub(crate) fn answer_body(self, status: u16, body: &str, truncated: bool) {
        let (headers, body) = (Headers::new(), Bytes::copy_from_slice(body.as_bytes()));
        let _ = self.answer.send(Ok(OutboundResponse { status, headers, body, truncated, repeated: false }));
    }

    /// As [`answer`](Self::answer), after the request went out a second time.
    pub(crate) fn answer_the_second_time(self, status: u16) {
        let (headers, body) = (Headers::new(), Bytes::new());
        let _ = self.answer.send(Ok(OutboundResponse {
            status,
            headers,
            body,
            truncated: false,
            repeated: true,
        }));
    }

    /// As [`fail`](Self::fail), after the request went out a second time.
    pub(crate) fn fail_the_second_time(self, class: ErrorClass) {
        let failed = SendError::new(class, "as the test says");
        let _ = self.answer.send(Err(SendError { repeated: true, ..failed }));
    }

    pub(crate) fn fail(self, class: ErrorClass) {
        let _ = self.answer.send(Err(SendError::new(class, "as the test says")));
    }

    /// Nothing was tried, since the way out is shut.
    pub(crate) fn shut_out(self, pause: Duration) {
        let shut = SendError::new(ErrorClass::Connect, "the way out is shut");
        let _ = self.answer.send(Err(SendError { shut_for: Some(pause), ..shut }));
    }
}

/// The network: every exchange goes to the test.
pub(crate) struct Stage(mpsc::UnboundedSender<Exchange>);

impl Stage {
    /// Nobody plays the receivers.
    pub(crate) fn closed() -> Self {
        Self(mpsc::unbounded_channel().0)
    }
}

#[async_trait]
impl Egress for Stage {
    async fn exchange(&self, request: OutboundRequest) -> Result<OutboundResponse, SendError> {
        let (answer, answered) = oneshot::channel();
        let gone = || SendError::new(ErrorClass::Connect, "the test is over");
        self.0.send(Exchange { request, answer }).map_err(|_| gone())?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }

    async fn check(&self, url: &EndpointUrl) -> Result<(), SendError> {
        if url.as_str().contains("blocked") {
            return Err(SendError::new(ErrorClass::Blocked, "its address is private"));
        }
        Ok(())
    }
}

pub(crate) struct World {
    pub(crate) engine: Arc<Engine>,
    pub(crate) store: MemoryStore,
    pub(crate) clock: ManualClock,
    exchanges: Mutex<mpsc::UnboundedReceiver<Exchange>>,
}

pub(crate) const KEY: &str = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

impl World {
    /// An engine on an empty store with the tenant `acme`.
    pub(crate) async fn new() -> Self {
        let world = Self::on(MemoryStore::embedded(), ManualClock::default()).await;
        world.put_tenant("acme").await;
        world
    }

    /// An engine on a store that was used before.
    pub(crate) async fn on(store: MemoryStore, clock: ManualClock) -> Self {
        Self::with_profiles(store, clock, exact_profiles()).await
    }

    /// The same, serving other profiles.
    pub(crate) async fn with_profiles(
        store: MemoryStore,
        clock: ManualClock,
        profiles: Vec<GivenProfile>,
    ) -> Self {
        Self::with_keys(store, clock, profiles, KEY).await
    }

    /// The same, with this list of keys for its secrets.
    pub(crate) async fn with_keys(
        store: MemoryStore,
        clock: ManualClock,
        profiles: Vec<GivenProfile>,
        keys: &str,
    ) -> Self {
        Self::start(store, clock, (profiles, keys), (None, Notifying::default())).await
    }

    /// The same, with the operator's rule for subscriptions that fail.
    pub(crate) async fn deactivating_after(
        store: MemoryStore,
        clock: ManualClock,
        profiles: Vec<GivenProfile>,
        after: Option<Duration>,
    ) -> Self {
        Self::start(store, clock, (profiles, KEY), (after, Notifying::default())).await
    }

    /// The same, with a way out for mail.
    pub(crate) async fn mailing(
        store: MemoryStore,
        clock: ManualClock,
        profiles: Vec<GivenProfile>,
        mailer: Option<Arc<dyn Mailer>>,
    ) -> Self {
        let notifying = Notifying { mailer, public_url: "https://hooks.example.com".to_owned() };
        Self::start(store, clock, (profiles, KEY), (None, notifying)).await
    }

    async fn start(
        store: MemoryStore,
        clock: ManualClock,
        (profiles, keys): (Vec<GivenProfile>, &str),
        (deactivate_after, notifying): (Option<Duration>, Notifying),
    ) -> Self {
        let (send, exchanges) = mpsc::unbounded_channel();
        let parts = Parts {
            store: Arc::new(store.clone()),
            egress: Arc::new(Stage(send)),
            clock: Arc::new(clock.clone()),
            rng: StdRng::seed_from_u64(1),
            secrets: SecretBox::parse(keys).unwrap(),
            profiles,
            deactivate_after,
            notifying,
            node_name: "test".to_owned(),
        };
        let engine = Engine::start(parts).await.unwrap();
        Self { engine, store, clock, exchanges: Mutex::new(exchanges) }
    }

    pub(crate) async fn put_tenant(&self, id: &str) {
        self.engine
            .configuration()
            .put_tenant(&Origin::ADMIN, TenantId::parse(id).unwrap(), tenant_of("standard", "{}"))
            .await
            .unwrap();
    }

    pub(crate) async fn subscribe(&self, spec: SubscriptionSpec) -> SubscriptionView {
        self.subscribe_in(&acme(), spec).await
    }

    pub(crate) async fn subscribe_in(&self, tenant: &TenantId, spec: SubscriptionSpec) -> SubscriptionView {
        let new = NewSubscription { draft: draft(spec), secret: None };
        self.engine.configuration().create_subscription(&Origin::ADMIN, tenant, new).await.unwrap()
    }

    pub(crate) async fn publish(&self, data: &str) -> Published {
        self.try_publish(event("lead.created", data)).await.unwrap()
    }

    pub(crate) async fn try_publish(&self, event: PublishEvent) -> Result<Published, PublishError> {
        patient("an answer to publish", self.engine.accepting().publish(&acme(), event)).await
    }

    /// The next exchange that the engine begins.
    pub(crate) async fn exchange(&self) -> Exchange {
        let next = async { self.exchanges.lock().await.recv().await.unwrap() };
        patient("an exchange", next).await
    }

    /// The exchanges that have begun since, when nothing begins any more.
    pub(crate) async fn begun(&self) -> Vec<Exchange> {
        self.settle().await;
        let mut exchanges = self.exchanges.lock().await;
        std::iter::from_fn(|| exchanges.try_recv().ok()).collect()
    }

    pub(crate) async fn no_exchange(&self) {
        self.settle().await;
        assert!(self.exchanges.lock().await.try_recv().is_err(), "an exchange that must not be");
    }

    /// Lets everything run that can run without the clock or an answer.
    pub(crate) async fn settle(&self) {
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
    }

    pub(crate) async fn delivery_of(&self, published: &Published) -> DeliveryId {
        let filter = DeliveryFilter { event: Some(published.id), ..DeliveryFilter::default() };
        let page = self.engine.history().list_deliveries(&acme(), filter, None, 10).await.unwrap();
        page.items[0].id
    }

    /// A delivery with its attempts.
    pub(crate) async fn view(&self, id: DeliveryId) -> postroad_engine::DeliveryView {
        self.engine.history().delivery(&acme(), id).await.unwrap()
    }

    /// Waits until the only delivery of the event has the status.
    pub(crate) async fn reaches(
        &self,
        published: &Published,
        status: Status,
    ) -> postroad_engine::DeliveryView {
        let id = self.delivery_of(published).await;
        let reached = async {
            loop {
                let view = self.engine.history().delivery(&acme(), id).await.unwrap();
                if view.delivery.status == status {
                    return view;
                }
                tokio::task::yield_now().await;
            }
        };
        patient(&format!("{status:?}"), reached).await
    }

    /// Turns the clock by `span` once the engine sleeps until some retry.
    pub(crate) async fn pass(&self, span: Duration) {
        self.settle().await;
        self.clock.advance(span);
    }

    pub(crate) async fn pause(&self, id: SubscriptionId, active: bool) {
        let current = self.engine.configuration().subscription(&acme(), id).await.unwrap();
        let (revision, spec) = (current.revision(), SubscriptionSpec { active, ..current.spec });
        self.engine
            .configuration()
            .update_subscription(&Origin::ADMIN, &acme(), id, revision, draft(spec))
            .await
            .unwrap();
    }
}

/// The built-in profiles without jitter, for a clock that is turned by hand.
pub(crate) fn exact_profiles() -> Vec<GivenProfile> {
    exact_profiles_with(|_, text| text)
}

/// The same, each with its text changed by its name.
pub(crate) fn exact_profiles_with(change: impl Fn(&str, String) -> String) -> Vec<GivenProfile> {
    let exact = |(name, mut files): (String, BTreeMap<String, String>)| {
        let text = files.get_mut("profile.toml").unwrap();
        *text = change(&name, text.replace("jitter_percent = 10", "jitter_percent = 0"));
        GivenProfile::load(files).unwrap()
    };
    postroad_profile::built_in().into_iter().map(exact).collect()
}

pub(crate) fn acme() -> TenantId {
    TenantId::parse("acme").unwrap()
}

pub(crate) fn to(url: &str) -> SubscriptionSpec {
    SubscriptionSpec::to(EndpointUrl::parse(url).unwrap())
}

/// The same push subscription with some of its settings changed.
pub(crate) fn pushed_with(mut spec: SubscriptionSpec, change: impl FnOnce(&mut Push)) -> SubscriptionSpec {
    change(spec.push_mut().unwrap());
    spec
}

pub(crate) fn tenant_of(profile: &str, options: &str) -> TenantSpec {
    let (profile, options) = (profile.to_owned(), options.to_owned());
    TenantSpec {
        profile,
        name: None,
        contacts: Vec::new(),
        options,
        retention: None,
        retention_bytes: None,
        sealed: None,
    }
}

/// A specification as somebody would write it anew.
pub(crate) fn draft(spec: SubscriptionSpec) -> SubscriptionDraft {
    spec.into()
}

pub(crate) fn event(event_type: &str, data: &str) -> PublishEvent {
    PublishEvent {
        event_type: event_type.to_owned(),
        data: Bytes::copy_from_slice(data.as_bytes()),
        tags: Vec::new(),
        attributes: Bytes::new(),
        occurred_at: None,
        deliver_at: None,
        idempotency: None,
        trace: None,
    }
}

pub(crate) async fn patient<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}
