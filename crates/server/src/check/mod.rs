//! Checking what a caller sent: every fault of a request is collected before it is refused, each with the path of its
//! field and a sentence that says what to write instead.
//!
//! ```text
//! Value ─▶ Object (known names) ─▶ Field ─▶ text, flag, number, items, object ─▶ the fields of a body ─▶ the engine's check
//! ```
//!
//! **Invariant:** an absent field and one that is `null` are the same.

mod body;
mod faults;
mod field;
mod merge_patch;
mod object;

pub(crate) use body::{Body, BoundedVec, Carried, Read, body, read_body, wire_name};
pub(crate) use faults::Faults;
pub(crate) use field::Field;
pub(crate) use merge_patch::merge_patch;
pub(crate) use object::{Object, Shape};
pub(crate) use postroad_domain::time::{duration_text, parse_duration};

/// The known name that a wrong one was most likely meant to be.
pub(crate) fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // As far as a slip of the finger goes: a third of the letters.
    let distance_max = (wrong.chars().count() / 3).max(1);
    known
        .map(|name| (strsim::damerau_levenshtein(wrong, name), name))
        .min()
        .filter(|(distance, _)| *distance <= distance_max)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        let known = ["concurrency", "delivery", "events", "url"];
        for (wrong, expected) in [
            ("concurency", Some("concurrency")),
            ("event", Some("events")),
            ("ulr", Some("url")),
            ("uri", Some("url")),
            ("webhook", None),
            ("", None),
        ] {
            assert_eq!(nearest(wrong, known.into_iter()), expected, "{wrong}");
        }
    }
}
