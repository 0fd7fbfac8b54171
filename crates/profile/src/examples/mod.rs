//! Each example of a profile is made into a request when the profile is loaded, so that a template that fails is found
//! before a customer waits for it.

mod chosen_options;

use bytes::Bytes;
use postroad_domain::{
    DeliveryId, Event, EventId, EventType, SubscriptionId, Timestamp, attempt::sends_body,
};
use rand::{SeedableRng, rngs::StdRng};

use self::chosen_options::{ChosenOptions, told};
use crate::{
    Profile,
    catalogue::EventEntry,
    handshake::{BegunHandshake, Handshake},
    input::{AttemptFacts, DeliveryFacts, ExactRequest, RenderInput, SubscriptionFacts, TenantFacts},
    json,
    problem::{ProblemKind, ProfileProblem},
    request::Content,
    secret::SecretKey,
    signature::Scheme,
    source::PROFILE_FILE,
};

/// A moment with a fraction, so that templates show how they cut it: 2026-01-02T03:04:05.678901Z.
const MOMENT: Timestamp = Timestamp::from_micros(1_767_323_045_678_901);

/// What an example is rendered as.
#[derive(Clone, Copy)]
struct Sample<'a> {
    /// `None` for the profile's first.
    method: Option<&'a str>,
    /// `None` for the profile's first.
    content_type: Option<&'a str>,
    /// It is a group of one.
    grouped: bool,
}

impl Profile {
    /// The request that the example of an event type becomes, with facts that are made up. One whose type the profile groups
    /// is a group of one.
    ///
    /// # Errors
    ///
    /// In words for the person who writes the profile.
    pub fn render_example(
        &self,
        entry: &EventEntry,
        content_type: Option<&str>,
    ) -> Result<ExactRequest, String> {
        let sample = Sample { method: None, content_type, grouped: self.groups(&entry.name) };
        self.render_with(entry, sample, &ChosenOptions::needed(self))
    }

    /// The request of one of the profile's handshakes and the answer that it must have, with facts that are made up, among them
    /// the example of the first event type; `None` where its condition never holds with the values that examples have.
    ///
    /// # Errors
    ///
    /// In words for the person who writes the profile.
    pub fn render_handshake(&self, handshake: &Handshake) -> Result<Option<BegunHandshake>, String> {
        let mut begun = None;
        for chosen in ChosenOptions::variants(self) {
            let rendered = self.begin_with(handshake, &chosen)?;
            begun = begun.or(rendered);
        }
        Ok(begun)
    }

    fn begin_with(
        &self,
        handshake: &Handshake,
        chosen: &ChosenOptions,
    ) -> Result<Option<BegunHandshake>, String> {
        let Some(entry) = self.catalogue.entries().first() else { return Ok(None) };
        let sample = Sample { method: None, content_type: None, grouped: self.groups(&entry.name) };
        self.with_sample(entry, sample, chosen, |input, attempt| {
            let due = self.handshakes_due(input, None);
            if !due.iter().any(|place| std::ptr::eq(&self.handshakes[*place], handshake)) {
                return Ok(None);
            }
            let begun = self.begin_handshake(handshake, input, attempt, &mut StdRng::seed_from_u64(3));
            let begun = begun.map_err(|error| error.to_string())?;
            if handshake.content.as_ref().is_some_and(Content::is_json) {
                let body = String::from_utf8_lossy(&begun.request.body);
                json::check(&body).map_err(|error| format!("its body is not JSON: {error}"))?;
            }
            Ok(Some(begun))
        })
    }

    fn render_with(
        &self,
        entry: &EventEntry,
        sample: Sample<'_>,
        chosen: &ChosenOptions,
    ) -> Result<ExactRequest, String> {
        self.with_sample(entry, sample, chosen, |input, attempt| {
            if sample.grouped {
                self.group_key(input).map_err(|error| error.to_string())?;
            }
            self.render(input, attempt).map_err(|error| error.to_string())
        })
    }

    /// Does something with the facts of an example.
    fn with_sample<T>(
        &self,
        entry: &EventEntry,
        sample: Sample<'_>,
        chosen: &ChosenOptions,
        make: impl FnOnce(&RenderInput<'_>, AttemptFacts) -> Result<T, String>,
    ) -> Result<T, String> {
        json::check(&entry.example).map_err(|error| format!("is not JSON: {error}"))?;
        self.ingest.check(&entry.example).map_err(|refusal| format!("data {refusal}"))?;
        let event = sample_event(entry)?;
        let options = chosen.resolve(self)?;
        let scheme = self.scheme_of(chosen.of_subscription());
        let scheme = self.schemes().iter().find(|candidate| Some(candidate.name.as_str()) == scheme);
        let secrets = scheme.map(|scheme| self.sample_secret(scheme)).transpose()?;
        let endpoint = chosen.endpoint(self);
        let input = RenderInput {
            event: &event,
            more_events: &[],
            grouped: sample.grouped,
            delivery: DeliveryFacts { id: sample_delivery_id(), created_at: MOMENT },
            subscription: SubscriptionFacts {
                id: sample_id(),
                name: Some("Example"),
                url: endpoint.as_ref().map_or("https://example.com/hook", |endpoint| endpoint.url.as_str()),
                endpoint: endpoint.as_deref(),
                method: sample.method,
                content_type: sample.content_type,
                headers: &[],
                authorization: None,
            },
            tenant: TenantFacts { id: "example", name: Some("Example") },
            options: &options,
            secrets: secrets.as_slice(),
        };
        make(&input, AttemptFacts { number: 1, at: MOMENT })
    }

    /// The secret of the bytes 0, 1, 2, …: an example must look the same each time it is rendered.
    fn sample_secret(&self, scheme: &Scheme) -> Result<SecretKey, String> {
        let bytes: Vec<_> = (0..=u8::MAX).cycle().take(scheme.key.generate_bytes).collect();
        self.secret_key(&scheme.key.write(&bytes), Some(&scheme.name)).map_err(|why| why.to_string())
    }
}

/// Renders every example in every content type, with every value of the options that have few, and with every method.
pub(crate) fn check(profile: &Profile) -> Vec<ProfileProblem> {
    let chosen = ChosenOptions::variants(profile);
    let mut problems = Vec::new();
    for entry in profile.catalogue.entries() {
        let mut tell = |file: &str, why: String| {
            let kind = ProblemKind::Example { event: entry.name.clone(), why };
            problems.push(ProfileProblem { file: file.to_owned(), line: None, kind });
        };
        if let Err(why) = check_attributes(profile, entry) {
            tell(entry.example_attributes_file.as_ref().unwrap_or(&entry.example_file), why);
        } else if let Err(why) = check_entry(profile, entry, &chosen) {
            tell(&entry.example_file, why);
        }
    }
    if problems.is_empty() {
        problems
            .extend(profile.handshakes.iter().filter_map(|handshake| check_handshake(profile, handshake)));
    }
    problems
}

fn check_handshake(profile: &Profile, handshake: &Handshake) -> Option<ProfileProblem> {
    let kind = ProblemKind::Handshake(profile.render_handshake(handshake).err()?);
    Some(ProfileProblem { file: PROFILE_FILE.to_owned(), line: Some(handshake.line), kind })
}

/// The attributes must be what an event of the profile may carry, and those that it must.
fn check_attributes(profile: &Profile, entry: &EventEntry) -> Result<(), String> {
    let given = entry.example_attributes.as_deref().unwrap_or("{}");
    let given = serde_json::from_str(given).map_err(|error| format!("is not a JSON object: {error}"))?;
    let problems = profile.check_attributes(&given);
    if problems.is_empty() { Ok(()) } else { Err(told(&problems)) }
}

/// Alone, and as a group of one where the profile groups the type.
fn check_entry(profile: &Profile, entry: &EventEntry, variants: &[ChosenOptions]) -> Result<(), String> {
    let kinds = if profile.groups(&entry.name) { &[false, true][..] } else { &[false] };
    for grouped in kinds.iter().copied() {
        for chosen in variants {
            check_one(profile, entry, grouped, chosen)?;
        }
        let Some(needed) = variants.first() else { continue };
        for method in profile.methods() {
            profile.render_with(
                entry,
                Sample { method: Some(method), content_type: None, grouped },
                needed,
            )?;
        }
    }
    Ok(())
}

fn check_one(
    profile: &Profile,
    entry: &EventEntry,
    grouped: bool,
    chosen: &ChosenOptions,
) -> Result<(), String> {
    // One with a body, where there is one.
    let method = profile.methods().iter().map(String::as_str).find(|method| sends_body(method));
    if profile.request.contents.is_empty() {
        return profile.render_with(entry, Sample { method, content_type: None, grouped }, chosen).map(drop);
    }
    for content in &profile.request.contents {
        let sample = Sample { method, content_type: Some(&content.content_type), grouped };
        let request = profile.render_with(entry, sample, chosen)?;
        let body = String::from_utf8_lossy(&request.body);
        if content.is_json() && method.is_some() {
            json::check(&body).map_err(|error| format!("its body is not JSON: {error}"))?;
        }
    }
    Ok(())
}

fn sample_event(entry: &EventEntry) -> Result<Event, String> {
    let event_type = EventType::parse(&entry.name).map_err(|why| why.to_string())?;
    let attributes = entry.example_attributes.as_deref().unwrap_or_default();
    Ok(Event {
        id: sample_event_id(),
        event_type,
        accepted_at: MOMENT,
        occurred_at: Some(MOMENT),
        tags: Vec::new(),
        attributes: Bytes::copy_from_slice(attributes.as_bytes()),
        data: Bytes::copy_from_slice(entry.example.as_bytes()),
        deliveries: 1,
        profile: None,
        tenant_version: 1,
        trace: None,
        test: false,
    })
}

fn sample_event_id() -> EventId {
    EventId::for_event(MOMENT, &mut StdRng::seed_from_u64(1))
}

fn sample_delivery_id() -> DeliveryId {
    sample_event_id().delivery(0)
}

fn sample_id() -> SubscriptionId {
    SubscriptionId::new(MOMENT, &mut StdRng::seed_from_u64(2))
}
