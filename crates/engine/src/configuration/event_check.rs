//! Whether a tenant may publish an event: its type, its data and its attributes, as profile and tenant want them.

use std::sync::Arc;

use bytes::Bytes;
use postroad_domain::EventType;
use postroad_profile::{DataRefusal, FieldProblem};
use postroad_store::StoreError;
use thiserror::Error;

use crate::configuration::{cache::TenantConfig, event_schema::Fault, unknown_type::UnknownType};

/// Up to this size, checking an event costs less than handing it to another thread: a schema's worst case for 64 KiB is
/// tens of milliseconds, the usual one microseconds.
const CHECKED_INLINE_BYTES_MAX: usize = 64 * 1024;

/// Why a tenant may not publish an event.
#[derive(Clone, Debug, Error)]
pub enum EventRefusal {
    /// The tenant has no event type of that name.
    #[error("there is no such event type")]
    UnknownType(UnknownType),
    /// The profile does not take the data.
    #[error("the data {0}")]
    Data(DataRefusal),
    /// The profile does not take the attributes.
    #[error("attributes are not valid")]
    Attributes(Vec<FieldProblem>),
    /// The data does not fit the schema that the tenant gave for the type.
    #[error("the data does not fit its schema")]
    Schema(Vec<FieldProblem>),
    /// It could not be checked.
    #[error(transparent)]
    Unchecked(StoreError),
}

/// What is checked of an event.
#[derive(Clone)]
pub(crate) struct EventToCheck<'a> {
    /// A name or title of an event type, as it was written.
    pub(crate) event_type: &'a str,
    /// JSON.
    pub(crate) data: &'a Bytes,
    /// A JSON object; empty for none.
    pub(crate) attributes: &'a Bytes,
}

/// The wire code of the event's type. Large data is checked on another thread, so that those that send go on.
///
/// # Errors
///
/// Why the tenant may not publish it.
pub(crate) async fn check_event(
    config: &Arc<TenantConfig>,
    event: EventToCheck<'_>,
) -> Result<EventType, EventRefusal> {
    let EventToCheck { event_type, data, attributes } = event;
    if data.len() <= CHECKED_INLINE_BYTES_MAX {
        return check(config, event_type, data, attributes);
    }
    let (config, event_type) = (Arc::clone(config), event_type.to_owned());
    let (data, attributes) = (data.clone(), attributes.clone());
    let check = move || check(&config, &event_type, &data, &attributes);
    let failed = |error| StoreError::Internal(format!("an event could not be checked: {error}"));
    let checked = tokio::task::spawn_blocking(check).await;
    checked.unwrap_or_else(|error| Err(EventRefusal::Unchecked(failed(error))))
}

fn check(
    config: &TenantConfig,
    event_type: &str,
    data: &[u8],
    attributes: &[u8],
) -> Result<EventType, EventRefusal> {
    let resolved = config.event_types.resolve(event_type);
    let event_type = resolved.map_err(EventRefusal::UnknownType)?;
    let profile = &config.profile.profile;
    // Whoever took the event in knows that it is JSON, so it is text.
    let data = std::str::from_utf8(data).unwrap_or_default();
    profile.ingest.check(data).map_err(EventRefusal::Data)?;
    config.event_types.check(&event_type, data).map_err(schema_problems)?;
    let attributes = if attributes.is_empty() { b"{}" } else { attributes };
    let problems = match serde_json::from_slice(attributes) {
        Ok(attributes) => profile.check_attributes(&attributes),
        Err(error) => {
            let message = format!("cannot be read: {error}");
            vec![FieldProblem { field: "attributes".to_owned(), message }]
        }
    };
    if problems.is_empty() { Ok(event_type) } else { Err(EventRefusal::Attributes(problems)) }
}

fn schema_problems(faults: Vec<Fault>) -> EventRefusal {
    let problem = |Fault { place, problem }| FieldProblem {
        field: format!("data{place}"),
        message: format!("does not fit the schema of its event type: it {problem}"),
    };
    EventRefusal::Schema(faults.into_iter().map(problem).collect())
}
