//! LeadHub (spec 3).

use bytes::Bytes;

use crate::facts::{Given, built_in, header};

const DATA: &str = r#"{"id":123,"first_name":"Jane"}"#;

#[test]
fn the_body_and_the_signature_of_the_vector_come_out() {
    let profile = built_in("leadhub");
    let given = Given::new(&profile, "lead.created", DATA, "{}").signed_with(&profile, "s3cr3t");
    let request = given.render(&profile);
    let body = r#"{"event":"lead.created","occurred_at":"2026-04-29T10:30:00Z","lead":{"id":123,"first_name":"Jane"}}"#;
    assert_eq!(str::from_utf8(&request.body).unwrap(), body);
    assert_eq!(
        header(&request, "X-LeadHub-Signature"),
        Some("sha256=95a056f70cb24ac639cee3a980aefadfd6d92e688ae7a6bae0f25b1fe27916e7")
    );
}

#[test]
fn without_a_secret_the_header_is_absent() {
    let profile = built_in("leadhub");
    let request = Given::new(&profile, "lead.created", DATA, "{}").render(&profile);
    assert_eq!(header(&request, "X-LeadHub-Signature"), None);
}

#[test]
fn the_members_of_extra_follow_the_lead() {
    let profile = built_in("leadhub");
    let mut given = Given::new(&profile, "form.submitted", DATA, "{}");
    for (extra, expected) in [
        (
            r#"{"extra":{"form":{"id":1.0}, "page":"/x"}}"#,
            r#","lead":{"id":123,"first_name":"Jane"},"form":{"id":1.0}, "page":"/x"}"#,
        ),
        (r#"{"extra":{ }}"#, r#","lead":{"id":123,"first_name":"Jane"}}"#),
        ("{}", r#","lead":{"id":123,"first_name":"Jane"}}"#),
    ] {
        given.event.attributes = Bytes::from(extra.to_owned());
        assert!(given.body(&profile).ends_with(expected), "{}", given.body(&profile));
    }
}

#[test]
fn a_retry_keeps_the_signature_of_its_first_attempt_after_a_rotation() {
    let profile = built_in("leadhub");
    let given = Given::new(&profile, "lead.created", DATA, "{}").signed_with(&profile, "s3cr3t");
    let shaped = given.shape(&profile);
    let rotated = Given::new(&profile, "lead.created", DATA, "{}").signed_with(&profile, "another");
    let retry = profile.sign(&rotated.input(), shaped.clone(), rotated.attempt).unwrap();
    assert_eq!(header(&retry, "X-LeadHub-Signature"), header(&given.render(&profile), "X-LeadHub-Signature"));
    assert_eq!(retry.body, shaped.body);
}
