//! The one check of a subscription: the limits of each field ([`draft`](super::draft)), then what the profile decides, which
//! fields it takes and which values they may have.

use postroad_domain::{
    EventType, Subscription, SubscriptionSpec, Timestamp, limits::CONCURRENCY, subscription::Push,
};
use postroad_profile::{
    EndpointChoice, Field, FieldProblem, Presence, Profile, SecretSupply, SecretUse, Success,
};
use zeroize::Zeroizing;

use super::{
    destination::{self, Checked},
    draft::{SubscriptionDraft, TargetDraft},
    secrets::{SecretView, problem, view},
};
use crate::{
    configuration::cache::TenantConfig, configuration::draft::Faults, configuration::endpoint::lifetime_of,
    configuration::options::options_of, configuration::retention,
};

/// The specification of a new subscription and the secret that came with it.
pub(super) fn check_new(
    config: &TenantConfig,
    (mut draft, secret): (SubscriptionDraft, Option<String>),
    now: Timestamp,
) -> Result<(Checked, Option<SecretView>), Vec<FieldProblem>> {
    let profile = &config.profile.profile;
    let options = draft.options.clone();
    let mut faults = Faults::after(std::mem::take(&mut draft.unreadable));
    let checked = check_all(config, draft, (None, now), &mut faults);
    // An unknown scheme is told once, by the option.
    let secret = if faults.names("options.signature") {
        None
    } else {
        check_first_secret(profile, &options, secret).map_err(|found| faults.extend([found])).ok().flatten()
    };
    faults.finish(checked.map(|checked| (checked, secret)))
}

/// The specification of a draft that changes the subscription `before`; `refused` is what else is wrong with the change.
pub(super) fn check_change(
    config: &TenantConfig,
    (mut draft, refused): (SubscriptionDraft, Option<FieldProblem>),
    before: &Subscription,
    now: Timestamp,
) -> Result<Checked, Vec<FieldProblem>> {
    let mut faults = Faults::after(std::mem::take(&mut draft.unreadable));
    faults.extend(refused);
    let checked = check_all(config, draft, (Some(before), now), &mut faults);
    faults.finish(checked)
}

/// Notes every fault of a draft; without one there is a specification.
fn check_all(
    config: &TenantConfig,
    draft: SubscriptionDraft,
    (before, now): (Option<&Subscription>, Timestamp),
    faults: &mut Faults,
) -> Option<Checked> {
    let profile = &config.profile.profile;
    let is_bare = matches!(draft.target, TargetDraft::Push(None));
    let (events, header_names) = (draft.events.clone(), header_names(&draft.target));
    let is_pull = matches!(draft.target, TargetDraft::Pull);
    let mut spec = draft.within_limits(faults);
    if is_pull {
        return None;
    }
    // What the profile says of a field follows from its value, which must be one.
    faults.settle();
    let chosen = destination::choose(config, &mut spec);
    let to_endpoint = !matches!(chosen, Ok(EndpointChoice::None));
    if let Some(push) = spec.push_mut() {
        check_choices(profile, push, to_endpoint, faults);
    }
    let kept = before.and_then(|before| changes_nothing_of_the_wire(&spec, &events, &before.spec));
    if let Some(spec) = kept.filter(|_| faults.is_empty()) {
        let destination = destination::kept(profile, spec.push(), chosen.ok());
        return Some(Checked { spec, destination });
    }
    let choice = chosen.map_err(|found| {
        faults.extend(found);
        faults.settle();
    });
    let choice = choice.ok();
    check_options(config, &spec, before, faults);
    let destination = destination::check(profile, spec.push(), (choice, is_bare), faults);
    check_fields(profile, &spec, events.len(), faults);
    check_headers(profile, &header_names, to_endpoint, faults);
    if let Some(push) = spec.push() {
        check_authorization(profile, push, to_endpoint, faults);
        check_policy(profile, push, faults);
        destination::check_tls(push, &destination, (before, now), faults);
        check_schedule(config, push, faults);
        check_group(profile, push, faults);
    }
    destination::check_https(config, &spec, &destination, faults);
    let known = before.map_or(&[][..], |before| &before.spec.events);
    let events = resolve_events(config, &events, known, faults);
    Some(Checked { spec: SubscriptionSpec { events, ..spec }, destination })
}

/// The names of all headers in their places, also of those that are at fault.
fn header_names(target: &TargetDraft) -> Vec<String> {
    match target {
        TargetDraft::Push(Some(push)) => push.headers.iter().map(|header| header.name.clone()).collect(),
        TargetDraft::Push(None) | TargetDraft::Pull => Vec::new(),
    }
}

/// A change of name, description or `active` alone: it is taken also when the profile was edited since and would refuse
/// the rest, so that everybody can stop a subscription.
fn changes_nothing_of_the_wire(
    spec: &SubscriptionSpec,
    events: &[String],
    before: &SubscriptionSpec,
) -> Option<SubscriptionSpec> {
    let is_same_events = events.iter().map(String::as_str).eq(before.events.iter().map(EventType::as_str));
    let spec = SubscriptionSpec { events: before.events.clone(), ..spec.clone() };
    let as_before = SubscriptionSpec {
        active: before.active,
        name: before.name.clone(),
        description: before.description.clone(),
        ..spec.clone()
    };
    let may_be_nameless = spec.name.is_some() || before.name.is_none();
    (is_same_events && may_be_nameless && as_before == *before).then_some(spec)
}

/// Checks the secret that comes with a new subscription.
fn check_first_secret(
    profile: &Profile,
    options: &str,
    secret: Option<String>,
) -> Result<Option<SecretView>, FieldProblem> {
    let rules = &profile.secret_rules;
    let refused = |message: &str| Err(problem("secret", message.to_owned()));
    let Some(secret) = secret else {
        let is_required = profile.fields.of(Field::Secret).presence == Presence::Required;
        return if is_required { refused("is required") } else { Ok(None) };
    };
    match (rules.presence, rules.supplied) {
        (SecretUse::None, _) => refused("cannot be set: this profile does not sign"),
        (_, SecretSupply::Never) => refused("is made by Postroad and cannot be given: leave it out"),
        (_, SecretSupply::AtRotation) => {
            refused("is made by Postroad: leave it out, and set your own by rotating the secret afterwards")
        }
        (_, SecretSupply::Always) => view(profile, options, Zeroizing::new(secret)).map(Some),
    }
}

/// The fields that only a push subscription has, in the order of [`Push`].
const PUSH_FIELDS: [Field; 15] = [
    Field::Method,
    Field::ContentType,
    Field::Headers,
    Field::Authorization,
    Field::Tls,
    Field::HttpVersion,
    Field::Concurrency,
    Field::RateLimit,
    Field::Ordered,
    Field::Retry,
    Field::Timeout,
    Field::Success,
    Field::Delay,
    Field::Group,
    Field::NotifyOnFailure,
];

/// How many items or characters were given of each field that only a push subscription has.
fn given_of_push(push: Option<&Push>) -> Vec<(Field, Option<usize>)> {
    let one = |is_given: bool| is_given.then_some(1);
    let Some(push) = push else { return PUSH_FIELDS.map(|field| (field, None)).to_vec() };
    let Push {
        url: _,
        method,
        content_type,
        headers,
        authorization,
        tls,
        http_version,
        concurrency,
        rate_limit,
        ordered,
        retry,
        timeout,
        success,
        delay,
        group,
        notify_on_failure,
    } = push;
    let characters = authorization.as_ref().map(|text| text.chars().count());
    let given = [
        one(method.is_some()),
        one(content_type.is_some()),
        Some(headers.len()).filter(|count| *count > 0),
        characters,
        one(tls.is_some()),
        one(http_version.is_some()),
        one(*concurrency != CONCURRENCY.default),
        one(rate_limit.is_some()),
        one(*ordered),
        one(retry.is_some()),
        one(timeout.is_some()),
        one(success.is_some()),
        one(!delay.is_zero()),
        one(group.is_some()),
        one(*notify_on_failure),
    ];
    PUSH_FIELDS.into_iter().zip(given).collect()
}

/// The fields that the profile requires, forbids or limits. `given` says how many items or characters were given.
fn check_fields(profile: &Profile, spec: &SubscriptionSpec, events: usize, faults: &mut Faults) {
    let chars = |text: &Option<String>| text.as_ref().map(|text| text.chars().count());
    let items = |count: usize| (count > 0).then_some(count);
    // Every field stands here by its name: a new one must be given a line below, or a reason to have none. A profile can say nothing
    // of `active` and the target; its options it checks by their schema, and `sealed` is the store's.
    let SubscriptionSpec {
        name,
        description,
        active: _,
        target: _,
        events: _,
        tag_sets,
        options: _,
        sealed: _,
    } = spec;
    let mut given = vec![(Field::Name, chars(name)), (Field::Description, chars(description))];
    given.extend(given_of_push(spec.push()));
    given.extend([(Field::Events, items(events)), (Field::TagSets, items(tag_sets.len()))]);
    for (field, given) in given {
        let rule = profile.fields.of(field);
        match (rule.presence, given) {
            // The profile's first is a choice too.
            (Presence::Required, None) if matches!(field, Field::Method | Field::ContentType) => {}
            (Presence::Required, None) => faults.add(path_of(field), "is required"),
            (Presence::Forbidden, Some(_)) => {
                faults.add(path_of(field), "cannot be set with this profile: leave it out");
            }
            _ => {}
        }
        if let Some((max, _)) = rule.max.zip(given).filter(|(max, given)| *given as u64 > *max) {
            let unit = if matches!(field, Field::Headers | Field::Events | Field::TagSets) {
                "items"
            } else {
                "characters"
            };
            faults.add(path_of(field), format!("may have at most {max} {unit} with this profile"));
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
fn check_headers(profile: &Profile, names: &[String], to_endpoint: bool, faults: &mut Faults) {
    for (index, name) in names.iter().enumerate() {
        if writes(profile, to_endpoint, name) {
            let message = if name.contains('_') {
                format!(
                    "is {name}, which gateways that read _ as - take for a header of this profile: give it another name"
                )
            } else {
                format!("is {name}, which this profile writes itself: remove it")
            };
            faults.add(&format!("delivery.headers[{index}].name"), message);
        }
    }
}

/// Whether the profile writes the header, where its requests go.
fn writes(profile: &Profile, to_endpoint: bool, name: &str) -> bool {
    profile.reserves_header(name) || (to_endpoint && profile.writes_to_endpoint(name))
}

fn check_authorization(profile: &Profile, push: &Push, to_endpoint: bool, faults: &mut Faults) {
    if push.authorization.is_some() && writes(profile, to_endpoint, "authorization") {
        faults.add("delivery.authorization", "is written by this profile itself: leave it out");
    }
}

/// Method, content type and version, which the profile offers a choice of. The profile's own or first becomes the absent
/// value, so that it follows the profile.
fn check_choices(profile: &Profile, push: &mut Push, to_endpoint: bool, faults: &mut Faults) {
    let default = profile.delivery.http_version;
    push.http_version = push.http_version.filter(|version| *version != default);
    let methods: Vec<&str> = profile.methods_to(to_endpoint).iter().map(String::as_str).collect();
    if let Some(method) = push.method.take() {
        match methods.iter().position(|known| *known == method) {
            Some(0) => {}
            Some(_) => push.method = Some(method),
            None if to_endpoint => {
                let why =
                    format!("must be {} where an endpoint of the tenant is named", methods.join(" or "));
                faults.add("delivery.method", why);
            }
            None => faults.add("delivery.method", one_of(&methods)),
        }
    }
    let types: Vec<&str> = profile.content_types().collect();
    if let Some(content_type) = push.content_type.take() {
        match types.iter().position(|known| known.eq_ignore_ascii_case(&content_type)) {
            Some(0) => {}
            Some(index) => push.content_type = Some(types[index].to_owned()),
            None => faults.add("delivery.content_type", one_of(&types)),
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

fn check_policy(profile: &Profile, push: &Push, faults: &mut Faults) {
    let bounds = profile.delivery.timeout;
    if push.timeout.is_some_and(|timeout| timeout < bounds.min || timeout > bounds.max) {
        let (min, max) = (bounds.min.as_secs_f64(), bounds.max.as_secs_f64());
        faults.add("timeout", format!("must be from {min}s to {max}s with this profile"));
    }
    let patterns = push.success.as_ref().map(|patterns| patterns.iter().map(String::as_str));
    if patterns.is_some_and(|patterns| Success::parse(patterns).is_none()) {
        let message = "must list statuses such as 2xx or 200; a redirect is never a success";
        faults.add("success", message);
    }
}

/// What still waits must not be too old to be kept.
fn check_schedule(config: &TenantConfig, push: &Push, faults: &mut Faults) {
    let profile = &config.profile.profile;
    let own = [
        ("retry", push.retry.is_some()),
        ("delay", !push.delay.is_zero()),
        ("group.window", push.group.is_some()),
    ];
    // Of several the one that is most likely to be too long: what waits behind an event begins with its delay.
    let Some((field, _)) = own.into_iter().rev().find(|(_, is_own)| *is_own) else { return };
    let kept = retention::own_age(profile, &config.tenant.spec);
    if let Some(message) = retention::refuse_schedule(lifetime_of(push, profile), kept) {
        faults.add(field, message);
    }
}

/// How many events a group may have is the profile's word, and whether its bodies can hold several.
fn check_group(profile: &Profile, push: &Push, faults: &mut Faults) {
    let Some(group) = &push.group else { return };
    if let Err(why) = profile.check_grouping(push.content_type.as_deref()) {
        faults.add("group", why);
    }
    let limits = profile.group_limits();
    if group.max_events.is_some_and(|events| events > limits.max_events) {
        faults.add("group.max_events", format!("must be at most {} with this profile", limits.max_events));
    }
    if group.max_bytes.is_some_and(|bytes| bytes > limits.max_bytes) {
        faults.add("group.max_bytes", format!("must be at most {} with this profile", limits.max_bytes));
    }
}

fn check_options(
    config: &TenantConfig,
    spec: &SubscriptionSpec,
    before: Option<&Subscription>,
    faults: &mut Faults,
) {
    let profile = &config.profile.profile;
    let own = options_of(&spec.options);
    if let Err(found) = profile.check_options(&options_of(&config.tenant.spec.options), &own) {
        faults.extend(found);
    }
    let is_another = |before: &Subscription| {
        profile.scheme_of(&options_of(&before.spec.options)) != profile.scheme_of(&own)
    };
    if before.is_some_and(is_another) {
        let message =
            "is fixed at creation, since each receiver verifies one way: create another subscription";
        faults.add("options.signature", message);
    }
}

/// `known` are those that the subscription names already: one that was removed since stays until it is taken out.
fn resolve_events(
    config: &TenantConfig,
    events: &[String],
    known: &[EventType],
    faults: &mut Faults,
) -> Vec<EventType> {
    let mut resolved = Vec::with_capacity(events.len());
    for (index, name) in events.iter().enumerate() {
        if let Some(known) = known.iter().find(|known| known.as_str() == name) {
            resolved.push(known.clone());
            continue;
        }
        match config.event_types.resolve(name) {
            Ok(event_type) => resolved.push(event_type),
            Err(unknown) => faults.add(&format!("events[{index}]"), unknown.to_string()),
        }
    }
    resolved
}
