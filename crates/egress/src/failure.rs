//! From what went wrong below to the class that the engine decides upon.
//!
//! **Invariant:** the class follows from types, never from the text of an error; the text is for people only.

use std::{error::Error, fmt::Display, io, time::Duration};

use postroad_domain::ErrorClass;

use crate::{connector::ConnectError, exchange::SendError, guard::GuardError, http_1::Http1Error};

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

/// What hyper's client reports, by the error inside it that knows the reason.
pub(crate) fn from_client(error: &hyper_util::client::legacy::Error) -> SendError {
    if let Some(error) = deepest::<ConnectError>(error) {
        return from_connector(error);
    }
    if let Some(error) = deepest::<h2::Error>(error).filter(|error| !error.is_io()) {
        return from_http_2(error);
    }
    if let Some(broken) = deepest::<io::Error>(error) {
        return from_broken(broken);
    }
    match deepest::<hyper::Error>(error) {
        Some(error) if error.is_incomplete_message() || error.is_canceled() || error.is_closed() => closed(),
        Some(error) => not_http(error),
        None => SendError::new(ErrorClass::Protocol, "the request cannot be sent over HTTP"),
    }
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

/// The receiver closes its connection, or refuses one more stream on it, and says that it has done nothing with this
/// request (RFC 9113, sections 6.8 and 8.7).
pub(crate) fn was_not_looked_at(error: &hyper_util::client::legacy::Error) -> bool {
    deepest::<h2::Error>(error).is_some_and(|error| {
        let reason = error.reason();
        let closes = error.is_go_away() && reason == Some(h2::Reason::NO_ERROR);
        error.is_remote() && (closes || error.is_reset() && reason == Some(h2::Reason::REFUSED_STREAM))
    })
}

fn from_http_2(error: &h2::Error) -> SendError {
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

/// The innermost error of a type: the outer ones of the same type only pass it on.
fn deepest<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let chain = std::iter::successors(Some(error), |&error: &&'a (dyn Error + 'static)| error.source());
    chain.filter_map(|error| error.downcast_ref::<T>()).last()
}
