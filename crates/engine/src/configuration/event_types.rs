//! The event types that a tenant may publish: its profile's catalogue and those that it added itself. The operations on the
//! latter are in [`operations`].

pub(crate) mod operations;

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use postroad_domain::{EventType, RegisteredType};
use postroad_profile::nearest_words;
use serde_json::json;

use crate::configuration::{
    event_schema::{EventSchema, Fault},
    profiles::LoadedProfile,
    unknown_type::UnknownType,
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
        let entries = self.profile.profile.catalogue.entries().iter();
        let entries = entries.flat_map(|entry| [Some(entry.name.as_str()), entry.title.as_deref()]);
        let own = self.own.iter().map(|own| &own.registered);
        let own = own.flat_map(|own| [Some(own.name.as_str()), own.title.as_deref()]);
        let mut nearest = nearest_words(name, entries.chain(own).flatten());
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

    /// The first type that a subscription to these types selects, in the order of the catalogue. `None` where there is none at all.
    pub(crate) fn first_selected(&self, selected: &[EventType]) -> Option<EventType> {
        let is_selected =
            |name: &&str| selected.is_empty() || selected.iter().any(|one| one.as_str() == *name);
        let first = self.names().find(is_selected).and_then(|name| EventType::parse(name).ok());
        // A name of an open catalogue stands in no list.
        first.or_else(|| selected.first().cloned())
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

    /// Those that the tenant added, by name.
    pub(crate) fn own(&self) -> impl Iterator<Item = &RegisteredType> {
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
