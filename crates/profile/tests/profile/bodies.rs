//! What a request can be made of: the payload alone, a form with JSON in it, XML, plain text, headers that tell what it is.

use crate::facts::{Given, header, with_request};

#[test]
fn the_payload_can_be_the_whole_body_byte_for_byte() {
    let profile =
        with_request("request.content = [{ type = \"application/json\", body = \"{{ event.data }}\" }]");
    for data in [r#"{ "z":1.0,"a":"\u00e9", "n":123456789012345678901 }"#, "[]", "\"text\"", "1e3", "null"] {
        assert_eq!(Given::new(&profile, "e", data, "{}").body(&profile), data);
    }
}

#[test]
fn a_form_can_hold_json_in_one_of_its_fields() {
    let profile = with_request(
        r#"
        [[request.content]]
        type = "application/x-www-form-urlencoded"
        form = [{ name = "event", value = "{{ event.type }}" }, { name = "payload", value = "{{ event.data }}" }]
        "#,
    );
    let given = Given::new(&profile, "e", r#"{"a b":"ü&=+"}"#, "{}");
    assert_eq!(given.body(&profile), "event=e&payload=%7B%22a+b%22%3A%22%C3%BC%26%3D%2B%22%7D");
}

#[test]
fn xml_is_written_by_a_template_that_can_loop() {
    let profile = with_request(
        r#"
        [[request.content]]
        type = "application/xml; charset=utf-8"
        body = """
<?xml version="1.0" encoding="UTF-8"?>
<event type="{{ event.type | xml }}" at="{{ event.moment | rfc3339(0) }}">
{%- for name in event.data %}
  <field name="{{ name | xml }}">{{ event.data | member(name) | text | xml }}</field>
{%- endfor %}
</event>
"""
        "#,
    );
    let given = Given::new(&profile, "e", r#"{"id":1.0,"title":"<a> & \"b\"","none":null}"#, "{}");
    assert_eq!(
        given.body(&profile),
        r#"<?xml version="1.0" encoding="UTF-8"?>
<event type="e" at="2026-04-29T10:30:00Z">
  <field name="id">1.0</field>
  <field name="title">&lt;a&gt; &amp; &quot;b&quot;</field>
  <field name="none"></field>
</event>"#
    );
}

#[test]
fn plain_text_is_written_by_a_template() {
    let profile = with_request(
        r#"
        [[request.content]]
        type = "text/plain; charset=utf-8"
        body = "{{ tenant.id }}: {{ event.data.title }} ({{ event.data.count or 'none' }})"
        "#,
    );
    let given = Given::new(&profile, "e", r#"{"title":"Zoë \"says\"\nhi"}"#, "{}");
    assert_eq!(given.body(&profile), "acme: Zoë \"says\"\nhi (none)");
}

#[test]
fn a_get_has_each_fact_in_the_query() {
    let profile = with_request(
        r#"
        [request]
        methods = ["GET"]
        query = [
          { name = "event", value = "{{ event.type }}" },
          { name = "at", value = "{{ event.moment | unix_ms }}" },
          { name = "attempt", value = "{{ attempt.number }}" },
          { name = "name", value = "{{ event.data.name }}" },
          { name = "data", value = "{{ event.data }}" },
          { name = "sig", value = "{{ signature }}", when = "signature" },
        ]
        [signature]
        sign = "once"
        message = "{{ event.data }}"
        schemes = [{ name = "s", algorithm = "hmac-sha1" }]
        [secret]
        is = "optional"
        "#,
    );
    let given = Given::new(&profile, "e", r#"{"name":"ä b"}"#, "{}");
    let unsigned = "https://h/x?event=e&at=1777458600900&attempt=1&name=%C3%A4%20b&data=%7B%22name%22%3A%22%C3%A4%20b%22%7D";
    assert_eq!(given.render(&profile).url, unsigned);
    let signed = given.signed_with(&profile, "k").render(&profile).url;
    assert_eq!(signed, format!("{unsigned}&sig=4056657d78de763cfc938099d9bf5981696706b9"));
}

#[test]
fn headers_tell_the_event_the_delivery_and_the_attempt() {
    let profile = with_request(
        r#"
        request.content = [{ type = "application/json", body = "{{ event.data }}" }]
        request.headers = [
          { name = "X-Event", value = "{{ event.type }}" },
          { name = "X-Delivery", value = "{{ delivery.id }}" },
          { name = "X-Delivery-UUID", value = "{{ delivery.uuid }}" },
          { name = "X-Attempt", value = "{{ attempt.number }}" },
          { name = "X-Retry", value = "{{ attempt.number - 1 }}", when = "attempt.number > 1" },
        ]
        "#,
    );
    let mut given = Given::new(&profile, "e", "{}", "{}");
    let first = given.render(&profile);
    assert_eq!(header(&first, "x-event"), Some("e"));
    assert_eq!(header(&first, "x-delivery-uuid"), Some("00000000-0000-0000-0000-000000000003"));
    assert_eq!((header(&first, "x-attempt"), header(&first, "x-retry")), (Some("1"), None));
    given.attempt.number = 3;
    let third = given.render(&profile);
    assert_eq!((header(&third, "x-attempt"), header(&third, "x-retry")), (Some("3"), Some("2")));
    let delivery = header(&third, "x-delivery").unwrap();
    assert_eq!(header(&first, "x-delivery"), Some(delivery), "the same in every attempt");
}
