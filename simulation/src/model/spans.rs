//! Spans of time, and how much of one is not covered by others.

use std::time::Duration;

/// From and to.
pub(super) type Span = (Duration, Duration);

/// The end of what does not end.
pub(super) const EVER: Duration = Duration::from_secs(1 << 40);

/// Spans in order, none of which touches another.
#[derive(Clone, Debug, Default)]
pub(super) struct Spans(Vec<Span>);

impl Spans {
    /// Of any spans.
    pub(super) fn of(mut spans: Vec<Span>) -> Self {
        spans.retain(|(from, to)| from < to);
        spans.sort_unstable();
        let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
        for (from, to) in spans {
            match joined.last_mut() {
                Some(last) if last.1 >= from => last.1 = last.1.max(to),
                _ => joined.push((from, to)),
            }
        }
        Self(joined)
    }

    /// The longest part of a span that none of these covers.
    pub(super) fn longest_gap(&self, (from, to): Span) -> Span {
        let (mut longest, mut at) = ((from, from), from);
        let first = self.0.partition_point(|(_, end)| *end <= from);
        for (begin, end) in self.0[first..].iter().copied().take_while(|(begin, _)| *begin < to) {
            if begin > at && begin - at > longest.1 - longest.0 {
                longest = (at, begin);
            }
            at = at.max(end);
        }
        if to > at && to - at > longest.1 - longest.0 {
            longest = (at, to);
        }
        longest
    }

    /// Whether one of these and the span have a moment in common.
    pub(super) fn touch(&self, (from, to): Span) -> bool {
        let first = self.0.partition_point(|(_, end)| *end < from);
        self.0.get(first).is_some_and(|(begin, _)| *begin <= to)
    }
}
