//! A webhook receiver that records each request exactly and answers by a script.
//!
//! It speaks HTTP/1.1 with keep-alive on a port of 127.0.0.1 that the machine chose. A request is recorded before it is
//! answered, so a test that has seen the answer finds the record. It reads the wire itself instead of using an HTTP
//! library, because header lines are to be seen in the order and case in which they were sent. No TLS on purpose: that is
//! tested where it lives, in `egress`.

mod answer;
mod record;
mod serve;

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::Arc,
};

use parking_lot::Mutex;
use tokio::{net::TcpListener, sync::watch, task::AbortHandle};

pub use self::{
    answer::{Answer, Gate},
    record::Received,
};
use crate::patience::PATIENCE;

/// A running receiver; it ends with its connections when it is dropped.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: AbortHandle,
}

impl Receiver {
    /// Listens on a free port and answers 200 to everything until told otherwise. Panics when it cannot listen.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared::default());
        let task = tokio::spawn(serve::accept(listener, Arc::clone(&shared))).abort_handle();
        Self { address, shared, task }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of `path`, which begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers every request for `path` (without query) like this from now on.
    pub fn answer(&self, path: &str, answer: Answer) {
        self.answer_in_turn(path, [answer]);
    }

    /// Answers the requests for `path` in this order; the last answer repeats.
    pub fn answer_in_turn(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        self.shared.script.lock().insert(path.to_owned(), answers.into_iter().collect());
    }

    /// Everything received so far, in order of arrival.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.borrow().clone()
    }

    /// Everything received so far as a channel, whose every change is an arrival: for a test that has a wait of its own.
    pub fn arrivals(&self) -> watch::Receiver<Vec<Received>> {
        self.shared.received.subscribe()
    }

    /// Everything received so far, which the receiver forgets: for a test that goes on for many rounds.
    pub fn take(&self) -> Vec<Received> {
        self.shared.received.send_replace(Vec::new())
    }

    /// Waits until `count` requests have arrived and returns all that have. Panics after [`PATIENCE`] with what did.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        self.wait_until(&format!("{count} requests"), |received| received.len() >= count).await
    }

    /// Waits until `path` has been asked `count` times and returns those requests. Panics like
    /// [`wait_for`](Self::wait_for).
    pub async fn wait_for_path(&self, path: &str, count: usize) -> Vec<Received> {
        let of_path = |request: &&Received| request.path() == path;
        let what = format!("{count} requests for {path}");
        let all = self.wait_until(&what, |received| received.iter().filter(of_path).count() >= count).await;
        all.into_iter().filter(|request| request.path() == path).collect()
    }

    /// Waits until what has arrived satisfies `enough`, called `what` in the panic that ends a vain wait.
    pub async fn wait_until(&self, what: &str, enough: impl Fn(&[Received]) -> bool) -> Vec<Received> {
        let mut received = self.shared.received.subscribe();
        let wait = received.wait_for(|received| enough(received));
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(Ok(all)) => all.clone(),
            _ => {
                panic!("waited {PATIENCE:?} in vain for {what}; what did arrive:\n{}", self.shared.summary())
            }
        }
    }

    /// Connections accepted so far.
    pub fn connection_count(&self) -> usize {
        self.shared.connections.borrow().accepted
    }

    /// Connections that are open now.
    pub fn open_connection_count(&self) -> usize {
        self.shared.connections.borrow().open
    }

    /// Waits until no more than `count` connections are open.
    pub async fn wait_for_open_connections_at_most(&self, count: usize) {
        let mut connections = self.shared.connections.subscribe();
        let wait = connections.wait_for(|connections| connections.open <= count);
        let few = crate::within(&format!("at most {count} open connections"), wait).await;
        few.expect("the receiver holds the sender and lives as long as this call");
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Debug, Default)]
struct Shared {
    /// What is left of the script of each path.
    script: Mutex<HashMap<String, VecDeque<Answer>>>,
    received: watch::Sender<Vec<Received>>,
    connections: watch::Sender<Connections>,
}

#[derive(Debug, Default)]
struct Connections {
    accepted: usize,
    open: usize,
}

impl Shared {
    fn next_answer(&self, path: &str) -> Answer {
        let mut script = self.script.lock();
        let answers = script.get_mut(path);
        let next =
            answers.and_then(|left| if left.len() > 1 { left.pop_front() } else { left.front().cloned() });
        next.unwrap_or_else(|| Answer::status(200))
    }

    fn summary(&self) -> String {
        let received = self.received.borrow();
        let lines = received.iter().map(|request| {
            format!("  {} {} ({} bytes)\n", request.method, request.target, request.body.len())
        });
        if received.is_empty() { "  nothing\n".to_owned() } else { lines.collect() }
    }
}

#[cfg(test)]
mod tests;
