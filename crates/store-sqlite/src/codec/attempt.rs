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

/// Behind all else: the request was repeated. Left out where it was not, as in all attempts that were written before.
const REPEATED: u64 = 1;

/// What came back, less the status or the error class, which are columns, and whether the request was repeated.
pub(crate) fn encode_answer(answer: &Answer, repeated: bool) -> Vec<u8> {
    let mut out = match answer {
        Answer::Response(response) => {
            let mut out = Encoder::with_capacity(
                response.body.len() + response.headers.bytes() + 2 * response.headers.len() + 16,
            );
            out.headers(&response.headers);
            out.number(u64::from(response.truncated));
            out.bytes(&response.body);
            out
        }
        Answer::Error { message, .. } => {
            let mut out = Encoder::with_capacity(message.len() + 2);
            out.bytes(message.as_bytes());
            out
        }
    };
    if repeated {
        out.number(REPEATED);
    }
    out.done()
}

/// Reads what [`encode_answer`] wrote.
pub(crate) fn decode_answer(
    status: Option<u16>,
    class: Option<ErrorClass>,
    bytes: &[u8],
) -> Result<(Answer, bool), Fault> {
    let mut rest = Decoder::new(bytes)?;
    let answer = match (status, class) {
        (Some(status), None) => {
            let headers = rest.headers()?;
            let truncated = rest.number()? == 1;
            let body = Bytes::copy_from_slice(rest.bytes()?);
            Answer::Response(ResponseHead { status, headers, body, truncated })
        }
        (None, Some(class)) => Answer::Error { class, message: rest.text()? },
        _ => return Err(Fault::Corrupt("an attempt has neither a status nor an error, or both")),
    };
    let repeated = !rest.is_empty() && rest.number()? == REPEATED;
    Ok((answer, repeated))
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
        let error = Answer::Error { class: ErrorClass::Tls, message: "unknown issuer".to_owned() };
        for repeated in [false, true] {
            let bytes = encode_answer(&response, repeated);
            assert_eq!(decode_answer(Some(503), None, &bytes).unwrap(), (response.clone(), repeated));
            let bytes = encode_answer(&error, repeated);
            assert_eq!(
                decode_answer(None, Some(ErrorClass::Tls), &bytes).unwrap(),
                (error.clone(), repeated)
            );
        }
    }

    #[test]
    fn an_attempt_that_was_written_before_there_were_repeats_is_read_as_one_without() {
        // The form's version, no headers, not cut, a body of two bytes.
        let answer = Answer::Response(ResponseHead {
            status: 200,
            headers: postroad_domain::Headers::new(),
            body: Bytes::from_static(b"ok"),
            truncated: false,
        });
        let written = [1, 0, 0, 2, b'o', b'k'];
        assert_eq!(encode_answer(&answer, false), written);
        assert_eq!(decode_answer(Some(200), None, &written).unwrap(), (answer, false));
    }

    #[test]
    fn an_answer_cut_anywhere_is_a_fault() {
        let error = Answer::Error { class: ErrorClass::Dns, message: "no address".to_owned() };
        let bytes = encode_answer(&error, false);
        for end in 0..bytes.len() {
            assert!(decode_answer(None, Some(ErrorClass::Dns), &bytes[..end]).is_err(), "{end}");
        }
        assert!(decode_answer(None, None, &bytes).is_err());
    }
}
