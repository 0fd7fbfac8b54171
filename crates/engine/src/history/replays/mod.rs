//! Replays: a subscription gets again what it did not get. The operations here, the work in `runner`, its pace in `pace`.

mod pace;
mod runner;
pub(super) mod schedule;

use postroad_domain::{
    AuditAction, RateLimit, Replay, ReplayId, ReplaySelection, SubscriptionId, TenantId, TenantNo, Timestamp,
    limits::{
        PAGE_ROWS_SCANNED_MAX, REPLAY_COUNT_TIME_MAX, REPLAYS_KEPT_PER_TENANT_MAX,
        REPLAYS_RUNNING_PER_TENANT_MAX,
    },
    replay::ReplayCount,
};
use postroad_profile::FieldProblem;
use postroad_store::{
    CancelReplay, CancelReplayError, CountReplay, CreateReplay, ListReplays, Page, StartReplayError,
    StoreError,
};
use thiserror::Error;

use super::service::HistoryService;
use crate::{
    audit::{AuditedChange, origin::Origin},
    configuration::{cache::TenantConfig, lookup_error::LookupError},
};

/// What to replay; each field is one that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewReplay {
    /// To which subscription.
    pub subscription: SubscriptionId,
    /// What is sent again.
    pub selection: ReplaySelection,
    /// Of events accepted at this moment or later.
    pub since: Timestamp,
    /// Of events accepted before this moment.
    pub until: Option<Timestamp>,
    /// At most so many deliveries are queued within a span.
    pub pace: RateLimit,
}

/// Failures of [`HistoryService::start_replay`] and [`HistoryService::count_replay`].
#[derive(Clone, Debug, Error)]
pub enum ReplayError {
    /// There is no such tenant or subscription.
    #[error("there is no such subscription")]
    NotFound,
    /// Fields that cannot be.
    #[error("fields are not valid")]
    Invalid(Vec<FieldProblem>),
    /// The subscription was deleted.
    #[error("the subscription was deleted")]
    Deleted,
    /// The subscription is inactive: nothing would be sent.
    #[error("the subscription is not active")]
    Inactive,
    /// A replay to the subscription is running.
    #[error("the replay {0} is running")]
    Running(ReplayId),
    /// As many of the tenant's replays run as may.
    #[error("{max} replays are running")]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Failures of [`HistoryService::cancel_replay`].
#[derive(Clone, Debug, Error)]
pub enum EndReplayError {
    /// There is no such tenant or replay.
    #[error("there is no such replay")]
    NotFound,
    /// It has ended already.
    #[error("the replay has ended")]
    Ended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl HistoryService {
    /// Counts what a replay would queue, for a second or two at most: after that the count is a lower bound.
    pub async fn count_replay(&self, tenant: &TenantId, new: NewReplay) -> Result<ReplayCount, ReplayError> {
        let config = self.configs.by_id(tenant).await?.ok_or(ReplayError::NotFound)?;
        self.check_replay(&new)?;
        self.count(config.tenant.no, self.kept_of(&config, new)).await
    }

    /// Begins a replay. It goes on in the background, also after a restart.
    pub async fn start_replay(
        &self,
        by: &Origin,
        tenant: &TenantId,
        new: NewReplay,
    ) -> Result<Replay, ReplayError> {
        let config = self.configs.by_id(tenant).await?.ok_or(ReplayError::NotFound)?;
        self.check_replay(&new)?;
        let new = self.kept_of(&config, new);
        let count = self.count(config.tenant.no, new).await?;
        let id = self.ids.replay();
        let create = CreateReplay {
            tenant_no: config.tenant.no,
            id,
            subscription: new.subscription,
            selection: new.selection,
            since: new.since,
            until: new.until,
            pace: new.pace,
            count,
            running_max: REPLAYS_RUNNING_PER_TENANT_MAX,
            kept_max: REPLAYS_KEPT_PER_TENANT_MAX,
            at: self.commit_clock.now(),
            audit: Some(AuditedChange::of(AuditAction::ReplayStarted, id).entry(by, &self.ids)),
        };
        let replay = self.store.create_replay(create).await?;
        self.replays.add(&replay);
        Ok(replay)
    }

    /// One replay, with how far it has come.
    pub async fn replay(&self, tenant: &TenantId, id: ReplayId) -> Result<Replay, LookupError> {
        let config = self.configs.by_id(tenant).await?.ok_or(LookupError::NoTenant)?;
        self.store.replay(config.tenant.no, id).await?.ok_or(LookupError::NotFound)
    }

    /// Replays, newest first.
    pub async fn list_replays(
        &self,
        tenant: &TenantId,
        after: Option<ReplayId>,
        limit: usize,
    ) -> Result<Page<Replay, ReplayId>, LookupError> {
        let config = self.configs.by_id(tenant).await?.ok_or(LookupError::NoTenant)?;
        Ok(self.store.list_replays(ListReplays { tenant_no: config.tenant.no, after, limit }).await?)
    }

    /// Calls a replay off: it queues nothing more. What it has queued goes out.
    pub async fn cancel_replay(
        &self,
        by: &Origin,
        tenant: &TenantId,
        id: ReplayId,
    ) -> Result<Replay, EndReplayError> {
        let config = self.configs.by_id(tenant).await?.ok_or(EndReplayError::NotFound)?;
        let audit = Some(AuditedChange::of(AuditAction::ReplayCancelled, id).entry(by, &self.ids));
        let cancel = CancelReplay { tenant_no: config.tenant.no, id, at: self.commit_clock.now(), audit };
        self.store.cancel_replay(cancel).await.map_err(|error| match error {
            CancelReplayError::NotFound => EndReplayError::NotFound,
            CancelReplayError::Ended => EndReplayError::Ended,
            CancelReplayError::Store(error) => error.into(),
        })
    }

    fn check_replay(&self, new: &NewReplay) -> Result<(), ReplayError> {
        let problem = |field: &str, message: &str| {
            let (field, message) = (field.to_owned(), message.to_owned());
            Err(ReplayError::Invalid(vec![FieldProblem { field, message }]))
        };
        if new.since > self.commit_clock.now() {
            return problem("since", "is in the future: nothing has come since then");
        }
        if new.until.is_some_and(|until| until <= new.since) {
            return problem("until", "must be later than `since`");
        }
        Ok(())
    }

    /// What the tenant's retention has let go of is not replayed, also where it is not erased yet.
    fn kept_of(&self, config: &TenantConfig, new: NewReplay) -> NewReplay {
        let kept_since = config.kept_since(self.commit_clock.now());
        NewReplay { since: kept_since.map_or(new.since, |kept| kept.max(new.since)), ..new }
    }

    async fn count(&self, tenant_no: TenantNo, new: NewReplay) -> Result<ReplayCount, ReplayError> {
        let began = self.clock.monotonic();
        let NewReplay { subscription, selection, since, until, .. } = new;
        let (mut count, mut after) = (ReplayCount { deliveries: 0, is_exact: true }, None);
        loop {
            let rows_max = PAGE_ROWS_SCANNED_MAX;
            let part = CountReplay { tenant_no, subscription, selection, since, until, after, rows_max };
            let counted = self.store.count_replay(part).await?;
            count.deliveries += counted.deliveries;
            count.is_exact &= !counted.is_short;
            after = counted.next;
            if after.is_none() {
                return Ok(count);
            }
            if self.clock.monotonic().saturating_sub(began) >= REPLAY_COUNT_TIME_MAX {
                return Ok(ReplayCount { is_exact: false, ..count });
            }
        }
    }
}

impl From<StartReplayError> for ReplayError {
    fn from(error: StartReplayError) -> Self {
        match error {
            StartReplayError::NotFound => Self::NotFound,
            StartReplayError::Deleted => Self::Deleted,
            StartReplayError::Inactive => Self::Inactive,
            StartReplayError::Running(id) => Self::Running(id),
            StartReplayError::TooMany { max } => Self::TooMany { max },
            StartReplayError::Store(error) => error.into(),
        }
    }
}
