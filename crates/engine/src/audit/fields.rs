//! The fields of what is changed, as the audit shows them: by the names of the API, secrets masked, long values cut.
//!
//! They are taken from the whole of what is stored, so that a field that is added later is in the audit without a word
//! here. **Invariant:** a masked field is compared by its value and shown without it.

use std::{collections::BTreeMap, time::Duration};

use postroad_domain::{
    KeySpec, RegisteredType, SubscriptionSpec,
    endpoint::masked_query,
    limits::{AUDIT_CHANGES_BYTES_MAX, AUDIT_VALUE_CHARS_MAX},
    tenant::TenantSpec,
    time::duration_text,
};
use postroad_profile::Profile;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// What stands for a value that is not shown.
const MASK: &str = "********";
/// A field whose name holds one of these words is never shown.
const SECRET_WORDS: [&str; 7] =
    ["secret", "password", "token", "authorization", "sealed", "key", "credential"];

/// Fields by their paths: `delivery.url`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Fields(BTreeMap<String, Field>);

#[derive(Clone, Debug, PartialEq)]
struct Field {
    value: Value,
    shown: Value,
}

impl Fields {
    /// The same with a secret, which is named and not shown.
    pub(crate) fn with_secret(mut self) -> Self {
        let mask = || Value::from(MASK);
        self.0.insert("secret".to_owned(), Field { value: mask(), shown: mask() });
        self
    }
}

/// Those of a subscription.
pub(crate) fn fields_of_subscription(spec: &SubscriptionSpec, profile: &Profile) -> Fields {
    let mut value = plain(spec);
    if let Some(form) = value.as_object_mut() {
        name_as_the_api_does(form);
        open_options(form, &spec.options);
    }
    collect(value, profile)
}

/// Moves what the store keeps within `push` or `pull` to where the API shows it: the receiver's settings within `delivery`,
/// everything else at the top.
fn name_as_the_api_does(form: &mut Map<String, Value>) {
    const WITHIN_DELIVERY: [&str; 8] = [
        "url",
        "method",
        "content_type",
        "headers",
        "authorization",
        "tls",
        "http_version",
        "max_batch_bytes",
    ];
    let Some(Value::Object(settings)) = form.remove("push").or_else(|| form.remove("pull")) else { return };
    let mut delivery = Map::new();
    for (name, value) in settings {
        let shown_in = if WITHIN_DELIVERY.contains(&name.as_str()) { &mut delivery } else { &mut *form };
        shown_in.insert(name, value);
    }
    form.insert("delivery".to_owned(), Value::Object(delivery));
}

/// Those of a tenant.
pub(crate) fn fields_of_tenant(spec: &TenantSpec, profile: &Profile) -> Fields {
    let mut value = plain(spec);
    if let Some(form) = value.as_object_mut() {
        open_options(form, &spec.options);
    }
    collect(value, profile)
}

/// Those of an event type.
pub(crate) fn fields_of_event_type(event_type: &RegisteredType) -> Fields {
    let mut fields = Fields::default();
    flatten(String::new(), plain(event_type), &|_, _| None, &mut fields.0);
    fields
}

/// Those of a key.
pub(crate) fn fields_of_key(spec: &KeySpec) -> Fields {
    let mut value = plain(spec);
    if let (Some(form), Some(end)) = (value.as_object_mut(), spec.expires_at) {
        form.insert("expires_at".to_owned(), Value::from(end.to_string()));
    }
    let mut fields = Fields::default();
    flatten(String::new(), value, &|_, _| None, &mut fields.0);
    fields
}

/// The fields that differ, each before and after, as JSON; `None` when none does.
pub(super) fn difference(before: &Fields, after: &Fields) -> Option<String> {
    let mut changes = Map::new();
    let paths = before.0.keys().chain(after.0.keys());
    for path in paths {
        let (old, new) = (before.0.get(path), after.0.get(path));
        if old.map(|field| &field.value) != new.map(|field| &field.value) {
            let shown = |field: Option<&Field>| field.map_or(Value::Null, |field| field.shown.clone());
            changes.insert(path.clone(), json!({"before": shown(old), "after": shown(new)}));
        }
    }
    if changes.is_empty() {
        return None;
    }
    let text = Value::Object(changes).to_string();
    Some(if text.len() > AUDIT_CHANGES_BYTES_MAX { names_only(&text) } else { text })
}

/// Of a very large change the fields are named; values would crowd out everything else.
fn names_only(text: &str) -> String {
    let changes: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    let names = changes.into_iter().map(|(path, _)| (path, Value::Object(Map::new())));
    Value::Object(names.collect()).to_string()
}

fn plain(spec: &impl Serialize) -> Value {
    // Made of texts, numbers and maps with text keys: it cannot fail, and an empty audit would be no reason to refuse.
    serde_json::to_value(spec).unwrap_or_default()
}

/// Options are kept as text.
fn open_options(form: &mut Map<String, Value>, options: &str) {
    let opened = serde_json::from_str(options).unwrap_or_default();
    form.insert("options".to_owned(), opened);
}

fn collect(value: Value, profile: &Profile) -> Fields {
    let without_secrets = |path: &str, value: &Value| {
        // With whatever is inside it.
        let inside = |path: &str, name: &str| {
            path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let path = path.strip_prefix("options.")?;
        let option =
            profile.options.iter().find(|option| option.is_sealed() && inside(path, &option.name))?;
        Some(without_queries(option.shown(value, MASK)))
    };
    let mut fields = Fields::default();
    flatten(String::new(), value, &without_secrets, &mut fields.0);
    fields
}

/// Endpoints without the values in the queries of their URLs; anything else as it is.
fn without_queries(mut shown: Value) -> Value {
    for url in shown.as_array_mut().into_iter().flatten().filter_map(|endpoint| endpoint.get_mut("url")) {
        *url = url.as_str().map_or(Value::Null, |url| Value::from(masked_query(url)));
    }
    shown
}

/// What is shown of a value that holds secrets, by its path; `None` for one that holds none.
type WithoutSecrets<'a> = &'a dyn Fn(&str, &Value) -> Option<Value>;

fn flatten(
    path: String,
    value: Value,
    without_secrets: WithoutSecrets<'_>,
    fields: &mut BTreeMap<String, Field>,
) {
    match value {
        // The same as absent.
        Value::Null => {}
        Value::Object(map) => match duration_of(&map).filter(|_| !is_customers(&path)) {
            Some(span) => insert(path, Value::from(duration_text(span)), without_secrets, fields),
            None => {
                for (name, value) in map {
                    let path = if path.is_empty() { name } else { format!("{path}.{name}") };
                    flatten(path, value, without_secrets, fields);
                }
            }
        },
        value => insert(path, value, without_secrets, fields),
    }
}

fn insert(
    path: String,
    value: Value,
    without_secrets: WithoutSecrets<'_>,
    fields: &mut BTreeMap<String, Field>,
) {
    let leaf = path.rsplit('.').next().unwrap_or_default();
    let shown = if SECRET_WORDS.iter().any(|word| leaf.contains(word)) {
        Value::from(MASK)
    } else if let Some(shown) = without_secrets(&path, &value) {
        cut(&shown)
    } else if path == "delivery.headers" {
        header_names(&value)
    } else if path == "delivery.url" {
        value.as_str().map_or(Value::Null, |url| Value::from(masked_query(url)))
    } else {
        cut(&value)
    };
    fields.insert(path, Field { value, shown });
}

/// The headers with their values masked.
fn header_names(headers: &Value) -> Value {
    let masked = |header: &Value| json!({"name": header["name"], "value": MASK});
    headers.as_array().map_or(Value::Null, |headers| headers.iter().map(masked).collect())
}

fn cut(value: &Value) -> Value {
    let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    match text.char_indices().nth(AUDIT_VALUE_CHARS_MAX) {
        Some((end, _)) => Value::from(format!("{}…", &text[..end])),
        None => value.clone(),
    }
}

/// A span of time as serde writes it.
fn duration_of(map: &Map<String, Value>) -> Option<Duration> {
    let number = |name: &str| map.get(name).and_then(Value::as_u64);
    let (secs, nanos) = (number("secs")?, number("nanos")?);
    Duration::from_secs(secs).checked_add(Duration::from_nanos(nanos)).filter(|_| map.len() == 2)
}

/// Options have the form that their profile and the customer give them: nothing in them is one of our spans of time.
fn is_customers(path: &str) -> bool {
    path.strip_prefix("options").is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use postroad_domain::{CustomHeader, EndpointUrl, RateLimit};

    use super::*;

    fn profile() -> Profile {
        let (_, files) =
            postroad_profile::built_in().into_iter().find(|(name, _)| name == "standard").unwrap();
        Profile::load(&files).unwrap()
    }

    fn spec() -> SubscriptionSpec {
        SubscriptionSpec::to(EndpointUrl::parse("https://example.com/hook?key=abc").unwrap())
    }

    fn changes(before: &SubscriptionSpec, after: &SubscriptionSpec) -> Value {
        let of = |spec| fields_of_subscription(spec, &profile());
        difference(&of(before), &of(after)).map_or(Value::Null, |text| serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn a_change_names_its_fields_as_the_api_does_each_before_and_after() {
        let before = spec();
        let mut after = SubscriptionSpec { name: Some("CRM".to_owned()), ..spec() };
        let push = after.push_mut().unwrap();
        push.timeout = Some(Duration::from_secs(90));
        push.rate_limit = Some(RateLimit { count: 5, per: Duration::from_secs(1) });
        after.push_mut().unwrap().url =
            Some(EndpointUrl::parse("https://example.com/other?key=def").unwrap());
        let expected = json!({
            "name": {"before": null, "after": "CRM"},
            "timeout": {"before": null, "after": "1m30s"},
            "rate_limit.count": {"before": null, "after": 5},
            "rate_limit.per": {"before": null, "after": "1s"},
            "delivery.url": {"before": "https://example.com/hook?key=***", "after": "https://example.com/other?key=***"},
        });
        assert_eq!(changes(&before, &after), expected);
        assert_eq!(changes(&before, &before), Value::Null);
    }

    #[test]
    fn a_secret_that_changes_is_named_and_not_shown() {
        let mut before = spec();
        before.push_mut().unwrap().authorization = Some("Bearer one".to_owned());
        let mut after = before.clone();
        after.push_mut().unwrap().authorization = Some("Bearer two".to_owned());
        after.push_mut().unwrap().headers = vec![CustomHeader::parse("X-Key", "three").unwrap()];
        let masked = changes(&before, &after);
        assert_eq!(masked["delivery.authorization"], json!({"before": MASK, "after": MASK}));
        assert_eq!(masked["delivery.headers"]["after"], json!([{"name": "X-Key", "value": MASK}]));
        assert!(!masked.to_string().contains("three") && !masked.to_string().contains("two"));
    }

    /// One of them was taken for a span of time that cannot be, which ended the request without an answer.
    #[test]
    fn options_are_shown_as_they_are_whatever_they_look_like() {
        let of =
            |secs: u64| json!({"span": {"secs": secs, "nanos": 4_000_000_000_u64}, "secs": 1, "nanos": 2});
        let with = |secs| SubscriptionSpec { options: of(secs).to_string(), ..spec() };
        let expected = json!({"options.span.secs": {"before": 1, "after": u64::MAX}});
        assert_eq!(changes(&with(1), &with(u64::MAX)), expected);
    }

    #[test]
    fn a_long_value_is_cut_and_of_a_very_large_change_only_the_names_are_left() {
        let after = SubscriptionSpec { description: Some("ü".repeat(4_000)), ..spec() };
        let shown = changes(&spec(), &after)["description"]["after"].as_str().unwrap().to_owned();
        assert_eq!(shown.chars().count(), AUDIT_VALUE_CHARS_MAX + 1);
        let option = |number: usize| (format!("option_{number}"), Value::from("x".repeat(900)));
        let options: Map<String, Value> = (0..40).map(option).collect();
        let after = SubscriptionSpec { options: Value::Object(options).to_string(), ..spec() };
        assert_eq!(changes(&spec(), &after)["options.option_7"], json!({}));
    }
}
