//! `/inspector/{bin}/requests`: the built-in webhook tester.

use super::Caller;
use crate::{model::InspectedRequest, page::Listing, path::join};

/// A bin of the built-in webhook tester.
#[derive(Clone, Debug)]
pub struct Inspector {
    caller: Caller,
    path: String,
}

impl Inspector {
    pub(super) fn new(caller: Caller, bin: &str) -> Self {
        Self { caller, path: format!("{}/requests", join("/inspector", bin)) }
    }

    /// What it got, newest first.
    pub fn requests(&self) -> Listing<InspectedRequest> {
        Listing::new(&self.caller, self.path.clone(), Vec::new())
    }
}
