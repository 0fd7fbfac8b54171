//! What is made once for a channel and kept for its next exchange.
//!
//! **Invariant:** so many are kept; of more, the one that was used longest ago goes.

use std::collections::HashMap;

use crate::channel::Identity;

/// Something for each channel.
pub(crate) struct Channels<T> {
    max: usize,
    /// Grows with each use.
    turn: u64,
    /// With the turn of their last use.
    kept: HashMap<Identity, (u64, T)>,
}

impl<T: Clone> Channels<T> {
    pub(crate) fn new(max: usize) -> Self {
        Self { max, turn: 0, kept: HashMap::new() }
    }

    /// What is kept for a channel.
    pub(crate) fn known(&mut self, identity: &Identity) -> Option<T> {
        self.turn += 1;
        let (last, value) = self.kept.get_mut(identity)?;
        *last = self.turn;
        Some(value.clone())
    }

    /// Whether something is kept for a channel. This is no use of it.
    pub(crate) fn is_kept(&self, identity: &Identity) -> bool {
        self.kept.contains_key(identity)
    }

    /// Keeps something for a channel, unless another exchange has kept it meanwhile. Answers what is kept now, and for
    /// which channel nothing is any more.
    pub(crate) fn keep(&mut self, identity: Identity, value: T) -> (T, Option<Identity>) {
        self.turn += 1;
        let kept = self.kept.entry(identity).or_insert((self.turn, value)).1.clone();
        let is_full = self.kept.len() > self.max;
        let oldest = self.kept.iter().filter(|_| is_full).min_by_key(|(_, (last, _))| *last);
        let gone = oldest.map(|(identity, _)| *identity);
        gone.and_then(|gone| self.kept.remove(&gone));
        (kept, gone)
    }
}
