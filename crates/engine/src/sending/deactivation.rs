//! Subscriptions that become inactive by themselves: their receiver says that it is gone, or their deliveries keep failing.
//!
//! What failed is counted by the store, in the commit of the outcomes, and told behind it. Here it is judged, by the rule of the
//! subscription's profile and by the operator's. Nothing is remembered but what is about to be judged: the count is in the store,
//! so whatever a crash, or a store that cannot write just then, keeps from being done is found by a look at the start, or when the
//! next delivery fails.
//!
//! **Invariant:** failures that a success or an activation has cleared make nothing inactive: the store compares once more.

use std::sync::Arc;

use postroad_domain::{AuditAction, Timestamp, subscription::Failures};
use postroad_store::{
    Deactivate, Deactivation, Failing, LaneKey, ListFailing, QueuedDelivery, StoreError, WarnContacts,
};

use super::{
    dispatch::{Dispatcher, REFILL_PAUSE},
    failing::{Failed, Rule},
    lanes::types::Rest,
};
use crate::{
    audit::{AuditedChange, origin::Origin},
    configuration::endpoint::Endpoint,
    operations::Occurrence,
};

/// Failing subscriptions that are read at a time when the node starts.
const FAILING_PAGE: usize = 1_000;

impl Dispatcher {
    /// The receiver answered 410: nothing more is sent until the customer activates the subscription again.
    pub(super) async fn receiver_is_gone(&self, delivery: &QueuedDelivery, endpoint: &Endpoint) {
        // The answer to what the customer has changed in the meantime says nothing about what holds now. The store compares once
        // more; here it spares the lane its rest.
        let version = endpoint.subscription.version;
        let current = self.configs.endpoint(delivery.lane).await;
        let is_newer = |current: &Endpoint| current.subscription.version != version;
        if current.is_ok_and(|current| current.is_some_and(|current| is_newer(&current))) {
            return;
        }
        self.deactivate(delivery.lane, endpoint, Deactivation::Gone).await;
    }

    /// Deliveries of these subscriptions failed, in a commit of that moment.
    pub(super) fn note_failing(&self, failing: &[Failing], at: Timestamp) {
        for Failing { lane, failures } in failing {
            self.tell_operator(*lane, Occurrence::Failed(*failures), at);
            let failed = Failed { failures: *failures, until: at };
            // What is not known must be read, and is judged behind that.
            if let Some(endpoint) = self.configs.known_endpoint(*lane) {
                let rule = self.rule_of(&endpoint);
                if rule.is_met_by(failed) {
                    // At once: the next delivery of an ordered subscription goes out when this one is settled.
                    self.rest_until_written(*lane);
                } else if !rule.is_half_met_by(failed) || self.to_judge.was_warned(*lane, failed) {
                    continue;
                }
            }
            self.to_judge.note(*lane, failed);
        }
    }

    /// Makes inactive what failed too often, until it is ended.
    pub(super) async fn keep_judging(self: Arc<Self>) {
        if let Err(error) = self.find_failing().await {
            tracing::warn!(%error, "subscriptions that failed before the start are found when they fail again");
        }
        loop {
            let (lane, failed) = self.to_judge.next().await;
            self.judge(lane, failed).await;
        }
    }

    /// What failed as often as its profile allows before the start, and could not be made inactive any more. For how long another
    /// one failed is looked at when it fails again: nothing may have been sent to it since.
    async fn find_failing(&self) -> Result<(), StoreError> {
        let Some(count_min) = self.configs.failures_min() else { return Ok(()) };
        let mut after = None;
        loop {
            let list = ListFailing { count_min, after, limit: FAILING_PAGE };
            let page = self.store.failing_subscriptions(list).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.lane.subscription_no);
            for Failing { lane, failures } in page {
                self.judge(lane, Failed { failures, until: failures.since }).await;
            }
        }
    }

    async fn judge(&self, lane: LaneKey, failed: Failed) {
        match self.configs.endpoint(lane).await {
            Ok(Some(endpoint)) if endpoint.subscription.spec.active => {
                let rule = self.rule_of(&endpoint);
                if rule.is_met_by(failed) {
                    self.deactivate(lane, &endpoint, Deactivation::Failing(failed.failures)).await;
                } else if rule.is_half_met_by(failed) {
                    self.warn_contacts(lane, failed).await;
                }
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "a subscription that fails could not be read; it is looked at when it fails again");
            }
        }
    }

    /// It fails half as long as makes it inactive: somebody can still do something about it. The store remembers of which failures it was
    /// said.
    async fn warn_contacts(&self, lane: LaneKey, failed: Failed) {
        let warn = WarnContacts { lane, since: failed.failures.since, at: self.commit_clock.now() };
        match self.store.warn_contacts(warn).await {
            Ok(_) => self.to_judge.warned(lane, failed),
            Err(error) => {
                tracing::warn!(%error, "contacts could not be warned of a subscription that fails; they are when it fails again");
            }
        }
    }

    /// Notes something for the operator.
    pub(super) fn tell_operator(&self, lane: LaneKey, occurrence: Occurrence, at: Timestamp) {
        if !self.operations.note(lane, occurrence, at) {
            self.metrics.untold.inc();
        }
    }

    fn rule_of(&self, endpoint: &Endpoint) -> Rule {
        let failures = endpoint.profile.profile.delivery.deactivate_after_failures;
        Rule { failures, after: self.deactivate_after }
    }

    /// Makes a subscription inactive, as it is in this version.
    async fn deactivate(&self, lane: LaneKey, endpoint: &Endpoint, why: Deactivation) {
        self.rest_until_written(lane);
        let (id, version, at) =
            (endpoint.subscription.id, endpoint.subscription.version, self.commit_clock.now());
        let action = match why {
            Deactivation::Gone => AuditAction::SubscriptionGone,
            Deactivation::Failing(_) => AuditAction::SubscriptionFailing,
        };
        let audit = Some(AuditedChange::of(action, id).entry(&Origin::SYSTEM, &self.ids));
        let LaneKey { tenant_no, subscription_no } = lane;
        let deactivate = Deactivate { tenant_no, subscription_no, version, why, at, audit };
        match self.store.deactivate(deactivate).await {
            Ok(true) => {
                self.metrics.deactivated(why.reason());
                let failures = match why {
                    Deactivation::Gone => None,
                    Deactivation::Failing(failures) => Some(failures),
                };
                self.tell_operator(lane, Occurrence::Disabled(why.reason(), failures), at);
                let tenant = &endpoint.tenant;
                match why {
                    Deactivation::Gone => tracing::info!(
                        %tenant,
                        subscription = %id,
                        "a receiver answered 410: its subscription is inactive now"
                    ),
                    Deactivation::Failing(Failures { count, since }) => tracing::info!(
                        %tenant,
                        subscription = %id,
                        failures = count,
                        %since,
                        "deliveries keep failing: their subscription is inactive now"
                    ),
                }
            }
            // It was changed or deleted meanwhile, another answer came first, or one that the receiver took.
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, "a subscription that cannot be sent to could not be set inactive");
            }
        }
    }

    /// Until it is written that nothing goes out, nothing does.
    fn rest_until_written(&self, lane: LaneKey) {
        let now = self.commit_clock.now();
        let rest = (now.after(REFILL_PAUSE), Rest::Unavailable);
        self.with_lanes(|lanes| lanes.rest(lane, rest, now));
    }
}
