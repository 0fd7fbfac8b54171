//! Values of options to render examples with.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::{
    Profile,
    options::{FieldProblem, NamedEndpoint, OptionOwner, OptionSchema, OptionType, OptionValues},
};

/// What tenant and subscription say.
#[derive(Clone, Default)]
pub(super) struct ChosenOptions {
    tenant: Map<String, Value>,
    subscription: Map<String, Value>,
}

impl ChosenOptions {
    /// A value for every option that must be set.
    pub(super) fn needed(profile: &Profile) -> Self {
        let mut chosen = Self::default();
        for option in profile.options.iter().filter(|option| option.required) {
            chosen.set(option, sample_value(option));
        }
        chosen.complete(profile);
        chosen
    }

    /// Sets what goes with the values that are set, takes out what does not, and has the tenant keep the endpoint that the
    /// subscription names.
    fn complete(&mut self, profile: &Profile) {
        for option in &profile.options {
            let Some(with) = &option.with else { continue };
            let holds = with.holds(&profile.options, self.of(option.owner));
            if holds && !self.of(option.owner).contains_key(&option.name) {
                self.set(option, sample_value(option));
            } else if !holds {
                self.of_mut(option.owner).remove(&option.name);
            }
        }
        let rules = profile.endpoint_rules().filter(|_| profile.names_endpoint(&self.subscription));
        if let Some(rules) = rules {
            self.tenant.insert(rules.list.clone(), Value::Array(vec![sample_endpoint()]));
        }
    }

    /// What is needed, and then each option with few values set to each of them.
    pub(super) fn variants(profile: &Profile) -> Vec<Self> {
        let needed = Self::needed(profile);
        let mut variants = vec![needed.clone()];
        for option in &profile.options {
            let values = match option.value_type {
                OptionType::Boolean => vec![Value::from(true), Value::from(false)],
                OptionType::Endpoint => vec![sample_value(option)],
                _ => option.choices.clone(),
            };
            for value in values {
                let mut variant = needed.clone();
                variant.set(option, value);
                let with = option.with.as_ref();
                let other =
                    profile.options.iter().find(|one| Some(&one.name) == with.map(|with| &with.option));
                if let (Some(other), Some(with)) = (other, with) {
                    variant.set(other, with.value.clone());
                }
                variant.complete(profile);
                variants.push(variant);
            }
        }
        variants
    }

    /// Checks the values and fills in the defaults.
    pub(super) fn resolve(&self, profile: &Profile) -> Result<OptionValues, String> {
        profile.check_options(&self.tenant, &self.subscription).map_err(|problems| told(&problems))
    }

    /// What the subscription says.
    pub(super) fn of_subscription(&self) -> &Map<String, Value> {
        &self.subscription
    }

    /// The endpoint that the subscription is sent to.
    pub(super) fn endpoint(&self, profile: &Profile) -> Option<Arc<NamedEndpoint>> {
        profile.endpoint_named(&self.subscription, &profile.endpoints_of(&self.tenant))
    }

    fn set(&mut self, option: &OptionSchema, value: Value) {
        self.of_mut(option.owner).insert(option.name.clone(), value);
    }

    fn of(&self, owner: OptionOwner) -> &Map<String, Value> {
        match owner {
            OptionOwner::Subscription => &self.subscription,
            OptionOwner::Tenant | OptionOwner::Both => &self.tenant,
        }
    }

    fn of_mut(&mut self, owner: OptionOwner) -> &mut Map<String, Value> {
        match owner {
            OptionOwner::Subscription => &mut self.subscription,
            OptionOwner::Tenant | OptionOwner::Both => &mut self.tenant,
        }
    }
}

/// The problems as one sentence.
pub(super) fn told(problems: &[FieldProblem]) -> String {
    let told = problems.iter().map(|problem| format!("{} {}", problem.field, problem.message));
    told.collect::<Vec<_>>().join(", ")
}

/// A profile with a larger `min` has to give an example itself.
const SAMPLE_CHARS_MAX: f64 = 10_000.0;

/// The profile's own example, or the first value that type and limits allow.
fn sample_value(option: &OptionSchema) -> Value {
    if let Some(value) = option.example.as_ref().or(option.choices.first()) {
        return value.clone();
    }
    match option.value_type {
        OptionType::Text => Value::from("x".repeat(option.min.unwrap_or(1.0).min(SAMPLE_CHARS_MAX) as usize)),
        OptionType::Integer => Value::from(option.min.unwrap_or(1.0) as i64),
        OptionType::Number => Value::from(option.min.unwrap_or(1.0)),
        OptionType::Boolean => Value::from(true),
        OptionType::List => Value::Array(Vec::new()),
        OptionType::Object => Value::Object(Map::new()),
        OptionType::Endpoints => Value::Array(vec![sample_endpoint()]),
        OptionType::Endpoint => Value::from(ENDPOINT_NAME),
    }
}

/// What the tenant of an example keeps.
const ENDPOINT_NAME: &str = "example";

fn sample_endpoint() -> Value {
    json!({ "name": ENDPOINT_NAME, "url": "https://example.com/endpoint", "api_key": "example-key" })
}
