//! A subscription as somebody wants it, and the limits that hold whatever its profile.

use std::{
    fmt::{self, Arguments},
    time::Duration,
};

use postroad_domain::{
    CustomHeader, EndpointUrl, Grouping, HttpVersion, Invalid, RetryOverride, SubscriptionSpec, Target,
    TlsSettings,
    endpoint::check_header_value,
    limits::{
        Bounds, CONCURRENCY, CUSTOM_HEADERS_MAX, DELAY, DELIVERY_EVENTS_BYTES_MAX, DELIVERY_EVENTS_MAX,
        DESCRIPTION_CHARS_MAX, GROUP_BYTES, GROUP_EVENTS, GROUP_WINDOW, HEADER_VALUE_BYTES_MAX,
        NAME_CHARS_MAX, RATE_LIMIT_COUNT, RETRY_ATTEMPTS, RETRY_GAP_MAX, RETRY_GAPS_MAX,
        SUBSCRIPTION_EVENTS_MAX, SUCCESS_PATTERN_CHARS_MAX, SUCCESS_PATTERNS_MAX, TAG_CHARS_MAX,
        TAG_SETS_MAX, TAGS_MAX, TIMEOUT, TLS_PEM_BYTES_MAX,
    },
    subscription::Push,
    time::{duration_text, parse_duration},
};
use postroad_profile::FieldProblem;
use serde_json::Number;

use crate::configuration::draft::{Faults, RateLimitDraft, text_within, whole_number};

const RETRY_GAP: Bounds<Duration> =
    Bounds { min: Duration::ZERO, max: RETRY_GAP_MAX, default: Duration::ZERO };

/// A subscription as somebody wants it, unchecked.
#[derive(Clone, Debug)]
pub struct SubscriptionDraft {
    /// A name that people see.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// `false` pauses.
    pub active: bool,
    /// How its events leave.
    pub target: TargetDraft,
    /// The event types as they were written: wire codes or the names that people see.
    pub events: Vec<String>,
    /// Sets of tags of which one must be within the event's tags.
    pub tag_sets: Vec<Vec<String>>,
    /// The profile's own options: the text of a JSON object.
    pub options: String,
    /// The fields that could not be read and why. What stands in their places counts for nothing.
    pub unreadable: Vec<FieldProblem>,
}

/// How the events of a subscription are to leave.
#[derive(Clone, Debug)]
pub enum TargetDraft {
    /// Each event is sent to a URL; `None` when nothing is said of it.
    Push(Option<Box<PushDraft>>),
    /// The customer reads the log.
    Pull,
}

/// Where, how and at which pace deliveries are sent, unchecked. Its fields are named `delivery.url`, `delivery.method` and so
/// on, those of pace and policy without `delivery`.
#[derive(Clone, Default)]
pub struct PushDraft {
    /// Where to; `None` where an option names an endpoint of the tenant.
    pub url: Option<String>,
    /// One of the profile's methods.
    pub method: Option<String>,
    /// One of the profile's content types.
    pub content_type: Option<String>,
    /// The customer's own headers, in their order.
    pub headers: Vec<HeaderDraft>,
    /// The whole value of the `Authorization` header.
    pub authorization: Option<String>,
    /// The client certificate and the trusted authorities.
    pub tls: Option<TlsSettings>,
    /// The newest version of HTTP: `1.1` or `2`.
    pub http_version: Option<String>,
    /// Exchanges under way at a time; by default [`CONCURRENCY`]'s.
    pub concurrency: Option<Number>,
    /// How many exchanges may begin within a span of time.
    pub rate_limit: Option<RateLimitDraft>,
    /// One delivery after the other.
    pub ordered: bool,
    /// An own retry schedule.
    pub retry: Option<RetryDraft>,
    /// An own deadline of an exchange, such as `15s`.
    pub timeout: Option<String>,
    /// Own statuses that mean success, such as `2xx` or `200`.
    pub success: Option<Vec<String>>,
    /// How long after an event its delivery is sent, such as `30s`.
    pub delay: Option<String>,
    /// How its events are sent together.
    pub group: Option<GroupDraft>,
    /// Whether the tenant's contacts are told by mail when a delivery fails for good.
    pub notify_on_failure: bool,
}

impl fmt::Debug for PushDraft {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A URL, headers and authorization hold the customer's credentials.
        out.debug_struct("PushDraft").field("method", &self.method).finish_non_exhaustive()
    }
}

/// A header that the customer wants in each request, unchecked.
#[derive(Clone)]
pub struct HeaderDraft {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// How events are sent together, unchecked.
#[derive(Clone, Debug)]
pub struct GroupDraft {
    /// How long a group takes events, such as `60s`.
    pub window: String,
    /// A group with so many events is full.
    pub max_events: Option<Number>,
    /// A group with so many bytes of data is full.
    pub max_bytes: Option<Number>,
}

/// An own retry schedule, unchecked.
#[derive(Clone, Debug)]
pub struct RetryDraft {
    /// Attempts, the first included.
    pub attempts: Option<Number>,
    /// The gaps between them, such as `10s`.
    pub backoff: Option<Vec<String>>,
}

/// What would be written to make this subscription again.
impl From<SubscriptionSpec> for SubscriptionDraft {
    fn from(spec: SubscriptionSpec) -> Self {
        Self {
            name: spec.name,
            description: spec.description,
            active: spec.active,
            target: match spec.target {
                Target::Push(push) => TargetDraft::Push(Some(Box::new(push.into()))),
                Target::Pull(_) => TargetDraft::Pull,
            },
            events: spec.events.into_iter().map(String::from).collect(),
            tag_sets: spec.tag_sets,
            options: spec.options,
            unreadable: Vec::new(),
        }
    }
}

impl From<Push> for PushDraft {
    fn from(push: Push) -> Self {
        let header = |CustomHeader { name, value }| HeaderDraft { name, value };
        Self {
            url: push.url.map(String::from),
            method: push.method,
            content_type: push.content_type,
            headers: push.headers.into_iter().map(header).collect(),
            authorization: push.authorization,
            tls: push.tls,
            http_version: push.http_version.map(|version| version.as_str().to_owned()),
            concurrency: Some(push.concurrency.into()),
            rate_limit: push.rate_limit.map(RateLimitDraft::from),
            ordered: push.ordered,
            retry: push.retry.map(RetryDraft::from),
            timeout: push.timeout.map(duration_text),
            success: push.success,
            delay: Some(duration_text(push.delay)),
            group: push.group.map(GroupDraft::from),
            notify_on_failure: push.notify_on_failure,
        }
    }
}

impl From<Grouping> for GroupDraft {
    fn from(own: Grouping) -> Self {
        Self {
            window: duration_text(own.window),
            max_events: own.max_events.map(Number::from),
            max_bytes: own.max_bytes.map(Number::from),
        }
    }
}

impl From<RetryOverride> for RetryDraft {
    fn from(own: RetryOverride) -> Self {
        let texts = |gaps: Vec<Duration>| gaps.into_iter().map(duration_text).collect();
        Self { attempts: own.attempts.map(Number::from), backoff: own.backoff.map(texts) }
    }
}

impl SubscriptionDraft {
    /// An active push subscription of which nothing else is said.
    pub fn to(push: PushDraft) -> Self {
        Self {
            name: None,
            description: None,
            active: true,
            target: TargetDraft::Push(Some(Box::new(push))),
            events: Vec::new(),
            tag_sets: Vec::new(),
            options: "{}".to_owned(),
            unreadable: Vec::new(),
        }
    }

    /// The settings within the limits that hold whatever the profile; `events` are left for it to resolve. What is at fault is
    /// noted and left out, or has a stand-in where it cannot be left out, so that the profile can judge the rest.
    pub(super) fn within_limits(self, faults: &mut Faults) -> SubscriptionSpec {
        let target = match self.target {
            TargetDraft::Push(Some(push)) => Target::Push(push.within_limits(faults)),
            // Whether that is enough is the profile's to say.
            TargetDraft::Push(None) => Target::Push(Push::to_named_endpoint()),
            TargetDraft::Pull => {
                faults.add("delivery.type", "is not available in this version as pull: write push");
                Target::Push(Push::to(stand_in()))
            }
        };
        check_events(&self.events, faults);
        SubscriptionSpec {
            name: self.name.and_then(|name| faults.check("name", text_within(name, 1, NAME_CHARS_MAX))),
            description: self
                .description
                .and_then(|text| faults.check("description", text_within(text, 0, DESCRIPTION_CHARS_MAX))),
            active: self.active,
            target,
            events: Vec::new(),
            tag_sets: faults.list("tag_sets", (self.tag_sets, TAG_SETS_MAX), check_tag_set),
            options: self.options,
            sealed: None,
        }
    }
}

impl PushDraft {
    fn within_limits(self, faults: &mut Faults) -> Push {
        let url = self
            .url
            .map(|text| faults.check("delivery.url", EndpointUrl::parse(&text)).unwrap_or_else(stand_in));
        let mut text = |field: &str, text: Option<String>| {
            text.and_then(|text| faults.check(field, text_within(text, 1, NAME_CHARS_MAX)))
        };
        let method = text("delivery.method", self.method);
        let content_type = text("delivery.content_type", self.content_type);
        let concurrency = self.concurrency.map(|number| whole_number(&number, CONCURRENCY));
        let timeout = self.timeout.map(|text| parse_duration(&text, TIMEOUT));
        let delay = self.delay.map(|text| parse_duration(&text, DELAY));
        Push {
            url,
            method,
            content_type,
            headers: faults.list("delivery.headers", (self.headers, CUSTOM_HEADERS_MAX), check_header),
            authorization: self
                .authorization
                .and_then(|text| faults.check("delivery.authorization", check_authorization(text))),
            tls: self.tls.and_then(|tls| check_tls(tls, faults)),
            http_version: self
                .http_version
                .and_then(|word| faults.check("delivery.http_version", parse_version(&word))),
            concurrency: concurrency
                .and_then(|checked| faults.check("concurrency", checked))
                .unwrap_or(CONCURRENCY.default),
            rate_limit: self.rate_limit.and_then(|limit| limit.check("rate_limit", RATE_LIMIT_COUNT, faults)),
            ordered: self.ordered,
            retry: self.retry.and_then(|retry| retry.check(faults)),
            timeout: timeout.and_then(|checked| faults.check("timeout", checked)),
            success: self.success.map(|patterns| check_success(patterns, faults)),
            delay: delay.and_then(|checked| faults.check("delay", checked)).unwrap_or_default(),
            group: self.group.and_then(|group| group.check(faults)),
            notify_on_failure: self.notify_on_failure,
        }
    }
}

impl GroupDraft {
    /// How much a group may hold at most is the profile's to say.
    fn check(self, faults: &mut Faults) -> Option<Grouping> {
        let window = faults.check("group.window", parse_duration(&self.window, GROUP_WINDOW));
        let events = Bounds { max: DELIVERY_EVENTS_MAX as u32, ..GROUP_EVENTS };
        let max_events = self.max_events.map(|number| whole_number(&number, events));
        let bytes = Bounds { max: DELIVERY_EVENTS_BYTES_MAX, ..GROUP_BYTES };
        let max_bytes = self.max_bytes.map(|number| whole_number(&number, bytes));
        let max_events = max_events.and_then(|checked| faults.check("group.max_events", checked));
        let max_bytes = max_bytes.and_then(|checked| faults.check("group.max_bytes", checked));
        Some(Grouping { window: window?, max_events, max_bytes })
    }
}

impl RetryDraft {
    /// One that names nothing is the same as none.
    fn check(self, faults: &mut Faults) -> Option<RetryOverride> {
        let attempts = self.attempts.map(|number| whole_number(&number, RETRY_ATTEMPTS));
        let attempts = attempts.and_then(|checked| faults.check("retry.attempts", checked));
        if self.backoff.as_ref().is_some_and(Vec::is_empty) && attempts.is_some_and(|attempts| attempts > 1) {
            let message = "is empty: name the gap before the second attempt, or set `attempts` to 1";
            faults.add("retry.backoff", message);
        }
        let gap = |faults: &mut Faults, field: Arguments<'_>, text: String| {
            faults.check(field, parse_duration(&text, RETRY_GAP))
        };
        let backoff = self.backoff.map(|gaps| faults.list("retry.backoff", (gaps, RETRY_GAPS_MAX), gap));
        let names_nothing = attempts.is_none() && backoff.is_none();
        (!names_nothing).then_some(RetryOverride { attempts, backoff })
    }
}

/// Which types there are the profile and the tenant decide.
fn check_events(events: &[String], faults: &mut Faults) {
    let name = |faults: &mut Faults, field: Arguments<'_>, name: &String| {
        faults.check(field, text_within(name.clone(), 1, NAME_CHARS_MAX))
    };
    faults.list("events", (events.iter().collect(), SUBSCRIPTION_EVENTS_MAX), name);
}

fn check_tag_set(faults: &mut Faults, field: Arguments<'_>, tags: Vec<String>) -> Option<Vec<String>> {
    if tags.is_empty() {
        faults.add(&field.to_string(), "is empty, which would let every event through: leave it out");
    }
    let tag = |faults: &mut Faults, field: Arguments<'_>, tag| {
        faults.check(field, text_within(tag, 1, TAG_CHARS_MAX))
    };
    Some(faults.list(field, (tags, TAGS_MAX), tag))
}

fn check_success(patterns: Vec<String>, faults: &mut Faults) -> Vec<String> {
    if patterns.is_empty() {
        faults.add("success", "is empty, so that nothing would be success: leave it out for the profile's");
    }
    let pattern = |faults: &mut Faults, field: Arguments<'_>, text| {
        faults.check(field, text_within(text, 1, SUCCESS_PATTERN_CHARS_MAX))
    };
    faults.list("success", (patterns, SUCCESS_PATTERNS_MAX), pattern)
}

/// A fault belongs to the name when the name would be refused with any value.
fn check_header(faults: &mut Faults, field: Arguments<'_>, header: HeaderDraft) -> Option<CustomHeader> {
    let HeaderDraft { name, value } = header;
    faults.check(format_args!("{field}.name"), CustomHeader::parse(&name, "x"))?;
    faults.check(format_args!("{field}.value"), CustomHeader::parse(&name, &value))
}

fn check_authorization(text: String) -> Result<String, Invalid> {
    if text.is_empty() || text.len() > HEADER_VALUE_BYTES_MAX {
        return Err(Invalid::new(format!("must have 1 to {HEADER_VALUE_BYTES_MAX} bytes")));
    }
    check_header_value(&text).map(|()| text)
}

fn parse_version(word: &str) -> Result<HttpVersion, Invalid> {
    HttpVersion::parse(word).ok_or_else(|| Invalid::new("must be \"1.1\" or \"2\""))
}

/// As far as no certificate is looked into. Settings that name nothing are the same as none.
fn check_tls(tls: TlsSettings, faults: &mut Faults) -> Option<TlsSettings> {
    let mut pem = |name: &str, text: Option<String>| {
        let text = text?;
        if text.len() > TLS_PEM_BYTES_MAX {
            faults.add(&format!("delivery.tls.{name}"), format!("is longer than {TLS_PEM_BYTES_MAX} bytes"));
        }
        Some(text)
    };
    let settings = TlsSettings {
        client_certificate: pem("client_certificate", tls.client_certificate),
        client_key: pem("client_key", tls.client_key),
        ca: pem("ca", tls.ca),
    };
    (settings != TlsSettings::default()).then_some(settings)
}

/// A URL in the place of one that is at fault, of https so that nothing is said about that.
fn stand_in() -> EndpointUrl {
    EndpointUrl::parse("https://stand-in.invalid/").expect("a URL of https with a host can be called")
}
