//! Load: each customer publishes one batch after the other, with an event for each of its keys.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use bytes::Bytes;
use postroad_testkit::{ADMIN_KEY, TestServer};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde_json::Value;
use tokio::task::JoinSet;

use super::{KEYS, TENANTS, tenant};

/// Hands out numbers, over all rounds.
#[derive(Clone, Debug, Default)]
pub(super) struct Load {
    last_number: Arc<AtomicU64>,
}

/// One request to publish, which can be sent again: each event has an id of its own.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    /// Whose.
    pub(super) tenant: usize,
    /// The number and the key of each event.
    pub(super) events: Vec<(u64, usize)>,
}

/// What the publishers know when the server is gone.
#[derive(Debug, Default)]
pub(super) struct Published {
    /// Batches that were acknowledged, each with the ids of its events, in the order of their acknowledgement.
    pub(super) acknowledged: Vec<(Batch, Vec<String>)>,
    /// Batches of which nobody knows.
    pub(super) unanswered: Vec<Batch>,
}

impl Published {
    pub(super) fn extend(&mut self, other: Self) {
        self.acknowledged.extend(other.acknowledged);
        self.unanswered.extend(other.unanswered);
    }
}

impl Load {
    /// One batch for each tenant, all at the same time.
    pub(super) async fn publish_to_all(&self, server: &Arc<TestServer>, rng: &mut StdRng) -> Published {
        let mut publishing = JoinSet::new();
        for tenant in 0..TENANTS {
            let (batch, server) = (self.batch(tenant, rng), Arc::clone(server));
            publishing.spawn(async move {
                let ids = batch.send(&server).await.expect("nobody kills the server yet");
                (batch, ids)
            });
        }
        Published { acknowledged: publishing.join_all().await, unanswered: Vec::new() }
    }

    /// Each tenant publishes until the `kill_after`th batch was acknowledged; at that moment the server is struck dead.
    pub(super) async fn publish_until_killed(
        &self,
        server: &Arc<TestServer>,
        rng: &mut StdRng,
        kill_after: usize,
    ) -> Published {
        let answers = Arc::new(AtomicUsize::new(0));
        let mut publishers = JoinSet::new();
        for tenant in 0..TENANTS {
            let (load, server, answers) = (self.clone(), Arc::clone(server), Arc::clone(&answers));
            let mut rng = StdRng::seed_from_u64(rng.random());
            publishers.spawn(async move {
                let mut published = Published::default();
                loop {
                    let batch = load.batch(tenant, &mut rng);
                    let Some(ids) = batch.send(&server).await else {
                        published.unanswered.push(batch);
                        return published;
                    };
                    published.acknowledged.push((batch, ids));
                    if answers.fetch_add(1, Ordering::SeqCst) + 1 == kill_after {
                        server.strike_dead();
                    }
                }
            });
        }
        let mut all = Published::default();
        publishers.join_all().await.into_iter().for_each(|one| all.extend(one));
        all
    }

    /// An event for each key of the tenant, in any order.
    fn batch(&self, tenant: usize, rng: &mut StdRng) -> Batch {
        let mut keys: Vec<usize> = (0..KEYS).collect();
        keys.shuffle(rng);
        let numbered =
            keys.into_iter().map(|key| (self.last_number.fetch_add(1, Ordering::Relaxed) + 1, key));
        Batch { tenant, events: numbered.collect() }
    }
}

impl Batch {
    /// Sends it, always with the same bytes, and answers the ids of its events. `None` when the connection broke before the
    /// answer. Panics when the server refuses anything.
    pub(super) async fn send(&self, server: &TestServer) -> Option<Vec<String>> {
        let path = format!("/v1/tenants/{}/events/batch", tenant(self.tenant));
        let headers = [("content-type", "application/json")];
        let sent = server.call(http::Method::POST, &path, Some(ADMIN_KEY), &headers, self.body()).await;
        let answer = sent.ok()?.expect_status(202).json();
        let results = answer["results"].as_array().expect("a batch answers each event");
        assert_eq!(results.len(), self.events.len(), "{answer}");
        let id =
            |result: &Value| result["id"].as_str().unwrap_or_else(|| panic!("refused: {result}")).to_owned();
        Some(results.iter().map(id).collect())
    }

    fn body(&self) -> Bytes {
        let event = |(number, key): &(u64, usize)| {
            format!(
                "{{\"type\":\"order.created\",\"id\":\"n-{number}\",\"data\":{{\"key\":\"k{key}\",\"number\":{number}}}}}"
            )
        };
        let events: Vec<_> = self.events.iter().map(event).collect();
        format!("{{\"events\":[{}]}}", events.join(",")).into()
    }
}
