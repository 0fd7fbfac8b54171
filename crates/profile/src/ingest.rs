//! What a profile refuses at the door, before an event is stored.

use postroad_domain::limits::EVENT_BODY_BYTES_MAX;
use thiserror::Error;

use crate::{ecmascript_json, json, reader::Section};

/// The largest event that a profile may allow, in bytes.
const DATA_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What is checked of an event's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngestChecks {
    /// Bytes of one event's data.
    pub data_bytes_max: u64,
    /// Numbers that a double cannot hold are refused.
    pub double_numbers: bool,
    /// Data must be an object.
    pub object: bool,
    /// Members that data must have.
    pub required: Vec<String>,
}

/// Why an event's data is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DataRefusal {
    /// More bytes than allowed.
    #[error("is longer than {0} bytes")]
    TooLong(u64),
    /// A number beyond the range of a double.
    #[error("holds a number that is out of range: a receiver would read it as null")]
    NumberOutOfRange,
    /// Not an object.
    #[error("must be a JSON object")]
    NotAnObject,
    /// A member that must be there is not.
    #[error("must have the member `{0}`")]
    MissingMember(String),
    /// Cannot be brought into the canonical form.
    #[error("cannot be signed: {0}")]
    NotCanonical(String),
}

impl IngestChecks {
    /// Checks the data of an event that is known to be JSON.
    ///
    /// # Errors
    ///
    /// The first thing that the profile does not take.
    pub fn check(&self, data: &str) -> Result<(), DataRefusal> {
        if data.len() as u64 > self.data_bytes_max {
            return Err(DataRefusal::TooLong(self.data_bytes_max));
        }
        if self.double_numbers {
            ecmascript_json::canonical(data.as_bytes()).map_err(|error| refusal_of(&error))?;
        }
        if !self.object && self.required.is_empty() {
            return Ok(());
        }
        let members = json::members(data).map_err(|_| DataRefusal::NotAnObject)?;
        let is_missing = |name: &&String| !members.iter().any(|(member, _)| member == name.as_str());
        match self.required.iter().find(is_missing) {
            Some(name) => Err(DataRefusal::MissingMember(name.clone())),
            None => Ok(()),
        }
    }
}

fn refusal_of(error: &ecmascript_json::CanonicalError) -> DataRefusal {
    match error.refusal {
        ecmascript_json::Refusal::NumberOutOfRange => DataRefusal::NumberOutOfRange,
        _ => DataRefusal::NotCanonical(error.to_string()),
    }
}

const NUMBERS: [(&str, bool); 2] = [("any", false), ("double", true)];

/// Reads `[ingest]`. Data that is made canonical is always held to the range of a double.
pub(crate) fn read(root: &Section<'_>, canonical_data: bool) -> IngestChecks {
    let standard = EVENT_BODY_BYTES_MAX as u64;
    let defaults = IngestChecks {
        data_bytes_max: standard,
        double_numbers: canonical_data,
        object: false,
        required: Vec::new(),
    };
    let Some(section) = root.section("ingest") else { return defaults };
    let required = section.texts("required").unwrap_or_default();
    IngestChecks {
        data_bytes_max: section.count("data_bytes_max", DATA_BYTES_MAX).unwrap_or(standard),
        double_numbers: section.choice("numbers", &NUMBERS).unwrap_or(false) || canonical_data,
        object: section.boolean("object").unwrap_or(false),
        required: required.into_iter().map(|name| name.value).collect(),
    }
}
