//! Leanbe (spec 1).

use data_encoding::HEXLOWER;
use postroad_profile::{DataRefusal, SecretSupply};
use rand::{SeedableRng, rngs::StdRng};

use crate::facts::{Given, at, built_in, header};

const SECRET: &str = "leanbe-test-secret";
const T1: &str = r#"{ "b":1.0, "10":"ten", "2":"two", "z":{"9":1,"a":-0,"01":2}, "n":[1e21,1E-7,0.000001,9007199254740993,100.50,5e-324], "s":"\u00e9\u2028\/\u007f\u001F\ud83d\ude00", "dup":1, "dup":2 }"#;
const C1: &str = "7b2232223a2274776f222c223130223a2274656e222c2262223a312c227a223a7b2239223a312c2261223a302c223031223a327d2c226e223a5b31652b32312c31652d372c302e3030303030312c393030373139393235343734303939322c3130302e352c35652d3332345d2c2273223a22c3a9e280a82f7f5c7530303166f09f9880222c22647570223a327d";

#[test]
fn the_five_vectors_give_their_signatures() {
    let profile = built_in("leanbe");
    let example = |name: &str| profile.catalogue.entry(name).unwrap().example.clone();
    let t2 = T1.replace(r#" "dup":1,"#, r#" "lone":"\uD800", "dup":1,"#);
    for (payload, bytes, signature) in [
        (
            r#"{"_id":"1","n":1}"#.to_owned(),
            17,
            "6538f1a0704a42c5c5b4a415708f8b3ca0abee2e161663716908b63214c82df1",
        ),
        (
            example("customer.created"),
            1472,
            "d0c886d19fdecc940ab703d60b91d4674a00a9f73f0a316f3f9c0eab6cdb8577",
        ),
        (example("idea.created"), 633, "98e377aceeea3aac352fc7b72c047ddd2b8959eb0292005e200dbedbdc103b6d"),
        (T1.to_owned(), 141, "888c4dca1c09f320fee7a0d2ba68a4167cd8f553239027309430290d6bbe786f"),
        (t2, 157, "d367cd78d6db2509f76b7a24e2c7da65ac0ca298725401339dde3a469761af66"),
    ] {
        let given = Given::new(&profile, "idea.created", &payload, "{}").signed_with(&profile, SECRET);
        let shaped = given.shape(&profile);
        assert_eq!(shaped.signature.as_deref(), Some(signature));
        let body = shaped.body;
        let tail = format!(
            r#","event":"idea.created","triggeredAt":"2023-06-29T06:56:57.472Z","signature":"{signature}"}}"#
        );
        let payload = body.strip_prefix("{\"payload\":").and_then(|rest| rest.strip_suffix(&tail)).unwrap();
        assert_eq!(payload.len(), bytes);
        if bytes == 141 {
            assert_eq!(HEXLOWER.encode(payload.as_bytes()), C1);
        }
    }
}

#[test]
fn the_header_repeats_the_signature_unless_it_is_switched_off() {
    let profile = built_in("leanbe");
    let request =
        Given::new(&profile, "idea.created", "{}", "{}").signed_with(&profile, SECRET).render(&profile);
    let signature = header(&request, "X-Leanbe-Signature").unwrap();
    assert!(str::from_utf8(&request.body).unwrap().contains(&format!(r#""signature":"{signature}""#)));
    let off = Given::new(&profile, "idea.created", "{}", r#"{"signature_header":false}"#);
    assert_eq!(header(&off.signed_with(&profile, SECRET).render(&profile), "X-Leanbe-Signature"), None);
}

#[test]
fn the_zone_shows_the_same_instant_with_its_offset_of_summer_and_winter() {
    let profile = built_in("leanbe");
    let zone = r#"{"triggered_at_zone":"America/Los_Angeles"}"#;
    let mut given = Given::new(&profile, "idea.created", "{}", zone).signed_with(&profile, SECRET);
    for (moment, expected) in [
        ("2023-07-01T06:56:57.4729Z", "2023-06-30T23:56:57.472-07:00"),
        ("2023-01-01T06:56:57Z", "2022-12-31T22:56:57.000-08:00"),
    ] {
        given.created_at = at(moment);
        let body = given.body(&profile);
        assert!(body.contains(&format!(r#""triggeredAt":"{expected}""#)), "{body}");
    }
}

#[test]
fn a_number_beyond_a_double_is_refused_at_the_door() {
    let ingest = built_in("leanbe").ingest;
    assert_eq!(ingest.check(r#"{"x":1e400}"#), Err(DataRefusal::NumberOutOfRange));
    assert_eq!(ingest.check(r#"{"x":1e300,"s":"\ud800"}"#), Ok(()));
}

#[test]
fn a_secret_is_64_hexadecimal_characters_and_not_typed_by_the_user() {
    let profile = built_in("leanbe");
    let secret = profile.generate_secret(None, &mut StdRng::seed_from_u64(1)).unwrap();
    assert_eq!(secret.len(), 64);
    assert!(secret.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
    assert_eq!(profile.secret_rules.supplied, SecretSupply::AtRotation);
    assert!(!profile.secret_rules.rotation_grace);
}
