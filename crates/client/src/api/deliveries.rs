//! `/v1/tenants/{tenant}/deliveries`

use super::Caller;
use crate::{error::Error, filters::DeliveryFilter, model::Delivery, page::Listing, path::join};

/// The deliveries of a tenant.
#[derive(Clone, Debug)]
pub struct Deliveries {
    caller: Caller,
    path: String,
}

impl Deliveries {
    pub(super) fn new(caller: Caller, tenant: &str) -> Self {
        Self { caller, path: format!("{tenant}/deliveries") }
    }

    /// Deliveries without their attempts, newest first.
    pub fn list(&self, filter: DeliveryFilter) -> Listing<Delivery> {
        Listing::new(&self.caller, self.path.clone(), filter.0)
    }

    /// One delivery with its attempts.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn get(&self, id: &str) -> Result<Delivery, Error> {
        self.caller.get(&join(&self.path, id)).await
    }

    /// Sends a delivery that has ended again.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn retry(&self, id: &str) -> Result<Delivery, Error> {
        self.caller.act(&format!("{}/retry", join(&self.path, id))).await
    }

    /// Calls a waiting delivery off.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn cancel(&self, id: &str) -> Result<Delivery, Error> {
        self.caller.act(&format!("{}/cancel", join(&self.path, id))).await
    }
}
