//! Operations on tenants.

use std::{fmt::Arguments, sync::Arc};

use postroad_domain::{
    AuditAction, Tenant, TenantId,
    limits::{CONTACTS_MAX, NAME_CHARS_MAX, RETENTION, RETENTION_BYTES},
    tenant::{TenantSpec, check_mail_address},
    time::{duration_text, parse_duration},
};
use postroad_profile::FieldProblem;
use postroad_store::{DeleteTenant, ListTenants, Page, PutTenant, StoreError};
use serde_json::Number;
use thiserror::Error;

use crate::{
    audit::{AuditedChange, fields::fields_of_tenant, origin::Origin},
    configuration::{
        cache::TenantConfig,
        draft::{Faults, text_within, whole_number},
        named_endpoints::{Redirection, refuse_endpoints},
        options::options_of,
        profiles::LoadedProfile,
        retention::{self, Schedule},
        service::ConfigurationService,
    },
    operations,
};

/// What a tenant is to be, unchecked.
#[derive(Clone, Debug)]
pub struct TenantDraft {
    /// Name of the profile.
    pub profile: String,
    /// A name that people see.
    pub name: Option<String>,
    /// Mail addresses of those who look after it.
    pub contacts: Vec<String>,
    /// The profile's own options: the text of a JSON object.
    pub options: String,
    /// How long its events are kept, such as `30d`.
    pub retention: Option<String>,
    /// Bytes of its events' data that are kept.
    pub retention_bytes: Option<Number>,
    /// What stands in the place of an endpoint's key that stays as it is.
    pub mask: Option<&'static str>,
    /// The fields that could not be read and why. What stands in their places counts for nothing.
    pub unreadable: Vec<FieldProblem>,
}

/// What would be written to make this tenant again.
impl From<TenantSpec> for TenantDraft {
    fn from(spec: TenantSpec) -> Self {
        Self {
            profile: spec.profile,
            name: spec.name,
            contacts: spec.contacts,
            options: spec.options,
            retention: spec.retention.map(duration_text),
            retention_bytes: spec.retention_bytes.map(Number::from),
            mask: None,
            unreadable: Vec::new(),
        }
    }
}

impl TenantDraft {
    /// The settings, as far as no profile is needed.
    fn check(self) -> Result<TenantSpec, Vec<FieldProblem>> {
        let mut faults = Faults::after(self.unreadable);
        let name = self.name.and_then(|name| faults.check("name", text_within(name, 1, NAME_CHARS_MAX)));
        let contact = |faults: &mut Faults, field: Arguments<'_>, contact: String| {
            faults.check(field, check_mail_address(&contact)).map(|()| contact)
        };
        let contacts = faults.list("contacts", (self.contacts, CONTACTS_MAX), contact);
        let retention = self.retention.map(|text| parse_duration(&text, RETENTION));
        let retention = retention.and_then(|checked| faults.check("retention", checked));
        let bytes = self.retention_bytes.map(|number| whole_number(&number, RETENTION_BYTES));
        let retention_bytes = bytes.and_then(|checked| faults.check("retention_bytes", checked));
        let (profile, options) = (self.profile, self.options);
        let spec = TenantSpec { profile, name, contacts, options, retention, retention_bytes, sealed: None };
        faults.finish(Some(spec))
    }
}

/// Failures of [`ConfigurationService::put_tenant`].
#[derive(Clone, Debug, Error)]
pub enum PutTenantError {
    /// There is no such profile.
    #[error("there is no profile of that name")]
    UnknownProfile {
        /// Those that there are.
        known: Vec<String>,
    },
    /// Fields that cannot be, or that the profile does not take.
    #[error("fields are not valid")]
    Invalid(Vec<FieldProblem>),
    /// The tenant's subscriptions were made for another profile.
    #[error("the profile of a tenant that has subscriptions cannot be changed")]
    HasSubscriptions,
    /// It is not what the caller expects.
    #[error("the tenant is not what it was expected to be")]
    Stale,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The settings with the keys of endpoints in the place of the masks that stand for them.
fn with_kept_keys(
    spec: TenantSpec,
    mask: Option<&str>,
    before: Option<&TenantConfig>,
    profile: &LoadedProfile,
) -> Result<TenantSpec, Vec<FieldProblem>> {
    let Some(mask) = mask.filter(|mask| spec.options.contains(mask)) else { return Ok(spec) };
    let mut options = options_of(&spec.options);
    let kept = before.map_or(&[][..], |before| &before.named_endpoints);
    profile.profile.keep_endpoint_keys(&mut options, kept, mask)?;
    Ok(TenantSpec { options: serde_json::Value::Object(options).to_string(), ..spec })
}

/// The operator's own tenant has a profile and nothing else: who is told is a matter of its subscriptions.
fn check_operations(spec: &TenantSpec, profile: &LoadedProfile) -> Result<(), Vec<FieldProblem>> {
    let TenantSpec { name, contacts, options, retention, retention_bytes, .. } = spec;
    let mut problems = Vec::new();
    for (field, is_set) in [
        ("name", name.is_some()),
        ("contacts", !contacts.is_empty()),
        ("options", !options_of(options).is_empty()),
        ("retention", retention.is_some()),
        ("retention_bytes", retention_bytes.is_some()),
    ] {
        if is_set {
            let message =
                "cannot be set for the operator's own tenant: it has a profile and nothing else".to_owned();
            problems.push(FieldProblem { field: field.to_owned(), message });
        }
    }
    let catalogue = &profile.profile.catalogue;
    let missing: Vec<_> =
        operations::event_types().filter(|name| catalogue.resolve(name).is_none()).collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        let message =
            format!("must have the event types of the operator's own tenant; this one has no {missing}");
        problems.push(FieldProblem { field: "profile".to_owned(), message });
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

impl ConfigurationService {
    /// Creates or replaces a tenant; answers it and whether it is new. One that is set to what it is already stays as it is.
    pub async fn put_tenant(
        &self,
        by: &Origin,
        id: TenantId,
        draft: impl Into<TenantDraft>,
    ) -> Result<(Tenant, bool), PutTenantError> {
        self.put_tenant_if(by, id, draft.into(), |_| true).await
    }

    /// The same, if the tenant that is there now, or that there is none, is what the caller expects.
    pub async fn put_tenant_if(
        &self,
        by: &Origin,
        id: TenantId,
        draft: TenantDraft,
        is_expected: impl FnOnce(Option<&Tenant>) -> bool,
    ) -> Result<(Tenant, bool), PutTenantError> {
        let mask = draft.mask;
        let spec = draft.check().map_err(PutTenantError::Invalid)?;
        let profile = self.profile_to_be(&spec)?;
        if id.is_operations() {
            check_operations(&spec, &profile).map_err(PutTenantError::Invalid)?;
        }
        let refused = self.refused_endpoints(&id, &profile.profile, &spec).await?;
        if !refused.is_empty() {
            return Err(PutTenantError::Invalid(refused));
        }
        let _alone = self.configs.changing(&id).await;
        let before = self.configs.by_id(&id).await?;
        if !is_expected(before.as_ref().map(|before| &before.tenant)) {
            return Err(PutTenantError::Stale);
        }
        let spec =
            with_kept_keys(spec, mask, before.as_deref(), &profile).map_err(PutTenantError::Invalid)?;
        if let Some(before) = before.as_ref().filter(|before| before.tenant.spec == spec) {
            return Ok((before.tenant.clone(), false));
        }
        self.check_replacement(before.as_deref(), &profile, &spec)?;
        let change = match &before {
            Some(old) => AuditedChange::of(AuditAction::TenantChanged, &id)
                .before(fields_of_tenant(&old.tenant.spec, &old.profile.profile)),
            None => AuditedChange::of(AuditAction::TenantCreated, &id),
        };
        let audit = Some(self.audit_of(by, change.after(fields_of_tenant(&spec, &profile.profile))));
        let redirections = before.as_ref().map(|before| self.redirections(before, &spec)).unwrap_or_default();
        let spec = self.sealed_tenant(spec, &id, &profile.profile);
        let redirected = redirections.iter().map(Redirection::to_store).collect();
        let put = PutTenant { id, spec, redirected, at: self.clock.now(), audit };
        let (tenant, is_new) = self.store.put_tenant(put).await?;
        for redirection in redirections {
            self.order_redirection(redirection);
        }
        Ok((self.opened_tenant(tenant), is_new))
    }

    /// The profile that a tenant names, which takes its options.
    fn profile_to_be(&self, spec: &TenantSpec) -> Result<Arc<LoadedProfile>, PutTenantError> {
        let Some(profile) = self.profiles.by_name(&spec.profile) else {
            let known = self.profiles.all().map(|loaded| loaded.profile.name.clone()).collect();
            return Err(PutTenantError::UnknownProfile { known });
        };
        let problems = profile.profile.check_tenant_options(&options_of(&spec.options));
        if problems.is_empty() { Ok(Arc::clone(profile)) } else { Err(PutTenantError::Invalid(problems)) }
    }

    /// Whether what is there already goes with what is to be.
    fn check_replacement(
        &self,
        before: Option<&TenantConfig>,
        profile: &LoadedProfile,
        spec: &TenantSpec,
    ) -> Result<(), PutTenantError> {
        let is_other = |old: &TenantConfig| old.tenant.spec.profile != spec.profile;
        if before.is_some_and(|old| is_other(old) && old.has_subscriptions()) {
            return Err(PutTenantError::HasSubscriptions);
        }
        let mut schedules = vec![Schedule::of(&profile.profile)];
        schedules.extend(before.iter().flat_map(|old| old.schedules()));
        let mut problems = retention::check_tenant(self.installation(), &profile.profile, spec, &schedules);
        problems.extend(before.iter().flat_map(|old| refuse_endpoints(old, &profile.profile, spec)));
        if problems.is_empty() { Ok(()) } else { Err(PutTenantError::Invalid(problems)) }
    }

    /// One tenant.
    pub async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>, StoreError> {
        Ok(self.configs.by_id(id).await?.map(|config| config.tenant.clone()))
    }

    /// Tenants by id, all of them or those of a profile.
    pub async fn list_tenants(
        &self,
        profile: Option<String>,
        after: Option<TenantId>,
        limit: usize,
    ) -> Result<Page<Tenant, TenantId>, StoreError> {
        let page = self.store.list_tenants(ListTenants { profile, after, limit }).await?;
        let items = page.items.into_iter().map(|tenant| self.opened_tenant(tenant)).collect();
        Ok(Page { items, next: page.next })
    }

    /// Hides a tenant at once and erases it in the background. Answers whether there was one.
    pub async fn delete_tenant(&self, by: &Origin, id: &TenantId) -> Result<bool, StoreError> {
        let _alone = self.configs.changing(id).await;
        let audit = Some(self.audit_of(by, AuditedChange::of(AuditAction::TenantDeleted, id)));
        self.store.delete_tenant(DeleteTenant { id: id.clone(), at: self.clock.now(), audit }).await
    }
}
