//! Reading deliveries, sending them again, calling them off.

use bytes::Bytes;
use postroad_domain::{
    Attempt, AuditAction, DeliveryId, Event, Status, TenantId, TenantNo, delivery::Delivery,
};
use postroad_store::{
    CancelDelivery, CancelDeliveryError, DeliveryFilter, LaneKey, ListDeliveries, Page, RetryDelivery,
    RetryDeliveryError, StoreError,
};
use thiserror::Error;

use super::service::HistoryService;
use crate::{
    audit::{AuditedChange, origin::Origin},
    configuration::{
        cache::TenantConfig,
        handshakes::log::{is_handshake, logged_body},
        lookup_error::LookupError,
        shaping::{Carried, ShapingError, ShapingKey},
    },
};

/// How often a delivery is read anew because it changed meanwhile: each time means an attempt within a millisecond.
const READINGS_MAX: usize = 10;

/// A delivery with all that is known of it.
#[derive(Clone, Debug)]
pub struct DeliveryView {
    /// The delivery; its status tells whether an attempt is under way on this node.
    pub delivery: Delivery,
    /// Its attempts, first to last.
    pub attempts: Vec<Attempt>,
    /// The body that each attempt sent, made again from what the delivery names; `None` where that is impossible.
    pub body: Option<Bytes>,
}

/// Failures of [`HistoryService::retry_delivery`].
#[derive(Clone, Debug, Error)]
pub enum RetryError {
    /// There is no such tenant or delivery.
    #[error("there is no such delivery")]
    NotFound,
    /// An attempt is under way.
    #[error("an attempt is under way")]
    Delivering,
    /// Its subscription is inactive or deleted.
    #[error("the subscription is not active")]
    Inactive,
    /// It is a handshake that was logged: what it sent is not made of an event.
    #[error("a handshake is not sent again")]
    Handshake,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Failures of [`HistoryService::cancel_delivery`].
#[derive(Clone, Debug, Error)]
pub enum CancelError {
    /// There is no such tenant or delivery.
    #[error("there is no such delivery")]
    NotFound,
    /// It has ended already.
    #[error("the delivery has ended")]
    Finished,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl HistoryService {
    /// One delivery with its attempts.
    pub async fn delivery(&self, tenant: &TenantId, id: DeliveryId) -> Result<DeliveryView, LookupError> {
        let config = self.configs.by_id(tenant).await?.ok_or(LookupError::NoTenant)?;
        let no = config.tenant.no;
        let (delivery, attempts) = self.delivery_with_attempts(no, id).await?;
        let event = self.store.event(no, id.first_event()).await?;
        let kept_since = config.kept_since(self.commit_clock.now());
        let event =
            event.filter(|event| Some(event.accepted_at) >= kept_since).ok_or(LookupError::NotFound)?;
        let body = self.body_of(&config, &delivery, &event).await?;
        let delivery = self.with_live_status(no, delivery);
        Ok(DeliveryView { delivery, attempts, body })
    }

    /// Both of one moment: an outcome may be written between the two readings, and is then read again.
    async fn delivery_with_attempts(
        &self,
        no: TenantNo,
        id: DeliveryId,
    ) -> Result<(Delivery, Vec<Attempt>), LookupError> {
        let mut delivery = self.store.delivery(no, id).await?.ok_or(LookupError::NotFound)?;
        for _ in 0..READINGS_MAX {
            let attempts = self.store.attempts(no, id).await?;
            let again = self.store.delivery(no, id).await?.ok_or(LookupError::NotFound)?;
            if again == delivery {
                return Ok((delivery, attempts));
            }
            delivery = again;
        }
        Err(StoreError::Unavailable("the delivery keeps changing".to_owned()).into())
    }

    async fn body_of(
        &self,
        config: &TenantConfig,
        delivery: &Delivery,
        event: &Event,
    ) -> Result<Option<Bytes>, StoreError> {
        if let Some(body) = logged_body(event) {
            return Ok(Some(body));
        }
        let key = ShapingKey {
            tenant_no: config.tenant.no,
            tenant_version: event.tenant_version,
            profile: event.profile.unwrap_or(config.profile.no),
            subscription_no: delivery.subscription_no,
            subscription_version: delivery.subscription_version,
        };
        let why = match self.earlier.of(key, &config.tenant.id, delivery.subscription).await {
            Ok(shaping) => {
                let mut group = match delivery.event_count {
                    0 | 1 => Vec::new(),
                    _ => self.store.delivery_events(config.tenant.no, delivery.id).await?,
                };
                let carried = Carried::ordered(&mut group).unwrap_or_else(|| Carried::alone(event));
                match shaping.shape(delivery.id, carried) {
                    Ok(shaped) => return Ok(Some(shaped.body.into())),
                    Err(error) => error.to_string(),
                }
            }
            Err(ShapingError::Store(error)) => return Err(error),
            Err(error) => error.to_string(),
        };
        tracing::warn!(delivery = %delivery.id, why, "the body of a delivery cannot be shown");
        Ok(None)
    }

    /// Deliveries, newest first.
    pub async fn list_deliveries(
        &self,
        tenant: &TenantId,
        mut filter: DeliveryFilter,
        after: Option<String>,
        limit: usize,
    ) -> Result<Page<Delivery, String>, LookupError> {
        let config = self.configs.by_id(tenant).await?.ok_or(LookupError::NoTenant)?;
        let kept_since = config.kept_since(self.commit_clock.now());
        filter.since = filter.since.max(kept_since);
        let list = ListDeliveries { tenant_no: config.tenant.no, filter, after, limit };
        let page = self.store.list_deliveries(list).await?;
        // A delivery may have been made long after its event, which decides.
        let kept = page.items.into_iter().filter(|of| Some(of.id.first_event().timestamp()) >= kept_since);
        let items = kept.map(|delivery| self.with_live_status(config.tenant.no, delivery));
        Ok(Page { items: items.collect(), next: page.next })
    }

    /// Sends a finished delivery again: it re-enters the normal schedule at the tail of its lane. One that waits is due at once instead,
    /// and keeps its schedule. The answer shows it queued, as it was written, even if an attempt is under way by then.
    pub async fn retry_delivery(
        &self,
        by: &Origin,
        tenant: &TenantId,
        id: DeliveryId,
    ) -> Result<DeliveryView, RetryError> {
        let config = self.configs.by_id(tenant).await?.ok_or(RetryError::NotFound)?;
        if !self.may_read(&config, id.first_event()).await? {
            return Err(RetryError::NotFound);
        }
        let tenant_no = config.tenant.no;
        let found = self.store.delivery(tenant_no, id).await?.ok_or(RetryError::NotFound)?;
        if is_handshake(found.test, &found.event_type) {
            return Err(RetryError::Handshake);
        }
        let lane = LaneKey { tenant_no, subscription_no: found.subscription_no };
        if found.status == Status::Queued && self.dispatcher.is_delivering(lane, id) {
            return Err(RetryError::Delivering);
        }
        let endpoint = config.endpoint_by_id(found.subscription).ok_or(RetryError::Inactive)?;
        let at = self.commit_clock.now();
        let audit = Some(AuditedChange::of(AuditAction::DeliveryRetried, id).entry(by, &self.ids));
        let retry = RetryDelivery {
            audit,
            tenant_no,
            id,
            at,
            expires_at: at.after(endpoint.settings.retry.lifetime()),
        };
        let written = self.store.retry_delivery(retry).await.map_err(|error| match error {
            RetryDeliveryError::NotFound => RetryError::NotFound,
            RetryDeliveryError::Inactive => RetryError::Inactive,
            RetryDeliveryError::Store(error) => error.into(),
        })?;
        self.dispatcher.wake_for(lane, id, at);
        Ok(self.as_written(&config, written).await?)
    }

    /// A delivery as a change wrote it, with the attempts that it counts then: one may have begun, or ended, since.
    async fn as_written(
        &self,
        config: &TenantConfig,
        delivery: Delivery,
    ) -> Result<DeliveryView, StoreError> {
        let no = config.tenant.no;
        let mut attempts = self.store.attempts(no, delivery.id).await?;
        attempts.retain(|attempt| attempt.number <= delivery.attempts);
        let body = match self.store.event(no, delivery.id.first_event()).await? {
            Some(event) => self.body_of(config, &delivery, &event).await?,
            None => None,
        };
        Ok(DeliveryView { delivery, attempts, body })
    }

    /// Calls a waiting delivery off. An attempt that is under way goes on; if it succeeds, the delivery has succeeded.
    pub async fn cancel_delivery(
        &self,
        by: &Origin,
        tenant: &TenantId,
        id: DeliveryId,
    ) -> Result<DeliveryView, CancelError> {
        let config = self.configs.by_id(tenant).await?.ok_or(CancelError::NotFound)?;
        if !self.may_read(&config, id.first_event()).await? {
            return Err(CancelError::NotFound);
        }
        let audit = Some(AuditedChange::of(AuditAction::DeliveryCancelled, id).entry(by, &self.ids));
        let cancel = CancelDelivery { tenant_no: config.tenant.no, id, at: self.commit_clock.now(), audit };
        let lane = self.store.cancel_delivery(cancel).await.map_err(|error| match error {
            CancelDeliveryError::NotFound => CancelError::NotFound,
            CancelDeliveryError::Finished => CancelError::Finished,
            CancelDeliveryError::Store(error) => error.into(),
        })?;
        self.dispatcher.drop_one(lane, id);
        self.delivery(tenant, id).await.map_err(|error| match error {
            LookupError::Store(error) => error.into(),
            LookupError::NoTenant | LookupError::NotFound => CancelError::NotFound,
        })
    }

    /// The store says `queued` while an attempt is under way; this node knows better of its own.
    pub(crate) fn with_live_status(&self, tenant_no: TenantNo, mut delivery: Delivery) -> Delivery {
        let lane = LaneKey { tenant_no, subscription_no: delivery.subscription_no };
        if delivery.status == Status::Queued && self.dispatcher.is_delivering(lane, delivery.id) {
            delivery.status = Status::Delivering;
        }
        delivery
    }
}
