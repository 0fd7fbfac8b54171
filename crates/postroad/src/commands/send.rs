//! `postroad send`: publishes one event over the API.

use std::{fs, io};

use anyhow::Context;
use http::Method;
use postroad_domain::TenantId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::CommandError;
use crate::{
    api_client::{ApiClient, CallError},
    output,
};

const SERVER_DEFAULT: &str = "http://127.0.0.1:8080";

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
    /// The server's URL; else from the environment, else the default address of a server on this machine.
    pub server: Option<String>,
    /// An API key; else from the environment.
    pub key: Option<String>,
}

/// The body, with the data exactly as it was given.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'a str,
    data: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
}

#[derive(Deserialize)]
struct Accepted {
    id: String,
    deliveries: u64,
    #[serde(default)]
    duplicate: bool,
}

/// Publishes the event and prints its id. `variable` looks into the environment.
///
/// Errors: the arguments make no sense, no answer came, or the server refused.
pub async fn run(
    arguments: SendArguments,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(), CommandError> {
    let usage = |message: String| CommandError::Usage(message);
    let tenant = TenantId::parse(&arguments.tenant)
        .map_err(|problem| usage(format!("--tenant {:?} {problem}", arguments.tenant)))?;
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let key = arguments.key.or_else(|| variable("POSTROAD_KEY")).or_else(|| variable("POSTROAD_ADMIN_KEY"));
    let key = key
        .ok_or_else(|| usage("a key is needed: --key KEY, or POSTROAD_KEY in the environment".to_owned()))?;
    let server = arguments.server.or_else(|| variable("POSTROAD_SERVER"));
    let client = ApiClient::new(server.as_deref().unwrap_or(SERVER_DEFAULT), &key).map_err(wrong)?;

    let data = read_data(&arguments.data)?;
    let data: &RawValue =
        serde_json::from_str(&data).map_err(|problem| usage(format!("--data is not JSON: {problem}")))?;
    let body = Body { r#type: &arguments.event_type, data, id: arguments.id.as_deref() };
    let body = serde_json::to_vec(&body).context("the event cannot be written as JSON")?;
    let answer =
        client.call(Method::POST, &format!("/v1/tenants/{tenant}/events"), body).await.map_err(wrong)?;
    let accepted: Accepted =
        serde_json::from_slice(&answer).context("the server's answer is not Postroad's")?;
    output::line(&accepted.id).context("cannot write to standard output")?;
    output::note(remark(&accepted));
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

fn remark(accepted: &Accepted) -> String {
    match (accepted.duplicate, accepted.deliveries) {
        (true, _) => "published before: nothing new was sent".to_owned(),
        (false, 0) => "accepted; no subscription wants it".to_owned(),
        (false, 1) => "accepted; 1 delivery".to_owned(),
        (false, count) => format!("accepted; {count} deliveries"),
    }
}

fn wrong(error: CallError) -> CommandError {
    match error {
        CallError::BadUrl(_) | CallError::BadKey => CommandError::Usage(error.to_string()),
        _ => CommandError::Failed(anyhow::Error::msg(error)),
    }
}
