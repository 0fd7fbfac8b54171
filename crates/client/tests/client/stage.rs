//! A client whose time a test holds, before a receiver that plays the server.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use postroad_client::{Client, ClientBuilder, NewEvent, Pause, Timer};
use postroad_testkit::{Answer, Receiver};

/// The deadline of the calls: the timer knows by it which pause is which.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
pub(crate) const EVENTS: &str = "/v1/tenants/acme/events";
pub(crate) const ACCEPTED: &str =
    r#"{"id":"evt_1","type":"a","accepted_at":"2026-11-22T03:00:00Z","deliveries":2}"#;

/// Gaps are over at once and are noted; deadlines never come, unless they are to.
#[derive(Debug, Default)]
pub(crate) struct Gaps {
    pub(crate) noted: Mutex<Vec<Duration>>,
    pub(crate) deadline_comes: bool,
}

impl Timer for Gaps {
    fn pause(&self, span: Duration) -> Pause {
        if span == DEADLINE {
            return if self.deadline_comes { Box::pin(async {}) } else { Box::pin(std::future::pending()) };
        }
        self.noted.lock().unwrap().push(span);
        Box::pin(async {})
    }
}

/// Randomness that always gives the most.
pub(crate) fn builder(server: &str, timer: Arc<Gaps>) -> ClientBuilder {
    Client::builder(server, "key").deadline(DEADLINE).timer(timer).rng(|bytes| bytes.fill(0xff))
}

pub(crate) async fn stage() -> (Receiver, Client, Arc<Gaps>) {
    let (receiver, gaps) = (Receiver::start().await, Arc::new(Gaps::default()));
    let client = builder(&receiver.url(""), Arc::clone(&gaps)).build().unwrap();
    (receiver, client, gaps)
}

pub(crate) fn event() -> NewEvent {
    NewEvent::new("a", &1).unwrap()
}

pub(crate) fn problem(status: u16, code: &str) -> Answer {
    let body = format!(
        r#"{{"type":"/problems/{code}","title":"No","status":{status},"detail":"D.","code":"{code}"}}"#
    );
    Answer::status(status).header("Content-Type", "application/problem+json").body(body)
}
