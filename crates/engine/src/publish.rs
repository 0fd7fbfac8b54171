//! Accepting events: match against the tenant's subscriptions, make durable, answer.

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use postroad_domain::{
    EventId, EventType, TenantId, Timestamp,
    limits::{FANOUT_PER_COMMIT_MAX, IDEMPOTENCY_RETENTION},
};
use postroad_store::{Idempotency, NewDelivery, NewEvent, StoreError};
use thiserror::Error;
use tokio::sync::oneshot;

use crate::{
    Engine,
    commit::{EventAnswer, EventJob, EventReply},
    config_cache::TenantConfig,
};

/// How often an event is matched again because its tenant's configuration changed meanwhile. Each round means that
/// somebody changed a subscription within the few milliseconds of a commit.
const STALE_ROUNDS_MAX: usize = 20;

/// An event to publish; checked.
#[derive(Clone, Debug)]
pub struct PublishEvent {
    /// What happened.
    pub event_type: EventType,
    /// The data as it came.
    pub data: Bytes,
    /// Words that tag sets match.
    pub tags: Vec<String>,
    /// The attributes as a JSON object; empty for none.
    pub attributes: Bytes,
    /// When it happened, if the caller said so.
    pub occurred_at: Option<Timestamp>,
    /// The caller's key, and the bytes that must be the same when it comes again.
    pub idempotency: Option<(String, Bytes)>,
}

/// A durable event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its id.
    pub id: EventId,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// How many deliveries it was routed to.
    pub deliveries: u32,
    /// The key was used before with the same bytes: this is the first event.
    pub duplicate: bool,
}

/// Why an event was not accepted.
#[derive(Clone, Debug, Error)]
pub enum PublishError {
    /// There is no such tenant.
    #[error("there is no such tenant")]
    NoTenant,
    /// The key was used before with other bytes.
    #[error("the idempotency key was used before with other bytes")]
    KeyConflict,
    /// Too much waits for its commit.
    #[error("too much waits to be written")]
    Overloaded,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// Makes an event durable and starts its deliveries. When this answers, a crash loses nothing of it.
    pub async fn publish(&self, tenant: &TenantId, event: PublishEvent) -> Result<Published, PublishError> {
        let mut results = self.publish_batch(tenant, vec![event]).await;
        results.pop().unwrap_or(Err(PublishError::NoTenant))
    }

    /// Publishes several events, each for itself, in their order: one that is refused changes nothing for the others.
    pub async fn publish_batch(
        &self,
        tenant: &TenantId,
        events: Vec<PublishEvent>,
    ) -> Vec<Result<Published, PublishError>> {
        let mut results: Vec<Option<Result<Published, PublishError>>> = vec![None; events.len()];
        let mut open: Vec<usize> = (0..events.len()).collect();
        for _ in 0..STALE_ROUNDS_MAX {
            let answers = self.publish_round(tenant, &events, &open).await;
            open = open
                .into_iter()
                .zip(answers)
                .filter_map(|(index, answer)| {
                    results[index] = answer;
                    results[index].is_none().then_some(index)
                })
                .collect();
            if open.is_empty() {
                break;
            }
        }
        let never_still = || StoreError::Unavailable("the tenant's configuration keeps changing".to_owned());
        results.into_iter().map(|result| result.unwrap_or_else(|| Err(never_still().into()))).collect()
    }

    /// Matches and commits the events at `open`. `None` stands where the match was stale.
    async fn publish_round(
        &self,
        tenant: &TenantId,
        events: &[PublishEvent],
        open: &[usize],
    ) -> Vec<Option<Result<Published, PublishError>>> {
        let config = match self.configs.by_id(tenant).await {
            Ok(Some(config)) => config,
            Ok(None) => return vec![Some(Err(PublishError::NoTenant)); open.len()],
            Err(error) => return vec![Some(Err(error.into())); open.len()],
        };
        // All are handed over before the first is waited for: they share a commit.
        let jobs: Vec<_> = open.iter().map(|index| self.hand_over(&config, &events[*index])).collect();
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs {
            answers.push(match job {
                Ok((id, answer)) => self.read_answer(&config, id, answer.await),
                Err(error) => Some(Err(error)),
            });
        }
        answers
    }

    fn hand_over(
        &self,
        config: &TenantConfig,
        event: &PublishEvent,
    ) -> Result<(EventId, oneshot::Receiver<Result<EventAnswer, StoreError>>), PublishError> {
        if !self.health.is_writable() {
            return Err(StoreError::Unavailable("it cannot be written to now".to_owned()).into());
        }
        let Some(permit) = self.gate.admit(event.data.len() + event.attributes.len()) else {
            self.metrics.overloaded.inc();
            return Err(PublishError::Overloaded);
        };
        let event = self.routed(config, event);
        let id = event.id;
        let (sender, answer) = oneshot::channel();
        self.committer.event(EventJob { event, reply: EventReply { sender, _permit: permit } });
        Ok((id, answer))
    }

    fn routed(&self, config: &TenantConfig, event: &PublishEvent) -> NewEvent {
        let now = self.clock.now();
        let id = self.ids.event();
        let mut targets = config.route(&event.event_type, &event.tags, now);
        let fanout = targets.split_off(targets.len().min(FANOUT_PER_COMMIT_MAX));
        let deliveries = (1..)
            .zip(targets)
            .map(|(number, target)| NewDelivery { id: id.delivery(number), target })
            .collect();
        let idempotency = event.idempotency.as_ref().map(|(key, bytes)| Idempotency {
            key_hash: sha256(key.as_bytes()),
            bytes_hash: sha256(bytes),
            expires_at: now.after(IDEMPOTENCY_RETENTION),
        });
        NewEvent {
            id,
            tenant_no: config.tenant.no,
            config_version: config.tenant.config_version,
            event_type: event.event_type.clone(),
            occurred_at: event.occurred_at,
            tags: event.tags.clone(),
            attributes: event.attributes.clone(),
            data: event.data.clone(),
            idempotency,
            deliveries,
            fanout,
        }
    }

    fn read_answer(
        &self,
        config: &TenantConfig,
        id: EventId,
        answer: Result<Result<EventAnswer, StoreError>, oneshot::error::RecvError>,
    ) -> Option<Result<Published, PublishError>> {
        let stopping = || StoreError::Unavailable("the node is stopping".to_owned());
        let answer = match answer.map_err(|_| stopping()).and_then(|answer| answer) {
            Ok(answer) => answer,
            Err(error) => return Some(Err(error.into())),
        };
        match answer {
            EventAnswer::Accepted { at, deliveries } => {
                Some(Ok(Published { id, accepted_at: at, deliveries, duplicate: false }))
            }
            EventAnswer::Duplicate { event_id, at, deliveries } => {
                self.metrics.duplicates.inc();
                Some(Ok(Published { id: event_id, accepted_at: at, deliveries, duplicate: true }))
            }
            EventAnswer::Conflict => Some(Err(PublishError::KeyConflict)),
            EventAnswer::Stale | EventAnswer::NoTenant => {
                // Deleted or changed since it was cached: the next round reads it anew.
                self.configs.forget(&config.tenant.id, config.tenant.no);
                None
            }
        }
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}
