//! Why an operation failed. Text is for the log; callers decide on the variants.

use postroad_domain::ReplayId;
use thiserror::Error;

/// Failures that any operation can meet.
#[derive(Clone, Debug, Error)]
pub enum StoreError {
    /// No room on the disk: writes fail until there is; reads go on.
    #[error("the disk is full")]
    Full,
    /// The database cannot be reached or does not answer now; trying again later is right.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// The caller's session ran out: another node may own its lanes.
    #[error("this node's session is lost")]
    SessionLost,
    /// A cursor that this list did not make.
    #[error("the cursor is not one of this list")]
    BadCursor,
    /// A defect, ours or the file's.
    #[error("the store failed: {0}")]
    Internal(String),
}

/// Failures of [`crate::Configuration::create_subscription`].
#[derive(Clone, Debug, Error)]
pub enum CreateSubscriptionError {
    /// The tenant is gone.
    #[error("there is no such tenant")]
    NoTenant,
    /// The tenant has as many subscriptions as it may have.
    #[error("the tenant has {max} subscriptions already")]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Failures of [`crate::Configuration::create_key`].
#[derive(Clone, Debug, Error)]
pub enum CreateKeyError {
    /// The tenant is gone.
    #[error("there is no such tenant")]
    NoTenant,
    /// The tenant has as many keys as it may have.
    #[error("the tenant has {max} keys already")]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Failures of [`crate::Configuration::update_subscription`].
#[derive(Clone, Debug, Error)]
pub enum UpdateSubscriptionError {
    /// There is no such subscription in this tenant.
    #[error("there is no such subscription")]
    NotFound,
    /// Somebody else changed it in between.
    #[error("the subscription changed in between")]
    Changed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Failures of [`crate::Configuration::put_event_type`].
#[derive(Clone, Debug, Error)]
pub enum PutEventTypeError {
    /// The tenant is gone.
    #[error("there is no such tenant")]
    NoTenant,
    /// The tenant has added as many as it may.
    #[error("the tenant has {max} event types of its own already")]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Failures of [`crate::Queue::retry_delivery`].
#[derive(Clone, Debug, Error)]
pub enum RetryDeliveryError {
    /// There is no such delivery in this tenant.
    #[error("there is no such delivery")]
    NotFound,
    /// Its subscription is inactive or deleted: it would not be sent.
    #[error("the subscription is not active")]
    Inactive,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Failures of [`crate::Queue::send_now`].
#[derive(Clone, Debug, Error)]
pub enum SendNowError {
    /// There is no such subscription in this tenant.
    #[error("there is no such subscription")]
    NotFound,
    /// It is inactive: nothing would be sent.
    #[error("the subscription is not active")]
    Inactive,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Failures of [`crate::Queue::cancel_delivery`].
#[derive(Clone, Debug, Error)]
pub enum CancelDeliveryError {
    /// There is no such delivery in this tenant.
    #[error("there is no such delivery")]
    NotFound,
    /// It has ended already.
    #[error("the delivery has ended")]
    Finished,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Failures of [`crate::History::create_replay`] and [`crate::History::count_replay`].
#[derive(Clone, Debug, Error)]
pub enum StartReplayError {
    /// There is no such subscription in this tenant.
    #[error("there is no such subscription")]
    NotFound,
    /// It was deleted.
    #[error("the subscription was deleted")]
    Deleted,
    /// It is not active: nothing would be sent.
    #[error("the subscription is not active")]
    Inactive,
    /// A replay to it is running.
    #[error("the replay {0} to this subscription is running")]
    Running(ReplayId),
    /// As many replays of the tenant run as may.
    #[error("{max} replays of the tenant are running")]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Failures of [`crate::History::cancel_replay`].
#[derive(Clone, Debug, Error)]
pub enum CancelReplayError {
    /// There is no such replay in this tenant.
    #[error("there is no such replay")]
    NotFound,
    /// It has ended already.
    #[error("the replay has ended")]
    Ended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
