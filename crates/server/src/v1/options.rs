//! The profile's own options on their way in and out: what a profile keeps like a secret is masked, a whole value or the keys of
//! endpoints in it.
//!
//! **Invariant:** a mask is never taken for a value.

use postroad_profile::{OptionSchema, Profile};
use serde_json::{Map, Value};

use crate::check::Faults;

/// What stands for a secret where it is not shown: nothing of it.
pub(crate) const MASK: &str = "********";

/// What a mask is told that stands where a value is wanted.
pub(crate) const MASK_IS_NO_VALUE: &str =
    "is what stands for a value that is not shown: write the value itself";

/// Options as they are, an object.
pub(super) fn plain(options: &str) -> Map<String, Value> {
    parse(options)
}

/// The text of options that came; of none the text of an empty object.
pub(super) fn text_of(options: Option<Map<String, Value>>) -> String {
    Value::Object(options.unwrap_or_default()).to_string()
}

/// Options as they are shown. Of a profile that is not there nobody knows which ones are secret.
pub(super) fn shown(options: &str, profile: Option<&Profile>) -> Map<String, Value> {
    let mut options = parse(options);
    for (name, value) in &mut options {
        match profile {
            Some(profile) => {
                if let Some(option) = declared(profile, name) {
                    *value = option.shown(value, MASK);
                }
            }
            None => *value = Value::from(MASK),
        }
    }
    options
}

/// Takes each mask out of a patch of options where there is a value now: it says that the value stays.
pub(super) fn drop_masks(patch: &mut Value, current: &str, profile: &Profile) {
    let Value::Object(patch) = patch else { return };
    let current = parse(current);
    let is_mask = |name: &str, value: &Value| {
        value == MASK && declared(profile, name).is_some_and(|option| option.secret)
    };
    patch.retain(|name, value| !(is_mask(name, value) && current.contains_key(name)));
}

/// Adds a fault for each mask that stands where a value is wanted. In a tenant's list of endpoints it may stand for the key that stays,
/// which the engine knows.
pub(super) fn note_masks(options: &str, profile: &Profile, faults: &Faults) {
    for (name, value) in &parse(options) {
        let is_list = profile.endpoint_rules().is_some_and(|rules| rules.list == *name);
        let option = declared(profile, name).filter(|_| !is_list);
        for path in option.map(|option| option.masks_in(value, MASK)).unwrap_or_default() {
            faults.add(&format!("options.{name}{path}"), MASK_IS_NO_VALUE);
        }
    }
}

/// Stored options were written from an object.
fn parse(options: &str) -> Map<String, Value> {
    serde_json::from_str(options).unwrap_or_default()
}

fn declared<'a>(profile: &'a Profile, name: &str) -> Option<&'a OptionSchema> {
    profile.options.iter().find(|option| option.name == name)
}
