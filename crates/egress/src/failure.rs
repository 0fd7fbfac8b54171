//! From what went wrong below to the class that the engine decides upon.
//!
//! **Invariant:** the class follows from types, never from the text of an error; the text is for people only.

use std::{fmt::Display, io, time::Duration};

use postroad_domain::ErrorClass;

use crate::{
    connector::ConnectError,
    exchange::SendError,
    guard::GuardError,
    http_1::Http1Error,
    http_2::{Http2Error, deepest},
};

/// The deadline of the exchange passed.
pub(crate) fn timed_out(after: Duration) -> SendError {
    SendError::new(ErrorClass::Timeout, format!("no answer within {after:?}"))
}

/// Why our own HTTP/1.1 has no answer.
pub(crate) fn from_http_1(error: &Http1Error) -> SendError {
    match error {
        Http1Error::Connect(error) => from_connector(error),
        Http1Error::Broken(error) => from_broken(error),
        Http1Error::Closed => closed(),
        Http1Error::NotHttp(why) => not_http(why),
    }
}

/// Why HTTP/2 has no answer, by the error inside it that knows the reason.
pub(crate) fn from_http_2(error: &Http2Error) -> SendError {
    let error = match error {
        Http2Error::Connect(error) => return from_connector(error),
        Http2Error::Connection(error) => error,
        Http2Error::Flooded => {
            let why = format!("the receiver does not speak HTTP/2 as it should: {error}");
            return SendError::new(ErrorClass::Protocol, why);
        }
    };
    if let Some(error) = deepest::<h2::Error>(error).filter(|error| !error.is_io()) {
        return from_frames(error);
    }
    if let Some(broken) = deepest::<io::Error>(error) {
        return from_broken(broken);
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return closed();
    }
    not_http(error)
}

fn from_broken(error: &io::Error) -> SendError {
    // With TLS 1.3 the receiver's refusal (for instance of a missing client certificate) arrives after the handshake.
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(refusal) => SendError::new(ErrorClass::Tls, format!("the TLS connection failed: {refusal}")),
        None => {
            SendError::new(ErrorClass::Connect, format!("the connection broke before the answer: {error}"))
        }
    }
}

fn closed() -> SendError {
    SendError::new(ErrorClass::Connect, "the receiver closed the connection before it had answered")
}

fn not_http(why: impl Display) -> SendError {
    SendError::new(ErrorClass::Protocol, format!("the receiver does not speak HTTP: {why}"))
}

fn from_frames(error: &h2::Error) -> SendError {
    let (class, what) = if error.is_remote() && (error.is_reset() || error.is_go_away()) {
        (ErrorClass::Connect, "the receiver broke off before it had answered")
    } else {
        (ErrorClass::Protocol, "the receiver does not speak HTTP/2 as it should")
    };
    let reason = error.reason().map_or_else(|| error.to_string(), |reason| reason.description().to_owned());
    SendError::new(class, format!("{what}: {reason}"))
}

fn from_connector(error: &ConnectError) -> SendError {
    let class = match error {
        ConnectError::Proxy(failed) => {
            let told = SendError::new(ErrorClass::Connect, failed.error.for_tenants());
            return SendError { shut_for: failed.shut_for, ..told };
        }
        ConnectError::Guard(error) => class_of_guard(error),
        ConnectError::Dial { .. } | ConnectError::Lost(_) => ErrorClass::Connect,
        ConnectError::Tls { .. } => ErrorClass::Tls,
        ConnectError::TimedOut => ErrorClass::Timeout,
    };
    SendError::new(class, error.to_string())
}

impl From<GuardError> for SendError {
    fn from(error: GuardError) -> Self {
        Self::new(class_of_guard(&error), error.to_string())
    }
}

fn class_of_guard(error: &GuardError) -> ErrorClass {
    match error {
        GuardError::Resolve { .. } => ErrorClass::Dns,
        GuardError::Blocked { .. } => ErrorClass::Blocked,
    }
}
