//! What the objects of the other server are here: pure.

use postroad_client::{DeliverySettings, Header, RateLimit, Secret, TenantEventType};
use postroad_domain::{CustomHeader, TenantId, endpoint::check_header_value, limits::RATE_LIMIT_COUNT};

use super::source::{Application, Details, Endpoint, EventType};

/// In front of the endpoint's id in the name of its subscription.
const MARK: &str = "svix:";

/// The name by which a subscription is found again: the endpoint's id never changes there, and names here are only for
/// people. Whoever changes the name cuts the tie.
pub(super) fn mark(endpoint: &str) -> String {
    format!("{MARK}{endpoint}")
}

/// The tenant's id: the application's own `uid` where it fits, else its `id`, which always does.
pub(super) fn tenant_id(application: &Application) -> Option<TenantId> {
    let uid = application.uid.as_deref().and_then(|uid| TenantId::parse(uid).ok());
    uid.or_else(|| TenantId::parse(&application.id).ok())
}

/// An endpoint as it is here, and what of it is not.
#[derive(Clone, Debug)]
pub(super) struct WantedSubscription {
    pub(super) endpoint: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) active: bool,
    pub(super) delivery: DeliverySettings,
    pub(super) events: Vec<String>,
    pub(super) tag_sets: Vec<Vec<String>>,
    pub(super) rate_limit: Option<RateLimit>,
    pub(super) secret: Option<Secret>,
    /// What could not be carried over, and why.
    pub(super) remarks: Vec<String>,
}

/// `application_rate` is what all endpoints of the application share.
pub(super) fn subscription(
    endpoint: Endpoint,
    details: Details,
    application_rate: Option<u32>,
) -> WantedSubscription {
    let mut remarks = Vec::new();
    let mut delivery = DeliverySettings::push(&endpoint.url);
    for (name, value) in &details.headers {
        add_header(&mut delivery, name, value, &mut remarks);
    }
    for name in &details.hidden_headers {
        remarks.push(format!("the value of the header {name} is hidden there: set it by hand"));
    }
    if details.has_transformation {
        remarks.push("its transformation is not carried over: write it anew".to_owned());
    }
    if !endpoint.metadata.is_empty() {
        let names: Vec<_> = endpoint.metadata.keys().map(String::as_str).collect();
        remarks.push(format!("its metadata has no place here: {}", names.join(", ")));
    }
    if let Some(rate) = application_rate {
        remarks.push(format!("the application's own limit of {rate} a second is not carried over: limits here are of each subscription"));
    }
    if details.secret.is_none() {
        remarks
            .push("its secret is not told there: a fresh one was made, which the receiver needs".to_owned());
    }
    WantedSubscription {
        name: mark(&endpoint.id),
        description: Some(endpoint.description.clone()).filter(|text| !text.is_empty()),
        active: !endpoint.disabled,
        delivery,
        events: endpoint.wanted_types(),
        // One of its channels is enough there, and one of the sets is here.
        tag_sets: endpoint
            .channels
            .clone()
            .unwrap_or_default()
            .into_iter()
            .map(|channel| vec![channel])
            .collect(),
        rate_limit: endpoint.rate().map(rate_limit),
        secret: details.secret.map(|secret| prefixed(&secret)),
        endpoint: endpoint.id,
        remarks,
    }
}

fn add_header(delivery: &mut DeliverySettings, name: &str, value: &str, remarks: &mut Vec<String>) {
    if name.eq_ignore_ascii_case("authorization") && check_header_value(value).is_ok() {
        delivery.authorization = Some(Secret::from(value));
        return;
    }
    match CustomHeader::parse(name, value) {
        Ok(_) => delivery.headers.push(Header::new(name, value)),
        Err(problem) => remarks.push(format!("the header {name} is not carried over: it {problem}")),
    }
}

/// A high rate is told over a shorter span.
fn rate_limit(rate: u32) -> RateLimit {
    if rate <= RATE_LIMIT_COUNT.max {
        RateLimit::new(rate, "1s")
    } else {
        RateLimit::new(rate.div_ceil(10), "100ms")
    }
}

/// There the prefix may be missing; here it tells the kind of the secret.
fn prefixed(secret: &Secret) -> Secret {
    let text = secret.expose();
    if text.starts_with("whsec_") || text.starts_with("whsk_") {
        return secret.clone();
    }
    Secret::from(format!("whsec_{text}"))
}

/// Each event type with the newest of its schemas.
pub(super) fn event_types(types: Vec<EventType>, with_schemas: bool) -> Vec<TenantEventType> {
    let carried = types.into_iter().map(|found| {
        let newest = found.schemas.unwrap_or_default().into_iter();
        let newest = newest.max_by_key(|(version, _)| version.parse::<u64>().unwrap_or_default());
        let mut event_type = TenantEventType::new(found.name);
        event_type.description = Some(found.description).filter(|text| !text.is_empty());
        event_type.schema = newest.map(|(_, schema)| schema).filter(|_| with_schemas);
        event_type
    });
    carried.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application(uid: Option<&str>) -> Application {
        let uid = uid.map_or("null".to_owned(), |uid| format!("\"{uid}\""));
        serde_json::from_str(&format!(r#"{{"id":"app_1","uid":{uid},"name":"A"}}"#)).unwrap()
    }

    #[test]
    fn a_tenant_is_named_by_what_fits() {
        for (uid, id) in [
            (Some("acme"), "acme"),
            (Some("-acme"), "app_1"),
            (Some(&*"x".repeat(129)), "app_1"),
            (None, "app_1"),
        ] {
            assert_eq!(tenant_id(&application(uid)).unwrap().as_str(), id);
        }
    }

    #[test]
    fn a_rate_that_is_too_high_for_one_span_is_told_over_a_shorter_one() {
        assert_eq!(rate_limit(10_000), RateLimit::new(10_000, "1s"));
        assert_eq!(rate_limit(65_535), RateLimit::new(6_554, "100ms"));
    }

    #[test]
    fn the_newest_schema_counts() {
        let text = r#"{"name":"a","schemas":{"2":{"n":2},"10":{"n":10},"1":{"n":1}}}"#;
        let types = event_types(vec![serde_json::from_str(text).unwrap()], true);
        assert_eq!(types[0].schema.as_ref().unwrap().get(), r#"{"n":10}"#);
        let types = event_types(vec![serde_json::from_str(text).unwrap()], false);
        assert!(types[0].schema.is_none());
    }
}
