//! How a receiving end behaves: well, or as the neighbours that nobody wants.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Between two bytes of an answer that trickles.
pub(super) const TRICKLE_PAUSE: Duration = Duration::from_millis(250);
/// How long an endpoint of the ordinary kind takes to answer, where a neighbour fails and does not hurry.
const ORDINARY: Duration = Duration::from_millis(20);

/// What is answered, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Behaviour {
    /// 200 at once.
    Well,
    /// 200 after so many milliseconds.
    Slow(u64),
    /// 200 after so many milliseconds on average, from a half of that to one and a half.
    Varying(u64),
    /// 500 to so many of ten requests, after the time that an ordinary endpoint takes.
    Failing(u64),
    /// 200, byte by byte, with a pause before each.
    Trickling,
}

impl Behaviour {
    /// How long the `number`-th request waits for its answer.
    pub(super) const fn pause(self, number: u64) -> Duration {
        match self {
            Self::Well | Self::Trickling => Duration::ZERO,
            Self::Slow(millis) => Duration::from_millis(millis),
            Self::Varying(millis) => {
                Duration::from_millis(millis / 2 + number * 619 % 1_000 * millis / 1_000)
            }
            Self::Failing(_) => ORDINARY,
        }
    }

    /// Whether the `number`-th request is answered with 500; which of ten they are does not repeat with the order of
    /// small numbers.
    pub(super) const fn fails(self, number: u64) -> bool {
        matches!(self, Self::Failing(of_ten) if number * 7 % 10 < of_ten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_varying_receivers_are_spread_around_their_average() {
        let pauses: Vec<_> =
            (0..1_000).map(|number| Behaviour::Varying(2_000).pause(number).as_millis()).collect();
        assert_eq!((pauses.iter().min(), pauses.iter().max()), (Some(&1_000), Some(&2_998)));
        assert_eq!(pauses.iter().sum::<u128>() / 1_000, 1_999);
    }

    #[test]
    fn three_of_ten_fail() {
        let failed = (0..1_000).filter(|number| Behaviour::Failing(3).fails(*number)).count();
        assert_eq!(failed, 300);
        assert!(!Behaviour::Well.fails(0));
    }
}
