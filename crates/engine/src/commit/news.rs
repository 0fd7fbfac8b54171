//! What the commit loop says of each commit.

use std::sync::Arc;

use postroad_store::{Commit, Committed};

use super::batch::EventReply;

/// What happened to a commit, with everybody who waits for it.
pub(crate) enum News {
    /// It is durable.
    Done {
        /// What was asked.
        commit: Arc<Commit>,
        /// What the store answered.
        committed: Committed,
        /// Who waits, in the order of the events.
        replies: Vec<EventReply>,
    },
    /// The store refused an outcome for itself. Its delivery is queued as it was and will be attempted again.
    Refused(Arc<Commit>),
}
