//! From what went wrong below to the class that the engine decides upon.
//!
//! **Invariant:** the class follows from types, never from the text of an error; the text is for people only.

use std::{error::Error, io, time::Duration};

use postroad_domain::ErrorClass;

use crate::{connector::ConnectError, exchange::SendError, guard::GuardError};

/// The deadline of the exchange passed.
pub(crate) fn timed_out(after: Duration) -> SendError {
    SendError { class: ErrorClass::Timeout, message: format!("no answer within {after:?}") }
}

/// What the client reports, by the error inside it that knows the reason.
pub(crate) fn from_client(error: &hyper_util::client::legacy::Error) -> SendError {
    if let Some(error) = deepest::<ConnectError>(error) {
        return from_connector(error);
    }
    if let Some(error) = deepest::<h2::Error>(error).filter(|error| !error.is_io()) {
        return from_http_2(error);
    }
    // With TLS 1.3 the receiver's refusal (for instance of a missing client certificate) arrives after the handshake.
    let broken = deepest::<io::Error>(error);
    if let Some(refusal) = broken.and_then(|error| error.get_ref()?.downcast_ref::<rustls::Error>()) {
        return SendError {
            class: ErrorClass::Tls,
            message: format!("the TLS connection failed: {refusal}"),
        };
    }
    if let Some(broken) = broken {
        return SendError {
            class: ErrorClass::Connect,
            message: format!("the connection broke before the answer: {broken}"),
        };
    }
    match deepest::<hyper::Error>(error) {
        Some(error) if error.is_incomplete_message() || error.is_canceled() || error.is_closed() => {
            SendError {
                class: ErrorClass::Connect,
                message: "the receiver closed the connection before it had answered".to_owned(),
            }
        }
        Some(error) => SendError {
            class: ErrorClass::Protocol,
            message: format!("the receiver does not speak HTTP: {error}"),
        },
        None => SendError {
            class: ErrorClass::Protocol,
            message: "the request cannot be sent over HTTP".to_owned(),
        },
    }
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
    SendError { class, message: format!("{what}: {reason}") }
}

fn from_connector(error: &ConnectError) -> SendError {
    let class = match error {
        ConnectError::Guard(error) => class_of_guard(error),
        ConnectError::Dial { .. } | ConnectError::Lost(_) | ConnectError::Proxy(_) => ErrorClass::Connect,
        ConnectError::Tls { .. } => ErrorClass::Tls,
        ConnectError::TimedOut => ErrorClass::Timeout,
    };
    SendError { class, message: error.to_string() }
}

impl From<GuardError> for SendError {
    fn from(error: GuardError) -> Self {
        Self { class: class_of_guard(&error), message: error.to_string() }
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
