//! `postroad send`: publishes one event over the API.

use std::{fs, io};

use anyhow::Context;
use postroad_client::{Accepted, NewEvent};
use serde_json::value::RawValue;

use super::{
    CommandError,
    remote::{self, Remote},
};
use crate::output;

/// What the command line of `send` said; unchecked.
#[derive(Clone, Debug, Default)]
pub struct SendArguments {
    /// Whose event it is.
    pub tenant: String,
    /// What happened.
    pub event_type: String,
    /// JSON, `@` and a file's path, or `-` for standard input.
    pub data: String,
    /// The caller's own id of the event.
    pub id: Option<String>,
    /// Where to.
    pub remote: Remote,
}

/// Publishes the event and prints its id. `variable` looks into the environment.
///
/// Errors: the arguments make no sense, no answer came, or the server refused.
pub async fn run(
    arguments: SendArguments,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(), CommandError> {
    let tenant = remote::tenant(&arguments.tenant)?;
    let client = arguments.remote.client(&variable)?;
    let data = read_data(&arguments.data)?;
    let data: &RawValue = serde_json::from_str(&data)
        .map_err(|problem| CommandError::Usage(format!("--data is not JSON: {problem}")))?;
    let mut event = NewEvent::new(arguments.event_type, data).map_err(remote::failed)?;
    if let Some(id) = arguments.id {
        event = event.idempotency_key(id);
    }
    let accepted = client.tenant(tenant.as_str()).publish(event).await.map_err(remote::failed)?;
    output::line(&accepted.id).context("cannot write to standard output")?;
    let (url, key) = (arguments.remote.url(&variable), arguments.remote.key_and_how_to_type_it(&variable));
    let key = key.map_or("YOUR_KEY", |(_, typed)| typed);
    let events = format!("{}/v1/tenants/{tenant}/events", url.trim_end_matches('/'));
    output::note(remark(&accepted, &events, key));
    Ok(())
}

fn read_data(given: &str) -> Result<String, CommandError> {
    let read = match (given, given.strip_prefix('@')) {
        ("-", _) => io::read_to_string(io::stdin()).context("cannot read standard input"),
        (_, Some(path)) => fs::read_to_string(path).with_context(|| format!("cannot read {path}")),
        (text, None) => return Ok(text.to_owned()),
    };
    read.map_err(|error| CommandError::Usage(format!("--data: {error:#}")))
}

/// `events` is the URL of the tenant's events, `key` what is typed for the key. That nobody wanted an event is no fault and
/// often a slip of the pen, in its type or in a subscription's.
fn remark(accepted: &Accepted, events: &str, key: &str) -> String {
    match (accepted.duplicate, accepted.deliveries) {
        (true, _) => "published before: nothing new was sent".to_owned(),
        (false, 0) => format!(
            "accepted; it goes to no subscription. Why:\n  curl -H \"Authorization: Bearer {key}\" \
             {events}/{}/explain\nThe answer lists every subscription of the tenant, also those created later; it is empty for a tenant without any.",
            accepted.id
        ),
        (false, 1) => "accepted; 1 delivery".to_owned(),
        (false, count) => format!("accepted; {count} deliveries"),
    }
}
