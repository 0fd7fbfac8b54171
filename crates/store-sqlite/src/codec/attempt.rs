//! What was sent and what came back.

use bytes::Bytes;
use postroad_domain::{ErrorClass, RequestHead, ResponseHead, attempt::Answer};

use super::{Decoder, Encoder};
use crate::error::Fault;

/// The head of a request.
pub(crate) fn encode_request(request: &RequestHead) -> Vec<u8> {
    let mut out =
        Encoder::with_capacity(request.url.len() + request.headers.bytes() + 2 * request.headers.len() + 16);
    out.bytes(request.method.as_bytes());
    out.bytes(request.url.as_bytes());
    out.headers(&request.headers);
    out.done()
}

/// Reads what [`encode_request`] wrote.
pub(crate) fn decode_request(bytes: &[u8]) -> Result<RequestHead, Fault> {
    let mut rest = Decoder::new(bytes)?;
    Ok(RequestHead { method: rest.text()?, url: rest.text()?, headers: rest.headers()? })
}

/// What came back, less the status or the error class, which are columns.
pub(crate) fn encode_answer(answer: &Answer) -> Vec<u8> {
    match answer {
        Answer::Response(response) => {
            let mut out = Encoder::with_capacity(
                response.body.len() + response.headers.bytes() + 2 * response.headers.len() + 16,
            );
            out.headers(&response.headers);
            out.number(u64::from(response.truncated));
            out.bytes(&response.body);
            out.done()
        }
        Answer::Error { message, .. } => {
            let mut out = Encoder::with_capacity(message.len() + 2);
            out.bytes(message.as_bytes());
            out.done()
        }
    }
}

/// Reads what [`encode_answer`] wrote.
pub(crate) fn decode_answer(
    status: Option<u16>,
    class: Option<ErrorClass>,
    bytes: &[u8],
) -> Result<Answer, Fault> {
    let mut rest = Decoder::new(bytes)?;
    match (status, class) {
        (Some(status), None) => {
            let headers = rest.headers()?;
            let truncated = rest.number()? == 1;
            let body = Bytes::copy_from_slice(rest.bytes()?);
            Ok(Answer::Response(ResponseHead { status, headers, body, truncated }))
        }
        (None, Some(class)) => Ok(Answer::Error { class, message: rest.text()? }),
        _ => Err(Fault::Corrupt("an attempt has neither a status nor an error, or both")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_and_both_kinds_of_answer_come_back_as_they_were() {
        let request = RequestHead {
            method: "POST".to_owned(),
            url: "https://example.com/hook?a=%20".to_owned(),
            headers: [("X-Key", "…"), ("x-key", "")].into(),
        };
        assert_eq!(decode_request(&encode_request(&request)).unwrap(), request);
        let response = Answer::Response(ResponseHead {
            status: 503,
            headers: [("retry-after", "5")].into(),
            body: Bytes::from_static(b"\0\xff not text"),
            truncated: true,
        });
        assert_eq!(decode_answer(Some(503), None, &encode_answer(&response)).unwrap(), response);
        let error = Answer::Error { class: ErrorClass::Tls, message: "unknown issuer".to_owned() };
        assert_eq!(decode_answer(None, Some(ErrorClass::Tls), &encode_answer(&error)).unwrap(), error);
    }

    #[test]
    fn an_answer_cut_anywhere_is_a_fault() {
        let error = Answer::Error { class: ErrorClass::Dns, message: "no address".to_owned() };
        let bytes = encode_answer(&error);
        for end in 0..bytes.len() {
            assert!(decode_answer(None, Some(ErrorClass::Dns), &bytes[..end]).is_err(), "{end}");
        }
        assert!(decode_answer(None, None, &bytes).is_err());
    }
}
