//! Paths and queries, whatever stands in the names that callers give.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stays as it is (RFC 3986, section 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// `prefix/segment`, with everything encoded in the segment that could end it.
pub(crate) fn join(prefix: &str, segment: &str) -> String {
    match segment {
        // The two segments that mean something else than their text; no object has such a name.
        "." | ".." => format!("{prefix}/{}", segment.replace('.', "%2E")),
        _ => format!("{prefix}/{}", utf8_percent_encode(segment, ENCODED)),
    }
}

/// `path?name=value&…`; the path alone where there is no pair.
pub(crate) fn with_query(path: &str, pairs: &[(&'static str, String)]) -> String {
    let mut whole = path.to_owned();
    for (index, (name, value)) in pairs.iter().enumerate() {
        whole.push(if index == 0 { '?' } else { '&' });
        whole.push_str(name);
        whole.push('=');
        whole.extend(utf8_percent_encode(value, ENCODED));
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_segment() {
        assert_eq!(join("/v1/tenants", "a/../b?c#d"), "/v1/tenants/a%2F..%2Fb%3Fc%23d");
        assert_eq!(join("/v1/tenants", ".."), "/v1/tenants/%2E%2E");
        assert_eq!(join("/v1/tenants", "acme-1.x_y~"), "/v1/tenants/acme-1.x_y~");
    }

    #[test]
    fn a_value_cannot_become_a_second_parameter() {
        let pairs = [("since", "2026-11-22T00:00:00+01:00".to_owned()), ("type", "a&b=c".to_owned())];
        assert_eq!(with_query("/x", &pairs), "/x?since=2026-11-22T00%3A00%3A00%2B01%3A00&type=a%26b%3Dc");
        assert_eq!(with_query("/x", &[]), "/x");
    }
}
