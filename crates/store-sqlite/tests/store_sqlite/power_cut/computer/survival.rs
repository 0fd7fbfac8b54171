//! What a power cut leaves of that which was not synced.

use rand::{RngExt, SeedableRng, rngs::StdRng};

/// What a disk writes as a whole or not at all.
const SECTOR_BYTES: usize = 512;
/// How often a write that is kept ends in its middle.
const TORN_SHARE: f64 = 0.2;
/// The disk was done with everything, and only nobody heard of it any more.
const ALL: f64 = 1.0;

/// The judge over each change that was not synced.
#[derive(Debug)]
pub(crate) struct Survival {
    chance: Option<Chance>,
}

#[derive(Debug)]
struct Chance {
    rng: StdRng,
    /// The share of the changes that is kept: a cut that loses little finds other faults than one that loses much.
    kept_share: f64,
}

impl Survival {
    /// Nothing is left.
    pub(crate) fn strict() -> Self {
        Self { chance: None }
    }

    /// Any part is left, chosen by the seed.
    pub(crate) fn torn(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let kept_share = [0.1, 0.5, 0.9, ALL][rng.random_range(0..4)];
        Self { chance: Some(Chance { rng, kept_share }) }
    }

    /// Everything is left.
    pub(crate) fn all() -> Self {
        Self { chance: Some(Chance { rng: StdRng::seed_from_u64(0), kept_share: ALL }) }
    }

    /// Whether a change is left that has no parts.
    pub(crate) fn is_kept(&mut self) -> bool {
        self.chance.as_mut().is_some_and(|chance| chance.rng.random_bool(chance.kept_share))
    }

    /// How many bytes are left of a write of `bytes` at `offset`, from its beginning.
    pub(crate) fn bytes_kept(&mut self, offset: usize, bytes: usize) -> usize {
        if !self.is_kept() {
            return 0;
        }
        let Some(chance) = &mut self.chance else { return 0 };
        let first_edge = SECTOR_BYTES - offset % SECTOR_BYTES;
        let edges: Vec<usize> = (first_edge..bytes).step_by(SECTOR_BYTES).collect();
        let may_tear = chance.kept_share < ALL && !edges.is_empty();
        if !may_tear || !chance.rng.random_bool(TORN_SHARE) {
            return bytes;
        }
        edges[chance.rng.random_range(0..edges.len())]
    }
}
