//! How a call is repeated that could not be done now.

use std::time::Duration;

/// How often a call is repeated that could not be done now, and with which gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Attempts, the first included; 1 never repeats.
    pub attempts: u32,
    /// The gap after the first attempt; it doubles after each. Half of each gap is random, so that those who
    /// failed together do not come back together.
    pub first_gap: Duration,
    /// No gap is longer. A server that asks for a longer one gets no further attempt from this call.
    pub gap_max: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { attempts: 5, first_gap: Duration::from_millis(100), gap_max: Duration::from_secs(10) }
    }
}
