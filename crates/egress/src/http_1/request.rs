//! The head of a request, byte for byte as it goes out.

use bytes::Bytes;
use http::Method;
use postroad_domain::Headers;

use crate::{exchange::SendError, sendable, target::Target};

/// Request line and headers: those that were given, as they were given, then `Host`, and the length where there may be a
/// body. Errors: `Protocol` for a name or value that HTTP cannot carry, or one of a header that is not the caller's to write.
pub(crate) fn write_head(
    method: &Method,
    target: &Target,
    headers: &Headers,
    body: &Bytes,
) -> Result<Vec<u8>, SendError> {
    sendable::check_number(headers)?;
    let mut head = Vec::with_capacity(512);
    for part in [method.as_str(), " ", target.path_and_query(), " HTTP/1.1\r\n"] {
        head.extend_from_slice(part.as_bytes());
    }
    for (name, value) in headers {
        sendable::check_header(name, value)?;
        write_header(&mut head, name, value);
    }
    write_header(&mut head, "Host", target.authority());
    // Some receivers answer a POST that does not say that it has no body with 411.
    if !body.is_empty() || !matches!(*method, Method::GET | Method::HEAD) {
        write_header(&mut head, "Content-Length", &body.len().to_string());
    }
    head.extend_from_slice(b"\r\n");
    sendable::check_length(head.len())?;
    Ok(head)
}

fn write_header(head: &mut Vec<u8>, name: &str, value: &str) {
    let between = if value.is_empty() { ":" } else { ": " };
    for part in [name, between, value, "\r\n"] {
        head.extend_from_slice(part.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use postroad_domain::EndpointUrl;

    use super::*;
    use crate::sendable::HEADERS_MAX;

    fn head(headers: &[(&str, &str)]) -> Result<String, String> {
        let target = Target::of(&EndpointUrl::parse("http://h:8080/x?y").unwrap()).unwrap();
        let headers = headers.iter().copied().collect();
        write_head(&Method::POST, &target, &headers, &Bytes::from_static(b"{}"))
            .map(|head| String::from_utf8(head).unwrap())
            .map_err(|error| error.message)
    }

    #[test]
    fn what_was_given_stands_first_in_its_order_and_spelling() {
        assert_eq!(
            head(&[("X-b", "1"), ("x-A", ""), ("X-B", "ü\t")]).unwrap(),
            "POST /x?y HTTP/1.1\r\nX-b: 1\r\nx-A:\r\nX-B: ü\t\r\nHost: h:8080\r\nContent-Length: 2\r\n\r\n"
        );
    }

    #[test]
    fn what_http_cannot_carry_is_refused_with_words_and_without_the_value() {
        for name in ["", "X A", "X:A", "Ü", "X\r\nY"] {
            let message = head(&[("Fine", "v"), (name, "v")]).unwrap_err();
            assert!(message.ends_with(&format!("{name:?} is not a name that HTTP allows for a header")));
        }
        for value in ["a\r\nX-Evil: 1", "a\nb", "a\0", "\x7f"] {
            let message = head(&[("X-Key", value)]).unwrap_err();
            assert_eq!(message, "the request cannot be sent: the value of X-Key holds a control character");
        }
        for name in ["Host", "CONTENT-LENGTH", "transfer-encoding", "Transfer_Encoding"] {
            let message = head(&[(name, "v")]).unwrap_err();
            assert!(message.ends_with(&format!("{name} follows from its URL and body")));
        }
    }

    #[test]
    fn a_list_without_end_is_refused() {
        assert!(head(&[("X", "v"); HEADERS_MAX]).is_ok());
        assert!(head(&[("X", "v"); HEADERS_MAX + 1]).unwrap_err().ends_with("more than 1000 headers"));
        let long = "X".repeat(60_000);
        assert!(head(&[(long.as_str(), "v"); 10]).unwrap_err().ends_with("headers are too long"));
    }
}
