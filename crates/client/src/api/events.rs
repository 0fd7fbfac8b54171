//! `/v1/tenants/{tenant}/events`

use http::{HeaderName, HeaderValue, Method};

use super::{Caller, caller::header};
use crate::{
    error::Error,
    filters::EventFilter,
    model::{Accepted, Batch, BatchResult, BatchResults, Event, Explanation, NewEvent},
    page::Listing,
    path::join,
    transport::{Call, Repeat},
};

const KEY_HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// The events of a tenant.
#[derive(Clone, Debug)]
pub struct Events {
    caller: Caller,
    path: String,
}

impl Events {
    pub(super) fn new(caller: Caller, tenant: &str) -> Self {
        Self { caller, path: format!("{tenant}/events") }
    }

    /// Publishes an event, as [`TenantHandle::publish`](super::TenantHandle::publish) says.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn publish(&self, event: NewEvent) -> Result<Accepted, Error> {
        let call = Call::new(Method::POST, &self.path, Repeat::Harmless).json(&event)?;
        // A key of the caller's that no header can carry stays in the body alone, where it is a key too.
        let header = match &event.id {
            Some(key) => header(KEY_HEADER, key).filter(|_| key.is_ascii()),
            None => Some((KEY_HEADER, fresh(&self.caller))),
        };
        self.caller.call(Call { header, ..call }).await?.json()
    }

    /// Publishes up to 1,000 events, each durable or refused for itself; the answers stand in their order. Those without
    /// a key of their own get one, so that the call can be repeated.
    ///
    /// # Errors
    ///
    /// [`Error`], for the batch as a whole.
    pub async fn publish_batch(&self, mut events: Vec<NewEvent>) -> Result<Vec<BatchResult>, Error> {
        for event in &mut events {
            event.id.get_or_insert_with(|| self.caller.transport.fresh_key());
        }
        let (path, batch) = (format!("{}/batch", self.path), Batch { events: &events });
        let answer = self.caller.send(Method::POST, &path, &batch, Repeat::Harmless).await?;
        let BatchResults { results } = answer.json()?;
        if results.len() == events.len() {
            return Ok(results);
        }
        Err(answer.unexpected(format!("{} answers to {} events", results.len(), events.len())))
    }

    /// One event.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn get(&self, id: &str) -> Result<Event, Error> {
        self.caller.get(&join(&self.path, id)).await
    }

    /// Events, newest first.
    pub fn list(&self, filter: EventFilter) -> Listing<Event> {
        Listing::new(&self.caller, self.path.clone(), filter.0)
    }

    /// Why an event went where it went: for each subscription, as that was when the event came.
    pub fn explain(&self, id: &str) -> Listing<Explanation> {
        Listing::new(&self.caller, format!("{}/explain", join(&self.path, id)), Vec::new())
    }
}

fn fresh(caller: &Caller) -> HeaderValue {
    let key = caller.transport.fresh_key();
    HeaderValue::from_str(&key).expect("hexadecimal digits can stand in a header")
}
