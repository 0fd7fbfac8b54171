//! The headers of a response as they are kept.

use postroad_domain::{Headers, limits::RESPONSE_HEADERS_BYTES_MAX};

/// Names and values as text. What does not fit is left out, and what comes after it may fit again: one huge cookie does
/// not cost us `Retry-After`.
pub(crate) fn headers_as_text<'a>(headers: impl Iterator<Item = (&'a str, &'a [u8])>) -> Headers {
    let mut room_bytes = RESPONSE_HEADERS_BYTES_MAX;
    let mut kept = Headers::with_room_for(headers.size_hint().0);
    for (name, value) in headers {
        // Measured as text: each byte that is not UTF-8 becomes three.
        let value = String::from_utf8_lossy(value);
        if let Some(left) = room_bytes.checked_sub(name.len() + value.len()) {
            room_bytes = left;
            kept.push_lower_case(name, &value);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_too_long_to_keep_does_not_cost_those_behind_it() {
        let long = [b'x'; RESPONSE_HEADERS_BYTES_MAX];
        let headers = [("A", &b"1"[..]), ("b", &long), ("Retry-After", b"\xff7")];
        assert_eq!(headers_as_text(headers.into_iter()), [("a", "1"), ("retry-after", "\u{fffd}7")]);
    }

    #[test]
    fn the_limit_holds_for_the_text_and_not_for_the_bytes_it_came_from() {
        let value = [0xff; RESPONSE_HEADERS_BYTES_MAX / 2];
        assert_eq!(headers_as_text([("x", &value[..])].into_iter()), []);
    }
}
