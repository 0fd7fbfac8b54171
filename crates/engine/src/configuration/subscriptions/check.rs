//! What a profile decides about a subscription: which fields it takes, which values they may have.
//!
//! **Invariant:** every problem is told at once, each with the field as the API names it.

use postroad_domain::{
    EventType, Subscription, SubscriptionSpec, Target, Timestamp, limits::CONCURRENCY, subscription::Push,
};
use postroad_profile::{Field, FieldProblem, Presence, Profile, SecretSupply, SecretUse, Success};

use crate::{
    configuration::cache::TenantConfig, configuration::options::options_of, configuration::retention,
};

/// A subscription as somebody wants it; checked as far as that can be done without its profile.
#[derive(Clone, Debug)]
pub struct SubscriptionDraft {
    /// What is configured. Its `events` are empty: they stand in the next field.
    pub spec: SubscriptionSpec,
    /// The event types as they were written: wire codes or the names that people see.
    pub events: Vec<String>,
}

/// The specification of a draft. `before` is the subscription that it changes.
pub(crate) fn check(
    config: &TenantConfig,
    draft: SubscriptionDraft,
    (before, now): (Option<&Subscription>, Timestamp),
) -> Result<SubscriptionSpec, Vec<FieldProblem>> {
    let profile = &config.profile.profile;
    let (mut draft, mut problems) = (draft, Problems::default());
    if let Some(push) = draft.spec.push_mut() {
        check_choices(profile, push, &mut problems);
    }
    let kept = before.and_then(|before| changes_nothing_of_the_wire(&draft, &before.spec));
    if let Some(kept) = kept.filter(|_| problems.0.is_empty()) {
        return Ok(kept);
    }
    check_fields(profile, &draft, &mut problems);
    match &draft.spec.target {
        Target::Push(push) => {
            check_headers(profile, push, &mut problems);
            check_policy(profile, push, &mut problems);
            check_tls(push, before, now, &mut problems);
            check_schedule(config, push, &mut problems);
        }
        Target::Pull(_) => {
            problems.note("delivery.type", "is not available in this version as pull: write push".to_owned());
        }
    }
    check_options(config, &draft.spec, before, &mut problems);
    let known = before.map_or(&[][..], |before| &before.spec.events);
    let events = resolve_events(config, &draft.events, known, &mut problems);
    if problems.0.is_empty() { Ok(SubscriptionSpec { events, ..draft.spec }) } else { Err(problems.0) }
}

/// A change of name, description or `active` alone: it is taken also when the profile was edited since and would refuse
/// the rest, so that everybody can stop a subscription.
fn changes_nothing_of_the_wire(
    draft: &SubscriptionDraft,
    before: &SubscriptionSpec,
) -> Option<SubscriptionSpec> {
    let is_same_events =
        draft.events.iter().map(String::as_str).eq(before.events.iter().map(EventType::as_str));
    let spec = SubscriptionSpec { events: before.events.clone(), ..draft.spec.clone() };
    let as_before = SubscriptionSpec {
        active: before.active,
        name: before.name.clone(),
        description: before.description.clone(),
        ..spec.clone()
    };
    let may_be_nameless = spec.name.is_some() || before.name.is_none();
    (is_same_events && may_be_nameless && as_before == *before).then_some(spec)
}

/// Checks the secret that comes with a new subscription, apart from its form.
pub(crate) fn check_first_secret(profile: &Profile, given: bool) -> Vec<FieldProblem> {
    let rules = &profile.secret_rules;
    let mut problems = Problems::default();
    match (rules.presence, rules.supplied) {
        _ if !given => {
            if profile.fields.of(Field::Secret).presence == Presence::Required {
                problems.note("secret", "is required".to_owned());
            }
        }
        (SecretUse::None, _) => {
            problems.note("secret", "cannot be set: this profile does not sign".to_owned());
        }
        (_, SecretSupply::Never) => {
            problems.note("secret", "is made by Postroad and cannot be given: leave it out".to_owned());
        }
        (_, SecretSupply::AtRotation) => {
            let remedy =
                "is made by Postroad: leave it out, and set your own by rotating the secret afterwards";
            problems.note("secret", remedy.to_owned());
        }
        (_, SecretSupply::Always) => {}
    }
    problems.0
}

#[derive(Default)]
struct Problems(Vec<FieldProblem>);

impl Problems {
    fn note(&mut self, field: &str, message: String) {
        self.0.push(FieldProblem { field: field.to_owned(), message });
    }
}

/// The fields that the profile requires, forbids or limits. `given` says how many items or characters were given.
fn check_fields(profile: &Profile, draft: &SubscriptionDraft, problems: &mut Problems) {
    let SubscriptionDraft { spec, events } = draft;
    let chars = |text: &Option<String>| text.as_ref().map(|text| text.chars().count());
    let items = |count: usize| (count > 0).then_some(count);
    let one = |is_given: bool| is_given.then_some(1);
    let push = spec.push();
    let of_push = |is_given: fn(&Push) -> bool| one(push.is_some_and(is_given));
    let given = [
        (Field::Name, chars(&spec.name)),
        (Field::Description, chars(&spec.description)),
        (Field::Method, of_push(|push| push.method.is_some())),
        (Field::ContentType, of_push(|push| push.content_type.is_some())),
        (Field::Headers, items(push.map_or(0, |push| push.headers.len()))),
        (Field::Authorization, push.and_then(|push| chars(&push.authorization))),
        (Field::Tls, of_push(|push| push.tls.is_some())),
        (Field::HttpVersion, of_push(|push| push.http_version.is_some())),
        (Field::Events, items(events.len())),
        (Field::TagSets, items(spec.tag_sets.len())),
        (Field::Concurrency, of_push(|push| push.concurrency != CONCURRENCY.default)),
        (Field::RateLimit, of_push(|push| push.rate_limit.is_some())),
        (Field::Ordered, of_push(|push| push.ordered)),
        (Field::Retry, of_push(|push| push.retry.is_some())),
        (Field::Timeout, of_push(|push| push.timeout.is_some())),
        (Field::Success, of_push(|push| push.success.is_some())),
    ];
    for (field, given) in given {
        let rule = profile.fields.of(field);
        match (rule.presence, given) {
            // The profile's first is a choice too.
            (Presence::Required, None) if matches!(field, Field::Method | Field::ContentType) => {}
            (Presence::Required, None) => problems.note(path_of(field), "is required".to_owned()),
            (Presence::Forbidden, Some(_)) => {
                problems.note(path_of(field), "cannot be set with this profile: leave it out".to_owned());
            }
            _ => {}
        }
        if let Some((max, _)) = rule.max.zip(given).filter(|(max, given)| *given as u64 > *max) {
            let unit = if matches!(field, Field::Headers | Field::Events | Field::TagSets) {
                "items"
            } else {
                "characters"
            };
            problems.note(path_of(field), format!("may have at most {max} {unit} with this profile"));
        }
    }
}

fn path_of(field: Field) -> &'static str {
    match field {
        Field::Method => "delivery.method",
        Field::ContentType => "delivery.content_type",
        Field::Headers => "delivery.headers",
        Field::Authorization => "delivery.authorization",
        Field::Tls => "delivery.tls",
        Field::HttpVersion => "delivery.http_version",
        other => other.as_str(),
    }
}

/// A customer's header must not stand beside one of the profile's.
fn check_headers(profile: &Profile, push: &Push, problems: &mut Problems) {
    for (index, header) in push.headers.iter().enumerate() {
        if profile.reserves_header(&header.name) {
            let message = format!("is {}, which this profile writes itself: remove it", header.name);
            problems.note(&format!("delivery.headers[{index}].name"), message);
        }
    }
    if push.authorization.is_some() && profile.reserves_header("authorization") {
        problems.note("delivery.authorization", "is written by this profile itself: leave it out".to_owned());
    }
}

/// Method, content type and version, which the profile offers a choice of. The profile's own or first becomes the absent
/// value, so that it follows the profile.
fn check_choices(profile: &Profile, push: &mut Push, problems: &mut Problems) {
    let default = profile.delivery.http_version;
    push.http_version = push.http_version.filter(|version| *version != default);
    let methods: Vec<&str> = profile.methods().iter().map(String::as_str).collect();
    if let Some(method) = push.method.take() {
        match methods.iter().position(|known| *known == method) {
            Some(0) => {}
            Some(_) => push.method = Some(method),
            None => problems.note("delivery.method", one_of(&methods)),
        }
    }
    let types: Vec<&str> = profile.content_types().collect();
    if let Some(content_type) = push.content_type.take() {
        match types.iter().position(|known| known.eq_ignore_ascii_case(&content_type)) {
            Some(0) => {}
            Some(index) => push.content_type = Some(types[index].to_owned()),
            None => problems.note("delivery.content_type", one_of(&types)),
        }
    }
}

fn one_of(choices: &[&str]) -> String {
    match choices {
        [] => "cannot be set: this profile sends no body".to_owned(),
        [only] => format!("must be {only} with this profile"),
        choices => format!("must be one of {} with this profile", choices.join(", ")),
    }
}

fn check_policy(profile: &Profile, push: &Push, problems: &mut Problems) {
    let bounds = profile.delivery.timeout;
    if push.timeout.is_some_and(|timeout| timeout < bounds.min || timeout > bounds.max) {
        let (min, max) = (bounds.min.as_secs_f64(), bounds.max.as_secs_f64());
        problems.note("timeout", format!("must be from {min}s to {max}s with this profile"));
    }
    let patterns = push.success.as_ref().map(|patterns| patterns.iter().map(String::as_str));
    if patterns.is_some_and(|patterns| Success::parse(patterns).is_none()) {
        let message = "must list statuses such as 2xx or 200; a redirect is never a success";
        problems.note("success", message.to_owned());
    }
}

/// What still waits must not be too old to be kept.
fn check_schedule(config: &TenantConfig, push: &Push, problems: &mut Problems) {
    let profile = &config.profile.profile;
    let Some(own) = &push.retry else { return };
    let lifetime = own.over(&profile.delivery.retry).lifetime();
    let kept = retention::own_age(profile, &config.tenant.spec);
    if let Some(message) = retention::refuse_schedule(lifetime, kept) {
        problems.note("retry", message);
    }
}

/// Certificates and keys; what is as it was may have run out since.
fn check_tls(push: &Push, before: Option<&Subscription>, now: Timestamp, problems: &mut Problems) {
    let Some(settings) = &push.tls else { return };
    if !push.url.is_https() {
        problems.note("delivery.tls", "needs a URL of https: cleartext has no certificates".to_owned());
    }
    let before = before.and_then(|before| before.spec.push()).and_then(|push| push.tls.as_ref());
    for fault in postroad_egress::check_tls(settings, before, now) {
        problems.note(&format!("delivery.tls.{}", fault.field), fault.why.to_string());
    }
}

fn check_options(
    config: &TenantConfig,
    spec: &SubscriptionSpec,
    before: Option<&Subscription>,
    problems: &mut Problems,
) {
    let profile = &config.profile.profile;
    let own = options_of(&spec.options);
    match profile.check_options(&options_of(&config.tenant.spec.options), &own) {
        Err(found) => problems.0.extend(found),
        Ok(options) => {
            let is_cleartext = spec.push().is_some_and(|push| !push.url.is_https());
            if is_cleartext && profile.requires_https(&options) {
                problems.note("delivery.url", "must begin with https:// here".to_owned());
            }
        }
    }
    let is_another = |before: &Subscription| {
        profile.scheme_of(&options_of(&before.spec.options)) != profile.scheme_of(&own)
    };
    if before.is_some_and(is_another) {
        let message =
            "is fixed at creation, since each receiver verifies one way: create another subscription";
        problems.note("options.signature", message.to_owned());
    }
}

/// `known` are those that the subscription names already: one that was removed since stays until it is taken out.
fn resolve_events(
    config: &TenantConfig,
    events: &[String],
    known: &[EventType],
    problems: &mut Problems,
) -> Vec<EventType> {
    let mut resolved = Vec::with_capacity(events.len());
    for (index, name) in events.iter().enumerate() {
        if let Some(known) = known.iter().find(|known| known.as_str() == name) {
            resolved.push(known.clone());
            continue;
        }
        match config.event_types.resolve(name) {
            Ok(event_type) => resolved.push(event_type),
            Err(unknown) => problems.note(&format!("events[{index}]"), unknown.to_string()),
        }
    }
    resolved
}
