//! `/v1/profiles`

use super::Caller;
use crate::{error::Error, model::Profile, page::Listing, path::join};

const PATH: &str = "/v1/profiles";

/// The wire formats that tenants' receivers expect.
#[derive(Clone, Debug)]
pub struct Profiles {
    caller: Caller,
}

impl Profiles {
    pub(super) fn new(caller: Caller) -> Self {
        Self { caller }
    }

    /// All of them.
    pub fn list(&self) -> Listing<Profile> {
        Listing::new(&self.caller, PATH.to_owned(), Vec::new())
    }

    /// One of them.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn get(&self, name: &str) -> Result<Profile, Error> {
        self.caller.get(&join(PATH, name)).await
    }
}
