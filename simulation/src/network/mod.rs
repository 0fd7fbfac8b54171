//! The network of a story: the real client over simulated connections to simulated receivers.
//!
//! **Invariant:** what the client writes is parsed as a receiver would, and what it reads is what a receiver wrote: nothing
//! between them is shortened but the wire.

mod dial;
mod egress;
mod receiver;
mod request;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

pub(crate) use egress::WatchedEgress;

use crate::{
    clock::StoryClock,
    journal::{About, Journal},
    plan::{Behaviour, HostPlan, key_of},
};

/// What all hosts share. Clones are the same network.
#[derive(Clone)]
pub(crate) struct Network {
    seed: u64,
    hosts: Arc<[HostPlan]>,
    clock: StoryClock,
    journal: Journal,
    /// From then on every receiver takes everything at once.
    calm_from: Duration,
    connections: Arc<AtomicU64>,
    requests: Arc<AtomicU64>,
    exchanges: Arc<AtomicU64>,
}

impl Network {
    /// The network of a story.
    pub(crate) fn new(
        seed: u64,
        hosts: &[HostPlan],
        calm_from: Duration,
        journal: Journal,
        clock: StoryClock,
    ) -> Self {
        let hosts = hosts.into();
        let (connections, requests, exchanges) = (Arc::default(), Arc::default(), Arc::default());
        Self { seed, hosts, clock, journal, calm_from, connections, requests, exchanges }
    }

    /// What a host does now.
    fn behaviour(&self, host: usize) -> Behaviour {
        let now = self.clock.elapsed();
        if now >= self.calm_from {
            return Behaviour::Answers { status: 200, after_ms: (0, 2) };
        }
        let phases = &self.hosts[host].phases;
        let current = phases.iter().rev().find(|(from, _)| *from <= now);
        current.map_or(Behaviour::Answers { status: 200, after_ms: (0, 2) }, |(_, behaviour)| *behaviour)
    }

    fn next(of: &AtomicU64) -> u64 {
        of.fetch_add(1, Relaxed)
    }
}

/// The name of a host.
pub(crate) fn host_name(host: usize) -> String {
    format!("h{host}.receivers.example")
}

/// The URL of a subscription at a host.
pub(crate) fn url_of(subscription: usize, host: usize) -> String {
    format!("http://{}/s/{subscription}", host_name(host))
}

/// The subscription that a URL, or its path, names.
pub(crate) fn subscription_of(url: &str) -> Option<usize> {
    url.rsplit_once("/s/")?.1.parse().ok()
}

/// The data of an event: its number stands in front, and its key.
pub(crate) fn data_of(event: u64, bytes: usize) -> String {
    let head = format!("{{\"n\":{event},\"k\":{},\"x\":\"", key_of(event));
    let padding = bytes.saturating_sub(head.len() + 2);
    format!("{head}{}\"}}", "x".repeat(padding))
}

/// The number in the data of an event, or in a body that begins with an envelope around it.
pub(crate) fn event_of(body: &[u8]) -> Option<u64> {
    let front = &body[..body.len().min(1_024)];
    let at = front.windows(5).position(|window| window == b"{\"n\":")? + 5;
    let digits = front[at..].iter().take_while(|byte| byte.is_ascii_digit());
    str::from_utf8(&front[at..at + digits.count()]).ok()?.parse().ok()
}

/// The numbers in a body that is a list of envelopes; `None` where it is of one event.
pub(crate) fn events_of(body: &[u8]) -> Option<Vec<u64>> {
    body.starts_with(b"[").then(|| {
        let numbers = body.windows(5).enumerate().filter(|(_, window)| *window == b"{\"n\":");
        numbers.filter_map(|(at, _)| event_of(&body[at..])).collect()
    })
}

/// What a request is about.
fn about(url: &str, body: &[u8]) -> Option<About> {
    Some(About { subscription: subscription_of(url)?, event: event_of(body)? })
}
