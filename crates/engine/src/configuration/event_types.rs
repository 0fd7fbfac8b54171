//! The event types that a tenant may publish: its profile's catalogue and those that it added itself.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use postroad_domain::{
    AuditAction, EventType, RegisteredType, TenantId,
    limits::{EVENT_TYPE_EXAMPLE_BYTES_MAX, EVENT_TYPES_PER_TENANT_MAX},
};
use postroad_profile::{FieldProblem, nearest_words};
use postroad_store::{DeleteEventType, PutEventType, PutEventTypeError, StoreError};
use serde_json::json;
use thiserror::Error;

use crate::{
    Engine, LookupError, Origin,
    audit::{Change, fields_of_event_type},
    configuration::event_schema::{EventSchema, Fault},
    configuration::profiles::LoadedProfile,
    configuration::unknown_type::UnknownType,
};

/// How many names a refusal suggests.
const SUGGESTIONS_MAX: usize = 3;

/// The event types of one tenant.
pub(crate) struct EventTypes {
    profile: Arc<LoadedProfile>,
    own: Vec<OwnType>,
    by_name: HashMap<EventType, usize>,
    by_title: HashMap<String, usize>,
}

/// One that the tenant added.
struct OwnType {
    registered: RegisteredType,
    /// Made when the first event needs it: a tenant may have hundreds that are never published here.
    schema: OnceLock<Option<EventSchema>>,
}

/// Data as an example gives it.
pub(crate) struct Example {
    pub(crate) data: Bytes,
    /// Empty for none.
    pub(crate) attributes: Bytes,
}

impl EventTypes {
    pub(crate) fn new(profile: &Arc<LoadedProfile>, own: Vec<RegisteredType>) -> Self {
        let indexed = || own.iter().enumerate();
        let by_name = indexed().map(|(index, own)| (own.name.clone(), index)).collect();
        let by_title = indexed().filter_map(|(index, own)| Some((own.title.clone()?, index))).collect();
        let own = own.into_iter().map(|registered| OwnType { registered, schema: OnceLock::new() });
        Self { profile: Arc::clone(profile), own: own.collect(), by_name, by_title }
    }

    /// The wire code of a name or title.
    ///
    /// # Errors
    ///
    /// It is not one of them.
    pub(crate) fn resolve(&self, name_or_title: &str) -> Result<EventType, UnknownType> {
        let catalogue = &self.profile.profile.catalogue;
        // Names count before titles, and a title before the names that an open catalogue would take.
        let is_listed = catalogue.entry(name_or_title).is_some();
        if !is_listed && let Some(index) = self.index_of(name_or_title) {
            return Ok(self.own[index].registered.name.clone());
        }
        catalogue.resolve(name_or_title).ok_or_else(|| UnknownType {
            nearest: self.nearest(name_or_title),
            misspelt: EventType::parse(name_or_title).err().filter(|_| catalogue.is_open()),
        })
    }

    fn index_of(&self, name_or_title: &str) -> Option<usize> {
        if self.own.is_empty() {
            return None;
        }
        let parsed = EventType::parse(name_or_title).ok();
        let by_name = parsed.and_then(|parsed| self.by_name.get(&parsed));
        by_name.or_else(|| self.by_title.get(name_or_title)).copied()
    }

    fn nearest(&self, name: &str) -> Vec<String> {
        let entries = self.profile.profile.catalogue.entries().iter().map(|entry| entry.name.as_str());
        let own = self.own.iter().map(|own| own.registered.name.as_str());
        let mut nearest = nearest_words(name, entries.chain(own));
        nearest.truncate(SUGGESTIONS_MAX);
        nearest
    }

    /// Checks data against the schema that the tenant gave for its type.
    ///
    /// # Errors
    ///
    /// What does not fit.
    pub(crate) fn check(&self, event_type: &EventType, data: &str) -> Result<(), Vec<Fault>> {
        let Some(own) = self.by_name.get(event_type).map(|index| &self.own[*index]) else { return Ok(()) };
        let Some(text) = own.registered.schema.as_deref() else { return Ok(()) };
        let schema = own.schema.get_or_init(|| {
            let compiled = EventSchema::compile(text);
            compiled
                .inspect_err(|why| tracing::error!(%why, %event_type, "a stored schema is not usable"))
                .ok()
        });
        schema.as_ref().map_or(Ok(()), |schema| schema.check(data))
    }

    /// All names, the profile's in the order of its catalogue, then the tenant's own.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let entries = self.profile.profile.catalogue.entries().iter().map(|entry| entry.name.as_str());
        entries.chain(self.own.iter().map(|own| own.registered.name.as_str()))
    }

    /// The example of a type; one that is made up where there is none.
    pub(crate) fn example(&self, event_type: &EventType) -> Example {
        let own = self.by_name.get(event_type).and_then(|index| self.own[*index].registered.example.clone());
        let entry = self.profile.profile.catalogue.entry(event_type.as_str());
        let data = own.or_else(|| entry.map(|entry| entry.example.clone()));
        let attributes = entry.and_then(|entry| entry.example_attributes.clone());
        Example {
            data: data.unwrap_or_else(|| made_up(event_type)).into(),
            attributes: attributes.map(Bytes::from).unwrap_or_default(),
        }
    }

    fn own(&self) -> impl Iterator<Item = &RegisteredType> {
        self.own.iter().map(|own| &own.registered)
    }
}

/// Data for a type that nobody gave an example: whoever sees it arrive learns what it is, and how to have another.
fn made_up(event_type: &EventType) -> String {
    let note = format!(
        "Made up by Postroad: PUT /v1/tenants/{{tenant}}/event-types/{event_type} gives this event type an example of its own."
    );
    json!({"example": true, "type": event_type.as_str(), "note": note}).to_string()
}

/// Failures of [`Engine::put_event_type`].
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
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
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
        let tenant_no = config.tenant.no;
        let (max, at) = (EVENT_TYPES_PER_TENANT_MAX, self.clock.now());
        let audit = Some(self.audit_of(by, put_change(before, &event_type)));
        let put = self.store.put_event_type(PutEventType { tenant_no, event_type, max, at, audit }).await;
        self.configs.forget(tenant, tenant_no);
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
        let audit = Some(self.audit_of(by, Change::of(AuditAction::EventTypeDeleted, name)));
        let delete = DeleteEventType { tenant_no, name: name.clone(), at: self.clock.now(), audit };
        let deleted = self.store.delete_event_type(delete).await;
        self.configs.forget(tenant, tenant_no);
        Ok(deleted?)
    }
}

fn put_change(before: Option<&RegisteredType>, after: &RegisteredType) -> Change {
    match before {
        Some(before) => {
            Change::of(AuditAction::EventTypeChanged, &after.name).before(fields_of_event_type(before))
        }
        None => Change::of(AuditAction::EventTypeCreated, &after.name),
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
