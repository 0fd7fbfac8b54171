//! Trying a subscription: sending it an example now, or only showing what would be sent.
//!
//! A test does not stand in its lane's queue: it goes out at once, also to a subscription that is inactive or has a
//! backlog, is attempted once, and is written when its answer is known. Whoever asked waits for that.

use std::sync::Arc;

use bytes::Bytes;
use postroad_domain::{AuditAction, DeliveryId, Event, EventType, SubscriptionId, TenantId, Timestamp};
use postroad_profile::ExactRequest;
use postroad_store::{RecordTest, StoreError};
use thiserror::Error;

use super::{attempt::Of, service::SendingService, verdict::Verdict};
use crate::{
    audit::{AuditedChange, origin::Origin},
    configuration::{
        cache::TenantConfig,
        endpoint::Endpoint,
        event_check::{EventRefusal, EventToCheck, check_event},
        event_types::Example,
        unknown_type::UnknownType,
    },
};

/// An event to show the request of; it is not published.
#[derive(Clone, Debug, Default)]
pub struct PreviewEvent {
    /// What happens: a name or title of an event type; without one the first that the subscription selects, as for a test.
    pub event_type: Option<String>,
    /// The data as it came; without it the example of the type.
    pub data: Option<Bytes>,
    /// The attributes as a JSON object; empty for none, or for those of the example.
    pub attributes: Bytes,
    /// When it happens, if the caller says so.
    pub occurred_at: Option<Timestamp>,
}

/// What an event that is only tried is made of.
struct Facts {
    event_type: EventType,
    data: Bytes,
    attributes: Bytes,
    occurred_at: Option<Timestamp>,
}

/// Failures of [`SendingService::test_subscription`].
#[derive(Clone, Debug, Error)]
pub enum TestError {
    /// There is no such tenant or subscription.
    #[error("there is no such subscription")]
    NotFound,
    /// The tenant has no event type of that name.
    #[error("there is no such event type")]
    UnknownType(UnknownType),
    /// As many tests of the tenant are under way as may: no more than are free for all others.
    #[error("too many tests are under way")]
    TooMany,
    /// Nothing is sent now: the node stops, or its store takes no writes.
    #[error("nothing can be sent now")]
    NotReady,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Failures of [`SendingService::preview`].
#[derive(Clone, Debug, Error)]
pub enum PreviewError {
    /// There is no such tenant or subscription.
    #[error("there is no such subscription")]
    NotFound,
    /// Such an event would be refused.
    #[error(transparent)]
    Refused(EventRefusal),
    /// The profile cannot make a request of it.
    #[error("no request can be made: {0}")]
    Render(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SendingService {
    /// Sends the example of an event type to the subscription now, once, and answers the delivery, which is
    /// recorded with its attempt. Without a type it is the first that the subscription selects, in the order of the catalogue.
    pub async fn test_subscription(
        &self,
        by: &Origin,
        tenant: &TenantId,
        id: SubscriptionId,
        event_type: Option<String>,
    ) -> Result<DeliveryId, TestError> {
        let config = self.configs.by_id(tenant).await?.ok_or(TestError::NotFound)?;
        let endpoint = config.endpoint_by_id(id).ok_or(TestError::NotFound)?;
        let event_type = type_to_try(&config, endpoint, event_type).map_err(TestError::UnknownType)?;
        if !self.health.may_send() {
            return Err(TestError::NotReady);
        }
        let _share = self.tests.take(tenant, 0).ok_or(TestError::TooMany)?;
        let example = config.event_types.example(&event_type);
        let facts =
            Facts { event_type, data: example.data, attributes: example.attributes, occurred_at: None };
        let event = Event { test: true, ..self.sample_event(&config, facts) };
        let is_recorded = self.send_test(by, endpoint, &event).await?;
        if is_recorded { Ok(event.id.delivery(1)) } else { Err(TestError::NotFound) }
    }

    /// The exact request that an event would become, now and at the first attempt. Nothing is sent or kept.
    pub async fn preview(
        &self,
        tenant: &TenantId,
        id: SubscriptionId,
        event: PreviewEvent,
    ) -> Result<ExactRequest, PreviewError> {
        let config = self.configs.by_id(tenant).await?.ok_or(PreviewError::NotFound)?;
        let endpoint = config.endpoint_by_id(id).ok_or(PreviewError::NotFound)?;
        let facts = facts_to_show(&config, endpoint, event).await.map_err(PreviewError::Refused)?;
        let event = self.sample_event(&config, facts);
        let of = of(endpoint, &event);
        let made = self.dispatcher.attempts.request(of, endpoint, event.accepted_at).await;
        let made = made.map_err(StoreError::from)?;
        made.map(|made| endpoint.shown(made)).map_err(|error| PreviewError::Render(error.to_string()))
    }

    async fn send_test(&self, by: &Origin, endpoint: &Endpoint, event: &Event) -> Result<bool, StoreError> {
        let (attempt, verdict) = self.dispatcher.attempts.make(of(endpoint, event), endpoint).await?;
        self.metrics.attempted(&attempt);
        let subscription = &endpoint.subscription;
        let tested = AuditedChange::of(AuditAction::SubscriptionTested, subscription.id);
        let test = RecordTest {
            audit: Some(tested.entry(by, &self.ids)),
            tenant_no: subscription.tenant_no,
            event_id: event.id,
            event_type: event.event_type.clone(),
            attributes: event.attributes.clone(),
            data: event.data.clone(),
            tenant_version: event.tenant_version,
            profile: endpoint.profile.no,
            subscription_no: subscription.no,
            subscription_version: subscription.version,
            at: event.accepted_at,
            attempt,
            succeeded: verdict == Verdict::Succeeded,
            finished_at: self.commit_clock.now(),
        };
        self.store.record_test(test).await
    }

    fn sample_event(&self, config: &TenantConfig, facts: Facts) -> Event {
        let at = self.commit_clock.now();
        Event {
            id: self.ids.event(at),
            event_type: facts.event_type,
            accepted_at: at,
            occurred_at: facts.occurred_at,
            tags: Vec::new(),
            attributes: facts.attributes,
            data: facts.data,
            deliveries: 1,
            profile: Some(config.profile.no),
            tenant_version: config.tenant.version,
            trace: None,
            test: false,
        }
    }
}

fn of<'a>(endpoint: &Endpoint, event: &'a Event) -> Of<'a> {
    let subscription_version = endpoint.subscription.version;
    Of { id: event.id.delivery(1), event, subscription_version, number: 1, stored: None }
}

/// What came is checked as if it were published; an example of the type is taken as it is, as for a test.
async fn facts_to_show(
    config: &Arc<TenantConfig>,
    endpoint: &Endpoint,
    event: PreviewEvent,
) -> Result<Facts, EventRefusal> {
    let PreviewEvent { event_type, data, attributes, occurred_at } = event;
    let event_type = type_to_try(config, endpoint, event_type).map_err(EventRefusal::UnknownType)?;
    let example = || config.event_types.example(&event_type);
    if data.is_none() && attributes.is_empty() {
        let Example { data, attributes } = example();
        return Ok(Facts { event_type, data, attributes, occurred_at });
    }
    let data = data.unwrap_or_else(|| example().data);
    let asked = EventToCheck { event_type: event_type.as_str(), data: &data, attributes: &attributes };
    check_event(config, asked).await?;
    Ok(Facts { event_type, data, attributes, occurred_at })
}

/// Without one that is wanted, the first that the subscription selects, in the order of the catalogue.
fn type_to_try(
    config: &TenantConfig,
    endpoint: &Endpoint,
    wanted: Option<String>,
) -> Result<EventType, UnknownType> {
    let types = &config.event_types;
    if let Some(wanted) = wanted {
        return types.resolve(&wanted);
    }
    let first = types.first_selected(&endpoint.subscription.spec.events);
    first.ok_or(UnknownType { nearest: Vec::new(), misspelt: None })
}
