//! What the inspector keeps: bins, each a ring of requests and the answer that it gives.
//!
//! **Invariants:** the limits hold after every change, whoever sends what. Of too much, in bins or in bytes, the larger of
//! two sides pays, the deliveries of this server or all that comes from outside; so nobody outside can take more than a half
//! from a server's own. Of those outside that one pays who holds most. Pure: time is an argument.

use std::{
    cmp::Reverse,
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use postroad_domain::limits::{
    INSPECTOR_ANSWERS_WAITING_PER_BIN_MAX, INSPECTOR_BINS_MAX, INSPECTOR_BYTES_MAX, INSPECTOR_IDLE_MAX,
    INSPECTOR_PAGE_BYTES_MAX, INSPECTOR_REQUESTS_PER_BIN_MAX,
};

use tokio::sync::Semaphore;

use super::{answer::Answer, holder::Holder, name::BinName, recorded::Recorded};

/// A request with its number in its bin: 1 for the first.
pub(super) type Numbered = (u64, Arc<Recorded>);

/// All bins.
#[derive(Default)]
pub(super) struct Bins {
    bins: HashMap<BinName, Bin>,
    /// What all of them take in memory.
    bytes: usize,
}

struct Bin {
    /// Who made it; the server, from its first delivery to it on.
    holder: Holder,
    requests: VecDeque<Numbered>,
    /// The number of the newest request that there ever was.
    newest: u64,
    answer: Arc<Answer>,
    /// Places for answers that wait.
    waiting: Arc<Semaphore>,
    /// Counts the changes of the answer and the removals of requests.
    changes: u64,
    bytes: usize,
    used_at: Duration,
}

/// Which page is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// Only requests with a smaller number.
    pub(super) before: Option<u64>,
    /// How many of them.
    pub(super) limit: usize,
    /// How much of a body will be shown.
    pub(super) body_bytes_max: usize,
}

/// A page of requests, newest first. It is shorter than wanted where they are too long together.
#[derive(Default)]
pub(super) struct Page {
    pub(super) requests: Vec<Numbered>,
    /// Whether there are older ones.
    pub(super) has_older: bool,
    /// What the bin answers.
    pub(super) answer: Arc<Answer>,
    /// Changes with every change of the bin: its newest request, its other changes.
    pub(super) version: (u64, u64),
}

impl Bins {
    /// What a bin answers. A bin that is not there answers what every new one does.
    pub(super) fn answer(&mut self, name: &BinName, now: Duration) -> Arc<Answer> {
        self.turn(name, now).0
    }

    /// What a bin answers to a request, and the places of its answers that wait.
    pub(super) fn turn(&mut self, name: &BinName, now: Duration) -> (Arc<Answer>, Arc<Semaphore>) {
        match self.used(name, now) {
            Some(bin) => (Arc::clone(&bin.answer), Arc::clone(&bin.waiting)),
            None => (Arc::default(), waiting_places()),
        }
    }

    /// Tells a bin what to answer from now on.
    pub(super) fn set_answer(
        &mut self,
        name: &BinName,
        answer: Answer,
        remote: Option<SocketAddr>,
        now: Duration,
    ) {
        let bin = self.bin(name, Holder::of(remote), now);
        let before = bin.bytes;
        bin.bytes = before - bin.answer.bytes() + answer.bytes();
        bin.changes += 1;
        bin.answer = Arc::new(answer);
        let after = bin.bytes;
        self.bytes = self.bytes - before + after;
        self.make_room();
    }

    /// Adds a request to a bin.
    pub(super) fn record(&mut self, name: &BinName, request: Recorded, now: Duration) {
        let bin = self.bin(name, Holder::of(request.remote), now);
        let before = bin.bytes;
        bin.newest += 1;
        bin.bytes += request.bytes();
        bin.requests.push_back((bin.newest, Arc::new(request)));
        if bin.requests.len() > INSPECTOR_REQUESTS_PER_BIN_MAX {
            bin.forget_oldest();
        }
        let after = bin.bytes;
        self.bytes = self.bytes - before + after;
        self.make_room();
    }

    /// The newest requests of a bin, as they are wanted; at least one, where there is one.
    pub(super) fn page(&mut self, name: &BinName, wanted: Wanted, now: Duration) -> Page {
        let Some(bin) = self.used(name, now) else { return Page::default() };
        let mut page = Page {
            requests: Vec::new(),
            has_older: false,
            answer: Arc::clone(&bin.answer),
            version: (bin.newest, bin.changes),
        };
        let mut bytes = 0;
        let is_older = |(number, _): &&Numbered| wanted.before.is_none_or(|before| *number < before);
        for numbered in bin.requests.iter().rev().filter(is_older) {
            bytes += numbered.1.bytes_with(wanted.body_bytes_max);
            let is_full = page.requests.len() == wanted.limit || bytes > INSPECTOR_PAGE_BYTES_MAX;
            if is_full && !page.requests.is_empty() {
                page.has_older = true;
                break;
            }
            page.requests.push(numbered.clone());
        }
        page
    }

    /// Forgets the requests of a bin; its answer and its count go on.
    pub(super) fn clear(&mut self, name: &BinName, now: Duration) {
        let Some(bin) = self.used(name, now) else { return };
        let before = bin.bytes;
        bin.requests.clear();
        bin.changes += 1;
        bin.bytes = bin.answer.bytes();
        let after = bin.bytes;
        self.bytes = self.bytes - before + after;
    }

    fn used(&mut self, name: &BinName, now: Duration) -> Option<&mut Bin> {
        let bin = self.bins.get_mut(name)?;
        bin.used_at = now;
        Some(bin)
    }

    /// A bin, made when it is not there.
    fn bin(&mut self, name: &BinName, holder: Holder, now: Duration) -> &mut Bin {
        if !self.bins.contains_key(name) {
            self.forget_idle(now);
            if self.bins.len() >= INSPECTOR_BINS_MAX
                && let Some(payer) = self.payer(Some(holder), |_| 1, |bin| Reverse(bin.used_at))
            {
                self.forget(&payer);
            }
        }
        let bin = self.bins.entry(name.clone()).or_insert_with(|| Bin::of(holder));
        bin.used_at = now;
        if holder == Holder::Server {
            bin.holder = holder;
        }
        bin
    }

    /// The bin that pays for what is too much: of the larger side, of the holder whose shares are most, the first by rank.
    /// A bin that is `coming` counts as one share of its holder.
    fn payer<R: Ord>(
        &self,
        coming: Option<Holder>,
        share: impl Fn(&Bin) -> usize,
        rank: impl Fn(&Bin) -> R,
    ) -> Option<BinName> {
        let mut shares: HashMap<Holder, usize> = coming.into_iter().map(|holder| (holder, 1)).collect();
        for bin in self.bins.values() {
            *shares.entry(bin.holder).or_default() += share(bin);
        }
        let of_server = shares.get(&Holder::Server).copied().unwrap_or_default();
        let is_servers_larger = 2 * of_server > shares.values().sum::<usize>();
        let payers = self.bins.iter().filter(|(_, bin)| (bin.holder == Holder::Server) == is_servers_larger);
        let payer = payers.max_by_key(|(_, bin)| (shares.get(&bin.holder), rank(bin)));
        payer.map(|(name, _)| name.clone())
    }

    fn forget_idle(&mut self, now: Duration) {
        let bytes = &mut self.bytes;
        self.bins.retain(|_, bin| {
            let keep = now.saturating_sub(bin.used_at) < INSPECTOR_IDLE_MAX;
            *bytes -= if keep { 0 } else { bin.bytes };
            keep
        });
    }

    fn forget(&mut self, name: &BinName) {
        if let Some(bin) = self.bins.remove(name) {
            self.bytes -= bin.bytes;
        }
    }

    /// Whoever has most pays from the fullest bin: so nobody's requests go because of another who has more.
    fn make_room(&mut self) {
        while self.bytes > INSPECTOR_BYTES_MAX {
            let Some(name) = self.payer(None, |bin| bin.bytes, |bin| bin.bytes) else { return };
            let Some(bin) = self.bins.get_mut(&name) else { return };
            let before = bin.bytes;
            if bin.forget_oldest() {
                self.bytes = self.bytes - before + bin.bytes;
            } else {
                self.forget(&name);
            }
        }
    }
}

impl Bin {
    fn of(holder: Holder) -> Self {
        Self {
            holder,
            requests: VecDeque::new(),
            newest: 0,
            answer: Arc::default(),
            waiting: waiting_places(),
            changes: 0,
            bytes: 0,
            used_at: Duration::ZERO,
        }
    }

    /// Whether there was one to forget.
    fn forget_oldest(&mut self) -> bool {
        let oldest = self.requests.pop_front();
        self.bytes -= oldest.as_ref().map_or(0, |(_, request)| request.bytes());
        oldest.is_some()
    }
}

/// Of each bin, however much room there is for all: subscriptions of this server come from one side together.
fn waiting_places() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(INSPECTOR_ANSWERS_WAITING_PER_BIN_MAX))
}

#[cfg(test)]
mod tests;
