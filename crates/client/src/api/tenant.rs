//! `/v1/tenants/{tenant}/…`

use super::{Caller, Deliveries, EventTypes, Events, Keys, Replays, Subscriptions};
use crate::{
    error::Error,
    model::{Accepted, BatchResult, NewEvent},
    path::join,
};

/// One tenant.
#[derive(Clone, Debug)]
pub struct TenantHandle {
    caller: Caller,
    path: String,
}

impl TenantHandle {
    pub(super) fn new(caller: Caller, id: &str) -> Self {
        Self { caller, path: join("/v1/tenants", id) }
    }

    /// Publishes an event. When this answers, no crash loses it.
    ///
    /// The call carries an idempotency key, the event's own or one made up, so that it is repeated after a broken
    /// connection or while the server is too busy, and the event is published once. Bounded by the call's deadline.
    ///
    /// # Errors
    ///
    /// [`Error`]; after [`Error::Connection`] or [`Error::Timeout`] whether it was published is known to nobody but
    /// the server: publish it again under a key of your own.
    pub async fn publish(&self, event: NewEvent) -> Result<Accepted, Error> {
        self.events().publish(event).await
    }

    /// Publishes up to 1,000 events, each durable or refused for itself; the answers stand in their order.
    ///
    /// # Errors
    ///
    /// [`Error`], for the batch as a whole.
    pub async fn publish_batch(&self, events: Vec<NewEvent>) -> Result<Vec<BatchResult>, Error> {
        self.events().publish_batch(events).await
    }

    /// Its events.
    pub fn events(&self) -> Events {
        Events::new(self.caller.clone(), &self.path)
    }

    /// Its subscriptions.
    pub fn subscriptions(&self) -> Subscriptions {
        Subscriptions::new(self.caller.clone(), &self.path)
    }

    /// Its deliveries.
    pub fn deliveries(&self) -> Deliveries {
        Deliveries::new(self.caller.clone(), &self.path)
    }

    /// Its replays.
    pub fn replays(&self) -> Replays {
        Replays::new(self.caller.clone(), &self.path)
    }

    /// The event types that it added to its profile's.
    pub fn event_types(&self) -> EventTypes {
        EventTypes::new(self.caller.clone(), &self.path)
    }

    /// Its API keys.
    pub fn keys(&self) -> Keys {
        Keys::new(self.caller.clone(), &self.path)
    }
}
