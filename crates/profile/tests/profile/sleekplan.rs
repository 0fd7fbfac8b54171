//! Sleekplan (spec 2).

use crate::facts::{Given, at, built_in};

#[test]
fn the_envelope_has_a_number_the_data_byte_for_byte_and_a_text_of_digits() {
    let profile = built_in("sleekplan");
    let data = r#"{"scoring":"0.55","user":{"admin_id":0,  "effort":1.0}}"#;
    for (options, timestamp) in [
        (r#"{"product_id":5456534244}"#, r#""1506985999999""#),
        (r#"{"product_id":5456534244,"unit":"s","as":"number"}"#, "1506985999"),
        (r#"{"product_id":5456534244,"as":"number"}"#, "1506985999999"),
        (r#"{"product_id":5456534244,"unit":"s"}"#, r#""1506985999""#),
    ] {
        let mut given = Given::new(&profile, "item.create", data, options);
        given.event.occurred_at = Some(at("2017-10-02T23:13:19.999Z"));
        given.url = "http://rcv/webhooks?key=a%2Fb%20c&x=1".to_owned();
        let request = given.render(&profile);
        let expected = format!(
            r#"{{"product_id":5456534244,"action":"item.create","data":{data},"timestamp":{timestamp}}}"#
        );
        assert_eq!(str::from_utf8(&request.body).unwrap(), expected);
        assert_eq!(request.url, given.url);
        assert!(!request.headers.iter().any(|(name, _)| name.to_ascii_lowercase().contains("signature")));
    }
}

#[test]
fn the_product_is_required() {
    let profile = built_in("sleekplan");
    let problems = profile.check_tenant_options(&serde_json::Map::new());
    assert_eq!(problems.len(), 1);
    assert_eq!((&*problems[0].field, &*problems[0].message), ("options.product_id", "is required"));
}
