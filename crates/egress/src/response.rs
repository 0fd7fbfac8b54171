//! The headers of a response as they are kept.

use http::header::RETRY_AFTER;
use postroad_domain::{
    Headers,
    limits::{RESPONSE_HEADERS_BYTES_MAX, RESPONSE_HEADERS_MAX},
};

/// Names and values as text, and whether that is all of them. What does not fit is left out, and what comes after it may fit
/// again: one huge cookie does not cost us `Retry-After`, and neither do a hundred small ones.
pub(crate) fn headers_as_text<'a>(headers: impl Iterator<Item = (&'a str, &'a [u8])>) -> (Headers, bool) {
    let (mut room_bytes, mut is_whole) = (RESPONSE_HEADERS_BYTES_MAX, true);
    let mut kept = Headers::with_room_for(headers.size_hint().0.min(RESPONSE_HEADERS_MAX));
    for (name, value) in headers {
        let has_room = kept.len() < RESPONSE_HEADERS_MAX || name.eq_ignore_ascii_case(RETRY_AFTER.as_str());
        // Measured as text: each byte that is not UTF-8 becomes three.
        let value = String::from_utf8_lossy(value);
        match room_bytes.checked_sub(name.len() + value.len()).filter(|_| has_room) {
            Some(left) => {
                room_bytes = left;
                kept.push_lower_case(name, &value);
            }
            None => is_whole = false,
        }
    }
    (kept, is_whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_too_long_to_keep_does_not_cost_those_behind_it() {
        let long = [b'x'; RESPONSE_HEADERS_BYTES_MAX];
        let headers = [("A", &b"1"[..]), ("b", &long), ("Retry-After", b"\xff7")];
        let (kept, is_whole) = headers_as_text(headers.into_iter());
        assert_eq!(kept, [("a", "1"), ("retry-after", "\u{fffd}7")]);
        assert!(!is_whole);
    }

    #[test]
    fn the_limit_holds_for_the_text_and_not_for_the_bytes_it_came_from() {
        let value = [0xff; RESPONSE_HEADERS_BYTES_MAX / 2];
        let (kept, is_whole) = headers_as_text([("x", &value[..])].into_iter());
        assert_eq!(kept, []);
        assert!(!is_whole);
    }

    #[test]
    fn of_more_headers_than_are_kept_the_last_ones_go_and_the_wish_for_rest_stays() {
        let many = std::iter::repeat_n(("x", &b"1"[..]), RESPONSE_HEADERS_MAX + 1);
        let (kept, is_whole) = headers_as_text(many.chain([("Retry-After", &b"7"[..])]));
        assert_eq!(
            (kept.len(), kept.get("retry-after"), is_whole),
            (RESPONSE_HEADERS_MAX + 1, Some("7"), false)
        );
        assert!(headers_as_text([("x", &b"1"[..])].into_iter()).1);
    }
}
