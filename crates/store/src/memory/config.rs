//! Tenants and subscriptions.

use std::collections::BTreeMap;

use postroad_domain::{
    EventOffset, Reason, SealedSecret, Subscription, SubscriptionId, SubscriptionNo, SubscriptionSpec,
    SubscriptionVersion, Tenant, TenantId, TenantNo, Timestamp, Verification, VerificationState,
    subscription::InactiveReason, tenant::TenantSpec,
};

use super::state::{State, SubscriptionRow, TenantRow, lane, nth};
use crate::{
    AskVerification, Change, ConfigSnapshot, CreateSubscription, CreateSubscriptionError, Deactivate,
    DeleteSubscription, DeleteTenant, LaneKey, PendingVerifications, PutTenant, RecordVerification,
    Redirected, SubscriptionChange, TenantChange, UpdateSubscription, UpdateSubscriptionError,
};

impl State {
    pub(super) fn put_tenant(&mut self, put: PutTenant) -> (Tenant, bool) {
        if let Some(no) = self.tenant_by_id(&put.id).map(|tenant| tenant.no) {
            self.change_tenant(no, TenantChange { spec: put.spec, audit: put.audit }, put.at);
            for Redirected { id, ask } in put.redirected {
                if let Some(subscription) = self.subscription(no, id) {
                    self.put_change(subscription, (None, None), ask, put.at);
                }
            }
            return (self.tenants[&no].tenant.clone(), false);
        }
        let tenant = Tenant {
            no: TenantNo(self.next_number()),
            id: put.id,
            spec: put.spec.clone(),
            version: 1,
            config_version: 1,
            created_at: put.at,
            updated_at: put.at,
        };
        let row = TenantRow {
            tenant: tenant.clone(),
            versions: vec![put.spec],
            event_types: BTreeMap::new(),
            next_offset: EventOffset::FIRST,
            deleted: false,
        };
        self.tenants.insert(tenant.no, row);
        self.announced.push(Change::Tenant(tenant.no));
        self.note(tenant.no, put.at, put.audit);
        (tenant, true)
    }

    fn change_tenant(&mut self, no: TenantNo, change: TenantChange, at: Timestamp) {
        let Some(row) = self.tenants.get_mut(&no) else { return };
        row.versions.push(change.spec.clone());
        row.tenant.spec = change.spec;
        row.tenant.version += 1;
        row.tenant.config_version += 1;
        row.tenant.updated_at = at;
        self.announced.push(Change::Tenant(no));
        self.note(no, at, change.audit);
    }

    pub(super) fn tenant_by_id(&self, id: &TenantId) -> Option<&Tenant> {
        self.tenants.values().find(|row| !row.deleted && row.tenant.id == *id).map(|row| &row.tenant)
    }

    pub(super) fn delete_tenant(&mut self, delete: &DeleteTenant) -> bool {
        let living = self.tenants.values_mut().find(|row| !row.deleted && row.tenant.id == delete.id);
        let Some(row) = living else { return false };
        row.deleted = true;
        let no = row.tenant.no;
        self.announced.extend([Change::Tenant(no), Change::CalledOff(no)]);
        self.note(no, delete.at, delete.audit.clone());
        true
    }

    pub(super) fn config_snapshot(&self, no: TenantNo) -> Option<ConfigSnapshot> {
        let row = self.tenants.get(&no).filter(|row| !row.deleted)?;
        let subscriptions = self.living_subscriptions(no).cloned().collect();
        let event_types = row.event_types.values().cloned().collect();
        Some(ConfigSnapshot { tenant: row.tenant.clone(), subscriptions, event_types })
    }

    pub(super) fn tenant_version(&self, no: TenantNo, version: i64) -> Option<TenantSpec> {
        let row = self.tenants.get(&no).filter(|row| !row.deleted)?;
        nth(&row.versions, version).cloned()
    }

    pub(super) fn create_subscription(
        &mut self,
        create: CreateSubscription,
    ) -> Result<Subscription, CreateSubscriptionError> {
        if self.tenant_by_no(create.tenant_no).is_none() {
            return Err(CreateSubscriptionError::NoTenant);
        }
        if self.living_subscriptions(create.tenant_no).count() >= create.max {
            return Err(CreateSubscriptionError::TooMany { max: create.max });
        }
        if let Some(change) = create.tenant {
            self.change_tenant(create.tenant_no, change, create.at);
        }
        let paused = (!create.spec.active).then_some((InactiveReason::Paused, create.at));
        let inactive = inactive_until_verified(paused, create.ask, create.at);
        let subscription = Subscription {
            no: SubscriptionNo(self.next_number()),
            id: create.id,
            tenant_no: create.tenant_no,
            version: 1,
            spec: SubscriptionSpec { active: inactive.is_none(), ..create.spec },
            inactive,
            failures: None,
            verification: create.ask.map(|_| pending(1, create.at)),
            secrets: create.secrets,
            created_at: create.at,
            updated_at: create.at,
        };
        let row = SubscriptionRow {
            versions: vec![version_of(&subscription)],
            subscription: subscription.clone(),
            deleted: false,
            history: Vec::new(),
            marks: Vec::new(),
        };
        let key = lane(create.tenant_no, subscription.no);
        self.subscriptions.insert(key, row);
        self.note_standing(key, None);
        self.config_changed(create.tenant_no);
        self.note(create.tenant_no, create.at, create.audit);
        Ok(subscription)
    }

    pub(super) fn subscription(&self, tenant_no: TenantNo, id: SubscriptionId) -> Option<Subscription> {
        self.living_subscriptions(tenant_no).find(|subscription| subscription.id == id).cloned()
    }

    pub(super) fn subscription_version(
        &self,
        tenant_no: TenantNo,
        no: SubscriptionNo,
        version: i64,
    ) -> Option<SubscriptionVersion> {
        self.tenant_by_no(tenant_no)?;
        nth(&self.subscriptions.get(&lane(tenant_no, no))?.versions, version).cloned()
    }

    pub(super) fn update_subscription(
        &mut self,
        update: UpdateSubscription,
    ) -> Result<Subscription, UpdateSubscriptionError> {
        let UpdateSubscription { tenant_no, id, expected, change, tenant, ask, at, audit } = update;
        let before = self.subscription(tenant_no, id).ok_or(UpdateSubscriptionError::NotFound)?;
        if before.revision() != expected {
            return Err(UpdateSubscriptionError::Changed);
        }
        if let Some(change) = tenant {
            self.change_tenant(tenant_no, change, at);
        }
        let change = match change {
            SubscriptionChange::Spec(spec) => (Some(spec), None),
            SubscriptionChange::Secrets(secrets) => (None, Some(secrets)),
            SubscriptionChange::Both(spec, secrets) => (Some(spec), Some(secrets)),
        };
        let changed = self.put_change(before, change, ask, at);
        self.note(tenant_no, at, audit);
        Ok(changed)
    }

    /// Writes the next version of a subscription. Without settings and secrets it leads elsewhere.
    fn put_change(
        &mut self,
        mut changed: Subscription,
        (spec, secrets): (Option<Box<SubscriptionSpec>>, Option<Vec<SealedSecret>>),
        ask: Option<AskVerification>,
        at: Timestamp,
    ) -> Subscription {
        let key = lane(changed.tenant_no, changed.no);
        let before = changed.inactive;
        let changes_where = spec.is_some() || secrets.is_none();
        if let Some(spec) = spec {
            let inactive = inactive_with(&changed, &spec, at);
            if changed.inactive.is_some() && inactive.is_none() {
                changed.failures = None;
            }
            (changed.inactive, changed.spec) = (inactive, *spec);
        }
        if let Some(secrets) = secrets {
            changed.secrets = secrets;
        }
        changed.inactive = inactive_until_verified(changed.inactive, ask, at);
        changed.spec.active = changed.inactive.is_none();
        if ask.is_some() {
            changed.verification = Some(pending(changed.version + 1, at));
        }
        let changes_lane = changes_where || changed.inactive != before;
        let calls_off = changed.inactive.is_some_and(|(reason, _)| !reason.holds());
        if calls_off {
            self.mark(key, Reason::Paused, at);
        }
        let changed = self.put_version(key, changed, at);
        if changes_lane {
            self.announced.push(Change::Lane(key));
            if calls_off {
                self.announced.push(Change::CalledOff(key.tenant_no));
            }
        }
        changed
    }

    pub(super) fn deactivate(&mut self, deactivate: Deactivate) -> bool {
        let Deactivate { tenant_no, subscription_no, version, why, at, audit } = deactivate;
        if self.tenant_by_no(tenant_no).is_none() {
            return false;
        }
        let key = lane(tenant_no, subscription_no);
        let row = self.subscriptions.get_mut(&key).filter(|row| !row.deleted);
        let is_meant = |subscription: &Subscription| {
            subscription.inactive.is_none()
                && subscription.version == version
                && why.holds_of(subscription.failures)
        };
        let Some(row) = row.filter(|row| is_meant(&row.subscription)) else { return false };
        // No new version: deliveries are shaped as before.
        row.subscription.spec.active = false;
        row.subscription.inactive = Some((why.reason(), at));
        row.subscription.updated_at = at;
        if !why.reason().holds() {
            self.mark(key, Reason::Paused, at);
            self.announced.push(Change::CalledOff(tenant_no));
        }
        self.note_standing(key, None);
        self.config_changed(tenant_no);
        self.announced.push(Change::Lane(key));
        self.notice(key, why.notice(), None, at);
        self.note(tenant_no, at, audit);
        true
    }

    pub(super) fn record_verification(&mut self, record: RecordVerification) -> bool {
        let RecordVerification { tenant_no, subscription_no, expected, verification, activates, at, audit } =
            record;
        if self.tenant_by_no(tenant_no).is_none() {
            return false;
        }
        let key = lane(tenant_no, subscription_no);
        let row = self.subscriptions.get_mut(&key).filter(|row| !row.deleted);
        let asked_by =
            |row: &SubscriptionRow| row.subscription.verification.as_ref().map(|known| known.version);
        let Some(row) = row.filter(|row| asked_by(row) == expected) else { return false };
        row.subscription.verification = Some(verification);
        let is_unverified = matches!(row.subscription.inactive, Some((InactiveReason::Unverified, _)));
        if !(activates && is_unverified) {
            return true;
        }
        // No new version: deliveries are shaped as before.
        row.subscription.spec.active = true;
        row.subscription.inactive = None;
        row.subscription.failures = None;
        row.subscription.updated_at = at;
        self.note_standing(key, None);
        self.config_changed(tenant_no);
        self.announced.push(Change::Lane(key));
        self.note(tenant_no, at, audit);
        true
    }

    pub(super) fn pending_verifications(&self, list: PendingVerifications) -> Vec<LaneKey> {
        let is_pending = |(lane, row): &(&LaneKey, &SubscriptionRow)| {
            let subscription = &row.subscription;
            let state = subscription.verification.as_ref().map(|verification| verification.state);
            list.after.is_none_or(|after| **lane > after)
                && !row.deleted
                && self.tenant_by_no(lane.tenant_no).is_some()
                && matches!(subscription.inactive, Some((InactiveReason::Unverified, _)))
                && state == Some(VerificationState::Pending)
        };
        let pending = self.subscriptions.iter().filter(is_pending);
        pending.take(list.limit).map(|(lane, _)| *lane).collect()
    }

    pub(super) fn delete_subscription(&mut self, delete: DeleteSubscription) -> bool {
        let Some(subscription) = self.subscription(delete.tenant_no, delete.id) else {
            return false;
        };
        let key = lane(delete.tenant_no, subscription.no);
        self.mark(key, Reason::Deleted, delete.at);
        self.notices.forget(key);
        if let Some(row) = self.subscriptions.get_mut(&key) {
            row.deleted = true;
        }
        self.note_standing(key, Some(delete.at));
        self.config_changed(delete.tenant_no);
        self.announced.extend([Change::Lane(key), Change::CalledOff(delete.tenant_no)]);
        self.note(delete.tenant_no, delete.at, delete.audit);
        true
    }

    /// Writes the next version of a subscription.
    fn put_version(&mut self, key: LaneKey, mut changed: Subscription, at: Timestamp) -> Subscription {
        changed.version += 1;
        changed.updated_at = at;
        if let Some(row) = self.subscriptions.get_mut(&key) {
            row.versions.push(version_of(&changed));
            row.subscription = changed.clone();
        }
        self.note_standing(key, None);
        self.config_changed(key.tenant_no);
        changed
    }

    /// Those of a tenant that lives, in the order of their creation.
    fn living_subscriptions(&self, tenant_no: TenantNo) -> impl Iterator<Item = &Subscription> {
        let tenant_lives = self.tenant_by_no(tenant_no).is_some();
        let first = lane(tenant_no, SubscriptionNo(i64::MIN));
        self.subscriptions
            .range(first..)
            .take_while(move |(key, _)| tenant_lives && key.tenant_no == tenant_no)
            .filter(|(_, row)| !row.deleted)
            .map(|(_, row)| &row.subscription)
    }

    pub(super) fn config_changed(&mut self, tenant_no: TenantNo) {
        if let Some(row) = self.tenants.get_mut(&tenant_no) {
            row.tenant.config_version += 1;
            self.announced.push(Change::Tenant(tenant_no));
        }
    }
}

fn version_of(subscription: &Subscription) -> SubscriptionVersion {
    SubscriptionVersion { spec: subscription.spec.clone(), secrets: subscription.secrets.clone() }
}

/// Since when and why the subscription is inactive with the new spec. What goes on keeps its reason and its moment: a new
/// name for a subscription whose receiver is gone must not turn what is held into what is cancelled.
fn inactive_with(
    before: &Subscription,
    spec: &SubscriptionSpec,
    at: Timestamp,
) -> Option<(InactiveReason, Timestamp)> {
    (!spec.active).then(|| before.inactive.unwrap_or((InactiveReason::Paused, at)))
}

/// What is active is unverified where handshakes must pass first.
fn inactive_until_verified(
    inactive: Option<(InactiveReason, Timestamp)>,
    ask: Option<AskVerification>,
    at: Timestamp,
) -> Option<(InactiveReason, Timestamp)> {
    let must_pass = ask == Some(AskVerification::First);
    inactive.or_else(|| must_pass.then_some((InactiveReason::Unverified, at)))
}

/// The verification of a version that asks for handshakes.
fn pending(version: i64, at: Timestamp) -> Verification {
    Verification { version, state: VerificationState::Pending, at, detail: None }
}
