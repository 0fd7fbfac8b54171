//! The client: where everything begins.

use std::{sync::Arc, time::Duration};

use super::{Caller, Inspector, Operator, Profiles, TenantHandle, Tenants};
use crate::{
    builder::{BuildError, ClientBuilder},
    transport::Transport,
};

/// A client for one server and one key. Clones share their connections; make one and keep it.
#[derive(Clone, Debug)]
pub struct Client {
    caller: Caller,
}

impl Client {
    /// Begins a client for the server at `server`, a URL, with this API key.
    pub fn builder(server: &str, key: &str) -> ClientBuilder {
        ClientBuilder::new(server, key)
    }

    /// A client with all defaults.
    ///
    /// # Errors
    ///
    /// The URL or the key cannot be one; the machine has no certificates or gives no randomness.
    pub fn new(server: &str, key: &str) -> Result<Self, BuildError> {
        Self::builder(server, key).build()
    }

    pub(super) const fn caller(&self) -> &Caller {
        &self.caller
    }

    pub(crate) fn over(transport: Arc<Transport>, deadline: Duration) -> Self {
        Self { caller: Caller { transport, deadline } }
    }

    /// The same client over the same connections, whose calls may take so long.
    #[must_use]
    pub fn with_deadline(&self, deadline: Duration) -> Self {
        Self { caller: Caller { deadline, ..self.caller.clone() } }
    }

    /// One tenant: its events, subscriptions, deliveries. Nothing is asked yet.
    pub fn tenant(&self, id: &str) -> TenantHandle {
        TenantHandle::new(self.caller.clone(), id)
    }

    /// All tenants.
    pub fn tenants(&self) -> Tenants {
        Tenants::new(self.caller.clone())
    }

    /// The wire formats that tenants' receivers expect.
    pub fn profiles(&self) -> Profiles {
        Profiles::new(self.caller.clone())
    }

    /// Lists over all tenants; the admin key only.
    pub fn operator(&self) -> Operator {
        Operator::new(self.caller.clone())
    }

    /// A bin of the built-in webhook tester.
    pub fn inspector(&self, bin: &str) -> Inspector {
        Inspector::new(self.caller.clone(), bin)
    }
}
