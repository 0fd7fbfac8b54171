//! The whole server in process: router and engine on a memory store, a clock that stands still, receivers that the test
//! plays itself.

use std::sync::Arc;

use async_trait::async_trait;
use axum::{Router, body::Body};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use postroad_domain::{Clock, EndpointUrl, ErrorClass};
use postroad_engine::{
    AdminKey, Egress, Engine, Notifying, OutboundRequest, OutboundResponse, Parts, SecretBox, SendError,
    built_in_profiles,
};
use postroad_server::{HttpMetrics, Inspector, InspectorParts, MetricsKey, ServerParts, ServerState, router};
use postroad_store::memory::MemoryStore;
use postroad_testkit::{ManualClock, within};
use prometheus_client::registry::Registry;
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc, oneshot};
use tower::ServiceExt;

use crate::own_profiles::own_profiles;

pub(crate) const ADMIN_KEY: &str = "adm_of_the_tests";
pub(crate) const ACME: &str = "/v1/tenants/acme";
/// Opens the figures only.
pub(crate) const METRICS_KEY: &str = "met_of_the_test";
const SECRET_KEY: &str = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

type Answer = Result<OutboundResponse, SendError>;

/// An exchange that waits for the test to play the receiver.
pub(crate) struct Exchange {
    pub(crate) request: OutboundRequest,
    answer: oneshot::Sender<Answer>,
}

impl Exchange {
    /// The first header of that name, whatever its case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.request.headers.get(name)
    }

    pub(crate) fn answer(self, status: u16, body: &[u8]) {
        let headers = [("server", "test")].into();
        let body = Bytes::copy_from_slice(body);
        let _ = self.answer.send(Ok(OutboundResponse {
            status,
            headers,
            body,
            truncated: false,
            repeated: false,
        }));
    }

    pub(crate) fn fail(self, class: ErrorClass) {
        let _ = self.answer.send(Err(SendError::new(class, "as the test says")));
    }
}

/// The network: every exchange goes to the test, and so does the check of a URL that holds `slow`.
struct Stage {
    exchanges: mpsc::UnboundedSender<Exchange>,
    checks: mpsc::UnboundedSender<oneshot::Sender<()>>,
}

#[async_trait]
impl Egress for Stage {
    async fn exchange(&self, request: OutboundRequest) -> Answer {
        let (answer, answered) = oneshot::channel();
        let gone = || SendError::new(ErrorClass::Connect, "the test is over");
        self.exchanges.send(Exchange { request, answer }).map_err(|_| gone())?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }

    async fn check(&self, url: &EndpointUrl) -> Result<(), SendError> {
        if url.as_str().contains("blocked") {
            return Err(SendError::new(ErrorClass::Blocked, "its address is private"));
        }
        if url.as_str().contains("slow") {
            let (go_on, told) = oneshot::channel();
            let _ = self.checks.send(go_on);
            let _ = told.await;
        }
        Ok(())
    }
}

pub(crate) struct App {
    pub(crate) router: Router,
    pub(crate) state: ServerState,
    pub(crate) store: MemoryStore,
    pub(crate) clock: ManualClock,
    pub(crate) engine: Arc<Engine>,
    exchanges: Mutex<mpsc::UnboundedReceiver<Exchange>>,
    checks: Mutex<mpsc::UnboundedReceiver<oneshot::Sender<()>>>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body of an answer that must have this status.
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }
}

impl App {
    /// A server with the tenant `acme` of the profile `standard`.
    pub(crate) async fn new() -> Self {
        Self::start(true).await
    }

    /// The same with the inspector off.
    pub(crate) async fn without_inspector() -> Self {
        Self::start(false).await
    }

    async fn start(has_inspector: bool) -> Self {
        let (send, exchanges) = mpsc::unbounded_channel();
        let (send_check, checks) = mpsc::unbounded_channel();
        let (store, clock) = (MemoryStore::embedded(), ManualClock::default());
        let parts = Parts {
            store: Arc::new(store.clone()),
            egress: Arc::new(Stage { exchanges: send, checks: send_check }),
            clock: Arc::new(clock.clone()),
            rng: StdRng::seed_from_u64(1),
            secrets: SecretBox::parse(SECRET_KEY).unwrap(),
            deactivate_after: None,
            notifying: Notifying::default(),
            node_name: "test".to_owned(),
            profiles: built_in_profiles().into_iter().chain(own_profiles()).collect(),
        };
        let engine = Engine::start(parts).await.unwrap();
        let mut rng = StdRng::seed_from_u64(2);
        let (admin_key, _) = AdminKey::establish(&store, Some(ADMIN_KEY), &mut rng).await.unwrap();
        let (mut registry, http_metrics) = (Registry::with_prefix("postroad"), Arc::new(HttpMetrics::new()));
        engine.metrics().register(&mut registry);
        engine.metrics().register_per_tenant(&mut registry);
        http_metrics.register(&mut registry);
        let measured: Arc<dyn Clock> = Arc::new(clock.clone());
        let inspector = Inspector::new(InspectorParts {
            clock: Arc::clone(&measured),
            rng: StdRng::seed_from_u64(3),
            public_url: EndpointUrl::parse("https://hooks.example").unwrap(),
            short_names: false,
        });
        let state = ServerState::new(ServerParts {
            engine: Arc::clone(&engine),
            admin_key,
            registry: Arc::new(registry),
            metrics_key: Some(MetricsKey::new(METRICS_KEY)),
            http_metrics,
            clock: measured,
            inspector: has_inspector.then_some(inspector),
        });
        let app = Self {
            router: router(state.clone()),
            state,
            store,
            clock,
            engine,
            exchanges: Mutex::new(exchanges),
            checks: Mutex::new(checks),
        };
        app.put(ACME, json!({"profile": "standard"})).await.expect(201);
        app
    }

    pub(crate) async fn call(&self, request: Request<Body>) -> Reply {
        let response = within("an answer", self.router.clone().oneshot(request)).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply { status: head.status, headers: head.headers, body }
    }

    /// A request with the admin key and any bytes as its body.
    pub(crate) async fn send(&self, method: &str, path: &str, body: impl Into<Body>) -> Reply {
        self.call(with_key(method, path).body(body.into()).unwrap()).await
    }

    /// A request with another key.
    pub(crate) async fn send_as(&self, key: &str, method: &str, path: &str, body: &str) -> Reply {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("authorization", format!("Bearer {key}"));
        self.call(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// A key of `acme`, in plain.
    pub(crate) async fn key(&self, body: Value) -> String {
        let created = self.post(&format!("{ACME}/keys"), body).await.expect(201);
        created["key"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, Body::empty()).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.send("PUT", path, body.to_string()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, body.to_string()).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send("PATCH", path, body.to_string()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, Body::empty()).await
    }

    /// A tenant of a profile, with its options; answers its path.
    pub(crate) async fn tenant(&self, profile: &str, options: Value) -> String {
        let path = format!("/v1/tenants/of-{profile}");
        self.put(&path, json!({"profile": profile, "options": options})).await.expect(201);
        path
    }

    /// A subscription of a tenant; answers its path and what the creation answered.
    pub(crate) async fn subscribe_in(&self, tenant: &str, body: Value) -> (String, Value) {
        let created = self.post(&format!("{tenant}/subscriptions"), body).await.expect(201);
        (format!("{tenant}/subscriptions/{}", created["id"].as_str().unwrap()), created)
    }

    /// A subscription of `acme`; answers what the creation answered.
    pub(crate) async fn subscribe(&self, body: Value) -> Value {
        self.post(&format!("{ACME}/subscriptions"), body).await.expect(201)
    }

    /// A subscription to everything.
    pub(crate) async fn subscribe_to(&self, url: &str) -> Value {
        self.subscribe(json!({"delivery": {"type": "push", "url": url}})).await
    }

    pub(crate) async fn publish(&self, body: Value) -> Value {
        self.post(&format!("{ACME}/events"), body).await.expect(202)
    }

    /// The next exchange that the engine begins.
    pub(crate) async fn exchange(&self) -> Exchange {
        let next = async { self.exchanges.lock().await.recv().await.unwrap() };
        within("an exchange", next).await
    }

    /// The next check of a slow URL; it goes on when the answer is dropped.
    pub(crate) async fn slow_check(&self) -> oneshot::Sender<()> {
        let next = async { self.checks.lock().await.recv().await.unwrap() };
        within("the check of a slow URL", next).await
    }

    /// The path of the only delivery of an event.
    pub(crate) async fn delivery_of(&self, event: &Value) -> String {
        let event = event["id"].as_str().unwrap();
        let page = self.get(&format!("{ACME}/deliveries?event={event}")).await.expect(200);
        format!("{ACME}/deliveries/{}", page["data"][0]["id"].as_str().unwrap())
    }

    /// Waits until a delivery has the status; answers it with its attempts.
    pub(crate) async fn reaches(&self, path: &str, status: &str) -> Value {
        let reached = async {
            loop {
                let delivery = self.get(path).await.expect(200);
                if delivery["status"] == status {
                    return delivery;
                }
                tokio::task::yield_now().await;
            }
        };
        within(status, reached).await
    }

    /// All that a refused request must not change.
    pub(crate) async fn everything(&self) -> Vec<Value> {
        let mut all = vec![self.get("/v1/tenants").await.expect(200)];
        for list in ["subscriptions", "events", "deliveries", "event-types", "keys"] {
            all.push(self.get(&format!("{ACME}/{list}")).await.expect(200));
        }
        all
    }
}

pub(crate) fn with_key(method: &str, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path).header("authorization", format!("Bearer {ADMIN_KEY}"))
}
