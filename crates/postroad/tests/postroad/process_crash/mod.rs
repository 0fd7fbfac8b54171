//! Crashes amid load: whenever the process is killed, what was acknowledged arrives.
//!
//! A round kills the server at the moment of the n-th acknowledgement, n drawn by a seeded generator, starts it again on
//! the same data and port, and goes on until nothing is owed. The rounds share one data folder, so each but the first
//! also recovers what the ones before have left behind.

mod generator;
mod ledger;
mod parcel;

use std::{
    cell::{Cell, RefCell},
    sync::Arc,
    time::Duration,
};

use generator::{Generator, Published};
use ledger::{Ledger, PATHS};
use postroad_testkit::{Answer, PATIENCE, Received, Receiver, TestServer, rounds};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::json;

use crate::support::{create_subscription, create_tenant, median_and_max, now};

/// Where the moments of the crashes come from; `POSTROAD_SEED` repeats a run that failed.
const SEED: u64 = 20_261_121;
/// A round's crash comes after at most so many acknowledgements.
const KILL_AFTER_MAX: u64 = 120;
/// In each round the flaky receiver fails three of ten of its first requests.
const FLAKY_ANSWERS: usize = 1_000;
/// Of a hundred thousand deliveries whose attempts fail three times in ten, one is likely to fail ten times in a row and
/// to be given up, which would count as lost; none fails thirty times.
const ATTEMPTS: usize = 30;
/// Lost deliveries that a failure tells about.
const LOST_SHOWN_MAX: usize = 20;
/// From the start of the process to the first request that it sends.
const FIRST_REDELIVERY_MAX: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_event_arrives_at_each_subscription_whenever_the_server_is_killed() {
    let seed = std::env::var("POSTROAD_SEED").map_or(SEED, |text| text.parse().expect("a number"));
    let mut stage = Stage::new(seed).await;
    let rounds = rounds(5, 200);
    let mut first_redeliveries = Vec::new();
    for round in 1..=rounds {
        let name = format!("round {round} of seed {seed}");
        let published = stage.crash().await;
        first_redeliveries.extend(stage.restart().await);
        stage.repeat(&published).await;
        stage.settle(&name).await;
    }
    let ledger = stage.ledger.borrow();
    let crashes = first_redeliveries.len();
    let (median, max) = median_and_max(first_redeliveries);
    println!(
        "{rounds} crashes, {} events acknowledged, 0 lost, {} of {} deliveries came twice; first redelivery after \
         {crashes} restarts: median {median:?}, max {max:?}",
        ledger.acknowledged(),
        ledger.duplicates(),
        ledger.acknowledged() * PATHS.len(),
    );
    // Not the largest: on a machine that does something else as well, one of two hundred may be late.
    assert!(median <= FIRST_REDELIVERY_MAX, "the first redelivery took {median:?}");
}

/// The server, the receiver and the book.
struct Stage {
    server: Arc<TestServer>,
    receiver: Receiver,
    generator: Generator,
    ledger: RefCell<Ledger>,
    /// Of what the receiver has now, how many requests the ledger knows.
    entered: Cell<usize>,
    rng: StdRng,
}

impl Stage {
    async fn new(seed: u64) -> Self {
        let (server, receiver) = (TestServer::start().await, Receiver::start().await);
        create_tenant(&server, "acme").await;
        for path in PATHS {
            let retry = json!({"retry": {"attempts": ATTEMPTS, "backoff": ["200ms"]}});
            create_subscription(&server, "acme", &receiver.url(path), retry).await;
        }
        Self {
            server: Arc::new(server),
            receiver,
            generator: Generator::default(),
            ledger: RefCell::default(),
            entered: Cell::new(0),
            rng: StdRng::seed_from_u64(seed),
        }
    }

    /// Publishes, and kills the server amid it.
    async fn crash(&mut self) -> Published {
        let failing = |_| Answer::status(if self.rng.random_bool(0.3) { 500 } else { 200 });
        let mut answers: Vec<_> = (0..FLAKY_ANSWERS).map(failing).collect();
        answers.push(Answer::status(200));
        self.receiver.answer_in_turn("/flaky", answers);
        let kill_after = self.rng.random_range(1..=KILL_AFTER_MAX);
        let published = self.generator.publish_until_killed(&self.server, &mut self.rng, kill_after).await;
        let mut ledger = self.ledger.borrow_mut();
        for (_, acknowledged) in &published.acknowledged {
            acknowledged.iter().for_each(|one| ledger.acknowledge(one));
        }
        published
    }

    /// Starts the server where it was; answers how long its first redelivery took, if the dead one owed any.
    async fn restart(&mut self) -> Option<Duration> {
        let address = self.server.address();
        alone(&mut self.server).kill9().await.expect("it was running");
        // What the dead one had sent is read to its end, so whatever comes from now on is the new one's.
        self.receiver.wait_for_open_connections_at_most(0).await;
        self.enter(&self.receiver.received());
        let (seen, owes) = (self.entered.get(), self.ledger.borrow().owed().next().is_some());
        let spawned = now();
        alone(&mut self.server).start_again_at(address).await.expect("a crash harms no data");
        if !owes {
            return None;
        }
        let received = self.receiver.wait_until("a redelivery", |received| received.len() > seen).await;
        Some(received[seen].arrived_at - spawned)
    }

    /// Sends again what has a key: what was acknowledged is the same event, and the rest is acknowledged now.
    async fn repeat(&self, published: &Published) {
        for (parcel, before) in published.acknowledged.iter().filter(|(parcel, _)| parcel.is_keyed()) {
            let again = parcel.send(&self.server).await.expect("the server answers");
            for (before, again) in before.iter().zip(again) {
                assert!(again.duplicate && again.id == before.id, "{before:?} became {again:?}");
            }
        }
        for parcel in published.unanswered.iter().filter(|parcel| parcel.is_keyed()) {
            let acknowledged = parcel.send(&self.server).await.expect("the server answers");
            acknowledged.iter().for_each(|one| self.ledger.borrow_mut().acknowledge(one));
        }
    }

    /// Waits until nothing is owed, and lets the receiver forget the round. Panics with what the server says about the
    /// deliveries that do not come.
    async fn settle(&self, round: &str) {
        let mut arrivals = self.receiver.arrivals();
        let settled = arrivals.wait_for(|received| {
            self.enter(received);
            self.ledger.borrow().owed().next().is_none()
        });
        let settled = tokio::time::timeout(PATIENCE, settled).await.is_ok();
        if !settled {
            panic!("{round}: not all deliveries came:\n{}", self.lost().await);
        }
        self.enter(&self.receiver.take());
        self.entered.set(0);
    }

    /// The server's view of what is owed.
    async fn lost(&self) -> String {
        let owed: Vec<_> = self.ledger.borrow().owed().take(LOST_SHOWN_MAX).collect();
        let mut lines = format!("{}\n", self.server.log());
        for (path, id) in owed {
            let list = format!("/v1/tenants/acme/deliveries?event={id}");
            let view = self.server.get(&list).await.map(|reply| reply.text());
            lines += &format!("{path}: {view:?}\n");
        }
        lines
    }

    /// Enters what the ledger does not know yet.
    fn enter(&self, received: &[Received]) {
        self.ledger.borrow_mut().receive(&received[self.entered.get()..]);
        self.entered.set(received.len());
    }
}

/// The server, which nobody else holds between the rounds' publishers.
fn alone(server: &mut Arc<TestServer>) -> &mut TestServer {
    Arc::get_mut(server).expect("the publishers have ended")
}
