//! Crashes amid open groups: whenever the process is killed, each acknowledged event comes in exactly one group.
//!
//! A thousand groups are open: four customers with five webhooks each, whose events share a group by one of fifty keys. A round
//! kills the server while events join groups, which are closed by hand and by being full meanwhile, or while the windows end and groups
//! are sent. The next round begins on what that left; nothing is waited for until the last one.

mod ledger;
mod load;

use std::{cell::Cell, collections::HashSet, sync::Arc};

use ledger::Ledger;
use load::{Load, Published};
use postroad_testkit::{Answer, PATIENCE, Received, Receiver, ServerOptions, TestServer, poll_for, rounds};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    stage::{id_of, overlay},
    support::{create_subscription, create_tenant, now},
};

const TENANTS: usize = 4;
const SUBSCRIPTIONS: usize = 5;
const KEYS: usize = 50;
const OPEN_GROUPS: usize = TENANTS * SUBSCRIPTIONS * KEYS;
/// A group with so many events is full.
const EVENTS_MAX: usize = 5;
/// What is added to the profile `standard`, which keeps no keys of groups; and nothing delays an attempt that is due.
const OVERLAY: [(&str, &str); 2] = [
    (
        "[delivery]\n",
        "[group]\nwindow = \"3s\"\nkey = \"{{ event.data.key }}\"\nmax_events = 5\n\n[delivery]\n",
    ),
    ("breaker = \"on\"", "breaker = \"off\""),
];

/// Where the moments of the crashes come from; `POSTROAD_SEED` repeats a run that failed.
const SEED: u64 = 20_261_201;
/// A crash amid appending comes after at most so many acknowledged batches.
const ACKNOWLEDGED_MAX: usize = 60;
/// A crash amid sending comes after at most so many requests: fewer than there are groups.
const SENT_MAX: usize = 900;
/// Batches that each customer publishes before a crash amid sending.
const BATCHES_BEFORE_SENDING: usize = 3;
/// Of the first requests of each round one in ten fails, so that bodies are sent again.
const FLAKY_ANSWERS: usize = 500;
/// Lost deliveries that a failure tells about.
const LOST_SHOWN_MAX: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn each_acknowledged_event_comes_in_exactly_one_group_whenever_the_server_is_killed() {
    let seed = std::env::var("POSTROAD_SEED").map_or(SEED, |text| text.parse().expect("a number"));
    let began = now();
    let mut stage = Stage::new(seed).await;
    let rounds = rounds(5, 60);
    for round in 0..rounds {
        let published = if round % 2 == 0 {
            stage.crash_amid_appending().await
        } else {
            stage.crash_amid_sending().await
        };
        stage.restart().await;
        stage.repeat(published).await;
    }
    stage.settle(&format!("seed {seed}")).await;
    let ledger = &stage.ledger;
    ledger.check_order();
    println!(
        "{rounds} crashes in {:?}, up to {} deliveries open at a time, {} events acknowledged, {} groups taken of up to {} \
         events, {} came twice",
        began.elapsed(),
        stage.open_max,
        ledger.acknowledged(),
        ledger.groups(),
        ledger.events_max(),
        ledger.duplicates(),
    );
    assert!(stage.open_max >= OPEN_GROUPS, "only {} groups were open", stage.open_max);
    assert_eq!(ledger.events_max(), EVENTS_MAX, "some groups were full, and none held more");
}

/// The server, the receiver and the book.
struct Stage {
    server: Arc<TestServer>,
    receiver: Receiver,
    load: Load,
    ledger: Ledger,
    /// The subscriptions of each tenant.
    subscriptions: Vec<Vec<String>>,
    /// Deliveries that waited when the groups of a round had been opened, at most.
    open_max: usize,
    /// Of what the receiver has now, how many requests the ledger knows.
    entered: Cell<usize>,
    rng: StdRng,
    _profiles: TempDir,
}

/// The id of a tenant.
fn tenant(number: usize) -> String {
    format!("tenant-{number}")
}

impl Stage {
    async fn new(seed: u64) -> Self {
        let profiles = overlay::write("standard", &OVERLAY);
        let arguments = vec!["--profiles".to_owned(), profiles.path().display().to_string()];
        let server = TestServer::start_with(ServerOptions { arguments, ..ServerOptions::default() }).await;
        let (server, receiver) =
            (server.unwrap_or_else(|error| panic!("{error:#}")), Receiver::start().await);
        let mut subscriptions = Vec::new();
        for number in 0..TENANTS {
            create_tenant(&server, &tenant(number)).await;
            let mut of_tenant = Vec::new();
            for place in 0..SUBSCRIPTIONS {
                // The windows of some end earlier, and their groups wait for the delay of their latest event.
                let mut further = json!({"retry": {"attempts": 30, "backoff": ["200ms"]}});
                match place {
                    0 => further["group"] = json!({"window": "2s"}),
                    1 => further["delay"] = json!("1s"),
                    2 => further["ordered"] = json!(true),
                    _ => {}
                }
                let url = receiver.url(&ledger::path(number, place));
                of_tenant.push(
                    id_of(&create_subscription(&server, &tenant(number), &url, further).await).to_owned(),
                );
            }
            subscriptions.push(of_tenant);
        }
        Self {
            server: Arc::new(server),
            receiver,
            load: Load::default(),
            ledger: Ledger::default(),
            subscriptions,
            open_max: 0,
            entered: Cell::new(0),
            rng: StdRng::seed_from_u64(seed),
            _profiles: profiles,
        }
    }

    /// Opens the groups and goes on publishing, while somebody closes groups by hand; kills the server amid it.
    async fn crash_amid_appending(&mut self) -> Published {
        self.begin_round();
        let mut published = self.open().await;
        let kill_after = self.rng.random_range(1..=ACKNOWLEDGED_MAX);
        let subscriptions = self.subscriptions.clone();
        let closed_by_hand = tokio::spawn(send_now_until_killed(
            Arc::clone(&self.server),
            subscriptions,
            StdRng::seed_from_u64(self.rng.random()),
        ));
        published.extend(self.load.publish_until_killed(&self.server, &mut self.rng, kill_after).await);
        closed_by_hand.await.expect("whoever closes groups does not panic");
        published
    }

    /// Opens the groups and kills the server when so many requests have arrived.
    async fn crash_amid_sending(&mut self) -> Published {
        self.begin_round();
        let mut published = self.open().await;
        for _ in 1..BATCHES_BEFORE_SENDING {
            published.extend(self.load.publish_to_all(&self.server, &mut self.rng).await);
        }
        let wanted = self.receiver.received().len() + self.rng.random_range(1..=SENT_MAX);
        let mut arrivals = self.receiver.arrivals();
        let arrived = arrivals.wait_for(|received| received.len() >= wanted);
        let arrived = tokio::time::timeout(PATIENCE, arrived).await.is_ok();
        assert!(arrived, "waited in vain for {wanted} requests:\n{}", self.server.log());
        self.server.strike_dead();
        published
    }

    /// One batch for each tenant with an event for each of its keys.
    async fn open(&mut self) -> Published {
        let published = self.load.publish_to_all(&self.server, &mut self.rng).await;
        self.open_max = self.open_max.max(waiting(&self.server).await);
        published
    }

    fn begin_round(&mut self) {
        for number in 0..TENANTS {
            for place in 0..SUBSCRIPTIONS {
                let failing = |_| Answer::status(if self.rng.random_bool(0.1) { 500 } else { 200 });
                let mut answers: Vec<_> = (0..FLAKY_ANSWERS / SUBSCRIPTIONS).map(failing).collect();
                answers.push(Answer::status(200));
                self.receiver.answer_in_turn(&ledger::path(number, place), answers);
            }
        }
    }

    /// Starts the server where it was.
    async fn restart(&mut self) {
        let address = self.server.address();
        alone(&mut self.server).kill9().await.expect("it was running");
        // What the dead one had sent is read to its end, so whatever comes from now on is the new one's.
        self.receiver.wait_for_open_connections_at_most(0).await;
        self.enter(&self.receiver.received());
        alone(&mut self.server).start_again_at(address).await.expect("a crash harms no data");
    }

    /// Sends again what nobody knows of: it is acknowledged now, and is one event all the same.
    async fn repeat(&mut self, published: Published) {
        for (batch, ids) in published.acknowledged {
            self.ledger.acknowledge(&batch, &ids, false);
        }
        for batch in published.unanswered {
            let ids = batch.send(&self.server).await.expect("the server answers");
            self.ledger.acknowledge(&batch, &ids, true);
        }
    }

    /// Waits until nothing is owed, and then until nothing waits: what else would come, came.
    async fn settle(&mut self, run: &str) {
        self.begin_round();
        let mut arrivals = self.receiver.arrivals();
        let settled = async {
            loop {
                let received = arrivals.borrow_and_update().clone();
                self.enter(&received);
                if self.ledger.owed().next().is_none() {
                    return;
                }
                arrivals.changed().await.expect("the receiver lives as long as this");
            }
        };
        if tokio::time::timeout(PATIENCE, settled).await.is_err() {
            panic!("{run}: not all groups came:\n{}", self.lost().await);
        }
        poll_for("an end of all deliveries", async || (waiting(&self.server).await == 0).then_some(())).await;
        self.enter(&self.receiver.received());
    }

    /// The server's view of what is owed.
    async fn lost(&self) -> String {
        let mut lines = format!("{}\n", self.server.log());
        let owed: HashSet<_> = self.ledger.owed().take(LOST_SHOWN_MAX).collect();
        for (path, id) in owed {
            let list = format!("/v1/tenants/{}/deliveries?event={id}", ledger::tenant_of(path));
            let view = self.server.get(&list).await.map(|reply| reply.text());
            lines += &format!("{path}: {view:?}\n");
        }
        lines
    }

    /// Enters what the ledger does not know yet.
    fn enter(&mut self, received: &[Received]) {
        self.ledger.receive(&received[self.entered.get()..]);
        self.entered.set(received.len());
    }
}

/// Closes the open groups of one subscription after the other.
async fn send_now_until_killed(server: Arc<TestServer>, subscriptions: Vec<Vec<String>>, mut rng: StdRng) {
    loop {
        let (number, place) = (rng.random_range(0..TENANTS), rng.random_range(0..SUBSCRIPTIONS));
        let id = &subscriptions[number][place];
        let path = format!("/v1/tenants/{}/subscriptions/{id}/send-now", tenant(number));
        let Ok(reply) = server.post_json(&path, &Value::Null).await else { return };
        let _ = reply.expect_status(200);
    }
}

/// How many deliveries wait.
async fn waiting(server: &TestServer) -> usize {
    let text = server.get("/metrics").await.expect("the server answers").expect_status(200).text();
    let line = text.lines().find(|line| line.starts_with("postroad_deliveries_waiting "));
    let figure = line.and_then(|line| line.rsplit(' ').next()?.parse().ok());
    figure.expect("the server says how many deliveries wait")
}

/// The server, which nobody else holds between the rounds' publishers.
fn alone(server: &mut Arc<TestServer>) -> &mut TestServer {
    Arc::get_mut(server).expect("the publishers have ended")
}
