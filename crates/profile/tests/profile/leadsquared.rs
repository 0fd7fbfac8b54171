//! LeadSquared (spec 4). The numbers are those of its acceptance checks.

use std::time::Duration;

use postroad_domain::{CompatibleApi, CustomHeader, EventType, Grouping};
use postroad_profile::{Field, Occasion, Presence, Profile};
use rand::{SeedableRng, rngs::StdRng};

use crate::facts::{Given, built_in, event, header};

/// The published capture of a new lead.
const LEAD: &str = r#"{"ProspectID":"a311900c-0e56-4601-b580-f931645e7b32","ProspectAutoId":"3142","FirstName":"Sachin","LastName":"One","Phone":null,"DoNotEmail":"0","ProspectStage":"Initial","Score":"0"}"#;
const ACTIVITY: &str = r#"{"ProspectActivityId":"1","Score":0.0,"Data":{"Status":"Answered"}}"#;
const GUID: &str = "b329c2b2-854c-11e6-8f87-22000aa8e760";
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const TEXT: &str = "text/plain";

/// An event for a webhook with these options, as JSON.
fn given(profile: &Profile, event_type: &str, data: &str, options: &str) -> Given {
    let mut given = Given::new(profile, event_type, data, "{}");
    let options = serde_json::from_str(options).unwrap();
    given.options = profile.check_options(&serde_json::Map::new(), &options).unwrap();
    given
}

fn url(profile: &Profile, event_type: &str, options: &str, url: &str) -> String {
    let mut given = given(profile, event_type, "{}", options);
    given.url = url.to_owned();
    given.render(profile).url
}

/// A body of this content type, alone or as a group.
fn body(profile: &Profile, (content_type, options): (&str, &str), data: &[&str], grouped: bool) -> String {
    let mut given = given(profile, "LeadActivity_Post_Create", data[0], options);
    given.content_type = Some(content_type.to_owned());
    given.grouped = grouped;
    given.more_events = data[1..].iter().map(|data| event("LeadActivity_Post_Create", data)).collect();
    given.body(profile)
}

#[test]
fn its_own_api_is_served_to_its_tenants_and_names_18_events_by_their_numbers() {
    let profile = built_in("leadsquared");
    assert_eq!(profile.compat, Some(CompatibleApi::Leadsquared));
    let numbered: Vec<_> = profile.catalogue.entries().iter().filter_map(|entry| entry.number).collect();
    assert_eq!(numbered.len(), 18);
    for (number, code) in
        [(1, "Landing_Page_submission"), (15, "LeadActivity_Post_Update"), (26, "Lead_Field_Change")]
    {
        assert_eq!(profile.catalogue.numbered(number).map(|entry| entry.name.as_str()), Some(code));
    }
    assert!(profile.catalogue.numbered(10).is_none());
    let option = |given: &str| {
        let given = serde_json::from_str(given).unwrap();
        profile.tenant_option(&given, "vendor_status_codes").cloned()
    };
    assert_eq!(
        (option("{}"), option(r#"{"vendor_status_codes":true}"#)),
        (Some(false.into()), Some(true.into()))
    );
    assert_eq!(
        profile.tenant_option(&serde_json::Map::new(), "entity_id"),
        None,
        "which a tenant cannot set"
    );
}

#[test]
fn ls_2_a_new_lead_is_posted_as_it_came_with_the_three_parameters_in_their_order() {
    let profile = built_in("leadsquared");
    let mut given = given(&profile, "Lead_Post_Create", LEAD, "{}");
    given.url = "http://RCV/leads/add".to_owned();
    let request = given.render(&profile);
    assert_eq!(request.method, "POST");
    assert_eq!(
        request.url,
        "http://RCV/leads/add?entityType=Webhook&entityId=00000000-0000-0000-0000-000000000002&eventType=Lead_Post_Create"
    );
    assert_eq!(str::from_utf8(&request.body).unwrap(), LEAD);
    let names: Vec<_> = request.headers.iter().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(names, ["Content-Type", "User-Agent"], "nothing of our own");
}

#[test]
fn ls_3_and_4_the_parameters_follow_the_customers_query_and_may_name_another_entity() {
    let profile = built_in("leadsquared");
    let own = format!(r#"{{"entity_id":"{GUID}"}}"#);
    assert_eq!(
        url(&profile, "SalesActivity_Post_Update", &own, "https://api.yourcompany.com/leads/add"),
        "https://api.yourcompany.com/leads/add?entityType=Webhook&entityId=b329c2b2-854c-11e6-8f87-22000aa8e760&eventType=SalesActivity_Post_Update"
    );
    assert_eq!(
        url(&profile, "Lead_Delete", &own, "http://RCV/x?secret=1"),
        format!("http://RCV/x?secret=1&entityType=Webhook&entityId={GUID}&eventType=Lead_Delete")
    );
    // Parameters of the same names that are there already stay.
    assert_eq!(
        url(&profile, "Task_Create", &own, "http://RCV/x?eventType=mine"),
        format!("http://RCV/x?eventType=mine&entityType=Webhook&entityId={GUID}&eventType=Task_Create")
    );
}

#[test]
fn ls_5_each_content_type_has_its_header_and_its_body() {
    let profile = built_in("leadsquared");
    let data = r#"{"A":"x y","B":null,"C":{"d":1}}"#;
    for (content_type, expected) in [(JSON, data), (FORM, "A=x+y&B=&C=%7B%22d%22%3A1%7D"), (TEXT, data)] {
        let mut given = given(&profile, "Lead_Post_Create", data, "{}");
        given.content_type = Some(content_type.to_owned());
        let request = given.render(&profile);
        assert_eq!(header(&request, "content-type"), Some(content_type));
        assert_eq!(str::from_utf8(&request.body).unwrap(), expected);
    }
    assert_eq!(profile.content_types().collect::<Vec<_>>(), [JSON, FORM, TEXT]);
}

#[test]
fn ls_6_custom_headers_of_one_name_are_sent_as_two_and_ten_are_the_most() {
    let profile = built_in("leadsquared");
    let mut given = given(&profile, "Lead_Post_Create", LEAD, "{}");
    for value in ["1", "2"] {
        given.headers.push(CustomHeader { name: "X-Key".to_owned(), value: value.to_owned() });
    }
    let request = given.render(&profile);
    let own: Vec<_> = request.headers.iter().filter(|(name, _)| *name == "X-Key").collect();
    assert_eq!(own, [("X-Key", "1"), ("X-Key", "2")]);
    assert_eq!(profile.fields.of(Field::Headers).max, Some(10));
    let events = profile.fields.of(Field::Events);
    assert_eq!((events.presence, events.max), (Presence::Required, Some(1)));
}

#[test]
fn ls_16_success_is_200_alone_after_at_most_three_attempts_and_a_window_is_a_minute() {
    let profile = built_in("leadsquared");
    let delivery = &profile.delivery;
    assert_eq!(delivery.success.patterns(), ["200"]);
    assert_eq!((delivery.retry.attempts, delivery.retry.jitter_percent), (3, 0));
    assert_eq!(delivery.retry.backoff, [60, 300].map(Duration::from_secs));
    assert_eq!(delivery.timeout.default, Duration::from_secs(10));
    assert!(!delivery.gone_deactivates && !delivery.retry_after && !delivery.breaker);
    let group = profile.group.as_ref().unwrap();
    assert_eq!((group.window, group.limits.max_events), (Duration::from_secs(60), 10_000));
    assert_eq!(group.limits.max_bytes, 16 * 1024 * 1024);
}

#[test]
fn ls_17_numbers_keep_their_spelling_in_a_list_too() {
    let profile = built_in("leadsquared");
    assert_eq!(body(&profile, (JSON, "{}"), &[ACTIVITY], true), format!("[{ACTIVITY}]"));
    assert_eq!(
        body(&profile, (TEXT, "{}"), &[ACTIVITY, "{ \"Score\":1e3 }"], true),
        format!("[{ACTIVITY},{{ \"Score\":1e3 }}]")
    );
}

#[test]
fn ls_18_and_21_rules_and_automations_are_named_as_the_options_say() {
    let profile = built_in("leadsquared");
    for (options, expected) in [
        (
            format!(r#"{{"entity_type":"rule","entity_id":"{GUID}"}}"#),
            format!("entityType=Rule&entityId={GUID}&"),
        ),
        (r#"{"entity_type":"automation"}"#.to_owned(), "entityType=Automation&".to_owned()),
        (
            r#"{"entity_type":"automation","entity_type_case":"lower"}"#.to_owned(),
            "entityType=automation&".to_owned(),
        ),
        (r#"{"entity_type_case":"lower"}"#.to_owned(), "entityType=webhook&".to_owned()),
    ] {
        let url = url(&profile, "Lead_Post_Update", &options, "http://RCV/x");
        assert!(url.contains(&expected), "{url}");
    }
    let none = serde_json::Map::new();
    for wrong in [r#"{"entity_type":"Rule"}"#, r#"{"entity_id":"b329c2b2"}"#, r#"{"probe":"get"}"#] {
        let wrong = serde_json::from_str(wrong).unwrap();
        assert!(profile.check_options(&none, &wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn ls_22_a_form_has_plus_signs_percent_signs_words_and_numbers_as_they_were_spelt() {
    let profile = built_in("leadsquared");
    let data = r#"{"a b":"x é","yes":true,"Score":0.0,"list":[1,"ü"]}"#;
    let expected = "a+b=x+%C3%A9&yes=true&Score=0.0&list=%5B1%2C%22%C3%BC%22%5D";
    assert_eq!(body(&profile, (FORM, "{}"), &[data], false), expected);
}

#[test]
fn a_form_of_several_activities_has_one_field_with_their_list() {
    let profile = built_in("leadsquared");
    let (one, two) = (r#"{"n":1}"#, r#"{"n":2}"#);
    let list = "%5B%7B%22n%22%3A1%7D%2C%7B%22n%22%3A2%7D%5D";
    for (options, data, grouped, expected) in [
        ("{}", &[one, two][..], true, format!("data={list}")),
        ("{}", &[one], true, "data=%5B%7B%22n%22%3A1%7D%5D".to_owned()),
        ("{}", &[one], false, "n=1".to_owned()),
        (r#"{"form_style":"data_json"}"#, &[one], false, "data=%7B%22n%22%3A1%7D".to_owned()),
        (r#"{"form_style":"data_json"}"#, &[one, two], true, format!("data={list}")),
        (r#"{"form_style":"raw_json"}"#, &[one], false, one.to_owned()),
        (r#"{"form_style":"raw_json"}"#, &[one, two], true, format!("[{one},{two}]")),
    ] {
        assert_eq!(body(&profile, (FORM, options), data, grouped), expected, "{options} {data:?}");
    }
}

#[test]
fn a_single_activity_is_an_object_where_the_option_says_so() {
    let profile = built_in("leadsquared");
    let alone = r#"{"batch_single_as_object":true}"#;
    for content_type in [JSON, TEXT] {
        assert_eq!(body(&profile, (content_type, alone), &[ACTIVITY], true), ACTIVITY);
        assert_eq!(body(&profile, (content_type, alone), &["{}", "{}"], true), "[{},{}]");
    }
    assert_eq!(body(&profile, (FORM, alone), &[r#"{"n":1}"#], true), "n=1");
}

#[test]
fn activities_are_grouped_by_their_code_and_nothing_else_is() {
    let profile = built_in("leadsquared");
    let aligned = serde_json::from_str(r#"{"aligned_minute":true}"#).unwrap();
    let none = serde_json::Map::new();
    let [plain, aligned] = [&none, &aligned].map(|own| profile.check_options(&none, own).unwrap());
    let mut grouped = Vec::new();
    for entry in profile.catalogue.entries() {
        let event_type = EventType::parse(&entry.name).unwrap();
        if let Some(policy) = profile.grouping(None, &event_type, &plain) {
            assert!(!policy.aligned && profile.grouping(None, &event_type, &aligned).unwrap().aligned);
            assert_eq!(
                profile.group_key(&given(&profile, &entry.name, "{}", "{}").input()).unwrap(),
                entry.name
            );
            grouped.push(entry.name.as_str());
        }
    }
    assert_eq!(
        grouped,
        [
            "AccountActivity_Post_Create",
            "AccountActivity_Post_Update",
            "LeadActivity_Post_Create",
            "LeadActivity_Post_Update",
            "SalesActivity_Post_Create",
            "SalesActivity_Post_Update",
            "SalesActivity_Post_Cancel",
        ]
    );
    let own = Grouping { window: Duration::from_secs(2), max_events: None, max_bytes: None };
    let lead = EventType::parse("Lead_Post_Create").unwrap();
    let policy = profile.grouping(Some(&own), &lead, &plain).unwrap();
    assert_eq!((policy.window, policy.max_events), (own.window, 10_000));
}

#[test]
fn ls_28_a_get_says_so_in_its_code_and_sends_the_parameters_alone() {
    let profile = built_in("leadsquared");
    for (event_type, expected) in [
        ("Lead_Post_Create", "Lead_Get_Create"),
        ("Lead_Post_Stage_Change", "Lead_Get_Stage_Change"),
        ("SalesActivity_Post_Cancel", "SalesActivity_Get_Cancel"),
        ("Landing_Page_submission", "Landing_Page_submission"),
    ] {
        let mut given = given(&profile, event_type, LEAD, "{}");
        given.method = Some("GET".to_owned());
        let request = given.render(&profile);
        assert_eq!(request.method, "GET");
        assert!(request.url.ends_with(&format!("&eventType={expected}")), "{}", request.url);
        assert!(request.body.is_empty());
        assert_eq!(header(&request, "content-type"), None);
    }
    assert_eq!(profile.methods(), ["POST", "GET"]);
}

#[test]
fn ls_24_a_probe_has_the_headers_and_the_parameters_of_a_delivery_and_no_body() {
    let profile = built_in("leadsquared");
    for (options, expected) in [
        ("{}", Some("HEAD")),
        (r#"{"probe":"head"}"#, Some("HEAD")),
        (r#"{"probe":"post_empty"}"#, Some("POST")),
        (r#"{"probe":"off"}"#, None),
    ] {
        for method in [None, Some("GET")] {
            let mut given = given(&profile, "Lead_Post_Create", LEAD, options);
            given.method = method.map(str::to_owned);
            for value in ["1", "2"] {
                given.headers.push(CustomHeader { name: "X-Key".to_owned(), value: value.to_owned() });
            }
            let due = |occasions: &[Occasion]| profile.handshakes_due(&given.input(), Some(occasions));
            assert!(due(&[Occasion::Url, Occasion::Secret]).is_empty());
            let made = due(&[Occasion::Created]);
            assert_eq!(made, due(&[Occasion::Enabled]));
            let made: Vec<_> = made.into_iter().map(|place| &profile.handshakes()[place]).collect();
            let methods: Vec<_> = made.iter().map(|handshake| handshake.method.as_str()).collect();
            assert_eq!(methods, expected.as_slice(), "{options}");
            let delivered = given.render(&profile);
            for handshake in made {
                let rng = &mut StdRng::seed_from_u64(1);
                let begun = profile.begin_handshake(handshake, &given.input(), given.attempt, rng).unwrap();
                let request = &begun.request;
                assert_eq!((&request.url, request.body.len()), (&delivered.url, 0));
                let sent: Vec<_> = request.headers.iter().filter(|(name, _)| *name != "User-Agent").collect();
                assert_eq!(sent, [("X-Key", "1"), ("X-Key", "2")]);
                assert!(!handshake.blocking, "what comes back is a hint");
            }
        }
    }
}
