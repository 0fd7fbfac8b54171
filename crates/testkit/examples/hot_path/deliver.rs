//! An event of 1 KiB through engine and embedded store to ten subscriptions whose receivers answer at once: from the call that
//! publishes it to the commit of its ten outcomes. Once as usual, once with a caller whose trace nobody here records, once
//! with somebody who records it: what traces cost.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use postroad_domain::{EndpointUrl, SubscriptionSpec, TenantId, TraceContext};
use postroad_engine::{
    Egress, Engine, NewSubscription, Notifying, Origin, OutboundRequest, OutboundResponse, Parts,
    PublishEvent, SecretBox, SendError, SubscriptionDraft, built_in_profiles,
};
use postroad_store_sqlite::{Options, SqliteStore};
use postroad_testkit::ManualClock;
use rand::{SeedableRng, rngs::StdRng};
use tokio::sync::Notify;

use super::{Piece, tenant_spec};

const SUBSCRIPTIONS: u64 = 10;
const SECRET_KEY: &str = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

pub(super) fn pieces() -> [Piece; 3] {
    [(false, false), (true, false), (true, true)]
        .map(|(is_traced, is_recorded)| piece(is_traced, is_recorded))
}

fn piece(is_traced: bool, is_recorded: bool) -> Piece {
    let suffix = match (is_traced, is_recorded) {
        (false, _) => "",
        (true, false) => ", traced by the caller",
        (true, true) => ", traced and recorded",
    };
    Piece {
        name: format!("engine, an event for {SUBSCRIPTIONS} subscriptions{suffix}"),
        times: 100,
        run: Box::new(move |times| {
            let deliver = || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(deliver(times, is_traced));
            };
            if is_recorded {
                tracing::subscriber::with_default(tracing_subscriber::registry(), deliver);
            } else {
                deliver();
            }
        }),
    }
}

async fn deliver(times: usize, is_traced: bool) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::default());
    let options = Options { ballast_bytes: 0, ..Options::new(folder.path(), clock.clone()) };
    let receivers = Arc::new(Receivers::default());
    let parts = Parts {
        store: Arc::new(SqliteStore::open(options).unwrap()),
        egress: receivers.clone(),
        clock,
        rng: StdRng::seed_from_u64(1),
        secrets: SecretBox::parse(SECRET_KEY).unwrap(),
        profiles: built_in_profiles(),
        deactivate_after: None,
        notifying: Notifying::default(),
        node_name: "counted".to_owned(),
    };
    let engine = Engine::start(parts).await.unwrap();
    let tenant = TenantId::parse("acme").unwrap();
    engine.configuration().put_tenant(&Origin::ADMIN, tenant.clone(), tenant_spec()).await.unwrap();
    for number in 0..SUBSCRIPTIONS {
        let url = EndpointUrl::parse(&format!("https://example.com/hook/{number}")).unwrap();
        let draft = SubscriptionDraft::from(SubscriptionSpec::to(url));
        let new = NewSubscription { draft, secret: None };
        engine.configuration().create_subscription(&Origin::ADMIN, &tenant, new).await.unwrap();
    }
    let data = format!(r#"{{"text":"{}"}}"#, "x".repeat(1_000));
    let trace = is_traced.then(|| TraceContext::root([1; 16], [2; 8]));
    for _ in 0..times {
        let event = PublishEvent {
            event_type: "lead.created".to_owned(),
            data: Bytes::from(data.clone()),
            tags: Vec::new(),
            attributes: Bytes::new(),
            occurred_at: None,
            deliver_at: None,
            idempotency: None,
            trace: trace.clone(),
        };
        engine.accepting().publish(&tenant, event).await.unwrap();
    }
    while receivers.answered.load(Ordering::Relaxed) < times as u64 * SUBSCRIPTIONS {
        receivers.is_asked.notified().await;
    }
    engine.stop(Duration::ZERO).await;
}

/// All of them answer 200 at once.
#[derive(Default)]
struct Receivers {
    answered: AtomicU64,
    is_asked: Notify,
}

#[async_trait]
impl Egress for Receivers {
    async fn exchange(&self, _: OutboundRequest) -> Result<OutboundResponse, SendError> {
        self.answered.fetch_add(1, Ordering::Relaxed);
        self.is_asked.notify_one();
        let headers = [("content-length", "0")].into();
        Ok(OutboundResponse { status: 200, headers, body: Bytes::new(), truncated: false, repeated: false })
    }

    async fn check(&self, _: &EndpointUrl) -> Result<(), SendError> {
        Ok(())
    }
}
