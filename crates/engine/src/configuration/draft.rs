//! What somebody wants a tenant, a key or a subscription to be, as it was written: texts, numbers and lists that nobody has
//! checked. The engine checks a draft once, for every way in: the API, imports and tests.
//!
//! **Invariants**
//! * All faults of a draft are found at once. Each names its field as the draft does, with indexes: `delivery.headers[2].name`.
//! * What a way in could not read is in the draft as a fault of its own. Nothing is said about such a field besides.

use std::fmt::{self, Display};

use postroad_domain::{
    Invalid, RateLimit,
    limits::{Bounds, RATE_LIMIT_PER},
    time::parse_duration,
};
use postroad_profile::FieldProblem;
use serde_json::Number;

/// Faults that one refusal lists.
const FAULTS_MAX: usize = 100;

/// How many exchanges or calls may begin within a span of time, unchecked.
#[derive(Clone, Debug)]
pub struct RateLimitDraft {
    /// How many.
    pub count: Number,
    /// The span, such as `1s`.
    pub per: String,
}

impl From<RateLimit> for RateLimitDraft {
    fn from(limit: RateLimit) -> Self {
        Self { count: limit.count.into(), per: postroad_domain::time::duration_text(limit.per) }
    }
}

impl RateLimitDraft {
    /// The limit; how many there may be is its owner's to say.
    pub fn check(self, path: &str, counts: Bounds<u32>, faults: &mut Faults) -> Option<RateLimit> {
        let count = faults.check(format_args!("{path}.count"), whole_number(&self.count, counts));
        let per = faults.check(format_args!("{path}.per"), parse_duration(&self.per, RATE_LIMIT_PER));
        Some(RateLimit { count: count?, per: per? })
    }
}

/// The faults of what somebody sent as they are found, each with the path of its field.
#[derive(Clone, Debug, Default)]
pub struct Faults(Vec<Found>);

#[derive(Clone, Debug)]
struct Found {
    problem: FieldProblem,
    /// Known from an earlier look: nothing more is said about its field.
    is_settled: bool,
}

impl Faults {
    /// Those that the way in found; `unreadable` of the draft.
    pub fn after(unreadable: Vec<FieldProblem>) -> Self {
        Self(unreadable.into_iter().map(|problem| Found { problem, is_settled: true }).collect())
    }

    /// From here on nothing more is said about what is known to be at fault.
    pub fn settle(&mut self) {
        self.0.iter_mut().for_each(|found| found.is_settled = true);
    }

    /// Adds one, unless the field, what it lies in or a part of it is settled. The items of a list stand in their order,
    /// whoever looked at them first.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        let mut known =
            self.0.iter().filter(|found| found.is_settled).map(|found| found.problem.field.as_str());
        if self.0.len() >= FAULTS_MAX || known.any(|known| is_within(field, known) || is_within(known, field))
        {
            return;
        }
        let problem = FieldProblem { field: field.to_owned(), message: message.into() };
        if self.0.iter().any(|found| found.problem == problem) {
            return;
        }
        let is_behind = |found: &Found| match (item(&found.problem.field), item(field)) {
            (Some((list, behind)), Some((own, index))) => list == own && behind > index,
            _ => false,
        };
        let place = self.0.iter().position(is_behind).unwrap_or(self.0.len());
        self.0.insert(place, Found { problem, is_settled: false });
    }

    /// Adds all of these.
    pub fn extend(&mut self, problems: impl IntoIterator<Item = FieldProblem>) {
        for problem in problems {
            self.add(&problem.field, problem.message);
        }
    }

    /// The value of a field, or none after its fault is noted. The name of the field is only written down then.
    pub fn check<T>(&mut self, field: impl Display, checked: Result<T, Invalid>) -> Option<T> {
        checked.map_err(|why| self.add(&field.to_string(), why.to_string())).ok()
    }

    /// Each item of a list of at most `max`. What an item is told about bears its index.
    pub fn list<A, T>(
        &mut self,
        field: impl Display,
        (items, max): (Vec<A>, usize),
        check: impl Fn(&mut Self, fmt::Arguments<'_>, A) -> Option<T>,
    ) -> Vec<T> {
        if items.len() > max {
            self.add(&field.to_string(), format!("holds {} values; {max} are allowed", items.len()));
            return Vec::new();
        }
        let items = items.into_iter().enumerate();
        items.filter_map(|(index, item)| check(self, format_args!("{field}[{index}]"), item)).collect()
    }

    /// Whether one of this very field was found.
    pub(crate) fn names(&self, field: &str) -> bool {
        self.0.iter().any(|known| known.problem.field == field)
    }

    /// Whether none was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn into_problems(self) -> Vec<FieldProblem> {
        self.0.into_iter().map(|found| found.problem).collect()
    }

    /// The value, if nothing was found. A check that gives no value has added a fault.
    ///
    /// # Errors
    ///
    /// All faults, or none where there is no value and nobody said why.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Vec<FieldProblem>> {
        value.filter(|_| self.is_empty()).ok_or_else(|| self.into_problems())
    }
}

/// A text of `min` to `max` characters.
///
/// # Errors
///
/// It has fewer or more.
pub fn text_within(text: String, min: usize, max: usize) -> Result<String, Invalid> {
    if (min..=max).contains(&text.chars().count()) {
        return Ok(text);
    }
    Err(Invalid::new(format!("must have {min} to {max} characters")))
}

/// A whole number within its bounds.
///
/// # Errors
///
/// It is none.
pub fn whole_number<T>(number: &Number, bounds: Bounds<T>) -> Result<T, Invalid>
where
    T: TryFrom<u64> + PartialOrd + Display + Copy,
{
    let whole = number.as_u64().and_then(|number| T::try_from(number).ok());
    let within = whole.filter(|number| (bounds.min..=bounds.max).contains(number));
    within
        .ok_or_else(|| Invalid::new(format!("must be a whole number from {} to {}", bounds.min, bounds.max)))
}

/// The list that a field is an item of, or lies in one, and its index there.
fn item(field: &str) -> Option<(&str, usize)> {
    let (list, rest) = field.split_once('[')?;
    Some((list, rest.split_once(']')?.0.parse().ok()?))
}

/// Whether a field is this one or lies within it. The root, which has no name, holds every field.
fn is_within(field: &str, whole: &str) -> bool {
    let behind = field.strip_prefix(whole);
    behind.is_some_and(|rest| whole.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(faults: Faults) -> Vec<String> {
        let found = faults.finish::<()>(None).unwrap_err();
        found.into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn nothing_more_is_said_about_a_field_whose_fault_is_known() {
        let known = |field: &str| FieldProblem { field: field.to_owned(), message: "x".to_owned() };
        let mut faults = Faults::after(vec![known("delivery.url"), known("events[1]")]);
        for field in ["delivery.url", "delivery", "events", "events[1]", "events[1].name", ""] {
            faults.add(field, "is required");
        }
        faults.add("events[10]", "y");
        faults.add("delivery.urls", "y");
        faults.add("events[10]", "z");
        faults.add("events[10]", "z");
        faults.add("events[0]", "y");
        let expected =
            ["delivery.url", "events[0]", "events[1]", "events[10]", "delivery.urls", "events[10]"];
        assert_eq!(fields(faults), expected);
        let mut faults = Faults::after(vec![known("")]);
        faults.add("name", "y");
        assert_eq!(fields(faults), [""]);
    }

    #[test]
    fn a_refusal_stays_small() {
        let mut faults = Faults::after(Vec::new());
        (0..1_000).for_each(|index| faults.add(&format!("events[{index}]"), "x"));
        assert_eq!(fields(faults).len(), FAULTS_MAX);
    }
}
