//! The service that tells people: what its work shares, and its start.

use std::{sync::Arc, time::Duration};

use postroad_domain::{Clock, Timestamp};
use postroad_mail::Mailer;
use postroad_store::{ChangeKinds, Store};
use tokio::task::JoinHandle;

use crate::{
    accepting::service::AcceptingService, commit::commit_clock::CommitClock,
    configuration::cache::ConfigCache, operations::Operations, telemetry::metrics::Metrics,
};

/// Tells contacts and the operator what happens to deliveries.
pub(crate) struct NotifyingService {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) commit_clock: Arc<CommitClock>,
    pub(crate) configs: Arc<ConfigCache>,
    pub(crate) accepting: Arc<AcceptingService>,
    pub(crate) operations: Arc<Operations>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) mailer: Option<Arc<dyn Mailer>>,
    /// What the paths of calls in a mail stand behind: `https://hooks.example.com`, or nothing.
    pub(crate) public_url: String,
    /// The operator's rule for subscriptions that keep failing.
    pub(crate) deactivate_after: Option<Duration>,
}

impl NotifyingService {
    /// Starts what goes on in the background. What is told is found in the store: nothing is lost when it is ended.
    pub(crate) fn start(self: Arc<Self>) -> Vec<JoinHandle<()>> {
        let noticed = self.store.changes(ChangeKinds::NOTICES);
        vec![tokio::spawn(Arc::clone(&self).keep_mailing(noticed)), tokio::spawn(self.keep_publishing())]
    }
    /// Sleeps until a moment, or for ever.
    pub(super) async fn sleep_until(&self, moment: Option<Timestamp>) {
        match moment {
            Some(moment) => self.clock.sleep(moment.since(self.commit_clock.now())).await,
            None => std::future::pending().await,
        }
    }
}
