//! Why an exchange over HTTP/1.1 has no answer.

use std::io;

use crate::{connector::ConnectError, repeating};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Http1Error {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The connection broke.
    #[error(transparent)]
    Broken(#[from] io::Error),
    /// It ended before the answer.
    #[error("the connection was closed")]
    Closed,
    /// What came is no answer of HTTP/1.
    #[error("{0}")]
    NotHttp(String),
}

impl Http1Error {
    /// Whether the other end has ended the connection, in order or not.
    pub(super) fn is_end(&self) -> bool {
        match self {
            Self::Closed => true,
            Self::Broken(error) => repeating::is_end(error),
            Self::Connect(_) | Self::NotHttp(_) => false,
        }
    }
}
