//! Figures of several runs become one: the median, with the lowest and the highest beside it.

use serde::Serialize;

/// The middle of several values and how far they lie apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) lowest: f64,
    pub(super) highest: f64,
}

impl Spread {
    /// Of these values; all 0 for none.
    pub(super) fn of(values: &[f64]) -> Self {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        let (Some(lowest), Some(highest)) = (values.first(), values.last()) else { return Self::default() };
        Self { median: middle(&values), lowest: *lowest, highest: *highest }
    }

    /// Of the ratios of pairs, the first by the second. A pair whose second value is 0 says nothing and is left away.
    pub(super) fn of_ratios(pairs: impl IntoIterator<Item = (f64, f64)>) -> Option<Self> {
        let usable = pairs.into_iter().filter(|(_, second)| *second != 0.0);
        let ratios: Vec<_> = usable.map(|(first, second)| first / second).collect();
        (!ratios.is_empty()).then(|| Self::of(&ratios))
    }
}

/// The middle one of sorted values, the mean of the middle two.
fn middle(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[half] } else { f64::midpoint(sorted[half - 1], sorted[half]) }
}

/// Every one of `sides` in each of `rounds`, in turn: A B A B. What changes on the machine meanwhile meets all alike.
pub(super) fn interleaved<T: Copy>(sides: &[T], rounds: u32) -> Vec<T> {
    (0..rounds).flat_map(|_| sides.iter().copied()).collect()
}

/// Events a second.
pub(super) fn per_second(count: u64, micros: u64) -> f64 {
    if micros == 0 { 0.0 } else { count as f64 * 1e6 / micros as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_and_the_spread_the_ends() {
        assert_eq!(Spread::of(&[3.0, 1.0, 2.0]), Spread { median: 2.0, lowest: 1.0, highest: 3.0 });
        assert_eq!(Spread::of(&[4.0, 1.0]).median, 2.5);
        assert_eq!(Spread::of(&[]), Spread::default());
    }

    #[test]
    fn one_bad_run_moves_the_spread_and_not_the_median() {
        let spread = Spread::of(&[100.0, 101.0, 5.0]);
        assert_eq!((spread.median, spread.lowest), (100.0, 5.0));
    }

    #[test]
    fn sides_take_turns() {
        assert_eq!(interleaved(&['a', 'b'], 3), ['a', 'b', 'a', 'b', 'a', 'b']);
        assert_eq!(interleaved(&['a'], 2), ['a', 'a']);
    }

    #[test]
    fn ratios_are_made_pair_by_pair() {
        // The machine became half as fast after the first pair: the ratio of the medians would show that.
        let spread = Spread::of_ratios([(200.0, 100.0), (100.0, 50.0), (90.0, 45.0)]).unwrap();
        assert_eq!((spread.lowest, spread.median, spread.highest), (2.0, 2.0, 2.0));
        assert_eq!(Spread::of_ratios([(1.0, 0.0)]), None);
    }

    #[test]
    fn nothing_in_no_time_is_nothing() {
        assert_eq!(per_second(10, 0), 0.0);
        assert_eq!(per_second(10, 2_000_000), 5.0);
    }
}
