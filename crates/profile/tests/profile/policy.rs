//! What a profile says beside the request: the door, the policy, the words.

use std::time::Duration;

use postroad_domain::{CompatibleApi, HttpVersion, Repeat};
use postroad_profile::{DataRefusal, Profile, Success};

use crate::facts::{built_in, with_request};

const REQUEST: &str = "request.content = [{ type = \"application/json\", body = \"{{ event.data }}\" }]\n";

fn with(rest: &str) -> Profile {
    with_request(&format!("{REQUEST}{rest}"))
}

#[test]
fn what_the_profile_does_not_take_is_refused_at_the_door() {
    let ingest =
        with("[ingest]\nnumbers = \"double\"\nobject = true\nrequired = [\"id\"]\ndata_bytes_max = 40")
            .ingest;
    for (data, expected) in [
        (r#"{"id":1}"#, Ok(())),
        (r#"{"x":{"id":1}}"#, Err(DataRefusal::MissingMember("id".to_owned()))),
        ("[1]", Err(DataRefusal::NotAnObject)),
        (r#"{"id":-1e999}"#, Err(DataRefusal::NumberOutOfRange)),
        (r#"{"id":"0123456789012345678901234567890123"}"#, Err(DataRefusal::TooLong(40))),
    ] {
        assert_eq!(ingest.check(data), expected, "{data}");
    }
    assert_eq!(with("").ingest.check(r#"[1e400]"#), Ok(()), "by default data is not looked into");
}

#[test]
fn success_is_a_list_of_statuses_and_classes_and_never_a_redirect() {
    let exact = with("delivery.success = [200]").delivery.success;
    assert!(exact.contains(200) && !exact.contains(201));
    let mixed = Success::parse(["2xx", "404"]).unwrap();
    assert!(mixed.contains(299) && mixed.contains(404) && !mixed.contains(405) && !mixed.contains(301));
    assert_eq!(mixed.patterns(), ["2xx", "404"]);
    assert_eq!(Success::parse(mixed.patterns().iter().map(String::as_str)), Some(mixed));
    for wrong in ["", "3xx", "302", "20x", "600", "100", "x"] {
        assert_eq!(Success::parse([wrong]), None, "{wrong}");
    }
}

#[test]
fn what_the_policy_leaves_out_is_as_standard_webhooks_has_it() {
    let (empty, standard) = (with("").delivery, built_in("standard").delivery);
    assert_eq!(empty.retry, standard.retry);
    assert_eq!(empty.success, standard.success);
    assert!(empty.gone_deactivates && empty.retry_after);
    assert_eq!(empty.http_version, HttpVersion::One);
    assert_eq!(with("delivery.http_version = \"2\"").delivery.http_version, HttpVersion::Two);
    assert_eq!(empty.repeat, Repeat::Always);
    assert_eq!(with("delivery.repeat = \"unsent\"").delivery.repeat, Repeat::Unsent);
    let own = with(
        "delivery = { timeout = \"3s\", timeout_min = \"2s\", timeout_max = \"4s\", gone = \"failure\" }",
    );
    let timeout = own.delivery.timeout;
    assert_eq!([timeout.min, timeout.default, timeout.max], [2, 3, 4].map(Duration::from_secs));
    assert!(!own.delivery.gone_deactivates);
    assert_eq!((empty.retention, empty.deactivate_after_failures), (None, None));
    for (text, failures) in [("1", 1), ("10", 10), ("1000", 1_000)] {
        let own = with(&format!("delivery.deactivate_after_failures = {text}"));
        assert_eq!(own.delivery.deactivate_after_failures, Some(failures));
    }
    let own =
        with("delivery = { attempts = 2, backoff = [\"1h\"], jitter_percent = 0, retention = \"25h\" }");
    assert_eq!(own.delivery.retention, Some(Duration::from_secs(25 * 3_600)));
}

#[test]
fn the_products_own_words_and_its_api_are_known() {
    let profile = with(
        "compat = \"leadsquared\"\nwords = { queued = \"In Queue\" }\nlabels = { url = \"Webhook URL\" }",
    );
    assert_eq!(profile.compat, Some(CompatibleApi::Leadsquared));
    assert_eq!(profile.words.states.get("queued").map(String::as_str), Some("In Queue"));
    assert_eq!(profile.words.states.get("failed"), None);
    assert_eq!(profile.words.labels.get("url").map(String::as_str), Some("Webhook URL"));
}

#[test]
fn an_event_is_found_by_its_code_and_by_the_name_people_see() {
    let profile = crate::facts::load(
        "name = \"p\"\ntitle = \"P\"\nrequest.methods = [\"GET\"]\nevents = [{ name = \"e\", title = \"Lead Creation\" }]",
    )
    .unwrap();
    for name_or_title in ["Lead Creation", "e"] {
        assert_eq!(profile.catalogue.resolve(name_or_title).unwrap().as_str(), "e");
    }
    assert_eq!(profile.catalogue.resolve("lead creation"), None);
    assert_eq!(profile.catalogue.nearest("lead creaton"), ["Lead Creation"]);
    assert_eq!(profile.catalogue.entry("e").unwrap().title.as_deref(), Some("Lead Creation"));
    assert!(profile.catalogue.entry("Lead Creation").is_none(), "an entry is known by its code");
}
