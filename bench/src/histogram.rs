//! A log-linear histogram: 32 steps (2 to the power of `STEP_BITS`) to each doubling, so a percentile is right to about 3 %, in a fixed 15 KB.

const STEP_BITS: u32 = 5;

/// Counts of values, in any unit.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; index_of(u64::MAX) + 1], total: 0 }
    }
}

impl Histogram {
    /// Counts `value`.
    pub(super) fn record(&mut self, value: u64) {
        self.counts[index_of(value)] += 1;
        self.total += 1;
    }

    /// The value that `percent` of all do not exceed; 0 when there is none.
    pub(super) fn percentile(&self, percent: f64) -> u64 {
        let wanted = ((self.total as f64 * percent / 100.0).ceil() as u64).max(1);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return value_of(index);
            }
        }
        0
    }
}

/// Values below 64 have an index each; above, each doubling has 32 of them.
fn index_of(value: u64) -> usize {
    let magnitude = value.checked_ilog2().unwrap_or(0).saturating_sub(STEP_BITS);
    ((u64::from(magnitude) << STEP_BITS) + (value >> magnitude)) as usize
}

/// The middle of the values of an index.
fn value_of(index: usize) -> u64 {
    let index = index as u64;
    let magnitude = (index >> STEP_BITS).saturating_sub(1);
    let low = (index - (magnitude << STEP_BITS)) << magnitude;
    low + ((1 << magnitude) >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_found_again_within_three_percent() {
        for value in [0, 1, 31, 32, 33, 63, 64, 1_000, 15_000, 1_000_000, 123_456_789, u64::MAX / 3] {
            let found = value_of(index_of(value));
            assert!(found.abs_diff(value) as f64 <= value as f64 * 0.03, "{value} became {found}");
        }
    }

    #[test]
    fn percentiles_stand_where_they_should() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentile(50.0), 0);
        (1..=1_000).for_each(|value| histogram.record(value));
        assert!((490..=510).contains(&histogram.percentile(50.0)));
        assert!((960..=1_010).contains(&histogram.percentile(99.0)));
    }
}
