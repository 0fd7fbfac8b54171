//! Where a row stands in its tenant's log, as the tables have it.

use postroad_domain::EventOffset;

/// The place of a row in its tenant's log, as one number: of an event its offset; of a test, which is not in the log, the
/// offset of the next event, with a minus; 0 for what was stored before there were offsets and has none yet.
///
/// So the absolute value never falls from one row of a tenant to the next, and an offset is found by halving.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LogNo(pub(crate) i64);

/// What the log says of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LogPlace {
    /// Where it stands.
    pub(crate) log_no: LogNo,
    /// The number of its type among those of its tenant; 0 where only the event's own row tells.
    pub(crate) type_no: u32,
}

/// The highest offset of an event that was stored before there were offsets. Newer ones of the same tenant have higher ones,
/// so nobody need count the old ones before the next event is accepted. It is the same in every tenant, so it tells nothing.
const OLD_OFFSET_MAX: i64 = 1_000_000_000;

impl LogNo {
    /// Of an event without a place yet.
    pub(crate) const UNNUMBERED: Self = Self(0);
    /// Higher ones do not fit beside an event's count of deliveries.
    pub(crate) const OFFSET_MAX: i64 = 1 << 50;

    /// Of a test before the event with this offset.
    pub(crate) const fn of_test_before(offset: i64) -> Self {
        Self(-offset)
    }

    /// The offset; none of a test and of what has no place yet.
    pub(crate) fn offset(self) -> Option<EventOffset> {
        u64::try_from(self.0).ok().filter(|offset| *offset > 0).map(EventOffset)
    }

    /// The lowest offset that an event behind this row may have.
    pub(crate) const fn next(self) -> i64 {
        match self.0 {
            0 => OLD_OFFSET_MAX + 1,
            of_event @ 1.. => of_event + 1,
            of_test => -of_test,
        }
    }

    /// Whether the event with this offset stands here or before. So no later row does not, and a reading from that offset
    /// may begin with the first row that does. A test stands before the event whose offset it carries, so a reading from there
    /// passes over no test, however many there are. What has no place yet will have one that is above all old ones with a place
    /// and below every new one.
    pub(crate) const fn reaches(self, offset: i64) -> bool {
        match self.0 {
            0 => offset <= OLD_OFFSET_MAX,
            of_event @ 1.. => of_event >= offset,
            of_test => -of_test > offset,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_knows_what_comes_behind_it() {
        let (event, test) = (LogNo(7), LogNo::of_test_before(8));
        assert_eq!((event.offset(), event.next()), (Some(EventOffset(7)), 8));
        assert_eq!((test.offset(), test.next()), (None, 8));
        assert!(event.reaches(7) && !event.reaches(8));
        assert!(
            test.reaches(7) && !test.reaches(8),
            "a test stands before the event whose offset it carries"
        );
    }

    #[test]
    fn every_row_behind_one_that_reaches_an_offset_reaches_it_too() {
        let test = LogNo::of_test_before;
        let old = [LogNo(1), LogNo(2), LogNo::UNNUMBERED, LogNo::UNNUMBERED];
        let first = LogNo::UNNUMBERED.next();
        let new =
            [test(first), test(first), LogNo(first), test(first + 1), LogNo(first + 1), test(first + 2)];
        let rows = [&old[..], &new[..]].concat();
        for offset in (0..5).chain(first - 2..first + 5) {
            let reach: Vec<_> = rows.iter().map(|row| row.reaches(offset)).collect();
            assert!(reach.is_sorted(), "{offset}: {reach:?}");
        }
    }

    #[test]
    fn what_has_no_place_yet_stands_between_old_and_new() {
        let unnumbered = LogNo::UNNUMBERED;
        let first_new = unnumbered.next();
        assert_eq!(unnumbered.offset(), None);
        assert!(unnumbered.reaches(1) && unnumbered.reaches(first_new - 1) && !unnumbered.reaches(first_new));
    }
}
