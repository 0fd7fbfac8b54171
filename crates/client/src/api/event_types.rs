//! `/v1/tenants/{tenant}/event-types`

use http::Method;

use super::Caller;
use crate::{error::Error, model::TenantEventType, page::Listing, path::join, transport::Repeat};

/// The event types that a tenant added to its profile's.
#[derive(Clone, Debug)]
pub struct EventTypes {
    caller: Caller,
    path: String,
}

impl EventTypes {
    pub(super) fn new(caller: Caller, tenant: &str) -> Self {
        Self { caller, path: format!("{tenant}/event-types") }
    }

    /// Adds or replaces an event type.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn put(&self, event_type: &TenantEventType) -> Result<TenantEventType, Error> {
        let path = join(&self.path, &event_type.name);
        self.caller.send(Method::PUT, &path, event_type, Repeat::Harmless).await?.json()
    }

    /// One of them.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn get(&self, name: &str) -> Result<TenantEventType, Error> {
        self.caller.get(&join(&self.path, name)).await
    }

    /// Deletes one; events of it that were accepted stay.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn delete(&self, name: &str) -> Result<(), Error> {
        self.caller.delete(&join(&self.path, name)).await
    }

    /// All of them.
    pub fn list(&self) -> Listing<TenantEventType> {
        Listing::new(&self.caller, self.path.clone(), Vec::new())
    }
}
