//! Load: several connections that publish as fast as they are answered, until the server is killed under their hands.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use postroad_testkit::TestServer;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::task::JoinSet;

use super::parcel::{Acknowledged, Parcel};

/// Requests under way at a time, each on a connection that is kept open.
const CONNECTIONS: usize = 6;

/// Hands out numbers, over all rounds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Generator {
    last_number: Arc<AtomicU64>,
}

/// What the publishers know when the server is gone.
#[derive(Debug, Default)]
pub(crate) struct Published {
    /// Parcels that were acknowledged, each with what was.
    pub(crate) acknowledged: Vec<(Parcel, Vec<Acknowledged>)>,
    /// Parcels of which nobody knows.
    pub(crate) unanswered: Vec<Parcel>,
}

impl Generator {
    /// Publishes until the `kill_after`th request was acknowledged; at that moment the server is struck dead.
    pub(crate) async fn publish_until_killed(
        &self,
        server: &Arc<TestServer>,
        rng: &mut StdRng,
        kill_after: u64,
    ) -> Published {
        let answers = Arc::new(AtomicU64::new(0));
        let mut publishers = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let (server, answers) = (Arc::clone(server), Arc::clone(&answers));
            let (generator, rng) = (self.clone(), StdRng::seed_from_u64(rng.random()));
            publishers.spawn(async move {
                let answered = || {
                    if answers.fetch_add(1, Ordering::SeqCst) + 1 == kill_after {
                        server.strike_dead();
                    }
                };
                generator.publish(&server, rng, answered).await
            });
        }
        let mut all = Published::default();
        for one in publishers.join_all().await {
            all.acknowledged.extend(one.acknowledged);
            all.unanswered.extend(one.unanswered);
        }
        all
    }

    /// One publisher: until its connection breaks.
    async fn publish(&self, server: &TestServer, mut rng: StdRng, answered: impl Fn()) -> Published {
        let mut published = Published::default();
        loop {
            let parcel = Parcel::random(&mut rng, || self.last_number.fetch_add(1, Ordering::Relaxed) + 1);
            let Some(acknowledged) = parcel.send(server).await else {
                published.unanswered.push(parcel);
                return published;
            };
            answered();
            published.acknowledged.push((parcel, acknowledged));
        }
    }
}
