//! Failures of an operation that looks something up in a tenant.

use postroad_store::StoreError;
use thiserror::Error;

/// Why something was not found.
#[derive(Clone, Debug, Error)]
pub enum LookupError {
    /// There is no such tenant.
    #[error("there is no such tenant")]
    NoTenant,
    /// There is no such object in this tenant.
    #[error("there is no such object")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
