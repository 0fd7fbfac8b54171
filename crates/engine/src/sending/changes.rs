//! What the lanes hear of the store's feed: changed settings, pauses, deletions, receivers that are gone, and what was queued by
//! somebody else.
//!
//! Nothing depends on how soon they hear it: before each exchange its subscription is looked up, in a cache that is never
//! behind this node's own changes. So what was paused is not sent, whatever a lane still holds.

use std::sync::Arc;

use postroad_domain::TenantNo;
use postroad_store::{Change, Changes, LaneKey};

use super::dispatch::{Dispatcher, REFILL_PAUSE};

impl Dispatcher {
    /// Hears what changes until it is ended.
    pub(super) async fn keep_up(self: Arc<Self>, changes: Changes) {
        loop {
            match changes.next().await {
                Change::Lane(lane) => self.look_at(lane).await,
                Change::Tenant(no) => self.look_at_tenant(no).await,
                Change::Everything => self.look_at_everything().await,
                Change::Key(_) | Change::Events(_) => {}
            }
        }
    }

    /// Any lane may have changed. One that is not in memory matters too: what its gone receiver left may be sent again.
    async fn look_at_everything(self: &Arc<Self>) {
        for lane in self.lanes_in_memory() {
            self.look_at(lane).await;
        }
        while let Err(error) = self.wake_waiting_lanes().await {
            tracing::warn!(%error, "the waiting lanes could not be read; they are read again later");
            self.clock.sleep(REFILL_PAUSE).await;
        }
    }

    /// Its subscription may have been changed, paused or deleted; or something may wait for it in the store.
    async fn look_at(self: &Arc<Self>, lane: LaneKey) {
        match self.configs.endpoint(lane).await {
            Ok(Some(endpoint)) if endpoint.subscription.spec.active => {
                self.look_again(lane, endpoint.lane_settings.clone());
            }
            Ok(_) => self.drop_ready(lane),
            Err(error) => {
                tracing::warn!(%error, "a subscription that changed could not be read; its lane looks again later");
                self.look_again_later(lane);
            }
        }
    }

    /// Of a tenant that is gone memory lets go. Where it is still there, each lane that changed is told by itself.
    async fn look_at_tenant(&self, no: TenantNo) {
        if matches!(self.configs.by_no(no).await, Ok(None)) {
            let lanes = self.lanes_in_memory();
            lanes.into_iter().filter(|lane| lane.tenant_no == no).for_each(|lane| self.drop_ready(lane));
        }
    }
}
