//! How much of the commits large fan-outs have.
//!
//! What comes while a commit is made waits for its end, and for one of its own. So a commit has few rows of fan-outs, and behind one
//! that has any they rest for twice as long as it took beyond the disk, as far as their rows can account for it: that time is for
//! the others. After a few commits without anything else they go on without a rest.
//!
//! A few dozen rows now and then touch less of the store than a few rows in each commit: rows of one subscription lie together.

use std::time::Duration;

use postroad_domain::limits::COMMIT_ROWS_MAX;

use super::last_commit::LastCommit;

/// Rows in a commit for each millisecond that the disk takes at the least: they lengthen it by a half, more or less.
const ROWS_PER_MS: u128 = 50;
/// Rows in a commit, however fast the disk.
const ROWS_MIN: usize = 24;
/// Opening a fan-out of this many targets takes as long as one row.
pub(super) const OPENED_PER_ROW: usize = 128;
/// They rest for so many times what their rows took.
const REST: u32 = 2;
/// A row takes no longer: the rest of a commit's time is others' work, or a disk that stood still.
const ROW_TIME_MAX: Duration = Duration::from_micros(50);
/// Fan-outs that a commit opens: about as many again may be opened before those are known to have been.
pub(super) const OPENED_MAX: usize = 16;
/// After so many commits without anything else there are no others.
const QUIET_COMMITS: u32 = 4;
/// The least that the disk takes is looked for in so many commits, and in those of the time before.
const DISK_COMMITS: u32 = 64;

/// The pace of all fan-outs together.
#[derive(Default)]
pub(super) struct FanoutPace {
    /// When they may go on, on the monotonic clock.
    rests_until: Duration,
    /// Commits in a row that had nothing else.
    quiet: u32,
    /// The least that the disk took, in the last full [`DISK_COMMITS`] and in those since.
    least: [Option<Duration>; 2],
    commits: u32,
}

impl FanoutPace {
    /// A commit has ended now.
    pub(super) fn note(&mut self, last: LastCommit, now: Duration) {
        self.note_disk(last.sync_took);
        if last.had_others {
            self.quiet = 0;
        } else if last.fanout_rows > 0 {
            self.quiet = self.quiet.saturating_add(1);
        }
        if last.fanout_rows > 0 {
            let rows_max = u32::try_from(last.fanout_rows).unwrap_or(u32::MAX);
            let took = last.took.saturating_sub(self.disk_takes()).min(ROW_TIME_MAX.saturating_mul(rows_max));
            self.rests_until = now + took * REST;
        }
    }

    /// Whether a commit that begins now may have steps.
    pub(super) fn may_go_on(&self, now: Duration) -> bool {
        now >= self.rests_until || self.quiet >= QUIET_COMMITS
    }

    /// Until when they rest where others come.
    pub(super) fn rests_until(&self) -> Duration {
        self.rests_until
    }

    /// Rows of a commit.
    pub(super) fn rows(&self) -> usize {
        let rows = self.disk_takes().as_micros() * ROWS_PER_MS / 1_000;
        rows.clamp(ROWS_MIN as u128, COMMIT_ROWS_MAX as u128 / 4) as usize
    }

    fn note_disk(&mut self, took: Duration) {
        // A commit that wrote nothing says nothing.
        if took.is_zero() {
            return;
        }
        if self.commits == DISK_COMMITS {
            (self.least, self.commits) = ([self.least[1], None], 0);
        }
        self.commits += 1;
        self.least[1] = Some(self.least[1].map_or(took, |least| least.min(took)));
    }

    /// What the disk takes for little. What it takes for a commit full of fan-outs would let in still more of them.
    fn disk_takes(&self) -> Duration {
        self.least.into_iter().flatten().min().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    fn with_steps(took: Duration, sync_took: Duration) -> LastCommit {
        LastCommit { took, sync_took, events: 1, fanout_rows: 100, had_others: true }
    }

    /// A commit of fan-outs alone had two thousand rows, and everybody's next event waited for it.
    #[test]
    fn a_commit_has_few_rows_by_what_the_disk_takes() {
        for (sync, rows) in [(ms(0), ROWS_MIN), (ms(4), 200), (ms(1_000), COMMIT_ROWS_MAX / 4)] {
            let mut pace = FanoutPace::default();
            pace.note(with_steps(sync, sync), ms(0));
            assert_eq!(pace.rows(), rows, "with a disk of {sync:?}");
        }
    }

    /// The more rows a commit had the longer the disk took, and the more rows the next one had.
    #[test]
    fn a_disk_that_takes_long_for_what_they_write_lets_no_more_of_them_in() {
        let mut pace = FanoutPace::default();
        pace.note(with_steps(ms(4), ms(4)), ms(0));
        for _ in 0..DISK_COMMITS {
            pace.note(with_steps(ms(40), ms(40)), ms(0));
            assert_eq!(pace.rows(), 200);
        }
        for _ in 0..DISK_COMMITS {
            pace.note(with_steps(ms(40), ms(40)), ms(0));
        }
        assert_eq!(pace.rows(), COMMIT_ROWS_MAX / 4, "a disk that became slow");
    }

    #[test]
    fn behind_a_commit_with_steps_they_rest_for_twice_what_it_took_beyond_the_disk_while_others_come() {
        let mut pace = FanoutPace::default();
        assert!(pace.may_go_on(ms(0)));
        pace.note(with_steps(ms(5), ms(4)), ms(100));
        assert!(!pace.may_go_on(ms(101)) && pace.may_go_on(ms(102)));
        pace.note(with_steps(ms(9), ms(4)), ms(200));
        assert!(pace.may_go_on(ms(210)));
        let alone = LastCommit { had_others: false, ..with_steps(ms(9), ms(4)) };
        for commit in 1..=QUIET_COMMITS {
            assert!(!pace.may_go_on(ms(200)), "others may come");
            pace.note(alone, ms(200));
            assert_eq!(pace.may_go_on(ms(200)), commit == QUIET_COMMITS, "{commit}");
        }
    }

    /// Behind an hour in which the disk was full they rested for two.
    #[test]
    fn a_commit_that_waited_for_the_disk_is_no_reason_to_rest() {
        let mut pace = FanoutPace::default();
        let hour = Duration::from_secs(3_600);
        pace.note(LastCommit { took: hour, ..with_steps(ms(5), ms(4)) }, hour);
        assert!(pace.may_go_on(hour + ms(10)));
    }
}
