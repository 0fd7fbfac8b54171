//! `/v1/tenants`

use http::Method;

use super::Caller;
use crate::{
    error::Error,
    model::{self, TenantSettings},
    page::Listing,
    path::join,
    transport::Repeat,
};

const PATH: &str = "/v1/tenants";

/// All tenants; the admin key only.
#[derive(Clone, Debug)]
pub struct Tenants {
    caller: Caller,
}

impl Tenants {
    pub(super) fn new(caller: Caller) -> Self {
        Self { caller }
    }

    /// Creates or replaces a tenant.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn put(&self, id: &str, settings: &TenantSettings) -> Result<model::Tenant, Error> {
        self.caller.send(Method::PUT, &join(PATH, id), settings, Repeat::Harmless).await?.json()
    }

    /// One tenant.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn get(&self, id: &str) -> Result<model::Tenant, Error> {
        self.caller.get(&join(PATH, id)).await
    }

    /// Deletes a tenant and all that is its.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.caller.delete(&join(PATH, id)).await
    }

    /// All of them.
    pub fn list(&self) -> Listing<model::Tenant> {
        Listing::new(&self.caller, PATH.to_owned(), Vec::new())
    }
}
