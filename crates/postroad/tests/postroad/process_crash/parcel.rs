//! What the generator publishes: one request with one event or a batch, whose bytes can be sent again.

use bytes::Bytes;
use postroad_testkit::{ADMIN_KEY, Reply, TestServer};
use rand::{RngExt, rngs::StdRng};
use serde_json::Value;

/// Events of the largest batch.
const BATCH_EVENTS_MAX: usize = 40;

/// How a parcel's events are made unmistakable for a second try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// They are not: a second try would be a second event.
    None,
    /// By the header `Idempotency-Key`; single events only.
    Header,
    /// By each event's `id`.
    Id,
}

/// One request to publish. Each event carries a number of its own in its data, by which the receiver's side knows it.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    /// The numbers of its events.
    pub(crate) numbers: Vec<u64>,
    is_batch: bool,
    key: Key,
}

/// A parcel's acknowledgement of one event.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledged {
    /// Its number.
    pub(crate) number: u64,
    /// The id that the server gave it.
    pub(crate) id: String,
    /// It was answered from its idempotency key.
    pub(crate) duplicate: bool,
}

impl Parcel {
    /// A single event or a batch, with keys or without; `next_number` hands out numbers.
    pub(crate) fn random(rng: &mut StdRng, mut next_number: impl FnMut() -> u64) -> Self {
        let is_batch = rng.random_bool(0.3);
        let count = if is_batch { rng.random_range(1..=BATCH_EVENTS_MAX) } else { 1 };
        let key = match rng.random_range(0..4) {
            0 => Key::Id,
            1 if !is_batch => Key::Header,
            _ => Key::None,
        };
        Self { numbers: (0..count).map(|_| next_number()).collect(), is_batch, key }
    }

    /// Whether it may be sent again without making new events.
    pub(crate) fn is_keyed(&self) -> bool {
        self.key != Key::None
    }

    /// Sends it, always with the same bytes, and answers what was acknowledged. `None` when the connection broke before
    /// the answer. Panics when the server refuses anything.
    pub(crate) async fn send(&self, server: &TestServer) -> Option<Vec<Acknowledged>> {
        let path = if self.is_batch { "/v1/tenants/acme/events/batch" } else { "/v1/tenants/acme/events" };
        let key = format!("key-{}", self.numbers[0]);
        let mut headers = vec![("content-type", "application/json")];
        if self.key == Key::Header {
            headers.push(("idempotency-key", &key));
        }
        let sent = server.call(http::Method::POST, path, Some(ADMIN_KEY), &headers, self.body()).await;
        Some(self.read(sent.ok()?.expect_status(202)))
    }

    fn body(&self) -> Bytes {
        let events: Vec<_> = self.numbers.iter().map(|number| self.event(*number)).collect();
        let body =
            if self.is_batch { format!("{{\"events\":[{}]}}", events.join(",")) } else { events.concat() };
        body.into()
    }

    fn event(&self, number: u64) -> String {
        let id = if self.key == Key::Id { format!(",\"id\":\"key-{number}\"") } else { String::new() };
        format!("{{\"type\":\"order.created\",\"data\":{{\"number\":{number}}}{id}}}")
    }

    fn read(&self, reply: Reply) -> Vec<Acknowledged> {
        let answer = reply.json();
        let results = answer.get("results").and_then(Value::as_array);
        let results = results.map_or(std::slice::from_ref(&answer), Vec::as_slice);
        assert_eq!(results.len(), self.numbers.len(), "{answer}");
        let each = self.numbers.iter().zip(results).map(|(number, result)| Acknowledged {
            number: *number,
            id: result["id"].as_str().unwrap_or_else(|| panic!("refused: {result}")).to_owned(),
            duplicate: result["duplicate"] == true,
        });
        each.collect()
    }
}
