//! Randomness of a story: streams that follow from its seed, each for one purpose.
//!
//! **Invariant:** what one stream draws changes nothing of another one. So a receiver that is asked once more does not change
//! what the disk does, and a story that fails differs little from its neighbours.

use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::StdRng};

/// One stream.
#[derive(Debug)]
pub struct Draws(StdRng);

impl Draws {
    /// The stream of a seed for a purpose; `no` tells apart several of one purpose.
    pub fn new(seed: u64, purpose: &str, no: u64) -> Self {
        Self(rng(seed, purpose, no))
    }

    /// A number below `end`, which is not zero.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0.random_range(0..end.max(1))
    }

    /// A number from `from` to `to`, both included.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        self.0.random_range(from..=to.max(from))
    }

    /// True in so many of a hundred cases.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// A span of whole milliseconds within these bounds.
    pub fn millis(&mut self, (from, to): (u64, u64)) -> Duration {
        Duration::from_millis(self.between(from, to))
    }

    /// A span of whole seconds within these bounds.
    pub fn seconds(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(self.between(from * 1_000, to * 1_000))
    }
}

/// A generator for whoever wants one of its own.
pub fn rng(seed: u64, purpose: &str, no: u64) -> StdRng {
    // FNV-1a over all three: any mixing does that tells them apart.
    let bytes = seed.to_le_bytes().into_iter().chain(purpose.bytes()).chain(no.to_le_bytes());
    let mixed = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    StdRng::seed_from_u64(mixed)
}
