//! Builders: a profile from its folder or from a text, an event, the facts of a rendering.

use std::{collections::BTreeMap, fs, path::Path};

use bytes::Bytes;
use postroad_domain::{CustomHeader, DeliveryId, Event, EventId, EventType, SubscriptionId, Timestamp};
use postroad_profile::{
    AttemptFacts, DeliveryFacts, ExactRequest, NamedEndpoint, OptionValues, Profile, ProfileProblem,
    RenderInput, SecretKey, Shaped, SubscriptionFacts, TenantFacts,
};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Map, Value};

/// The files of a built-in profile.
pub(crate) fn files_of(name: &str) -> BTreeMap<String, String> {
    let all = postroad_profile::built_in();
    all.into_iter().find(|(candidate, _)| candidate == name).map(|(_, files)| files).unwrap()
}

/// The files of a profile that is an example only.
fn example_files_of(name: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles/examples").join(name);
    let mut files = BTreeMap::new();
    files.insert("profile.toml".to_owned(), fs::read_to_string(folder.join("profile.toml")).unwrap());
    for entry in fs::read_dir(folder.join("examples")).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("examples/{}", path.file_name().unwrap().to_str().unwrap());
        files.insert(name, fs::read_to_string(&path).unwrap());
    }
    files
}

/// A built-in profile.
pub(crate) fn built_in(name: &str) -> Profile {
    Profile::load(&files_of(name)).unwrap_or_else(|problems| panic!("{}", lines(&problems)))
}

/// A profile that is an example only.
pub(crate) fn example(name: &str) -> Profile {
    Profile::load(&example_files_of(name)).unwrap_or_else(|problems| panic!("{}", lines(&problems)))
}

/// Loads a profile from one text; the only example is that of `e`.
pub(crate) fn load(toml: &str) -> Result<Profile, Vec<ProfileProblem>> {
    let files: [(&str, &str); 2] = [("profile.toml", toml), ("examples/e.json", "{\"id\":1}")];
    Profile::load(&files.as_slice())
}

/// A profile with the given request and what else it needs.
pub(crate) fn with_request(rest: &str) -> Profile {
    let toml = format!("name = \"p\"\ntitle = \"P\"\nevents = [{{ name = \"e\" }}]\n{rest}");
    load(&toml).unwrap_or_else(|problems| panic!("{}", lines(&problems)))
}

/// The problems as people see them, one a line.
pub(crate) fn lines(problems: &[ProfileProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// What one rendering is made of; every field may be changed.
pub(crate) struct Given {
    pub(crate) event: Event,
    pub(crate) more_events: Vec<Event>,
    pub(crate) grouped: bool,
    pub(crate) url: String,
    pub(crate) endpoint: Option<std::sync::Arc<NamedEndpoint>>,
    pub(crate) method: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) headers: Vec<CustomHeader>,
    pub(crate) authorization: Option<String>,
    pub(crate) options: OptionValues,
    pub(crate) secrets: Vec<SecretKey>,
    pub(crate) created_at: Timestamp,
    pub(crate) attempt: AttemptFacts,
}

impl Given {
    /// An event of the profile, with the tenant's options as JSON.
    pub(crate) fn new(profile: &Profile, event_type: &str, data: &str, tenant_options: &str) -> Self {
        let tenant: Map<String, Value> = serde_json::from_str(tenant_options).unwrap();
        Self {
            event: event(event_type, data),
            more_events: Vec::new(),
            grouped: false,
            url: "https://h/x".to_owned(),
            endpoint: None,
            method: None,
            content_type: None,
            headers: Vec::new(),
            authorization: None,
            options: profile.check_options(&tenant, &Map::new()).unwrap(),
            secrets: Vec::new(),
            created_at: at("2023-06-29T06:56:57.472Z"),
            attempt: AttemptFacts { number: 1, at: at("2026-11-21T20:50:00.123456Z") },
        }
    }

    pub(crate) fn signed_with(mut self, profile: &Profile, secret: &str) -> Self {
        self.secrets.push(profile.secret_key(secret, None).unwrap());
        self
    }

    pub(crate) fn input(&self) -> RenderInput<'_> {
        RenderInput {
            event: &self.event,
            more_events: &self.more_events,
            grouped: self.grouped,
            delivery: DeliveryFacts {
                id: DeliveryId::from_uuid(uuid::Uuid::from_u128(3)),
                created_at: self.created_at,
            },
            subscription: SubscriptionFacts {
                id: SubscriptionId::from_uuid(uuid::Uuid::from_u128(2)),
                name: Some("CRM sync"),
                url: &self.url,
                endpoint: self.endpoint.as_deref(),
                method: self.method.as_deref(),
                content_type: self.content_type.as_deref(),
                headers: &self.headers,
                authorization: self.authorization.as_deref(),
            },
            tenant: TenantFacts { id: "acme", name: None },
            options: &self.options,
            secrets: &self.secrets,
        }
    }

    pub(crate) fn shape(&self, profile: &Profile) -> Shaped {
        profile.shape(&self.input()).unwrap()
    }

    pub(crate) fn render(&self, profile: &Profile) -> ExactRequest {
        profile.render(&self.input(), self.attempt).unwrap()
    }

    pub(crate) fn body(&self, profile: &Profile) -> String {
        String::from_utf8(self.render(profile).body.to_vec()).unwrap()
    }
}

/// The one value of a header; `None` when it is not there.
pub(crate) fn header<'a>(request: &'a ExactRequest, name: &str) -> Option<&'a str> {
    let mut values = request.headers.iter().filter(|(candidate, _)| candidate.eq_ignore_ascii_case(name));
    let value = values.next().map(|(_, value)| value);
    assert!(values.next().is_none(), "{name} stands there twice");
    value
}

/// An event that happened at 2026-04-29T10:30:00.9Z.
pub(crate) fn event(event_type: &str, data: &str) -> Event {
    Event {
        id: EventId::for_event(at("2026-04-29T10:30:01Z"), &mut StdRng::seed_from_u64(1)),
        event_type: EventType::parse(event_type).unwrap(),
        accepted_at: at("2026-04-29T10:30:01Z"),
        occurred_at: Some(at("2026-04-29T10:30:00.9Z")),
        tags: vec!["a".to_owned(), "b\"c".to_owned()],
        attributes: Bytes::new(),
        data: Bytes::copy_from_slice(data.as_bytes()),
        deliveries: 1,
        profile: None,
        tenant_version: 1,
        trace: None,
        test: false,
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}
