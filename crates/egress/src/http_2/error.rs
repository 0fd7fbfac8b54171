//! Why an exchange over HTTP/2 has no answer.

use std::{error::Error, io};

use crate::{connector::ConnectError, repeating};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Http2Error {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// What hyper reports of a connection.
    #[error(transparent)]
    Connection(#[from] hyper::Error),
    /// The receiver sent more than its answers can need.
    #[error("it sends frames without end")]
    Flooded,
}

impl Http2Error {
    /// Whether the receiver closes its connection, or refuses one more stream on it, and says that it has done nothing with
    /// this request (RFC 9113, sections 6.8 and 8.7).
    pub(crate) fn was_not_looked_at(&self) -> bool {
        self.reported().is_some_and(|error| {
            // Of a connection that closes, for whatever reason, only those are told so whose streams it has not begun.
            let is_refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
            error.is_remote() && (error.is_go_away() || is_refused)
        })
    }

    /// Whether the other end has ended the connection, in order or not, before the answer.
    pub(crate) fn is_end(&self) -> bool {
        let Self::Connection(error) = self else { return false };
        match deepest::<io::Error>(error) {
            Some(broken) => repeating::is_end(broken),
            None => {
                let is_closed = error.is_incomplete_message() || error.is_canceled() || error.is_closed();
                is_closed && self.reported().is_none()
            }
        }
    }

    /// Whether only this exchange has failed, and its connection can carry others.
    pub(crate) fn is_of_one_stream(&self) -> bool {
        self.reported().is_some_and(h2::Error::is_reset)
    }

    fn reported(&self) -> Option<&h2::Error> {
        match self {
            Self::Connect(_) | Self::Flooded => None,
            Self::Connection(error) => deepest(error),
        }
    }
}

/// The innermost error of a type: the outer ones of the same type only pass it on.
pub(crate) fn deepest<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let chain = std::iter::successors(Some(error), |&error: &&'a (dyn Error + 'static)| error.source());
    chain.filter_map(|error| error.downcast_ref::<T>()).last()
}
