//! Values of options to render examples with.

use serde_json::{Map, Value};

use crate::{
    Profile,
    options::{FieldProblem, OptionOwner, OptionSchema, OptionType, OptionValues},
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
        chosen
    }

    /// What is needed, and then each option with few values set to each of them.
    pub(super) fn variants(profile: &Profile) -> Vec<Self> {
        let needed = Self::needed(profile);
        let mut variants = vec![needed.clone()];
        for option in &profile.options {
            let values = match option.value_type {
                OptionType::Boolean => vec![Value::from(true), Value::from(false)],
                _ => option.choices.clone(),
            };
            for value in values {
                let mut variant = needed.clone();
                variant.set(option, value);
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

    fn set(&mut self, option: &OptionSchema, value: Value) {
        let owner = match option.owner {
            OptionOwner::Subscription => &mut self.subscription,
            OptionOwner::Tenant | OptionOwner::Both => &mut self.tenant,
        };
        owner.insert(option.name.clone(), value);
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
    }
}
