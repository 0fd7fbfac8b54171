//! What has arrived: each event once for each subscription, or lost, or twice.

use serde::{Deserialize, Serialize};

use super::{histogram::Histogram, mark::Mark};

/// The receiver's book.
#[derive(Debug)]
pub(super) struct Tally {
    subscriptions: u64,
    /// One bit for each event and subscription.
    seen: Bits,
    distinct: u64,
    duplicates: u64,
    unreadable: u64,
    window: Option<Window>,
}

/// The events that were seen, one bit each, as 64-bit words.
pub(super) type Bits = Vec<u64>;

/// The time that is measured.
#[derive(Debug)]
struct Window {
    began_micros: u64,
    ended_micros: Option<u64>,
    arrived: u64,
    /// From the beginning to the first arrival of anything, also of what had arrived before.
    first_micros: Option<u64>,
    latency_micros: Histogram,
}

/// What the receiver says in the end. Times are microseconds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct TallyReport {
    /// Arrivals of the whole run, each event and subscription counted once.
    pub(super) distinct: u64,
    /// Arrivals of what had arrived before.
    pub(super) duplicates: u64,
    /// Requests without a mark.
    pub(super) unreadable: u64,
    /// Arrivals in the time that is measured, and that time.
    pub(super) arrived: u64,
    pub(super) window_micros: u64,
    /// From the beginning of that time to the first arrival of anything, also of what had arrived before.
    pub(super) first_micros: Option<u64>,
    /// From sending to arrival, of what was sent in the time that is measured.
    pub(super) latency_p50_micros: u64,
    pub(super) latency_p99_micros: u64,
    pub(super) latency_p999_micros: u64,
    pub(super) latency_max_micros: u64,
}

impl Tally {
    pub(super) fn new(subscriptions: u64) -> Self {
        Self { subscriptions, seen: Vec::new(), distinct: 0, duplicates: 0, unreadable: 0, window: None }
    }

    /// Notes one arrival; `None` is a request in which no mark was found.
    pub(super) fn note(&mut self, subscription: u64, mark: Option<Mark>, now_micros: u64) {
        let Some(mark) = mark.filter(|_| subscription < self.subscriptions) else {
            self.unreadable += 1;
            return;
        };
        if let Some(window) = &mut self.window {
            window.first_micros.get_or_insert_with(|| now_micros.saturating_sub(window.began_micros));
        }
        if !self.mark_seen(mark.number * self.subscriptions + subscription) {
            self.duplicates += 1;
            return;
        }
        self.distinct += 1;
        if let Some(window) = &mut self.window {
            window.note(mark, now_micros);
        }
    }

    /// The measured time begins.
    pub(super) fn begin(&mut self, now_micros: u64) {
        let latency_micros = Histogram::default();
        self.window = Some(Window {
            began_micros: now_micros,
            ended_micros: None,
            arrived: 0,
            first_micros: None,
            latency_micros,
        });
    }

    /// The measured time ends. What was sent in it still counts for the latency when it arrives later: leaving the
    /// slowest away would flatter.
    pub(super) fn end(&mut self, now_micros: u64) {
        if let Some(window) = &mut self.window {
            window.ended_micros = Some(now_micros);
        }
    }

    /// Arrivals so far, each counted once.
    pub(super) const fn distinct(&self) -> u64 {
        self.distinct
    }

    /// What was seen: the bit of an event is its number where there is one subscription.
    pub(super) const fn seen(&self) -> &Bits {
        &self.seen
    }

    /// The figures so far.
    pub(super) fn report(&self) -> TallyReport {
        let whole = TallyReport {
            distinct: self.distinct,
            duplicates: self.duplicates,
            unreadable: self.unreadable,
            ..TallyReport::default()
        };
        let Some(window) = &self.window else { return whole };
        TallyReport {
            arrived: window.arrived,
            window_micros: window.ended_micros.map_or(0, |ended| ended - window.began_micros),
            first_micros: window.first_micros,
            latency_p50_micros: window.latency_micros.percentile(50.0),
            latency_p99_micros: window.latency_micros.percentile(99.0),
            latency_p999_micros: window.latency_micros.percentile(99.9),
            latency_max_micros: window.latency_micros.percentile(100.0),
            ..whole
        }
    }

    /// `false` when it had been seen before.
    fn mark_seen(&mut self, place: u64) -> bool {
        set(&mut self.seen, place)
    }
}

/// Sets a bit; `false` when it was set before.
pub(super) fn set(bits: &mut Bits, place: u64) -> bool {
    let (word, bit) = ((place / 64) as usize, 1_u64 << (place % 64));
    if word >= bits.len() {
        bits.resize((word + 1).next_power_of_two(), 0);
    }
    let is_new = bits[word] & bit == 0;
    bits[word] |= bit;
    is_new
}

/// How many bits are set in `wanted` and not in `found`.
pub(super) fn missing(wanted: &Bits, found: &Bits) -> u64 {
    let found = found.iter().copied().chain(std::iter::repeat(0));
    wanted.iter().zip(found).map(|(wanted, found)| u64::from((wanted & !found).count_ones())).sum()
}

impl Window {
    fn note(&mut self, mark: Mark, now_micros: u64) {
        if self.ended_micros.is_none() {
            self.arrived += 1;
        }
        let sent_in_window = mark.sent_micros >= self.began_micros
            && self.ended_micros.is_none_or(|ended| mark.sent_micros <= ended);
        if sent_in_window {
            self.latency_micros.record(now_micros.saturating_sub(mark.sent_micros));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(number: u64, sent_micros: u64) -> Option<Mark> {
        Some(Mark { number, sent_micros })
    }

    #[test]
    fn each_event_counts_once_for_each_subscription() {
        let mut tally = Tally::new(2);
        for (subscription, number) in [(0, 0), (1, 0), (0, 500), (0, 500)] {
            tally.note(subscription, mark(number, 1), 2);
        }
        tally.note(0, None, 2);
        tally.note(2, mark(7, 1), 2);
        let report = tally.report();
        assert_eq!((report.distinct, report.duplicates, report.unreadable), (3, 1, 2));
    }

    #[test]
    fn what_was_acknowledged_and_never_came_is_missing() {
        let (mut wanted, mut found) = (Bits::new(), Bits::new());
        for number in [3, 64, 700] {
            assert!(set(&mut wanted, number));
        }
        for number in [3, 4] {
            set(&mut found, number);
        }
        assert_eq!((missing(&wanted, &found), missing(&found, &wanted)), (2, 1));
        assert!(!set(&mut found, 4), "it was seen before");
    }

    #[test]
    fn the_first_arrival_counts_from_the_beginning_even_if_it_is_a_repetition() {
        let mut tally = Tally::new(1);
        tally.note(0, mark(0, 10), 20);
        tally.begin(100);
        assert_eq!(tally.report().first_micros, None);
        tally.note(0, mark(0, 10), 130);
        tally.note(0, mark(1, 10), 150);
        assert_eq!(tally.report().first_micros, Some(30));
    }

    #[test]
    fn the_latency_is_of_what_was_sent_in_the_measured_time_even_if_it_came_later() {
        let mut tally = Tally::new(1);
        tally.note(0, mark(0, 10), 20);
        tally.begin(100);
        tally.note(0, mark(1, 90), 110);
        tally.note(0, mark(2, 100), 110);
        tally.end(200);
        tally.note(0, mark(3, 150), 1_150);
        tally.note(0, mark(4, 201), 9_999);
        let report = tally.report();
        assert_eq!((report.arrived, report.window_micros, report.distinct), (2, 100, 5));
        assert_eq!(report.latency_p50_micros, 10);
        assert!((970..=1_030).contains(&report.latency_p99_micros));
    }
}
