//! What the inspector keeps: bins, each a ring of requests and the answer that it gives.
//!
//! **Invariant:** the limits hold after every change, whoever sends what. Pure: time is an argument.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use postroad_domain::limits::{
    INSPECTOR_BINS_MAX, INSPECTOR_BYTES_MAX, INSPECTOR_IDLE_MAX, INSPECTOR_REQUESTS_PER_BIN_MAX,
};

use super::{answer::Answer, name::BinName, recorded::Recorded};

/// A request with its number in its bin: 1 for the first.
pub(super) type Numbered = (u64, Arc<Recorded>);

/// All bins.
#[derive(Default)]
pub(super) struct Bins {
    bins: HashMap<BinName, Bin>,
    /// What all of them take in memory.
    bytes: usize,
}

#[derive(Default)]
struct Bin {
    requests: VecDeque<Numbered>,
    /// The number of the newest request that there ever was.
    newest: u64,
    answer: Arc<Answer>,
    /// Counts the changes of the answer and the removals of requests.
    changes: u64,
    bytes: usize,
    used_at: Duration,
}

/// A page of requests, newest first.
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
        self.used(name, now).map(|bin| Arc::clone(&bin.answer)).unwrap_or_default()
    }

    /// Tells a bin what to answer from now on.
    pub(super) fn set_answer(&mut self, name: &BinName, answer: Answer, now: Duration) {
        let bin = self.bin(name, now);
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
        let bin = self.bin(name, now);
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

    /// The newest requests of a bin that are older than the one numbered `before`.
    pub(super) fn page(&mut self, name: &BinName, before: Option<u64>, limit: usize, now: Duration) -> Page {
        let Some(bin) = self.used(name, now) else { return Page::default() };
        let mut older = bin.requests.iter().rev().filter(|(number, _)| before.is_none_or(|b| *number < b));
        let requests = older.by_ref().take(limit).cloned().collect();
        Page {
            requests,
            has_older: older.next().is_some(),
            answer: Arc::clone(&bin.answer),
            version: (bin.newest, bin.changes),
        }
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
    fn bin(&mut self, name: &BinName, now: Duration) -> &mut Bin {
        if !self.bins.contains_key(name) {
            self.forget_idle(now);
            if self.bins.len() >= INSPECTOR_BINS_MAX {
                let idlest = self.bins.iter().min_by_key(|(_, bin)| bin.used_at);
                if let Some(idlest) = idlest.map(|(name, _)| name.clone()) {
                    self.forget(&idlest);
                }
            }
        }
        let bin = self.bins.entry(name.clone()).or_default();
        bin.used_at = now;
        bin
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

    /// The fullest bin pays for what is too much: so nobody's requests go because of another who has more.
    fn make_room(&mut self) {
        while self.bytes > INSPECTOR_BYTES_MAX {
            let fullest = self.bins.iter_mut().max_by_key(|(_, bin)| bin.bytes);
            let Some((name, bin)) = fullest else { return };
            let before = bin.bytes;
            if bin.forget_oldest() {
                self.bytes = self.bytes - before + bin.bytes;
            } else {
                let name = name.clone();
                self.forget(&name);
            }
        }
    }
}

impl Bin {
    /// Whether there was one to forget.
    fn forget_oldest(&mut self) -> bool {
        let oldest = self.requests.pop_front();
        self.bytes -= oldest.as_ref().map_or(0, |(_, request)| request.bytes());
        oldest.is_some()
    }
}

#[cfg(test)]
mod tests;
