//! A request as hyper takes it. Names are in lower case: HTTP/2 has no others.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header::CONTENT_LENGTH};
use http_body_util::Full;
use postroad_domain::Headers;

use crate::{
    exchange::{OutboundRequest, SendError},
    sendable,
    target::Target,
};

/// The request to `target`. Errors: `Protocol` for a name or value that HTTP cannot carry, or one of a header that is not
/// the caller's to write.
pub(crate) fn outgoing(
    target: &Target,
    request: &OutboundRequest,
) -> Result<Request<Full<Bytes>>, SendError> {
    let mut headers = checked(&request.headers)?;
    if request.body.is_empty() && !matches!(request.method, Method::GET | Method::HEAD) {
        // hyper leaves the header out for an empty body of some methods, which some receivers answer with 411.
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    let mut outgoing = Request::new(Full::new(request.body.clone()));
    outgoing.method_mut().clone_from(&request.method);
    outgoing.uri_mut().clone_from(&target.uri);
    *outgoing.headers_mut() = headers;
    Ok(outgoing)
}

fn checked(headers: &Headers) -> Result<HeaderMap, SendError> {
    sendable::check_number(headers)?;
    sendable::check_length(headers.iter().map(|(name, value)| name.len() + value.len()).sum())?;
    let mut map = HeaderMap::with_capacity(headers.len() + 1);
    for (name, value) in headers {
        sendable::check_header(name, value)?;
        let name = HeaderName::from_bytes(name.as_bytes()).ok();
        let sendable = name.zip(HeaderValue::from_bytes(value.as_bytes()).ok());
        let (name, value) =
            sendable.ok_or_else(|| sendable::unsendable("the name of a header is too long".to_owned()))?;
        map.append(name, value);
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use postroad_domain::{EndpointUrl, Repeat};

    use super::*;
    use crate::{exchange::Owner, sendable::HEADERS_MAX};

    fn refusal(headers: &[(&str, &str)]) -> String {
        checked(&headers.iter().copied().collect()).unwrap_err().message
    }

    #[test]
    fn several_headers_of_one_name_stay_several() {
        let headers = checked(&[("X-Tag", "1"), ("x-other", ""), ("X-TAG", "\u{fc}")].into()).unwrap();
        let values: Vec<_> = headers.get_all("x-tag").iter().map(HeaderValue::as_bytes).collect();
        assert_eq!(values, ["1".as_bytes(), "\u{fc}".as_bytes()]);
        assert_eq!(headers["x-other"], "");
    }

    #[test]
    fn what_http_cannot_carry_is_refused_with_words_and_without_the_value() {
        for name in ["", "X A", "X:A", "Ü", "X\r\nY"] {
            let message = refusal(&[("Fine", "v"), (name, "v")]);
            assert!(message.ends_with(&format!("{name:?} is not a name that HTTP allows for a header")));
        }
        for value in ["a\r\nX-Evil: 1", "a\nb", "a\0", "\x7f"] {
            let message = refusal(&[("X-Key", value)]);
            assert_eq!(message, "the request cannot be sent: the value of X-Key holds a control character");
        }
    }

    #[test]
    fn what_frames_the_request_is_not_the_callers_to_write() {
        for name in ["Host", "CONTENT-LENGTH", "transfer-encoding", "Transfer_Encoding"] {
            assert!(refusal(&[(name, "v")]).ends_with(&format!("{name} follows from its URL and body")));
        }
    }

    #[test]
    fn a_list_without_end_is_refused() {
        assert!(checked(&[("X", "v"); HEADERS_MAX].into()).is_ok());
        assert!(refusal(&[("X", "v"); HEADERS_MAX + 1]).ends_with("it has more than 1000 headers"));
        assert!(refusal(&[("X".repeat(60_000).as_str(), "v"); 10]).ends_with("headers are too long"));
        assert!(refusal(&[("X".repeat(70_000).as_str(), "v")]).ends_with("the name of a header is too long"));
    }

    #[test]
    fn a_request_without_body_says_so_where_it_could_have_one() {
        let target = Target::of(&EndpointUrl::parse("https://h/x").unwrap()).unwrap();
        for (method, length) in [(Method::POST, Some("0")), (Method::DELETE, Some("0")), (Method::GET, None)]
        {
            let request = OutboundRequest {
                owner: Owner(1),
                repeat: Repeat::Always,
                method,
                url: EndpointUrl::parse("https://h/x").unwrap(),
                headers: Headers::new(),
                body: Bytes::new(),
                deadline: std::time::Duration::ZERO,
                channel: None,
            };
            let outgoing = outgoing(&target, &request).unwrap();
            let said = outgoing.headers().get(CONTENT_LENGTH).map(|length| length.to_str().unwrap());
            assert_eq!(said, length);
        }
    }
}
