//! Both ways of rendering print the same text.

use bytes::Bytes;
use postroad_domain::{DeliveryId, Event, EventId, EventType, SubscriptionId, Timestamp};
use uuid::Uuid;

use super::*;
use crate::{
    input::{AttemptFacts, DeliveryFacts, RenderInput, SubscriptionFacts, TenantFacts},
    options::OptionValues,
    reader::{Document, Located},
};

const ALL: Scope = Scope {
    delivery: true,
    attempt: true,
    body: true,
    signature: true,
    digest: true,
    challenge: true,
    endpoint: true,
};
const DATA: &str =
    r#"{"id": 1.0, "name":"<Zoë> & \"x\"", "list":[1,2], "none":null, "at":"2020-01-01T00:00:00.5Z"}"#;

#[test]
fn a_template_of_text_and_placeholders_prints_the_same_with_and_without_the_engine() {
    for (source, expected) in [
        ("", ""),
        ("plain } text }} with { braces", "plain } text }} with { braces"),
        ("{\"a\":{{ event.type | json }}}", "{\"a\":\"lead.created\"}"),
        ("{{event.data}}", DATA),
        ("{{ event.data | raw }}{{ event.data|json }}", &format!("{DATA}{DATA}")),
        ("{{ event.data | ecmascript_json | member(\"id\") }}", "1"),
        ("{{ event.data | member('id') }}{{ event.data | member('absent') }}", "1.0"),
        ("{{ event.data | member('list') }}", "[1,2]"),
        ("{{ event.data | member('at') | unix }}", "1577836800"),
        (
            "{{ event.data | member('at') }} {{ event.data | member('at') | text }}",
            "\"2020-01-01T00:00:00.5Z\" 2020-01-01T00:00:00.5Z",
        ),
        ("{{ event.data | member('id') | text }} {{ event.data | member('absent') | text }}|", "1.0 |"),
        (
            "{{ event.tags | text }} {{ event.occurred_at | json | text }}| {{ tenant.id | text }}",
            "[\"a\",\"b\\\"c\"] | a & b",
        ),
        ("{{ event.moment }}", "2026-04-29T10:30:00.9Z"),
        ("{{ event.moment | rfc3339(0) }}", "2026-04-29T10:30:00Z"),
        (
            "{{ event.moment | rfc3339(3) }} {{ event.moment | iso_ms }}",
            "2026-04-29T10:30:00.900Z 2026-04-29T10:30:00.900Z",
        ),
        ("{{ event.moment | rfc3339(6, \"Asia/Tokyo\") }}", "2026-04-29T19:30:00.900000+09:00"),
        ("{{ event.moment | unix }}.{{ event.moment | unix_ms }}", "1777458600.1777458600900"),
        ("{{ event.occurred_at | json }} {{ event.accepted_at | json }}", "null \"2026-04-29T10:30:00.9Z\""),
        ("{{ event.occurred_at }}", ""),
        (
            "{{ event.attributes.extra }}|{{ event.attributes.flag }}|{{ event.attributes.absent }}|",
            "{\"a\":1}|true||",
        ),
        ("{{ tenant.name | json }} {{ tenant.id | upper }}", "null A & B"),
        (
            "{{ tenant.id | url }} {{ tenant.id | form }} {{ tenant.id | xml }}",
            "a%20%26%20b a+%26+b a &amp; b",
        ),
        (
            "{{ tenant.id | hex }} {{ tenant.id | base64 }} {{ tenant.id | base64url }}",
            "6120262062 YSAmIGI= YSAmIGI",
        ),
        (
            "{{ tenant.id | sha256_hex | json }}",
            "\"cbc644a20893a549b9c1d042133f3356adb67ffa4ea5a169071d09965327743f\"",
        ),
        ("{{ event.tags }} {{ events.count }} {{ events.data | member }}", ""),
        ("{{ event.tags }} {{ events.count }} {{ attempt.number }}", "[\"a\",\"b\\\"c\"] 1 2"),
        ("{{ subscription.name }} {{ body }} {{ signature }} {{ digest }}", "   "),
        ("{{ event.title }}{{ event.group }}", "lead.created"),
    ] {
        let simple = print(source, true);
        assert_eq!(simple, print(source, false), "{source}");
        // A template without an expected text is one that fails, in both ways.
        assert_eq!(simple.unwrap_or_default(), expected, "{source}");
    }
}

/// Pieces that any template of the fast path is made of.
const PIECES: [&str; 12] = [
    "{\"a\":",
    "} }} { ",
    "\n",
    "é 😀",
    "{{ event.data }}",
    "{{ event.data | member('list') }}",
    "{{event.type|json}}",
    "{{ event.moment | rfc3339(3, \"Europe/Berlin\") }}",
    "{{ event.attributes.flag }}",
    "{{ event.occurred_at }}",
    "{{ tenant.id | xml }}",
    "{{ attempt.at | unix }}",
];

proptest::proptest! {
    #[test]
    fn any_sequence_of_pieces_prints_the_same_in_both_ways(
        picked in proptest::collection::vec(0..PIECES.len(), 0..12),
    ) {
        let source: String = picked.into_iter().map(|index| PIECES[index]).collect();
        proptest::prop_assert_eq!(print(&source, true), print(&source, false));
    }
}

#[test]
fn what_is_more_than_text_and_placeholders_goes_through_the_engine() {
    for (source, expected) in [
        ("{% if event.data.list %}{{ event.data.list[1] + 1 }}{% endif %}", "3"),
        ("{% for key in event.data %}{{ key }},{% endfor %}", "id,name,list,none,at,"),
        ("{{ event.data.name | json }}", r#""<Zoë> & \"x\"""#),
        (
            "{{ {'a': event.data.list, 'b': event.moment, 'c': true} | json }}",
            r#"{"a":[1,2],"b":"2026-04-29T10:30:00.9Z","c":true}"#,
        ),
        ("{{ event.data is mapping }} {{ event.data.none }}|", "true |"),
        ("{{ event.data.absent.deeper }}|{{ event.data.absent | json }}", "|null"),
        ("{{- event.type }} {# a remark #}", "lead.created "),
        ("{{ event.type | capitalize | replace('.', '_') }}", "Lead_created"),
        ("{{ 'x' if event.occurred_at else 'y' }}", "y"),
    ] {
        assert_eq!(print(source, true).as_deref(), Some(expected), "{source}");
    }
}

#[test]
fn the_fast_path_leaves_to_the_engine_what_it_does_not_understand() {
    let names = names();
    for source in [
        "{{ event.type | upper }}",
        "{{- event.type }}",
        "{{ event.data.id }}",
        "{# x #}",
        "{{ 1 }}",
        "{{ event.type",
    ] {
        assert_eq!(simple::parse(source, &names), None, "{source}");
    }
    assert_eq!(simple::parse("a{{ event.type | json }}b", &names).map(|segments| segments.len()), Some(3));
}

#[test]
fn a_condition_holds_for_the_same_values_with_and_without_the_engine() {
    let holds = |text: &str| {
        let document = Document::new("t", "");
        let mut compiler = Compiler::new(&document, names());
        let condition = compiler.condition(Located { value: text, line: 1 }, ALL).unwrap();
        let environment = compiler.into_environment();
        with_facts(|facts| condition.holds(&environment, facts).unwrap())
    };
    for (text, expected) in [
        ("event.data", true),
        ("event.occurred_at", false),
        ("event.attributes.extra", true),
        ("event.attributes.zero", false),
        ("event.attributes.empty", false),
        ("signature", false),
    ] {
        assert_eq!(holds(text), expected, "{text}");
        assert_eq!(holds(&format!("({text})")), expected, "{text}");
    }
    assert!(holds("event.data.list[0] == 1 and not signature"));
}

/// The rendered text; `None` where rendering fails.
fn print(source: &str, may_be_simple: bool) -> Option<String> {
    let document = Document::new("t", "");
    let mut compiler = Compiler::new(&document, names());
    let text = Located { value: source, line: 1 };
    let template = if may_be_simple {
        compiler.template(text, ALL).unwrap()
    } else {
        let source = source.strip_suffix('\n').unwrap_or(source);
        Template { place: String::new(), form: compiler.compile(source, text, ALL).unwrap() }
    };
    let environment = compiler.into_environment();
    with_facts(|facts| template.to_text(&environment, facts).ok())
}

fn names() -> Names {
    let attributes = ["extra", "flag", "absent", "zero", "empty"];
    Names { options: Vec::new(), attributes: attributes.map(str::to_owned).to_vec() }
}

fn with_facts<R>(run: impl FnOnce(&Facts<'_>) -> R) -> R {
    let at = Timestamp::parse("2026-04-29T10:30:00.9Z").unwrap();
    let event = Event {
        id: EventId::from_uuid(Uuid::from_u128(1)),
        event_type: EventType::parse("lead.created").unwrap(),
        accepted_at: at,
        occurred_at: None,
        tags: vec!["a".to_owned(), "b\"c".to_owned()],
        attributes: Bytes::from_static(br#"{"extra":{"a":1},"flag":true,"zero":0,"empty":{ }}"#),
        data: Bytes::from_static(DATA.as_bytes()),
        deliveries: 0,
        profile: None,
        tenant_version: 1,
        trace: None,
        test: false,
    };
    let options = OptionValues::default();
    let input = RenderInput {
        event: &event,
        more_events: &[],
        grouped: false,
        delivery: DeliveryFacts { id: DeliveryId::from_uuid(Uuid::from_u128(2)), created_at: at },
        subscription: SubscriptionFacts {
            id: SubscriptionId::from_uuid(Uuid::from_u128(3)),
            name: None,
            url: "https://h",
            endpoint: None,
            method: None,
            content_type: None,
            headers: &[],
            authorization: None,
        },
        tenant: TenantFacts { id: "a & b", name: None },
        options: &options,
        secrets: &[],
    };
    let attempt = AttemptFacts { number: 2, at };
    run(&Facts { attempt: Some(&attempt), ..Facts::new(&input, None, false) })
}
