//! What was acknowledged against what the receiver took.
//!
//! **Invariant:** a request counts as taken only when the receiver answered it with 200: an attempt that failed and was
//! forgotten by a crash is a loss.

use std::collections::{HashMap, HashSet};

use postroad_testkit::Received;

use super::parcel::Acknowledged;

/// The receiver's paths, one for each subscription.
pub(crate) const PATHS: [&str; 2] = ["/steady", "/flaky"];

/// The book of all rounds.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// The id of each event by its number, as first heard from the server or from a delivery.
    ids: HashMap<u64, String>,
    acknowledged: HashSet<u64>,
    /// By path and number.
    taken: HashSet<(&'static str, u64)>,
    /// Acknowledged and not taken yet.
    owed: HashSet<(&'static str, u64)>,
    duplicates: usize,
}

impl Ledger {
    /// Enters an acknowledgement. Panics when the event is known by another id: then there are two of it.
    pub(crate) fn acknowledge(&mut self, acknowledged: &Acknowledged) {
        let Acknowledged { number, id, .. } = acknowledged;
        self.enter_id(*number, id);
        if !self.acknowledged.insert(*number) {
            return;
        }
        let owed = PATHS.map(|path| (path, *number)).into_iter().filter(|key| !self.taken.contains(key));
        self.owed.extend(owed);
    }

    /// Enters what arrived. Panics when an event came under two ids.
    pub(crate) fn receive(&mut self, requests: &[Received]) {
        for request in requests {
            let number = request.json()["data"]["number"].as_u64().expect("the generator numbers its events");
            let id = request.header("webhook-id").expect("each request names its event");
            self.enter_id(number, id);
            let path = PATHS.into_iter().find(|path| *path == request.path()).expect("there are two paths");
            if request.answered == Some(200) {
                self.owed.remove(&(path, number));
                self.duplicates += usize::from(!self.taken.insert((path, number)));
            }
        }
    }

    /// Deliveries that must still arrive: the path and the event's id.
    pub(crate) fn owed(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.owed.iter().map(|(path, number)| (*path, self.ids[number].clone()))
    }

    /// Events acknowledged so far.
    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged.len()
    }

    /// Deliveries that were taken once more than necessary.
    pub(crate) fn duplicates(&self) -> usize {
        self.duplicates
    }

    fn enter_id(&mut self, number: u64, id: &str) {
        let known = self.ids.entry(number).or_insert_with(|| id.to_owned());
        assert_eq!(known, id, "event {number} exists twice");
    }
}
