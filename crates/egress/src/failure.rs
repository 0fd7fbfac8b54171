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
            message: format!("the receiver does not speak HTTP/1.1: {error}"),
        },
        None => SendError {
            class: ErrorClass::Protocol,
            message: "the request cannot be sent over HTTP/1.1".to_owned(),
        },
    }
}

fn from_connector(error: &ConnectError) -> SendError {
    let class = match error {
        ConnectError::Guard(error) => class_of_guard(error),
        ConnectError::Dial { .. } | ConnectError::Lost(_) => ErrorClass::Connect,
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
