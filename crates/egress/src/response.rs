//! Reading a response to its limits. Once the status is known nothing here can fail: the status decides, and a body
//! that is too long, too slow or broken is noted as truncated.

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use postroad_domain::limits::{RESPONSE_BODY_BYTES_MAX, RESPONSE_HEADERS_BYTES_MAX};
use tokio::time::{Instant, timeout_at};

/// The first bytes of a body, and whether it was cut. Reads no further than the limit or the deadline.
pub(crate) async fn read_body(mut body: Incoming, deadline: Instant) -> (Bytes, bool) {
    if body.is_end_stream() {
        return (Bytes::new(), false);
    }
    let mut kept = Vec::new();
    let is_whole = timeout_at(deadline, read_frames(&mut body, &mut kept)).await.unwrap_or(false);
    (Bytes::from(kept), !is_whole)
}

/// Fills `kept` and says whether that is the whole body.
async fn read_frames(body: &mut Incoming, kept: &mut Vec<u8>) -> bool {
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return false;
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let fitting = data.len().min(RESPONSE_BODY_BYTES_MAX - kept.len());
        // A copy: the frame itself would hold on to the whole read buffer for as long as somebody holds the body.
        kept.extend_from_slice(&data[..fitting]);
        if fitting < data.len() {
            return false;
        }
    }
    true
}

/// Names and values as text. What does not fit is left out, and what comes after it may fit again: one huge cookie does
/// not cost us `Retry-After`.
pub(crate) fn headers_as_text(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut room_bytes = RESPONSE_HEADERS_BYTES_MAX;
    let mut kept = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        // Measured as text: each byte that is not UTF-8 becomes three.
        let value = String::from_utf8_lossy(value.as_bytes());
        if let Some(left) = room_bytes.checked_sub(name.as_str().len() + value.len()) {
            room_bytes = left;
            kept.push((name.as_str().to_owned(), value.into_owned()));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_header_too_long_to_keep_does_not_cost_those_behind_it() {
        let mut headers = HeaderMap::new();
        headers.insert("a", HeaderValue::from_static("1"));
        headers.insert("b", HeaderValue::from_bytes(&[b'x'; RESPONSE_HEADERS_BYTES_MAX]).unwrap());
        headers.insert("retry-after", HeaderValue::from_bytes(b"\xff7").unwrap());
        let kept = headers_as_text(&headers);
        assert_eq!(
            kept,
            [("a", "1"), ("retry-after", "\u{fffd}7")].map(|(name, value)| (name.into(), value.into()))
        );
    }

    #[test]
    fn the_limit_holds_for_the_text_and_not_for_the_bytes_it_came_from() {
        let mut headers = HeaderMap::new();
        headers.insert("x", HeaderValue::from_bytes(&[0xff; RESPONSE_HEADERS_BYTES_MAX / 2]).unwrap());
        assert_eq!(headers_as_text(&headers), []);
    }
}
