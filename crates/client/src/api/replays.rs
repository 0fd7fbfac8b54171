//! `/v1/tenants/{tenant}/replays`; one begins at its subscription.

use http::Method;

use super::Caller;
use crate::{
    error::Error,
    model::Replay,
    page::Listing,
    path::join,
    transport::{Call, Repeat},
};

/// The replays of a tenant.
#[derive(Clone, Debug)]
pub struct Replays {
    caller: Caller,
    path: String,
}

impl Replays {
    pub(super) fn new(caller: Caller, tenant: &str) -> Self {
        Self { caller, path: format!("{tenant}/replays") }
    }

    /// How far one has come.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn get(&self, id: &str) -> Result<Replay, Error> {
        self.caller.get(&join(&self.path, id)).await
    }

    /// Calls one off; what it has queued goes out.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn cancel(&self, id: &str) -> Result<(), Error> {
        let call = Call::new(Method::DELETE, join(&self.path, id), Repeat::Harmless);
        self.caller.call(call).await.map(|_| ())
    }

    /// All of them, newest first.
    pub fn list(&self) -> Listing<Replay> {
        Listing::new(&self.caller, self.path.clone(), Vec::new())
    }
}
