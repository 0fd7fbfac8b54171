//! The other server: the part of its public API that is read here.
//!
//! Written from its published description. Two generations of it name some fields differently (`filterTypes` became
//! `eventTypes`, `rateLimit` became `throttleRate`): both are read.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use anyhow::anyhow;
use postroad_client::{Client, Error, Secret};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::commands::{CommandError, remote};

/// The largest page that it gives.
const PAGE_ITEMS: u32 = 250;
const DEADLINE: Duration = Duration::from_secs(60);
/// Pages of one list: an end for a server whose lists have none.
const PAGES_MAX: usize = 100_000;

/// An application: whoever has endpoints.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Application {
    pub(super) id: String,
    #[serde(default)]
    pub(super) uid: Option<String>,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    rate_limit: Option<u32>,
    #[serde(default)]
    throttle_rate: Option<u32>,
}

impl Application {
    /// Messages in a second to all of its endpoints together.
    pub(super) fn rate(&self) -> Option<u32> {
        self.throttle_rate.or(self.rate_limit).filter(|rate| *rate > 0)
    }
}

/// An endpoint: where messages go.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Endpoint {
    pub(super) id: String,
    pub(super) url: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) disabled: bool,
    #[serde(default)]
    filter_types: Option<Vec<String>>,
    #[serde(default)]
    event_types: Option<Vec<String>>,
    #[serde(default)]
    pub(super) channels: Option<Vec<String>>,
    #[serde(default)]
    rate_limit: Option<u32>,
    #[serde(default)]
    throttle_rate: Option<u32>,
    #[serde(default)]
    pub(super) metadata: BTreeMap<String, String>,
}

impl Endpoint {
    /// The event types that it wants; none for all.
    pub(super) fn wanted_types(&self) -> Vec<String> {
        self.event_types.clone().or_else(|| self.filter_types.clone()).unwrap_or_default()
    }

    /// Messages in a second.
    pub(super) fn rate(&self) -> Option<u32> {
        self.throttle_rate.or(self.rate_limit).filter(|rate| *rate > 0)
    }
}

/// What is told of an endpoint by calls of its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Details {
    pub(super) secret: Option<Secret>,
    pub(super) headers: BTreeMap<String, String>,
    /// Headers whose values are not told.
    pub(super) hidden_headers: Vec<String>,
    /// It changes messages by a program.
    pub(super) has_transformation: bool,
}

#[derive(Deserialize)]
struct SecretAnswer {
    key: Secret,
}

#[derive(Deserialize)]
struct HeadersAnswer {
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    sensitive: Vec<String>,
}

#[derive(Deserialize)]
struct TransformationAnswer {
    #[serde(default)]
    enabled: bool,
}

/// A type of messages.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct EventType {
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: String,
    /// JSON Schemas by their version.
    #[serde(default)]
    pub(super) schemas: Option<BTreeMap<String, Box<RawValue>>>,
}

/// The other server with its token.
pub(super) struct Source {
    client: Client,
}

impl Source {
    /// Errors: the URL or the token cannot be one.
    pub(super) fn new(url: &str, token: &str) -> Result<Self, CommandError> {
        let client = Client::builder(url, token).deadline(DEADLINE).build();
        let wrong = |error| match remote::unbuilt(error) {
            CommandError::Usage(problem) => CommandError::Usage(format!("--url or --token: {problem}")),
            other => other,
        };
        Ok(Self { client: client.map_err(wrong)? })
    }

    /// All applications.
    pub(super) fn applications(&self) -> Iteration<'_, Application> {
        Iteration::new(&self.client, "/api/v1/app?".to_owned())
    }

    /// The endpoints of an application.
    pub(super) fn endpoints(&self, application: &str) -> Iteration<'_, Endpoint> {
        Iteration::new(&self.client, format!("/api/v1/app/{application}/endpoint?"))
    }

    /// All types of messages, with their schemas.
    pub(super) async fn event_types(&self) -> Result<Vec<EventType>, CommandError> {
        let mut types = Vec::new();
        let mut iteration = Iteration::new(&self.client, "/api/v1/event-type?with_content=true&".to_owned());
        while let Some(found) = iteration.next().await? {
            types.push(found);
        }
        Ok(types)
    }

    /// Secret, headers and transformation of an endpoint.
    pub(super) async fn details(&self, application: &str, endpoint: &str) -> Result<Details, CommandError> {
        let path = format!("/api/v1/app/{application}/endpoint/{endpoint}");
        let secret: Option<SecretAnswer> = self.find(&format!("{path}/secret")).await?;
        let headers: Option<HeadersAnswer> = self.find(&format!("{path}/headers")).await?;
        let transformation: Option<TransformationAnswer> =
            self.find(&format!("{path}/transformation")).await?;
        let (headers, hidden_headers) =
            headers.map(|answer| (answer.headers, answer.sensitive)).unwrap_or_default();
        Ok(Details {
            secret: secret.map(|answer| answer.key),
            headers,
            hidden_headers,
            has_transformation: transformation.is_some_and(|answer| answer.enabled),
        })
    }

    /// What is at a path; `None` where an older server has no such path.
    async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, CommandError> {
        match self.client.get_json(path).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if matches!(status(&error), Some(404 | 405)) => Ok(None),
            Err(error) => Err(failed(path, &error)),
        }
    }
}

/// A list that is read page after page.
pub(super) struct Iteration<'a, T> {
    client: &'a Client,
    /// Up to where `limit` can follow.
    path: String,
    held: VecDeque<T>,
    /// Where the next page begins; `None` after the last.
    next: Option<Option<String>>,
    pages: usize,
}

#[derive(Deserialize)]
struct Page<T> {
    data: VecDeque<T>,
    #[serde(default = "Option::default")]
    iterator: Option<String>,
    done: bool,
}

impl<'a, T: DeserializeOwned> Iteration<'a, T> {
    fn new(client: &'a Client, path: String) -> Self {
        Self { client, path, held: VecDeque::new(), next: Some(None), pages: 0 }
    }

    /// The next item; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<T>, CommandError> {
        loop {
            if let Some(item) = self.held.pop_front() {
                return Ok(Some(item));
            }
            let Some(iterator) = self.next.take().filter(|_| self.pages < PAGES_MAX) else { return Ok(None) };
            let iterator =
                iterator.map_or_else(String::new, |iterator| format!("&iterator={}", escaped(&iterator)));
            let path = format!("{}limit={PAGE_ITEMS}{iterator}", self.path);
            let page: Page<T> = self.client.get_json(&path).await.map_err(|error| failed(&path, &error))?;
            self.pages += 1;
            self.held = page.data;
            self.next = page.iterator.filter(|_| !page.done).map(Some);
        }
    }
}

/// A value within a query.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if plain(byte) {
            escaped.push(char::from(byte))
        } else {
            escaped.push_str(&format!("%{byte:02X}"))
        }
        escaped
    })
}

fn status(error: &Error) -> Option<u16> {
    match error {
        Error::Problem(problem) => Some(problem.status),
        Error::Unexpected { status, .. } => Some(*status),
        _ => None,
    }
}

/// In words that speak of the other server.
fn failed(path: &str, error: &Error) -> CommandError {
    let path = path.split('?').next().unwrap_or(path);
    let why = match (error, status(error)) {
        (_, Some(401 | 403)) => {
            "it refuses the token: give one that may read this environment with --token".to_owned()
        }
        (_, Some(404)) => "it has no such path: is --url the address of its API, without a path?".to_owned(),
        (Error::Problem(problem), _) => match &problem.detail {
            Some(detail) => format!("status {}, {}: {detail}", problem.status, problem.code),
            None => format!("status {}, {}", problem.status, problem.code),
        },
        (Error::Unexpected { status, reason, .. }, _) => {
            format!("status {status}, and the answer is not as published: {reason}")
        }
        (other, _) => other.to_string(),
    };
    CommandError::Failed(anyhow!("cannot read {path} of the other server: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_generations_of_names_are_read() {
        let old = r#"{"id":"ep_1","url":"https://a","filterTypes":["a.b"],"rateLimit":5,"version":1}"#;
        let new = r#"{"id":"ep_1","url":"https://a","eventTypes":["a.b"],"throttleRate":5,"metadata":{},"description":"",
            "createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z"}"#;
        for text in [old, new] {
            let endpoint: Endpoint = serde_json::from_str(text).unwrap();
            assert_eq!((endpoint.wanted_types(), endpoint.rate()), (vec!["a.b".to_owned()], Some(5)));
        }
        let bare: Endpoint =
            serde_json::from_str(r#"{"id":"ep_1","url":"https://a","rateLimit":0}"#).unwrap();
        assert_eq!((bare.wanted_types(), bare.rate()), (Vec::new(), None));
    }

    #[test]
    fn a_cursor_is_escaped() {
        assert_eq!(escaped("a+/=~"), "a%2B%2F%3D~");
    }
}
