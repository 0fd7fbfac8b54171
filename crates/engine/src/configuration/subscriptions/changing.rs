//! Writing a change of a subscription that was checked, together with what its tenant gets by it.

use std::sync::Arc;

use postroad_domain::{Subscription, TenantId};
use postroad_profile::NamedEndpoint;
use postroad_store::{NewAudit, SubscriptionChange, UpdateSubscription, UpdateSubscriptionError};

use super::update_error::UpdateError;
use crate::{
    audit::origin::Origin,
    configuration::{cache::TenantConfig, service::ConfigurationService, stored_bytes::stored_bytes},
};

/// A change of a subscription, and what the audit says of it.
pub(super) struct Changing<'a> {
    pub(super) change: SubscriptionChange,
    pub(super) audit: NewAudit,
    /// The endpoint that its tenant gets with it, and from whom.
    pub(super) adds: Option<(&'a Origin, Arc<NamedEndpoint>)>,
}

impl ConfigurationService {
    /// Writes it, unless the tenant or the subscription was changed since it was checked.
    pub(super) async fn change(
        &self,
        (tenant, config): (&TenantId, &TenantConfig),
        before: &Subscription,
        Changing { change, audit, adds }: Changing<'_>,
    ) -> Result<Subscription, UpdateError> {
        // Nothing is written that was checked against another profile, or other options.
        let _alone = self.configs.changing(tenant).await;
        let current = self.configs.by_id(tenant).await?.ok_or(UpdateError::NotFound)?;
        if !current.is_as(config) {
            return Err(UpdateError::Changed);
        }
        let (id, expected) = (before.id, before.revision());
        if let SubscriptionChange::Spec(spec) | SubscriptionChange::Both(spec, _) = &change
            && !current.has_room_for(stored_bytes(spec), stored_bytes(&before.spec))
        {
            return Err(UpdateError::TooLarge);
        }
        let tenant_no = config.tenant.no;
        let (by, new) = adds.unzip();
        let of_tenant = self.tenant_with(&current, new.as_ref());
        let asked =
            self.handshakes_of_change(&current, (of_tenant.as_ref(), new.as_deref()), before, &change);
        let tenant = by.and_then(|by| self.tenant_change(by, &current, of_tenant));
        let sealed = |spec| Box::new(self.sealed_spec(spec, id, &config.profile.profile));
        let change = match change {
            SubscriptionChange::Spec(spec) => SubscriptionChange::Spec(sealed(*spec)),
            SubscriptionChange::Both(spec, secrets) => SubscriptionChange::Both(sealed(*spec), secrets),
            secrets @ SubscriptionChange::Secrets(_) => secrets,
        };
        let update = UpdateSubscription {
            audit: Some(audit),
            tenant_no,
            id,
            expected,
            change,
            tenant,
            ask: asked.as_ref().map(|asked| asked.ask),
            at: self.clock.now(),
        };
        let updated = self.store.update_subscription(update).await;
        let updated = updated.map_err(|error| match error {
            UpdateSubscriptionError::NotFound => UpdateError::NotFound,
            UpdateSubscriptionError::Changed => UpdateError::Changed,
            UpdateSubscriptionError::Store(error) => UpdateError::Store(error),
        })?;
        self.order_handshakes(asked, &updated);
        Ok(self.opened(updated))
    }
}
