//! `[group]`: which events are sent together, and what their one body is.

use std::time::Duration;

use postroad_domain::{EventType, Grouping};
use postroad_profile::{GroupLimits, GroupPolicy, OptionValues, Profile, RenderError};
use serde_json::{Map, Value};

use crate::facts::{Given, built_in, event, example, header, lines, load, with_request};

const JSON: &str = "request.content = [{ type = \"application/json\", body = \"{{ event.data }}\" }]\n";

fn with(group: &str) -> Profile {
    with_request(&format!("{JSON}{group}"))
}

fn refused(rest: &str) -> String {
    let toml = format!("name = \"p\"\ntitle = \"P\"\nevents = [{{ name = \"e\" }}]\n{rest}");
    lines(&load(&toml).err().unwrap_or_default())
}

fn options(profile: &Profile, own: &str) -> OptionValues {
    let own: Map<String, Value> = serde_json::from_str(own).unwrap();
    profile.check_options(&Map::new(), &own).unwrap()
}

fn policy(
    profile: &Profile,
    own: Option<Grouping>,
    event_type: &str,
    own_options: &str,
) -> Option<GroupPolicy> {
    let event_type = EventType::parse(event_type).unwrap();
    profile.grouping(own.as_ref(), &event_type, &options(profile, own_options))
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A group of these events.
fn group<'a>(profile: &Profile, data: impl IntoIterator<Item = &'a str>) -> Given {
    let mut data = data.into_iter();
    let mut given = Given::new(profile, "e", data.next().unwrap(), "{}");
    given.more_events = data.map(|data| event("e", data)).collect();
    given.grouped = true;
    given
}

#[test]
fn a_profile_says_which_types_are_grouped_and_for_how_long() {
    let profile =
        with("[group]\nwindow = \"90s\"\nevents = \"x|a\\\\..+\"\nmax_events = 10000\nmax_bytes = 16777216");
    let expected =
        GroupPolicy { window: seconds(90), aligned: false, max_events: 10_000, max_bytes: 16 * 1024 * 1024 };
    for (event_type, is_grouped) in
        [("x", true), ("a.b", true), ("ax", false), ("xx", false), ("b.a.b", false)]
    {
        assert_eq!(policy(&profile, None, event_type, "{}"), is_grouped.then_some(expected), "{event_type}");
    }
    let all = with("group.window = \"1s\"");
    let usual = GroupLimits { max_events: 1_000, max_bytes: 1024 * 1024 };
    assert_eq!(all.group_limits(), usual);
    let expected =
        GroupPolicy { window: seconds(1), aligned: false, max_events: 1_000, max_bytes: 1024 * 1024 };
    assert_eq!(policy(&all, None, "anything", "{}"), Some(expected));
    let none = with("");
    assert_eq!((policy(&none, None, "e", "{}"), none.group_limits()), (None, usual));
}

#[test]
fn a_subscription_groups_every_type_by_its_own_settings_within_the_limits_of_the_profile() {
    let profile = with("[group]\nwindow = \"60s\"\nevents = \"x\"\nalign = \"clock\"\nmax_events = 500");
    for (own, expected) in [
        ((None, None), (500, 1024 * 1024)),
        ((Some(7), Some(9)), (7, 9)),
        ((Some(501), None), (500, 1024 * 1024)),
    ] {
        let own = Grouping { window: seconds(5), max_events: own.0, max_bytes: own.1 };
        let expected =
            GroupPolicy { window: seconds(5), aligned: true, max_events: expected.0, max_bytes: expected.1 };
        assert_eq!(policy(&profile, Some(own), "e", "{}"), Some(expected));
        let without = policy(&with(""), Some(own), "e", "{}").unwrap();
        assert!(!without.aligned && without.window == seconds(5));
    }
}

#[test]
fn an_option_may_decide_where_windows_begin_and_what_one_event_looks_like() {
    let profile = with(
        "options.aligned = { type = \"boolean\" }\noptions.plain = { type = \"boolean\" }\n\
         group = { window = \"60s\", align = \"options.aligned\", single = \"options.plain\" }",
    );
    for (own, aligned) in [("{}", false), (r#"{"aligned":false}"#, false), (r#"{"aligned":true}"#, true)] {
        assert_eq!(policy(&profile, None, "e", own).unwrap().aligned, aligned, "{own}");
    }
    let mut one = group(&profile, [r#"{"n":1.0}"#]);
    assert_eq!(one.body(&profile), r#"[{"n":1.0}]"#);
    one.options = options(&profile, r#"{"plain":true}"#);
    assert_eq!(one.body(&profile), r#"{"n":1.0}"#);
    one.more_events.push(event("e", "2"));
    assert_eq!(one.body(&profile), r#"[{"n":1.0},2]"#);
    let always = with("group = { window = \"60s\", single = \"event\" }");
    assert_eq!(group(&always, ["1"]).body(&always), "1");
}

#[test]
fn events_with_the_same_key_share_a_group() {
    let key = |group: &str, event_type: &str, data: &str| {
        let profile = with(group);
        let given = Given::new(&profile, event_type, data, "{}");
        profile.group_key(&given.input()).map_err(|error| error.to_string())
    };
    assert_eq!(key("", "e", "{}").as_deref(), Ok(""));
    assert_eq!(key("group.window = \"60s\"", "e", "{}").as_deref(), Ok(""));
    let by_type = "group = { window = \"60s\", key = \"{{ event.type }} {{ event.data | member('a') }}\" }";
    assert_eq!(key(by_type, "x", r#"{"a":1.0}"#).as_deref(), Ok("x 1.0"));
    assert!(key(by_type, "x", "[]").unwrap_err().contains("takes a JSON value"));
}

#[test]
fn what_is_wrong_in_a_group_is_told_with_its_line() {
    for (group, expected) in [
        ("[group]\n", "5: the key `group.window` is missing"),
        ("[group]\nwindw = \"60s\"", "6: unknown key `group.windw`; the nearest valid one is `window`"),
        ("[group]\nwindow = \"999ms\"", "6: `group.window` must be from 1s to 24h"),
        ("[group]\nwindow = \"25h\"", "6: `group.window` must be from 1s to 24h"),
        ("[group]\nwindow = \"soon\"", "6: `group.window` must be a span of time such as"),
        (
            "[group]\nwindow = \"60s\"\nmax_events = 10001",
            "7: `group.max_events` must be a whole number from 0 to 10000",
        ),
        ("[group]\nwindow = \"60s\"\nmax_events = 0", "7: `group.max_events` must be at least 1"),
        (
            "[group]\nwindow = \"60s\"\nmax_bytes = 16777217",
            "7: `group.max_bytes` must be a whole number from 0 to 16777216",
        ),
        ("[group]\nwindow = \"60s\"\nevents = \"(\"", "7: `group.events` is not a regular expression"),
        (
            "options.strict = { type = \"boolean\" }\n[group]\nwindow = \"60s\"\nalign = \"options.strct\"",
            "8: `group.align` must be first, clock or a declared boolean option: the nearest one is `options.strict`",
        ),
        (
            "[group]\nwindow = \"60s\"\nsingle = \"object\"",
            "7: `group.single` must be list, event or a declared boolean option: there is none",
        ),
        ("[group]\nwindow = \"60s\"\nalign = 1", "7: `group.align` must be a text"),
        (
            "[group]\nwindow = \"60s\"\nkey = \"{{ event.typ }}\"",
            "7: undefined variable `event.typ`; the nearest valid one is `event.type`",
        ),
        (
            "[group]\nwindow = \"60s\"\nkey = \"{{ delivery.id }}{{ events.count }}\"",
            "7: the variable `delivery.id` has no value here: the event belongs to no delivery yet",
        ),
    ] {
        let told = refused(&format!("{JSON}{group}"));
        let missing = told.lines().find(|line| line.starts_with(&format!("profile.toml:{expected}")));
        assert!(missing.is_some(), "{group}\n{told}\nwanted {expected}");
    }
}

#[test]
fn a_group_is_a_list_of_what_each_event_alone_would_have_been_signed_as_a_whole() {
    let profile = built_in("leadhub");
    let alone = |data: &str| {
        let given = Given::new(&profile, "lead.created", data, "{}");
        (given.event.clone(), given.body(&profile))
    };
    let ((first, first_body), (second, second_body)) = (alone(r#"{"Score":0.0}"#), alone(r#"{ "a":1e3 }"#));
    let mut given = Given::new(&profile, "lead.created", "{}", "{}").signed_with(&profile, "s3cr3t");
    (given.event, given.more_events, given.grouped) = (first, vec![second], true);
    let request = given.render(&profile);
    let list = format!("[{first_body},{second_body}]");
    assert_eq!(str::from_utf8(&request.body).unwrap(), list);
    // The same as a body of one event that is this list would have.
    let whole = with_request(
        "request.content = [{ type = \"application/json\", body = \"{{ event.data }}\" }]\n\
         request.headers = [{ name = \"s\", value = \"{{ signature }}\" }]\nsecret.is = \"optional\"\n\
         signature = { sign = \"once\", message = \"{{ body }}\", schemes = [{ name = \"s\", algorithm = \"hmac-sha256\", value = \"sha256={{ digest }}\" }] }",
    );
    let signed = Given::new(&whole, "e", &list, "{}").signed_with(&whole, "s3cr3t").render(&whole);
    assert_eq!(header(&request, "X-LeadHub-Signature"), header(&signed, "s"));
}

#[test]
fn the_id_of_a_message_is_that_of_the_delivery_where_it_carries_a_group() {
    let profile = built_in("standard");
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let mut given = Given::new(&profile, "e", "{}", "{}").signed_with(&profile, secret);
    let alone = given.render(&profile);
    given.grouped = true;
    let grouped = given.render(&profile);
    let input = given.input();
    assert_eq!(header(&alone, "webhook-id"), Some(&*input.event.id.to_string()));
    assert_eq!(header(&grouped, "webhook-id"), Some(&*input.delivery.id.to_string()));
    assert_eq!(header(&alone, "webhook-timestamp"), header(&grouped, "webhook-timestamp"));
    assert_ne!(header(&alone, "webhook-signature"), header(&grouped, "webhook-signature"));
    let body = str::from_utf8(&alone.body).unwrap();
    assert_eq!(str::from_utf8(&grouped.body).unwrap(), format!("[{body}]"));
}

#[test]
fn a_profile_that_wraps_its_events_itself_is_not_put_into_a_list() {
    let profile = with_request(
        r#"
        [[request.content]]
        type = "application/json"
        envelope = [
          { name = "count", number = "{{ events.count }}" },
          { name = "grouped", json = "{{ delivery.grouped }}" },
          { name = "batch", json = "{{ events.data }}" },
        ]
        [[request.content]]
        type = "application/x-www-form-urlencoded"
        form = [{ fields = "{{ event.data }}", when = "events.count == 1" }, { name = "n", value = "{{ event.type }}" }]
        "#,
    );
    let mut given = group(&profile, ["{}", " [1]"]);
    assert_eq!(given.body(&profile), r#"{"count":2,"grouped":true,"batch":[{}, [1]]}"#);
    given.grouped = false;
    given.more_events.clear();
    assert_eq!(given.body(&profile), r#"{"count":1,"grouped":false,"batch":[{}]}"#);
    given.content_type = Some("application/x-www-form-urlencoded".to_owned());
    given.more_events.push(event("e", "{}"));
    given.grouped = true;
    assert_eq!(given.body(&profile), "n=e", "a condition counts too");
    assert_eq!(profile.check_grouping(Some("application/x-www-form-urlencoded")), Ok(()));
}

#[test]
fn what_can_hold_one_event_only_is_refused_in_a_sentence() {
    let github = example("github");
    assert_eq!(github.check_grouping(None), Ok(()));
    let form = "application/x-www-form-urlencoded";
    let why = "cannot be set with the content type application/x-www-form-urlencoded: this profile writes one event into such \
               a body, and only bodies of JSON can be put into a list";
    assert_eq!(github.check_grouping(Some(form)), Err(why.to_owned()));
    let why = "cannot be set with this profile: its signature stands in the body, which is that of one event";
    assert_eq!(built_in("leanbe").check_grouping(None), Err(why.to_owned()));
    let query_only = with_request(
        "request = { methods = [\"GET\"], query = [{ name = \"id\", value = \"{{ event.id }}\" }] }",
    );
    let why = "cannot be set with this profile: its requests have no body that could hold several events";
    assert_eq!(query_only.check_grouping(None), Err(why.to_owned()));
    for name in ["standard", "leadhub", "sleekplan"] {
        assert_eq!(built_in(name).check_grouping(None), Ok(()), "{name}");
    }
    // Nothing is sent then.
    let mut given = Given::new(&github, "ping", "{}", "{}");
    (given.content_type, given.grouped) = (Some(form.to_owned()), true);
    assert!(matches!(github.shape(&given.input()), Err(RenderError::Grouping(_))));
}

#[test]
fn a_signature_over_one_event_refuses_groups_unless_the_body_wraps_them() {
    let signed = |message: &str, body: &str| {
        with_request(&format!(
            "request.content = [{{ type = \"application/json\", body = \"{body}\" }}]\n\
             request.headers = [{{ name = \"s\", value = \"{{{{ signature }}}}\" }}]\nsecret.is = \"optional\"\n\
             signature = {{ sign = \"once\", message = \"{message}\", schemes = [{{ name = \"s\", algorithm = \"hmac-sha256\" }}] }}"
        ))
    };
    let why = "cannot be set with this profile: it signs one event and not the body";
    for (message, body, expected) in [
        ("{{ event.data }}", "{{ event.data }}", Err(why.to_owned())),
        ("{{ event.moment | unix }}.{{ tenant.id }}", "{{ event.data }}", Err(why.to_owned())),
        ("{{ message.id }}.{{ tenant.id }}", "{{ event.data }}", Ok(())),
        ("{{ event.type }}.{{ body }}", "{{ event.data }}", Ok(())),
        ("{{ event.data }}", "{{ events.data }}", Ok(())),
    ] {
        assert_eq!(signed(message, body).check_grouping(None), expected, "{message} {body}");
    }
}

#[test]
fn a_profile_with_groups_is_refused_where_a_content_type_cannot_be_grouped() {
    let group = "group.window = \"60s\"\n";
    let told = refused(&format!(
        "{group}request.content = [{{ type = \"application/json\", body = \"{{{{ event.data }}}}\" }}, {{ type = \"text/plain\", body = \"{{{{ event.type }}}}\" }}]"
    ));
    assert!(
        told.starts_with("profile.toml:4: `group` cannot be set with the content type text/plain"),
        "{told}"
    );
    let told = refused(&format!("{group}request = {{ methods = [\"GET\"] }}"));
    assert!(told.contains("`group` cannot be set with this profile: its requests have no body"), "{told}");
}

#[test]
fn examples_of_types_that_are_grouped_are_rendered_as_groups_too() {
    let profile = with("group.window = \"60s\"");
    let entry = &profile.catalogue.entries()[0];
    assert_eq!(&*profile.render_example(entry, None).unwrap().body, b"[{\"id\":1}]");
    let told = refused(
        "group.window = \"60s\"\nrequest.content = [{ type = \"application/json\", body = \"{% if delivery.grouped %}{{ events.count }}]{% else %}1{% endif %}\" }]",
    );
    assert!(told.contains("the example of `e` does not render: its body is not JSON"), "{told}");
}
