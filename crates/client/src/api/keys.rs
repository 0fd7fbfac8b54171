//! `/v1/tenants/{tenant}/keys`

use http::Method;

use super::Caller;
use crate::{
    error::Error,
    model::{Key, NewKey},
    page::Listing,
    path::join,
    transport::Repeat,
};

/// The API keys of a tenant; the admin key only.
#[derive(Clone, Debug)]
pub struct Keys {
    caller: Caller,
    path: String,
}

impl Keys {
    pub(super) fn new(caller: Caller, tenant: &str) -> Self {
        Self { caller, path: format!("{tenant}/keys") }
    }

    /// Makes a key; this answer is the only one that holds it.
    ///
    /// # Errors
    ///
    /// [`Error`]. After a broken connection it is not tried again: it may be there.
    pub async fn create(&self, key: &NewKey) -> Result<Key, Error> {
        self.caller.send(Method::POST, &self.path, key, Repeat::Harmful).await?.json()
    }

    /// All of them, without the keys themselves.
    pub fn list(&self) -> Listing<Key> {
        Listing::new(&self.caller, self.path.clone(), Vec::new())
    }

    /// Revokes a key.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn revoke(&self, id: &str) -> Result<(), Error> {
        self.caller.delete(&join(&self.path, id)).await
    }
}
