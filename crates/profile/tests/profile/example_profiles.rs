//! Profiles of public products that are not built in (`profiles/examples`): nothing of them is in the code. The expected
//! signatures were made with Python's `hmac` over the text that each test writes down.

use bytes::Bytes;
use postroad_domain::CustomHeader;
use serde_json::{Map, json};

use crate::facts::{Given, example, header};

const ALL: [(&str, usize); 5] =
    [("stripe", 6), ("github", 5), ("twilio", 4), ("challenge-echo", 2), ("cloudevents", 2)];

#[test]
fn they_load_and_are_not_part_of_the_program() {
    for (name, events) in ALL {
        assert_eq!(example(name).catalogue.entries().len(), events, "{name}");
        assert!(postroad_profile::built_in().iter().all(|(built_in, _)| built_in != name));
    }
}

#[test]
fn stripes_signature_covers_the_stamp_and_the_body() {
    let profile = example("stripe");
    let data = r#"{"id":"ch_1","object":"charge","amount":2000.0}"#;
    let given = Given::new(&profile, "charge.refunded", data, "{}");
    let given = given.signed_with(&profile, "whsec_test_secret_1234");
    let request = given.render(&profile);
    let body = format!(
        r#"{{"id":"evt_01kqcckq18e4cb1mv439mfjg00","object":"event","api_version":"2024-06-20","created":1777458600,"data":{{"object":{data}}},"livemode":false,"pending_webhooks":1,"request":{{"id":null,"idempotency_key":null}},"type":"charge.refunded"}}"#
    );
    assert_eq!(str::from_utf8(&request.body).unwrap(), body);
    // hmac.new(b"whsec_test_secret_1234", f"1795294200.{body}".encode(), hashlib.sha256).hexdigest()
    let hex = "21ab99ba0312dcf47383a35c772b641cf735c1bdc5e533c62f23ec3d82ba23e7";
    assert_eq!(header(&request, "Stripe-Signature"), Some(&*format!("t=1795294200,v1={hex}")));
    // While the secret is rolled, both sign.
    let both = given.signed_with(&profile, "whsec_the_secret_before").render(&profile);
    let both = header(&both, "stripe-signature").unwrap();
    assert!(both.starts_with(&format!("t=1795294200,v1={hex},v1=")), "{both}");
}

#[test]
fn stripes_envelope_takes_what_came_with_an_update() {
    let profile = example("stripe");
    let mut given = Given::new(&profile, "charge.refunded", "{}", r#"{"livemode":true}"#);
    given = given.signed_with(&profile, "whsec_test_secret_1234");
    given.event.attributes =
        Bytes::from_static(br#"{"previous_attributes":{"amount": 1.0},"request_id":"req_\u00e9"}"#);
    let body = given.body(&profile);
    assert!(body.contains(r#""data":{"object":{},"previous_attributes":{"amount": 1.0}},"livemode":true"#));
    assert!(body.contains(r#""request":{"id":"req_é","idempotency_key":null}"#), "{body}");
    assert!(profile.requires_https(&given.options), "live webhooks need HTTPS");
}

#[test]
fn githubs_signature_covers_the_body_as_it_is_sent_json_or_form() {
    let profile = example("github");
    let data = r#"{"action":"opened","issue":{"title":"Zoë & Co"}}"#;
    for (content_type, body, hex) in [
        (
            "application/json",
            data,
            // hmac.new(b"It's a Secret to Everybody", body.encode(), hashlib.sha256).hexdigest()
            "d3cb38cbd7f27409ec725a315f52870a467c387737e6b8587822ea618559324a",
        ),
        (
            "application/x-www-form-urlencoded",
            "payload=%7B%22action%22%3A%22opened%22%2C%22issue%22%3A%7B%22title%22%3A%22Zo%C3%AB+%26+Co%22%7D%7D",
            "19cf4c33276bab8b89437663f38d5c663b67256d5b966e97098423c9444ab46f",
        ),
    ] {
        let mut given = Given::new(&profile, "issues", data, "{}");
        given = given.signed_with(&profile, "It's a Secret to Everybody");
        given.content_type = Some(content_type.to_owned());
        let request = given.render(&profile);
        assert_eq!(header(&request, "content-type"), Some(content_type));
        assert_eq!(str::from_utf8(&request.body).unwrap(), body);
        assert_eq!(header(&request, "X-Hub-Signature-256"), Some(&*format!("sha256={hex}")));
    }
}

#[test]
fn githubs_headers_tell_the_event_the_delivery_and_the_hook() {
    let profile = example("github");
    let mut given = Given::new(&profile, "issues", "{}", r#"{"target_id":79929171}"#);
    given.headers.push(CustomHeader { name: "user-agent".to_owned(), value: "mine".to_owned() });
    let request = given.render(&profile);
    for (name, value) in [
        ("X-GitHub-Event", Some("issues")),
        ("X-GitHub-Delivery", Some("00000000-0000-0000-0000-000000000003")),
        ("X-GitHub-Hook-ID", Some("sub_00000000000000000000000002")),
        ("X-GitHub-Hook-Installation-Target-ID", Some("79929171")),
        ("X-GitHub-Hook-Installation-Target-Type", Some("repository")),
        ("X-Hub-Signature-256", None),
        ("User-Agent", Some("GitHub-Hookshot/044aadd")),
    ] {
        assert_eq!(header(&request, name), value, "{name}");
    }
}

#[test]
fn twilios_published_vector_holds() {
    let profile = example("twilio");
    let data = r#"{"To":"+18005551212","Caller":"+14158675309","Digits":"1234","From":"+14158675309","CallSid":"CA1234567890ABCDE"}"#;
    let mut given = Given::new(&profile, "call.received", data, "{}").signed_with(&profile, "12345");
    given.url = "https://mycompany.com/myapp.php?foo=1&bar=2".to_owned();
    let request = given.render(&profile);
    assert_eq!(header(&request, "X-Twilio-Signature"), Some("RSOYDt4T1cUTdK1PDd93/VVr8B8="));
}

#[test]
fn twilios_signature_covers_the_url_that_is_called_and_each_field_as_the_receiver_reads_it() {
    let profile = example("twilio");
    let data =
        r#"{"To":"+18005551212","Digits":"1234","a":null,"Body":"Grüße & 100%","CallSid":"CA1","N":1.0}"#;
    let mut given = Given::new(&profile, "message.received", data, "{}").signed_with(&profile, "12345");
    given.url = "https://mycompany.com/myapp.php?foo=1&bar=a%2Fb#rc=2".to_owned();
    let request = given.render(&profile);
    assert_eq!(request.url, "https://mycompany.com/myapp.php?foo=1&bar=a%2Fb");
    assert_eq!(
        str::from_utf8(&request.body).unwrap(),
        "To=%2B18005551212&Digits=1234&a=&Body=Gr%C3%BC%C3%9Fe+%26+100%25&CallSid=CA1&N=1.0"
    );
    // fields = dict(parse_qsl(body, keep_blank_values=True)); url + "".join(n + fields[n] for n in sorted(fields))
    assert_eq!(header(&request, "X-Twilio-Signature"), Some("fUEZs8Q3rYTlvQqIE+5mYbiplSQ="));
    // The next attempt goes to the URL that the customer has set meanwhile, and signs that one.
    let shaped = given.shape(&profile);
    given.url = "https://mycompany.com/other".to_owned();
    let moved = profile.sign(&given.input(), shaped, given.attempt).unwrap();
    assert_ne!(header(&moved, "X-Twilio-Signature"), header(&request, "X-Twilio-Signature"));
}

#[test]
fn what_the_products_ask_of_a_caller_is_in_their_schemas() {
    assert_eq!(
        example("stripe").option_schema()["secret"],
        json!({ "is": "generated", "supplied": "always", "rotation_grace": true })
    );
    let github = example("github");
    assert_eq!(
        github.option_schema()["content_types"],
        json!(["application/json", "application/x-www-form-urlencoded"])
    );
    assert_eq!(github.delivery.retry.attempts, 1, "GitHub tries once");
    assert_eq!(example("twilio").scheme_of(&Map::new()), Some("hmac-sha1"));
}
