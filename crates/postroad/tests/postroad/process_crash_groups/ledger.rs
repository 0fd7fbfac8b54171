//! What was acknowledged against what the receiver took.
//!
//! **Invariants:** an event comes to a subscription in one delivery only, and a delivery always with the same body, whether its receiver
//! took it or not. A request counts as taken only when the receiver answered it with 200.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use postroad_testkit::Received;

use super::{SUBSCRIPTIONS, load::Batch};

/// Where the receiver takes the events of a subscription.
pub(super) fn path(tenant: usize, place: usize) -> String {
    format!("/{}/{place}", super::tenant(tenant))
}

/// Whose subscription a path belongs to.
pub(super) fn tenant_of(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

/// The book of all rounds.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// The id of each acknowledged event by its number.
    ids: HashMap<u64, String>,
    /// Events that were published a second time: when they were accepted, nobody knows.
    repeated: HashSet<u64>,
    /// What each delivery is, by its id.
    deliveries: HashMap<String, Delivery>,
    /// In which delivery an event came to a path.
    came_in: HashMap<(String, u64), String>,
    /// Acknowledged and not taken yet.
    owed: HashSet<(String, u64)>,
    duplicates: usize,
}

/// A delivery that arrived.
#[derive(Debug)]
struct Delivery {
    path: String,
    body: Bytes,
    /// The numbers of its events.
    events: Vec<u64>,
    taken: bool,
}

impl Ledger {
    /// Enters an acknowledgement of a batch, of the first time that it was published or of another one. Panics when an event is
    /// known by another id: then there are two of it.
    pub(super) fn acknowledge(&mut self, batch: &Batch, ids: &[String], is_repeat: bool) {
        for ((number, _), id) in batch.events.iter().zip(ids) {
            let known = self.ids.entry(*number).or_insert_with(|| id.clone());
            assert_eq!(known, id, "event {number} exists twice");
            if is_repeat {
                self.repeated.insert(*number);
            }
            for place in 0..SUBSCRIPTIONS {
                let key = (path(batch.tenant, place), *number);
                let is_taken = self.came_in.get(&key).is_some_and(|id| self.deliveries[id].taken);
                if !is_taken {
                    self.owed.insert(key);
                }
            }
        }
    }

    /// Enters what arrived.
    pub(super) fn receive(&mut self, requests: &[Received]) {
        for request in requests {
            let id = request.header("webhook-id").expect("each request names its delivery").to_owned();
            let is_new = !self.deliveries.contains_key(&id);
            if is_new {
                self.enter_group(&id, request);
            }
            let known = self.deliveries.get_mut(&id).expect("it was entered");
            assert_eq!(known.path, request.path(), "{id} went to two subscriptions");
            assert!(
                known.body == request.body,
                "{id} has two bodies: {:?} and {}",
                known.body,
                request.text()
            );
            if request.answered == Some(200) {
                self.duplicates += usize::from(known.taken);
                known.taken = true;
                for number in &known.events {
                    self.owed.remove(&(known.path.clone(), *number));
                }
            }
        }
    }

    fn enter_group(&mut self, id: &str, request: &Received) {
        let path = request.path().to_owned();
        let events = request.json();
        let events = events.as_array().expect("a group is a list");
        let key = &events[0]["data"]["key"];
        let mut entered = Vec::new();
        for event in events {
            assert_eq!(&event["data"]["key"], key, "{id} has events of two keys");
            let number = event["data"]["number"].as_u64().expect("the load numbers its events");
            let before = self.came_in.insert((path.clone(), number), id.to_owned());
            assert_eq!(before, None, "event {number} came to {path} in {id} too");
            entered.push(number);
        }
        let delivery = Delivery { path, body: request.body.clone(), events: entered, taken: false };
        self.deliveries.insert(id.to_owned(), delivery);
    }

    /// Panics where a group has its events in another order than that of their acceptance. A tenant's batches were accepted one after
    /// the other; when one was that was published twice, nobody knows.
    pub(super) fn check_order(&self) {
        for (id, delivery) in &self.deliveries {
            let once: Vec<_> =
                delivery.events.iter().filter(|number| !self.repeated.contains(number)).collect();
            assert!(once.is_sorted(), "{id} has its events in another order than they came: {once:?}");
        }
    }

    /// Deliveries that must still arrive: the path and the event's id.
    pub(super) fn owed(&self) -> impl Iterator<Item = (&str, &str)> {
        self.owed.iter().map(|(path, number)| (path.as_str(), self.ids[number].as_str()))
    }

    /// Events acknowledged so far.
    pub(super) fn acknowledged(&self) -> usize {
        self.ids.len()
    }

    /// Groups that were taken.
    pub(super) fn groups(&self) -> usize {
        self.deliveries.values().filter(|delivery| delivery.taken).count()
    }

    /// Events of the largest group.
    pub(super) fn events_max(&self) -> usize {
        self.deliveries.values().map(|delivery| delivery.events.len()).max().unwrap_or_default()
    }

    /// Groups that were taken once more than necessary.
    pub(super) fn duplicates(&self) -> usize {
        self.duplicates
    }
}
