//! Standard Webhooks 1.0.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use postroad_profile::{RenderError, SecretUse};
use rand::{SeedableRng, rngs::StdRng};

use crate::facts::{Given, at, built_in, header, with_request};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[test]
fn the_published_vector_of_standard_webhooks_holds() {
    // The vector's id is not one that Postroad makes, so a profile of the same scheme writes it down.
    let profile = with_request(
        r#"
        request.content = [{ type = "application/json", body = "{{ event.data }}" }]
        request.headers = [{ name = "webhook-signature", value = "{{ signature }}" }]
        secret = { is = "generated", rotation_grace = true }
        [signature]
        sign = "each_attempt"
        message = "msg_p5jXN8AQM9LWM0D4loKWxJek.{{ attempt.at | unix }}.{{ body }}"
        [[signature.schemes]]
        name = "hmac-sha256"
        algorithm = "hmac-sha256"
        encoding = "base64"
        value = "v1,{{ digest }}"
        key = { form = "base64", prefix = "whsec_" }
        "#,
    );
    let mut given = Given::new(&profile, "e", r#"{"test": 2432232314}"#, "{}").signed_with(&profile, SECRET);
    given.attempt.at = at("2021-02-25T15:02:10Z");
    let request = given.render(&profile);
    assert_eq!(
        header(&request, "webhook-signature"),
        Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    );
}

#[test]
fn a_request_has_the_three_headers_and_the_data_byte_for_byte() {
    let profile = built_in("standard");
    let given =
        Given::new(&profile, "a.b", r#"{ "z":1.0, "a":"\u00e9" }"#, "{}").signed_with(&profile, SECRET);
    let request = given.render(&profile);
    let body = r#"{"type":"a.b","timestamp":"2026-04-29T10:30:00.9Z","data":{ "z":1.0, "a":"\u00e9" }}"#;
    assert_eq!(str::from_utf8(&request.body).unwrap(), body);
    assert_eq!(header(&request, "webhook-id"), Some(&*given.event.id.to_string()));
    assert_eq!(header(&request, "webhook-timestamp"), Some("1795294200"));
    assert_eq!(header(&request, "content-type"), Some("application/json"));
    assert!(header(&request, "user-agent").unwrap().starts_with("Postroad/"));
}

#[test]
fn each_attempt_signs_anew_over_the_same_body() {
    let profile = built_in("standard");
    let mut given = Given::new(&profile, "a.b", "{}", "{}").signed_with(&profile, SECRET);
    let shaped = given.shape(&profile);
    assert_eq!(shaped.signature, None);
    let first = profile.sign(&given.input(), shaped.clone(), given.attempt).unwrap();
    given.attempt.at = at("2026-11-21T20:55:00Z");
    let second = profile.sign(&given.input(), shaped, given.attempt).unwrap();
    assert_eq!(first.body, second.body);
    assert_ne!(header(&first, "webhook-signature"), header(&second, "webhook-signature"));
}

#[test]
fn while_an_old_secret_still_signs_its_signature_follows_after_one_space() {
    let profile = built_in("standard");
    let new = profile.generate_secret(None, &mut StdRng::seed_from_u64(1)).unwrap();
    let only_old = Given::new(&profile, "a.b", "{}", "{}").signed_with(&profile, SECRET).render(&profile);
    let both =
        Given::new(&profile, "a.b", "{}", "{}").signed_with(&profile, &new).signed_with(&profile, SECRET);
    let both = both.render(&profile);
    let (first, second) = header(&both, "webhook-signature").unwrap().split_once(' ').unwrap();
    assert!(first.starts_with("v1,"));
    assert_eq!(Some(second), header(&only_old, "webhook-signature"));
}

#[test]
fn an_ed25519_signature_is_verified_by_its_public_key() {
    let profile = built_in("standard");
    let secret = profile.generate_secret(Some("ed25519"), &mut StdRng::seed_from_u64(2)).unwrap();
    assert!(secret.starts_with("whsk_"));
    let key = profile.secret_key(&secret, Some("ed25519")).unwrap();
    let public = profile.public_key(&key).unwrap();
    let mut given = Given::new(&profile, "a.b", "{}", "{}");
    given.secrets.push(key);
    let request = given.render(&profile);
    let signature = header(&request, "webhook-signature").unwrap().strip_prefix("v1a,").unwrap();
    let body = str::from_utf8(&request.body).unwrap();
    let message = format!("{}.1795294200.{body}", given.event.id);
    let public = STANDARD.decode(public.strip_prefix("whpk_").unwrap()).unwrap();
    UnparsedPublicKey::new(&ED25519, public)
        .verify(message.as_bytes(), &STANDARD.decode(signature).unwrap())
        .unwrap();
}

#[test]
fn a_secret_of_another_form_is_refused_with_the_form_that_is_wanted() {
    let profile = built_in("standard");
    for secret in
        ["", "secret", "whsec_", "whsec_####", "whsec_c2hvcnQ=", "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
    {
        let refused = profile.secret_key(secret, None).err().unwrap().to_string();
        assert_eq!(refused, "must begin with whsec_ and hold 24 to 64 random bytes in base 64");
    }
    let refused = profile.secret_key(SECRET, Some("rot13")).err().unwrap().to_string();
    assert_eq!(refused, "must be one of hmac-sha256, ed25519");
}

#[test]
fn nothing_is_sent_unsigned() {
    let profile = built_in("standard");
    assert_eq!(profile.secret_rules.presence, SecretUse::Generated);
    let given = Given::new(&profile, "a.b", "{}", "{}");
    assert!(matches!(profile.shape(&given.input()), Err(RenderError::NoSecret)));
    let shaped = Given::new(&profile, "a.b", "{}", "{}").signed_with(&profile, SECRET).shape(&profile);
    assert!(matches!(profile.sign(&given.input(), shaped, given.attempt), Err(RenderError::NoSecret)));
}
