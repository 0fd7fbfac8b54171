//! Operations on the event types that a tenant adds to those of its profile.

use postroad_domain::{
    AuditAction, EventType, RegisteredType, TenantId,
    limits::{EVENT_TYPE_EXAMPLE_BYTES_MAX, EVENT_TYPES_PER_TENANT_MAX, TENANT_SETTINGS_BYTES_MAX},
};
use postroad_profile::FieldProblem;
use postroad_store::{DeleteEventType, PutEventType, PutEventTypeError, StoreError};
use thiserror::Error;

use super::EventTypes;
use crate::{
    audit::{AuditedChange, fields::fields_of_event_type, origin::Origin},
    configuration::{
        event_schema::{EventSchema, Fault},
        lookup_error::LookupError,
        service::ConfigurationService,
        stored_bytes::stored_bytes,
    },
};

/// Failures of [`ConfigurationService::put_event_type`].
#[derive(Clone, Debug, Error)]
pub enum PutTypeError {
    /// There is no such tenant.
    #[error("there is no such tenant")]
    NoTenant,
    /// Fields that cannot be taken.
    #[error("fields are not valid")]
    Invalid(Vec<FieldProblem>),
    /// The tenant has added as many as it may.
    #[error("the tenant has {max} event types of its own, which is the most it may have")]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// With it the settings of the tenant would be larger than they may be.
    #[error("the settings of the tenant would be larger than {TENANT_SETTINGS_BYTES_MAX} bytes")]
    TooLarge,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ConfigurationService {
    /// Adds an event type to those of the tenant's profile, or replaces one that was added; answers whether it is new.
    pub async fn put_event_type(
        &self,
        by: &Origin,
        tenant: &TenantId,
        event_type: RegisteredType,
    ) -> Result<bool, PutTypeError> {
        let _alone = self.configs.changing(tenant).await;
        let config = self.configs.by_id(tenant).await?.ok_or(PutTypeError::NoTenant)?;
        let problems = problems_of(&config.event_types, &event_type);
        if !problems.is_empty() {
            return Err(PutTypeError::Invalid(problems));
        }
        let before = config.event_types.own().find(|own| own.name == event_type.name);
        if before.is_some_and(|before| *before == event_type) {
            return Ok(false);
        }
        if !config.has_room_for(stored_bytes(&event_type), before.map_or(0, stored_bytes)) {
            return Err(PutTypeError::TooLarge);
        }
        let tenant_no = config.tenant.no;
        let (max, at) = (EVENT_TYPES_PER_TENANT_MAX, self.clock.now());
        let audit = Some(self.audit_of(by, put_change(before, &event_type)));
        let put = self.store.put_event_type(PutEventType { tenant_no, event_type, max, at, audit }).await;
        put.map_err(|error| match error {
            PutEventTypeError::NoTenant => PutTypeError::NoTenant,
            PutEventTypeError::TooMany { max } => PutTypeError::TooMany { max },
            PutEventTypeError::Store(error) => PutTypeError::Store(error),
        })
    }

    /// The event types that the tenant added, by name.
    pub async fn event_types(&self, tenant: &TenantId) -> Result<Vec<RegisteredType>, LookupError> {
        let config = self.configs.by_id(tenant).await?.ok_or(LookupError::NoTenant)?;
        Ok(config.event_types.own().cloned().collect())
    }

    /// One of them.
    pub async fn event_type(&self, tenant: &TenantId, name: &str) -> Result<RegisteredType, LookupError> {
        let config = self.configs.by_id(tenant).await?.ok_or(LookupError::NoTenant)?;
        let found = config.event_types.own().find(|own| own.name.as_str() == name);
        found.cloned().ok_or(LookupError::NotFound)
    }

    /// Removes one of them. Answers whether there was one.
    pub async fn delete_event_type(
        &self,
        by: &Origin,
        tenant: &TenantId,
        name: &EventType,
    ) -> Result<bool, LookupError> {
        let _alone = self.configs.changing(tenant).await;
        let config = self.configs.by_id(tenant).await?.ok_or(LookupError::NoTenant)?;
        let tenant_no = config.tenant.no;
        let audit = Some(self.audit_of(by, AuditedChange::of(AuditAction::EventTypeDeleted, name)));
        let delete = DeleteEventType { tenant_no, name: name.clone(), at: self.clock.now(), audit };
        let deleted = self.store.delete_event_type(delete).await;
        Ok(deleted?)
    }
}

fn put_change(before: Option<&RegisteredType>, after: &RegisteredType) -> AuditedChange {
    match before {
        Some(before) => {
            AuditedChange::of(AuditAction::EventTypeChanged, &after.name).before(fields_of_event_type(before))
        }
        None => AuditedChange::of(AuditAction::EventTypeCreated, &after.name),
    }
    .after(fields_of_event_type(after))
}

fn problems_of(known: &EventTypes, new: &RegisteredType) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    let mut note = |field: &str, message: String| {
        problems.push(FieldProblem { field: field.to_owned(), message });
    };
    let catalogue = &known.profile.profile.catalogue;
    if catalogue.entry(new.name.as_str()).is_some() {
        note("name", "is an event type of the profile, which stays as it is: choose another name".to_owned());
    }
    if new.name.is_handshake() {
        note("name", "is the type under which handshakes are logged: choose another name".to_owned());
    }
    let is_title = |title: Option<&String>| title.is_some_and(|title| title == new.name.as_str());
    let is_others = catalogue.entries().iter().any(|entry| is_title(entry.title.as_ref()))
        || known.own().any(|own| own.name != new.name && is_title(own.title.as_ref()));
    if is_others {
        note("name", "is the title of another event type: choose another".to_owned());
    }
    if let Some(title) = &new.title {
        let entries = catalogue.entries().iter();
        let mut listed = entries.map(|entry| (entry.name.as_str(), entry.title.as_deref()));
        let mut own = known.own().filter(|own| own.name != new.name);
        let is_taken = listed.any(|(name, other)| name == title || other == Some(title))
            || own.any(|own| own.name.as_str() == title || own.title.as_ref() == Some(title));
        if is_taken {
            note("title", "is the name or title of another event type: choose another".to_owned());
        }
    }
    if new.example.as_ref().is_some_and(|example| example.len() > EVENT_TYPE_EXAMPLE_BYTES_MAX) {
        note("example", format!("is longer than {EVENT_TYPE_EXAMPLE_BYTES_MAX} bytes"));
    }
    match new.schema.as_deref().map(EventSchema::compile) {
        Some(Err(why)) => note("schema", why.to_string()),
        Some(Ok(schema)) => {
            // An example that its own schema refuses would fail each test of a subscription.
            if let Some(Err(faults)) = new.example.as_deref().map(|example| schema.check(example)) {
                for Fault { place, problem } in faults {
                    note(&format!("example{place}"), format!("does not fit the schema: it {problem}"));
                }
            }
        }
        None => {}
    }
    problems
}
