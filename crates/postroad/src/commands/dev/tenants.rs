//! The demo's tenants: one of each profile, with what the profile wants to know.

use postroad_client::{NewSubscription, TenantSettings};
use postroad_profile::{
    EventEntry, Field, OptionOwner, OptionSchema, OptionType, Presence, Profile, SecretUse,
};
use serde_json::{Map, Value, json};

/// A tenant of the demo.
pub(super) struct DemoTenant {
    /// Named as its profile.
    pub(super) id: String,
    /// The product's name.
    pub(super) title: String,
    /// The event types that each of its subscriptions names; empty for all.
    events: Vec<Vec<String>>,
    options: Map<String, Value>,
    /// Nothing is signed until somebody asks for a secret.
    pub(super) signs_on_request: bool,
    /// What its catalogue gives as examples; empty where any name goes, and the demo makes up its own.
    pub(super) samples: Vec<EventEntry>,
}

impl DemoTenant {
    /// A tenant of the profile.
    pub(super) fn of(profile: &Profile) -> Self {
        let entries = profile.catalogue.entries();
        let rule = profile.fields.of(Field::Events);
        let most = rule.max.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
        let names: Vec<_> = entries.iter().map(|entry| entry.name.clone()).collect();
        let events = if rule.presence == Presence::Required {
            names.chunks(most.max(1)).map(<[String]>::to_vec).collect()
        } else {
            vec![Vec::new()]
        };
        // What waits for others of its kind comes last: nobody wants to watch it wait.
        let mut samples = if profile.catalogue.is_open() { Vec::new() } else { entries.to_vec() };
        samples.sort_by_key(|entry| profile.groups(&entry.name));
        let needed =
            profile.options.iter().filter(|option| option.required && option.belongs_to(OptionOwner::Tenant));
        Self {
            id: profile.name.clone(),
            title: profile.title.clone(),
            events,
            signs_on_request: profile.secret_rules.presence == SecretUse::Optional,
            options: needed.map(|option| (option.name.clone(), some_value(option))).collect(),
            samples,
        }
    }

    /// What creates it.
    pub(super) fn settings(&self) -> TenantSettings {
        TenantSettings::of_profile(&self.id).name(&self.title).options(Value::Object(self.options.clone()))
    }

    /// What creates its subscriptions: one, or as many as the profile makes necessary for all events.
    pub(super) fn subscriptions(&self, url: &str) -> impl Iterator<Item = NewSubscription> {
        self.events
            .iter()
            .map(move |events| NewSubscription::push(url).name("The demo's receiver").events(events))
    }
}

/// A value that the option takes.
fn some_value(option: &OptionSchema) -> Value {
    let given = option.example.clone().or_else(|| option.choices.first().cloned());
    given.unwrap_or_else(|| match option.value_type {
        OptionType::Text | OptionType::Endpoint => json!("demo"),
        OptionType::Integer | OptionType::Number => json!(option.min.unwrap_or(0.0).max(1.0) as i64),
        OptionType::Boolean => json!(false),
        OptionType::List | OptionType::Endpoints => json!([]),
        OptionType::Object => json!({}),
    })
}
