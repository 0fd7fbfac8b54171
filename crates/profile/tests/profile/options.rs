//! Options and attributes: what a tenant, a subscription and an event may say.

use postroad_profile::{Field, FieldProblem, OptionOwner, Presence, Profile};
use serde_json::{Map, Value};

use crate::facts::{built_in, with_request};

const OPTIONS: &str = r#"
request.content = [{ type = "text/plain", body = "{{ options.color }} {{ options.count }} {{ options.list }}" }]
[options.color]
of = "both"
type = "text"
default = "red"
choices = ["red", "green"]
[options.count]
of = "subscription"
type = "integer"
min = 1
max = 10
[options.code]
of = "tenant"
type = "text"
pattern = "[A-Z]{2}"
[options.list]
type = "list"
max = 2
[options.ratio]
type = "number"
[options.flag]
type = "boolean"
[options.map]
type = "object"
"#;

fn map(json: &str) -> Map<String, Value> {
    serde_json::from_str(json).unwrap()
}

fn check(profile: &Profile, tenant: &str, subscription: &str) -> Vec<String> {
    let told = |problem: FieldProblem| format!("{} {}", problem.field, problem.message);
    let problems = profile.check_options(&map(tenant), &map(subscription)).err().unwrap_or_default();
    problems.into_iter().map(told).collect()
}

#[test]
fn a_value_of_another_type_or_beyond_its_limits_is_refused() {
    let profile = with_request(OPTIONS);
    for (tenant, subscription, expected) in [
        (r#"{"color":1}"#, "{}", "options.color must be a text"),
        (r#"{"color":"blue"}"#, "{}", r#"options.color must be one of "red", "green""#),
        (r#"{"code":"ABC"}"#, "{}", "options.code must match ^(?:[A-Z]{2})$"),
        ("{}", r#"{"count":0}"#, "options.count must be at least 1"),
        ("{}", r#"{"count":11}"#, "options.count must be at most 10"),
        ("{}", r#"{"count":1.5}"#, "options.count must be a whole number"),
        ("{}", r#"{"list":[1,2,3]}"#, "options.list must be at most 2 items"),
        ("{}", r#"{"ratio":"1"}"#, "options.ratio must be a number"),
        ("{}", r#"{"flag":1}"#, "options.flag must be true or false"),
        ("{}", r#"{"map":[]}"#, "options.map must be an object"),
        (r#"{"count":1}"#, "{}", "options.count is not an option of this profile; the nearest one is code"),
        (
            "{}",
            r#"{"colour":"red"}"#,
            "options.colour is not an option of this profile; the nearest one is color",
        ),
    ] {
        assert_eq!(check(&profile, tenant, subscription), [expected], "{tenant} {subscription}");
    }
    assert_eq!(check(&profile, r#"{"color":"green","code":"AB"}"#, r#"{"count":3,"ratio":0.5}"#), [""; 0]);
}

#[test]
fn the_subscriptions_value_counts_before_the_tenants_and_that_before_the_default() {
    let profile = with_request(OPTIONS);
    for (tenant, subscription, expected) in [
        ("{}", "{}", "red  "),
        (r#"{"color":"green"}"#, r#"{"count":3}"#, "green 3 "),
        (r#"{"color":"green"}"#, r#"{"color":"red","list":[1,"a"]}"#, "red  [1,\"a\"]"),
    ] {
        let mut given = crate::facts::Given::new(&profile, "e", "{}", "{}");
        given.options = profile.check_options(&map(tenant), &map(subscription)).unwrap();
        assert_eq!(given.body(&profile), expected);
    }
}

#[test]
fn attributes_are_those_that_the_profile_declares() {
    let profile = built_in("leadhub");
    let told = |json: &str| {
        profile.check_attributes(&map(json)).pop().map(|problem| (problem.field, problem.message))
    };
    assert_eq!(told(r#"{"extra":{}}"#), None);
    assert_eq!(told(r#"{"extra":1}"#), Some(("attributes.extra".to_owned(), "must be an object".to_owned())));
    assert_eq!(told(r#"{"other":1}"#).unwrap().0, "attributes.other");
}

#[test]
fn standard_fields_can_be_required_forbidden_and_limited() {
    let leadhub = built_in("leadhub").fields;
    assert_eq!(leadhub.of(Field::Events).presence, Presence::Required);
    assert_eq!(leadhub.of(Field::Secret).presence, Presence::Optional);
    let profile = with_request(
        "request.content = [{ type = \"text/plain\", body = \"x\" }]\nsubscription.headers = { max = 10 }\nsubscription.filter = { is = \"forbidden\" }",
    );
    assert_eq!(profile.fields.of(Field::Headers).max, Some(10));
    assert_eq!(profile.fields.of(Field::Filter).presence, Presence::Forbidden);
    assert_eq!(Field::TagSets.as_str(), "tag_sets");
}

#[test]
fn an_option_tells_a_form_all_that_it_needs() {
    let profile = built_in("leanbe");
    let zone = profile.options.iter().find(|option| option.name == "triggered_at_zone").unwrap();
    assert_eq!(zone.owner, OptionOwner::Both);
    assert_eq!(zone.default, Some(Value::from("UTC")));
    assert_eq!(zone.choices.len(), 2);
    assert!(zone.title.is_some());
}
