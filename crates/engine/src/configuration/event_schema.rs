//! The JSON Schema of an event type that a tenant registered, and the check of an event's data against it.
//!
//! **Invariants:** nothing is fetched, from the network or from disk. Whatever a tenant writes, a check ends: a schema
//! that leads back to itself without going deeper into the data is refused when it is registered, patterns run in
//! linear time, and neither the stack nor the list of faults grows without end ([`cost`]).
//!
//! Lacks on purpose: `format` as an assertion (2020-12 has it as a note), drafts before 6, resources embedded with
//! `$id`, and look-around in patterns.

use jsonschema::{Draft, PatternOptions, Validator};
use postroad_domain::{Invalid, limits::EVENT_TYPE_SCHEMA_BYTES_MAX};
use serde_json::Value;

use self::cost::Cost;
pub(crate) use self::faults::Fault;

mod cost;
mod faults;
mod graph;
mod keywords;
#[cfg(test)]
mod tests;

/// Bytes of one compiled pattern, and of what its matcher remembers while it runs.
const PATTERN_BYTES_MAX: usize = 64 * 1024;

/// A schema, ready to check data.
pub(crate) struct EventSchema {
    validator: Validator,
    cost: Cost,
}

impl EventSchema {
    /// Reads a schema. The words of the refusal are for the person who wrote it.
    pub(crate) fn compile(text: &str) -> Result<Self, Invalid> {
        if text.len() > EVENT_TYPE_SCHEMA_BYTES_MAX {
            return Err(Invalid::new(format!("must be at most {EVENT_TYPE_SCHEMA_BYTES_MAX} bytes long")));
        }
        let schema: Value =
            serde_json::from_str(text).map_err(|error| Invalid::new(format!("must be JSON: {error}")))?;
        if !(schema.is_object() || schema.is_boolean()) {
            return Err(Invalid::new("must be a JSON object, or true or false"));
        }
        let draft = draft_of(&schema)?;
        let cost = Cost::of(&graph::read(&schema)?)?;
        let validator = jsonschema::options()
            .with_draft(draft)
            .offline()
            .should_validate_formats(false)
            .with_pattern_options(
                PatternOptions::regex().size_limit(PATTERN_BYTES_MAX).dfa_size_limit(PATTERN_BYTES_MAX),
            )
            .build(&schema)
            .map_err(|error| faults::of_schema(&error))?;
        Ok(Self { validator, cost })
    }

    /// Checks data, given as JSON text. A refusal holds one to five faults, each with its place, and never all the
    /// data.
    pub(crate) fn check(&self, data: &str) -> Result<(), Vec<Fault>> {
        let Ok(value) = serde_json::from_str::<Value>(data) else {
            return Err(vec![faults::of_unreadable(data)]);
        };
        if self.cost.may_overflow_the_stack(&value) {
            return Err(vec![Fault::of_all("is nested too deeply to be checked against its schema")]);
        }
        if self.validator.is_valid(&value) {
            return Ok(());
        }
        if self.cost.is_small(data, &value) {
            return Err(faults::of_data(&self.validator, &value));
        }
        Err(vec![Fault::of_all("does not fit, and is too large for a list of its faults")])
    }
}

fn draft_of(schema: &Value) -> Result<Draft, Invalid> {
    let Some(name) = schema.get("$schema") else {
        return Ok(Draft::Draft202012);
    };
    match name.as_str().map(|name| name.trim_end_matches('#')) {
        Some("https://json-schema.org/draft/2020-12/schema") => Ok(Draft::Draft202012),
        Some("https://json-schema.org/draft/2019-09/schema") => Ok(Draft::Draft201909),
        Some("http://json-schema.org/draft-07/schema") => Ok(Draft::Draft7),
        Some("http://json-schema.org/draft-06/schema") => Ok(Draft::Draft6),
        _ => Err(Invalid::new(
            "has a `$schema` that is not known: use https://json-schema.org/draft/2020-12/schema, 2019-09, or \
             http://json-schema.org/draft-07/schema or draft-06",
        )),
    }
}
