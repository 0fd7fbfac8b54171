//! How much waits in one lane, kept by the writer so that a budget can be enforced without reading the queue.
//!
//! When the store is opened nothing is counted: a walk through the lane does it in steps of the sweep, so that a million
//! that wait delay no start. Meanwhile deliveries come and go; the walk's place tells which of them it has seen.
//!
//! **Invariant:** the deliveries are exact. **Bytes are an estimate:** exact for what came, and the lane's average for what
//! leaves by an outcome, since an outcome does not know its event's size; counted anew when the store is opened.

use postroad_store::BacklogBudget;

/// A place in a lane: due time and number.
pub(crate) type Place = (i64, i64);

/// What waits in a lane's current generation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    deliveries: u64,
    bytes: u64,
    /// What stands up to here is in the figures.
    counted_to: Place,
    /// No delivery with a lower number waits, but those that came back or came late.
    oldest_from: i64,
}

const BEGIN: Place = (i64::MIN, i64::MIN);
const END: Place = (i64::MAX, i64::MAX);

impl Waiting {
    /// A lane in which nothing waits.
    pub(crate) const EMPTY: Self = Self { deliveries: 0, bytes: 0, counted_to: END, oldest_from: i64::MAX };
    /// A lane that was not looked at yet.
    pub(crate) const UNCOUNTED: Self = Self { counted_to: BEGIN, ..Self::EMPTY };

    /// Where the walk that counts goes on.
    pub(crate) fn counted_to(&self) -> Place {
        self.counted_to
    }

    /// The number from which on the oldest delivery is looked for.
    pub(crate) fn oldest_from(&self) -> i64 {
        self.oldest_from
    }

    /// Everything below this number was looked at.
    pub(crate) fn set_oldest_from(&mut self, delivery_no: i64) {
        self.oldest_from = delivery_no;
    }

    /// The walk saw a delivery.
    pub(crate) fn count(&mut self, place: Place, bytes: u64) {
        self.counted_to = place;
        self.add(place, bytes);
    }

    /// The walk came to the end of the lane.
    pub(crate) fn finish_count(&mut self) {
        self.counted_to = END;
    }

    /// A delivery enters the lane.
    pub(crate) fn enter(&mut self, place: Place, bytes: u64) {
        if place <= self.counted_to {
            self.add(place, bytes);
        }
    }

    /// A delivery leaves the lane; without its bytes it counts as an average one.
    pub(crate) fn leave(&mut self, place: Place, bytes: Option<u64>) {
        if place <= self.counted_to {
            self.bytes = self.bytes.saturating_sub(bytes.unwrap_or_else(|| self.average()));
            self.deliveries = self.deliveries.saturating_sub(1);
        }
    }

    /// A delivery that waits has more bytes than it had.
    pub(crate) fn grow(&mut self, place: Place, bytes: u64) {
        if place <= self.counted_to {
            self.bytes += bytes;
        }
    }

    /// A delivery waits at another place from now on.
    pub(crate) fn shift(&mut self, from: Place, to: Place) {
        let bytes = self.average();
        self.leave(from, Some(bytes));
        self.enter(to, bytes);
    }

    /// How many wait; `None` while they are being counted.
    pub(crate) fn deliveries(&self) -> Option<u64> {
        (self.counted_to == END).then_some(self.deliveries)
    }

    /// Their bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether more waits than may. A lane that is not counted yet is within its budget.
    pub(crate) fn is_beyond(&self, budget: BacklogBudget) -> bool {
        let is_too_much = self.deliveries > budget.deliveries || self.bytes > budget.bytes;
        self.counted_to == END && self.deliveries > 0 && is_too_much
    }

    fn add(&mut self, (_, delivery_no): Place, bytes: u64) {
        // Once counted, an old number is a delivery that was sent again: nobody wants that one to fail first.
        if self.counted_to != END || self.deliveries == 0 {
            self.oldest_from = self.oldest_from.min(delivery_no);
        }
        if self.deliveries == 0 {
            self.oldest_from = delivery_no;
        }
        self.deliveries += 1;
        self.bytes += bytes;
    }

    fn average(&self) -> u64 {
        self.bytes.checked_div(self.deliveries).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_BUDGET: BacklogBudget = BacklogBudget { deliveries: 0, bytes: 0 };

    #[test]
    fn what_comes_and_goes_while_a_lane_is_counted_is_counted_once() {
        let mut waiting = Waiting::UNCOUNTED;
        waiting.count((10, 1), 100);
        waiting.enter((5, 7), 50);
        waiting.enter((20, 8), 50);
        waiting.leave((30, 3), None);
        assert_eq!(
            (waiting.deliveries, waiting.bytes),
            (2, 150),
            "what stands behind the walk is still to come"
        );
        waiting.count((20, 8), 50);
        assert!(!waiting.is_beyond(NO_BUDGET), "it is not known yet");
        waiting.finish_count();
        assert!(waiting.is_beyond(NO_BUDGET));
        assert_eq!((waiting.deliveries, waiting.bytes, waiting.oldest_from()), (3, 200, 1));
        waiting.leave((10, 1), Some(100));
        assert_eq!((waiting.deliveries, waiting.bytes), (2, 100));
    }

    #[test]
    fn a_delivery_that_is_postponed_changes_nothing() {
        let mut waiting = Waiting::EMPTY;
        waiting.enter((1, 1), 100);
        waiting.enter((2, 2), 300);
        waiting.shift((1, 1), (9, 1));
        assert_eq!((waiting.deliveries, waiting.bytes), (2, 400));
    }
}
