//! What the language can say beyond the built-in profiles: query, forms, XML, other signatures, headers, groups.

use postroad_domain::CustomHeader;

use crate::facts::{Given, event, header, with_request};

#[test]
fn parameters_are_appended_after_the_customers_query() {
    let profile = with_request(
        r#"
        [request]
        content = [{ type = "application/json", body = "{{ event.data }}" }]
        [[request.query]]
        name = "entityType"
        value = "{{ 'webhook' | capitalize }}"
        [[request.query]]
        name = "entityId"
        value = "{{ subscription.uuid }}"
        [[request.query]]
        name = "event Type"
        value = "{{ event.type }} &"
        "#,
    );
    let mut given = Given::new(&profile, "e", "{}", "{}");
    given.url = "http://RCV/x?secret=A%2FB#top".to_owned();
    assert_eq!(
        given.render(&profile).url,
        "http://RCV/x?secret=A%2FB&entityType=Webhook&entityId=00000000-0000-0000-0000-000000000002&event%20Type=e%20%26"
    );
}

#[test]
fn a_get_carries_everything_in_the_query_and_has_no_body() {
    let profile = with_request("[request]\nmethods = [\"GET\"]\nquery = [{ fields = \"{{ event.data }}\" }]");
    let given = Given::new(&profile, "e", r#"{"A":"x y","B":null,"C":{"d":1},"S":0.0}"#, "{}");
    let request = given.render(&profile);
    assert_eq!(request.method, "GET");
    assert_eq!(request.url, "https://h/x?A=x%20y&B=&C=%7B%22d%22%3A1%7D&S=0.0");
    assert_eq!(header(&request, "content-type"), None);
    assert!(request.body.is_empty());
}

#[test]
fn a_subscription_chooses_one_of_the_content_types() {
    let profile = with_request(
        r#"
        [[request.content]]
        type = "application/json"
        body = "{{ event.data }}"
        [[request.content]]
        type = "application/x-www-form-urlencoded"
        form = [
          { fields = "{{ event.data }}", when = "event.data is mapping" },
          { name = "data", value = "{{ event.data }}", when = "event.data is not mapping" },
        ]
        [[request.content]]
        type = "application/xml"
        body = '<event type="{{ event.type | xml }}">{{ event.data.A | xml }}</event>'
        "#,
    );
    for (content_type, expected) in [
        (None, r#"{"A":"x < y","B":null}"#),
        (Some("application/x-www-form-urlencoded"), "A=x+%3C+y&B="),
        (Some("application/xml"), r#"<event type="e">x &lt; y</event>"#),
    ] {
        let mut given = Given::new(&profile, "e", r#"{"A":"x < y","B":null}"#, "{}");
        given.content_type = content_type.map(str::to_owned);
        let request = given.render(&profile);
        assert_eq!(str::from_utf8(&request.body).unwrap(), expected);
        assert_eq!(header(&request, "content-type"), Some(content_type.unwrap_or("application/json")));
    }
    let mut list = Given::new(&profile, "e", "[1]", "{}");
    list.content_type = Some("application/x-www-form-urlencoded".to_owned());
    assert_eq!(list.body(&profile), "data=%5B1%5D");
}

#[test]
fn a_stamp_and_several_signatures_stand_in_one_header() {
    let profile = with_request(
        r#"
        request.content = [{ type = "application/json", body = "{{ event.data }}" }]
        request.headers = [{ name = "X-Signature", value = "t={{ attempt.at | unix }},{{ signature }}" }]
        secret = { is = "generated", rotation_grace = true }
        [signature]
        sign = "each_attempt"
        message = "{{ attempt.at | unix }}.{{ body }}"
        separator = ","
        [[signature.schemes]]
        name = "sha512"
        algorithm = "hmac-sha512"
        encoding = "base64url"
        value = "v1={{ digest }}"
        "#,
    );
    let given =
        Given::new(&profile, "e", "{}", "{}").signed_with(&profile, "new").signed_with(&profile, "old");
    let request = given.render(&profile);
    let parts: Vec<_> = header(&request, "x-signature").unwrap().split(',').collect();
    assert_eq!(parts[0], "t=1795294200");
    // Python: base64.urlsafe_b64encode(hmac.new(b"new", b"1795294200.{}", hashlib.sha512).digest()).rstrip(b"=")
    let [new, old] = [
        "JKi3RdvbHhrmq28BTaj3p-8imueXqxyWzSUB1gSkM2ZwIc_OlWcsV-EPh8Xv_gmwHOqY3gnwcZcT6iqB8Vmz0A",
        "6xsjpxRoATQjhbaYvaURI1zU-9oNJQBvEJWWSyQHfT6BWv6YP1X4LVp-0Styz_xeugrdmoeFH9iOKsfay-cOyw",
    ];
    assert_eq!(parts[1..], [format!("v1={new}"), format!("v1={old}")]);
}

#[test]
fn the_old_hash_is_there_for_receivers_that_know_no_better() {
    let profile = with_request(
        r#"
        request.content = [{ type = "application/json", body = "{{ event.data }}" }]
        request.headers = [{ name = "X-Hub-Signature", value = "sha1={{ signature }}" }]
        secret.is = "optional"
        signature = { sign = "once", message = "{{ body }}", schemes = [{ name = "s", algorithm = "hmac-sha1" }] }
        "#,
    );
    let given = Given::new(&profile, "e", "{}", "{}").signed_with(&profile, "k");
    let request = given.render(&profile);
    assert_eq!(header(&request, "x-hub-signature"), Some("sha1=cd5db8ad80a5f76d54ce6d879c8e1c0e1c9c8dcc"));
}

#[test]
fn headers_keep_their_spelling_their_order_and_their_duplicates() {
    let profile = with_request(
        r#"
        request.content = [{ type = "application/json", body = "{{ event.data }}" }]
        request.headers = [
          { name = "X-b", value = "1" },
          { name = "x-A", value = "{{ attempt.number }}" },
          { name = "X-b", value = "2", when = "event.data.twice" },
        ]
        "#
        .replace("event.data.twice", "event.tags")
        .as_str(),
    );
    let mut given = Given::new(&profile, "e", "{}", "{}");
    given.authorization = Some("Basic eDp5".to_owned());
    for (name, value) in [("X-Own", "1"), ("X-Own", "2"), ("User-Agent", "mine"), ("x-B", "forged")] {
        given.headers.push(CustomHeader { name: name.to_owned(), value: value.to_owned() });
    }
    let headers: Vec<_> =
        given.render(&profile).headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(
        headers,
        [
            "Content-Type: application/json",
            "X-b: 1",
            "x-A: 1",
            "X-b: 2",
            "Authorization: Basic eDp5",
            "X-Own: 1",
            "X-Own: 2",
            "User-Agent: mine",
        ]
    );
    assert!(profile.reserves_header("x-B") && !profile.reserves_header("X-Own"));
}

#[test]
fn a_line_break_from_the_data_cannot_become_a_header() {
    let profile = with_request(
        r#"
        request.content = [{ type = "application/json", body = "{{ event.data }}" }]
        request.headers = [{ name = "X-Id", value = "{{ event.data.id }}" }]
        "#,
    );
    let given = Given::new(&profile, "e", r#"{"id":"1\r\nX-Forged: 1"}"#, "{}");
    let refused = profile.render(&given.input(), given.attempt).unwrap_err();
    assert_eq!(refused.to_string(), "the header X-Id would hold a control character");
}

#[test]
fn an_envelope_checks_the_types_that_it_promises() {
    let profile = with_request(
        r#"
        [request]
        content = [{ type = "application/json", envelope = [
          { name = "id", number = "{{ event.data | member('id') }}" },
          { name = "a \"name\"", string = "{{ event.type }}" },
          { name = "at", number = "{{ event.moment | unix_ms }}" },
          { name = "rest", json = "{{ event.data | member('rest') | json }}", when = "event.data.id > 1" },
        ] }]
        "#,
    );
    for (data, expected) in [
        (r#"{"id":1.0}"#, r#"{"id":1.0,"a \"name\"":"e","at":1777458600900}"#),
        (r#"{"id":2,"rest":[ 1 ]}"#, r#"{"id":2,"a \"name\"":"e","at":1777458600900,"rest":[ 1 ]}"#),
    ] {
        assert_eq!(Given::new(&profile, "e", data, "{}").body(&profile), expected);
    }
    let wrong = Given::new(&profile, "e", r#"{"id":"1"}"#, "{}");
    assert_eq!(profile.shape(&wrong.input()).unwrap_err().to_string(), "\"id\" is not a JSON number: \"1\"");
}

#[test]
fn the_events_of_a_group_go_out_as_one_list_byte_for_byte() {
    let profile =
        with_request("request.content = [{ type = \"application/json\", body = \"{{ events.data }}\" }]");
    let mut given = Given::new(&profile, "e", r#"{"Score":0.0}"#, "{}");
    assert_eq!(given.body(&profile), r#"[{"Score":0.0}]"#);
    given.more_events.push(event("e", r#"{ "Score":1e3 }"#));
    assert_eq!(given.body(&profile), r#"[{"Score":0.0},{ "Score":1e3 }]"#);
}
