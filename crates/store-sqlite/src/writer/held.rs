//! Where the sweep stands in a lane that is held, as its receiver is gone or not verified.
//!
//! Such a lane holds what waits until it expires, in the order of due times and not of expiries. So the sweep walks it
//! once, remembers the earliest expiry it saw, and does not look again before that moment.

use postroad_domain::Timestamp;

/// One walk after the other through a held lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeldWalk {
    /// No delivery of the lane expires before this moment.
    next_at: Timestamp,
    /// The place behind which the walk goes on: due time and number of the last row it saw.
    position: (i64, i64),
    /// The earliest expiry that this walk left standing.
    earliest: Timestamp,
}

const FOREVER: Timestamp = Timestamp::from_micros(i64::MAX);
const START: (i64, i64) = (i64::MIN, i64::MIN);

impl Default for HeldWalk {
    fn default() -> Self {
        Self { next_at: Timestamp::from_micros(i64::MIN), position: START, earliest: FOREVER }
    }
}

impl HeldWalk {
    /// Whether something may have expired.
    pub(crate) fn is_due(&self, at: Timestamp) -> bool {
        self.next_at < at
    }

    /// Where to go on.
    pub(crate) fn position(&self) -> (i64, i64) {
        self.position
    }

    /// The walk saw a row and left it standing, or took it.
    pub(crate) fn saw(&mut self, position: (i64, i64), left_standing: Option<Timestamp>) {
        self.position = position;
        self.earliest = left_standing.map_or(self.earliest, |expires_at| self.earliest.min(expires_at));
    }

    /// The walk came to the end of the lane.
    pub(crate) fn finish(&mut self) {
        *self = Self { next_at: self.earliest, ..Self::default() };
    }

    /// A delivery entered the lane, maybe behind the walk.
    pub(crate) fn note(&mut self, expires_at: Timestamp) {
        self.next_at = self.next_at.min(expires_at);
        self.earliest = self.earliest.min(expires_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_looks_again_only_when_the_earliest_expiry_has_passed() {
        let at = Timestamp::from_micros;
        let mut walk = HeldWalk::default();
        assert!(walk.is_due(at(0)));
        walk.saw((1, 1), Some(at(90)));
        walk.saw((2, 2), Some(at(70)));
        walk.saw((3, 3), None);
        assert_eq!(walk.position(), (3, 3));
        walk.finish();
        assert!(!walk.is_due(at(70)) && walk.is_due(at(71)));
        assert_eq!(walk.position(), START);
    }

    #[test]
    fn what_enters_behind_the_walk_is_not_forgotten() {
        let at = Timestamp::from_micros;
        let mut walk = HeldWalk::default();
        walk.saw((5, 5), Some(at(90)));
        walk.note(at(20));
        walk.finish();
        assert!(walk.is_due(at(21)));
    }
}
