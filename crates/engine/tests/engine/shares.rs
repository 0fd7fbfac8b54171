//! Fair shares, judged on counted deliveries: hundreds of tenants, most of them with receivers that behave badly, on a
//! clock that the test turns.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;
use postroad_domain::{Clock, EndpointUrl, ErrorClass, TenantId};
use postroad_egress::{Egress, OutboundRequest, OutboundResponse, SendError};
use postroad_engine::{Engine, NewSubscription, Notifying, Origin, Parts, SecretBox};
use postroad_store::memory::MemoryStore;
use postroad_testkit::clock::ManualClock;
use rand::{SeedableRng, rngs::StdRng};

use crate::world::{KEY, draft, event, exact_profiles, pushed_with, tenant_of, to};

/// How a receiver behaves; the first part of its host name.
const BEHAVIOURS: [(&str, usize); 7] = [
    ("healthy", 40),
    ("slow", 30),
    ("dead", 40),
    ("failing", 30),
    ("throttling", 30),
    ("refusing", 30),
    ("trickling", 40),
];
const HEALTHY_LATENCY: Duration = Duration::from_millis(5);
const HEALTHY_CONCURRENCY: u32 = 8;
/// More than there is for all of them together.
const OTHERS_CONCURRENCY: u32 = 50;

/// Receivers of all behaviours, and how many deliveries each took.
struct Receivers {
    clock: ManualClock,
    taken: Mutex<HashMap<String, u64>>,
    number: AtomicU64,
}

impl Receivers {
    fn answered(status: u16, headers: &[(&str, &str)]) -> Result<OutboundResponse, SendError> {
        let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Ok(OutboundResponse { status, headers, body: Bytes::new(), truncated: false, repeated: false })
    }
}

#[async_trait]
impl Egress for Receivers {
    async fn exchange(&self, request: OutboundRequest) -> Result<OutboundResponse, SendError> {
        let host = request.url.as_str().trim_start_matches("https://").split('/').next().unwrap().to_owned();
        let failed = |class| Err(SendError::new(class, "as it behaves"));
        let result = match host.split('-').next().unwrap() {
            "dead" | "trickling" => {
                self.clock.sleep(request.deadline).await;
                failed(ErrorClass::Timeout)
            }
            "refusing" => failed(ErrorClass::Connect),
            "throttling" => Self::answered(429, &[("retry-after", "5")]),
            "slow" => {
                self.clock.sleep(Duration::from_secs(2)).await;
                Self::answered(200, &[])
            }
            behaviour => {
                self.clock.sleep(HEALTHY_LATENCY).await;
                let fails = behaviour == "failing" && self.number.fetch_add(1, Ordering::Relaxed) % 10 < 3;
                Self::answered(if fails { 500 } else { 200 }, &[])
            }
        };
        if result.as_ref().is_ok_and(|response| response.status == 200) {
            *self.taken.lock().entry(host).or_default() += 1;
        }
        result
    }

    async fn check(&self, _: &EndpointUrl) -> Result<(), SendError> {
        Ok(())
    }
}

async fn tenant_with_backlog(engine: &Arc<Engine>, name: &str, concurrency: u32, events: usize) {
    let tenant = TenantId::parse(name).unwrap();
    engine
        .configuration()
        .put_tenant(&Origin::ADMIN, tenant.clone(), tenant_of("standard", "{}"))
        .await
        .unwrap();
    let spec = pushed_with(to(&format!("https://{name}.example/")), |push| push.concurrency = concurrency);
    let new = NewSubscription { draft: draft(spec), secret: None };
    engine.configuration().create_subscription(&Origin::ADMIN, &tenant, new).await.unwrap();
    let backlog = (0..events).map(|_| event("a", "1")).collect();
    engine
        .accepting()
        .publish_batch(&tenant, backlog)
        .await
        .into_iter()
        .for_each(|published| drop(published.unwrap()));
}

/// Lets everything run that can run now: until nobody has lain down or got up for many turns.
async fn settle(clock: &ManualClock) {
    let (mut before, mut still) = (usize::MAX, 0);
    while still < 1_000 {
        tokio::task::yield_now().await;
        let sleepers = clock.sleeper_count();
        still = if sleepers == before { still + 1 } else { 0 };
        before = sleepers;
    }
}

#[tokio::test]
async fn among_hundreds_of_tenants_with_bad_receivers_each_healthy_one_has_what_it_would_have_alone() {
    let clock = ManualClock::default();
    let receivers =
        Arc::new(Receivers { clock: clock.clone(), taken: Mutex::default(), number: AtomicU64::new(0) });
    let parts = Parts {
        store: Arc::new(MemoryStore::embedded()),
        egress: Arc::clone(&receivers) as Arc<dyn Egress>,
        clock: Arc::new(clock.clone()),
        rng: StdRng::seed_from_u64(1),
        secrets: SecretBox::parse(KEY).unwrap(),
        profiles: exact_profiles(),
        deactivate_after: None,
        notifying: Notifying::default(),
        node_name: "test".to_owned(),
    };
    let engine = Engine::start(parts).await.unwrap();
    // The bad ones come first and take what they can get.
    for (behaviour, tenants) in BEHAVIOURS.into_iter().rev() {
        let healthy = behaviour == "healthy";
        let (concurrency, events) =
            if healthy { (HEALTHY_CONCURRENCY, 600) } else { (OTHERS_CONCURRENCY, 120) };
        for number in 0..tenants {
            tenant_with_backlog(&engine, &format!("{behaviour}-{number}"), concurrency, events).await;
        }
    }
    settle(&clock).await;
    receivers.taken.lock().clear();

    let began = clock.monotonic();
    let end = began + Duration::from_millis(200);
    while clock.next_due().is_some_and(|due| clock.monotonic() + due <= end) {
        clock.advance_to_next();
        settle(&clock).await;
    }
    let rounds = (clock.monotonic() - began).as_millis() / HEALTHY_LATENCY.as_millis();
    let alone = rounds as u64 * u64::from(HEALTHY_CONCURRENCY);
    let taken = receivers.taken.lock().clone();
    for number in 0..BEHAVIOURS[0].1 {
        let counted = taken.get(&format!("healthy-{number}.example")).copied().unwrap_or_default();
        assert!(counted * 10 >= alone * 9, "healthy-{number} had {counted} of {alone}: {taken:?}");
    }
    assert!(taken.iter().any(|(host, counted)| host.starts_with("failing") && *counted > 0), "{taken:?}");
    engine.stop(Duration::ZERO).await;
}
