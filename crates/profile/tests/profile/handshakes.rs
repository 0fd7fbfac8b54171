//! Handshakes: what is sent, what must come back, and what a profile may not say of them.

use bytes::Bytes;
use postroad_domain::{CustomHeader, Headers, ResponseHead};
use postroad_profile::{BegunHandshake, Occasion, Profile};
use rand::{SeedableRng, rngs::StdRng};

use crate::facts::{Given, example, header, lines, load, with_request};

/// A profile that signs, with a handshake that begins on its line 17.
fn signing(handshake: &str) -> String {
    format!(
        r#"name = "p"
title = "P"
events = [{{ name = "e" }}]
request.content = [{{ type = "application/json", body = "{{{{ event.data }}}}" }}]
request.query = [{{ name = "type", value = "{{{{ event.type }}}}" }}]
request.headers = [
  {{ name = "X-Sign", value = "{{{{ signature }}}}" }},
  {{ name = "X-From", value = "{{{{ tenant.id }}}}" }},
]
[signature]
sign = "once"
message = "{{{{ body }}}}"
schemes = [{{ name = "s", algorithm = "hmac-sha256", value = "v1={{{{ digest }}}}" }}]
[secret]
is = "optional"
rotation_grace = true
[[handshakes]]
{handshake}"#
    )
}

fn profile_with(handshake: &str) -> Profile {
    load(&signing(handshake)).unwrap_or_else(|problems| panic!("{}", lines(&problems)))
}

fn given(profile: &Profile) -> Given {
    Given::new(profile, "e", "{\"id\":1}", "{}").signed_with(profile, "k")
}

/// The only handshake of the profile, begun with one rng.
fn begin(profile: &Profile, given: &Given) -> BegunHandshake {
    let handshake = &profile.handshakes()[0];
    let rng = &mut StdRng::seed_from_u64(7);
    profile.begin_handshake(handshake, &given.input(), given.attempt, rng).unwrap()
}

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> ResponseHead {
    let headers: Headers = headers.iter().copied().collect();
    ResponseHead { status, headers, body: Bytes::copy_from_slice(body.as_bytes()), truncated: false }
}

/// What is wrong with an answer; nothing with the right one.
fn judged(begun: &BegunHandshake, answer: &ResponseHead) -> String {
    begun.expected.judge(answer).err().unwrap_or_default()
}

fn body(begun: &BegunHandshake) -> &str {
    str::from_utf8(&begun.request.body).unwrap()
}

/// HMAC-SHA256 with the key `k`, as the scheme of [`signing`] writes it.
fn signed(text: &str) -> String {
    let profile = with_request(
        r#"
        request.content = [{ type = "application/json", body = "{{ event.data }}" }]
        request.headers = [{ name = "X-Sign", value = "{{ signature }}" }]
        secret.is = "optional"
        [signature]
        sign = "once"
        message = "{{ event.data.text }}"
        schemes = [{ name = "s", algorithm = "hmac-sha256", value = "v1={{ digest }}" }]
        "#,
    );
    let data = serde_json::json!({ "text": text }).to_string();
    let request = Given::new(&profile, "e", &data, "{}").signed_with(&profile, "k").render(&profile);
    header(&request, "x-sign").unwrap().to_owned()
}

#[test]
fn a_probe_is_a_delivery_without_a_body_and_without_a_signature() {
    let profile = profile_with("method = \"HEAD\"");
    let mut given = given(&profile);
    given.url = "https://h/x?a=1#top".to_owned();
    given.authorization = Some("Basic eDp5".to_owned());
    for value in ["1", "2"] {
        given.headers.push(CustomHeader { name: "X-Own".to_owned(), value: value.to_owned() });
    }
    let begun = begin(&profile, &given);
    let request = &begun.request;
    assert_eq!((request.method.as_str(), request.url.as_str()), ("HEAD", "https://h/x?a=1&type=e"));
    assert!(request.body.is_empty());
    let sent: Vec<_> = request.headers.iter().filter(|(name, _)| *name != "User-Agent").collect();
    let expected = [("X-From", "acme"), ("Authorization", "Basic eDp5"), ("X-Own", "1"), ("X-Own", "2")];
    assert_eq!(sent, expected);
    assert_eq!(judged(&begun, &answer(204, &[], "")), "");
    assert_eq!(judged(&begun, &answer(405, &[], "")), "it answered 405, and 2xx is expected");
    assert_eq!(judged(&begun, &answer(302, &[], "")), "it answered 302, and 2xx is expected");
    let handshake = &profile.handshakes()[0];
    assert_eq!((handshake.on.as_slice(), handshake.blocking), (&Occasion::ALL[..], false));
}

#[test]
fn a_challenge_is_random_and_must_come_back_exactly() {
    let profile = profile_with(
        r#"
        method = "POST"
        query = []
        headers = []
        challenge = { bytes = 16, encoding = "hex" }
        content = { type = "application/json", envelope = [{ name = "challenge", string = "{{ challenge }}" }] }
        expect = { body = "{{ challenge }}" }
        "#,
    );
    let given = given(&profile);
    let begun = begin(&profile, &given);
    let handshake = &profile.handshakes()[0];
    let other = &mut StdRng::seed_from_u64(8);
    let other = profile.begin_handshake(handshake, &given.input(), given.attempt, other).unwrap();
    assert_ne!(body(&begun), body(&other), "another one each time");
    assert_eq!(begun.request.url, "https://h/x");
    assert_eq!(header(&begun.request, "content-type"), Some("application/json"));
    assert_eq!(header(&begun.request, "x-from"), None);
    let challenge = body(&begun).strip_prefix("{\"challenge\":\"").unwrap().strip_suffix("\"}").unwrap();
    assert_eq!(challenge.len(), 32);
    assert_eq!(judged(&begun, &answer(200, &[], challenge)), "");
    for lie in ["", &challenge.to_uppercase(), &format!("{challenge}\n"), body(&begun)] {
        assert_eq!(judged(&begun, &answer(200, &[], lie)), "the body is not what is expected");
    }
    let endless = ResponseHead { truncated: true, ..answer(200, &[], challenge) };
    let why = "its body is longer than 16384 bytes, or did not come to its end";
    assert_eq!(judged(&begun, &endless), why);
}

#[test]
fn a_value_in_json_is_found_by_its_pointer_and_a_list_is_alternatives() {
    let profile = profile_with(
        r#"
        method = "POST"
        challenge = {}
        expect = { status = [200, 201], json = { "/a~1b/0" = "{{ challenge }}", "/ok" = ["true", "1"] } }
        "#,
    );
    let begun = begin(&profile, &given(&profile));
    let lines = begun.expected.lines();
    let challenge = lines[1].strip_prefix("`/a~1b/0` in the body: ").unwrap();
    let answered = |body: String| judged(&begun, &answer(201, &[], &body));
    assert_eq!(answered(format!(r#"{{"a/b":["{challenge}"],"ok":true}}"#)), "");
    assert_eq!(answered(format!(r#"{{ "ok": 1, "a/b": ["{challenge}"], "more": {{}} }}"#)), "");
    assert_eq!(
        answered(format!(r#"{{"a/b":["{challenge}"],"ok":false}}"#)),
        "`/ok` in the body is not what is expected"
    );
    assert_eq!(answered(format!(r#"{{"a/b":["{challenge}"]}}"#)), "`/ok` in the body is missing");
    assert_eq!(answered(format!(r#"{{"a/b":"{challenge}","ok":1}}"#)), "`/a~1b/0` in the body is missing");
    assert_eq!(
        answered(r#"{"a/b":["x"],"ok":1}"#.to_owned()),
        "`/a~1b/0` in the body is not what is expected"
    );
    assert_eq!(answered("<html>".to_owned()), "its body is not JSON");
    assert_eq!(judged(&begun, &answer(204, &[], "")), "it answered 204, and 200 or 201 is expected");
}

#[test]
fn a_header_may_stand_there_several_times_and_one_of_them_must_be_it() {
    let profile = profile_with(
        r#"
        method = "GET"
        query = [{ name = "challenge", value = "{{ challenge }}" }]
        challenge = { encoding = "base64url" }
        expect = { header = { "X-Secret" = ["{{ challenge }}", "*"] } }
        "#,
    );
    let begun = begin(&profile, &given(&profile));
    let (_, challenge) = begun.request.url.split_once("?challenge=").unwrap();
    for value in [challenge, "*"] {
        assert_eq!(judged(&begun, &answer(200, &[("x-secret", "no"), ("x-secret", value)], "")), "");
    }
    let why = "the header X-Secret is not what is expected";
    assert_eq!(judged(&begun, &answer(200, &[("x-secret", "")], challenge)), why);
    assert_eq!(judged(&begun, &answer(200, &[], challenge)), "the header X-Secret is missing");
}

#[test]
fn a_right_signature_is_that_of_a_delivery_and_the_answer_signs_the_challenge() {
    let profile = profile_with(
        r#"
        method = "POST"
        challenge = {}
        content = { type = "text/plain", body = "{{ challenge }}" }
        signature = "right"
        expect = { body = "{{ signature }}" }
        "#,
    );
    let mut given = given(&profile);
    let begun = begin(&profile, &given);
    let proof = signed(body(&begun));
    assert_eq!(header(&begun.request, "x-sign"), Some(proof.as_str()), "the body is the challenge here");
    assert_eq!(judged(&begun, &answer(200, &[], &proof)), "");
    assert_eq!(judged(&begun, &answer(200, &[], &signed("x"))), "the body is not what is expected");
    // While two secrets sign, the request carries both, and either of them answers.
    given = given.signed_with(&profile, "older");
    let both = begin(&profile, &given);
    let older = header(&both.request, "x-sign").unwrap().split_once(' ').unwrap().1.to_owned();
    for proof in [proof, older] {
        assert_eq!(judged(&both, &answer(200, &[], &proof)), "");
    }
}

#[test]
fn what_is_signed_may_be_said_for_the_request_and_for_the_answer() {
    let profile = profile_with(
        r#"
        method = "GET"
        query = [{ name = "crc", value = "{{ challenge }}" }]
        challenge = {}
        signature = "right"
        message = "crc={{ challenge }}"
        expect = { json = { "/token" = "sha256={{ digest }}" }, message = "{{ challenge }}!" }
        "#,
    );
    let begun = begin(&profile, &given(&profile));
    let (_, query) = begun.request.url.split_once('?').unwrap();
    assert_eq!(header(&begun.request, "x-sign"), Some(signed(query).as_str()));
    let challenge = query.strip_prefix("crc=").unwrap();
    let digest = signed(&format!("{challenge}!")).replace("v1=", "sha256=");
    assert_eq!(judged(&begun, &answer(200, &[], &format!(r#"{{"token":"{digest}"}}"#))), "");
}

#[test]
fn a_wrong_signature_has_the_form_of_a_right_one_and_must_be_refused() {
    let profile = profile_with(
        r#"
        method = "POST"
        content = { type = "application/json", body = "{}" }
        signature = "wrong"
        expect = { status = ["4xx"] }
        "#,
    );
    let begun = begin(&profile, &given(&profile));
    let wrong = header(&begun.request, "x-sign").unwrap();
    assert_eq!(wrong.len(), signed("{}").len());
    assert_ne!(wrong, signed("{}"));
    assert_eq!(judged(&begun, &answer(401, &[], "")), "");
    assert_eq!(judged(&begun, &answer(200, &[], "")), "it answered 200, and 4xx is expected");
}

#[test]
fn what_is_made_follows_from_the_occasion_the_condition_and_the_secret() {
    let handshakes = r#"method = "HEAD"
        on = ["created"]
        when = "options.probe == 'head'"
        [[handshakes]]
        method = "POST"
        on = ["secret", "url"]
        signature = "right"
        [options.probe]
        type = "text"
        choices = ["head", "off"]
        default = "head"
        "#;
    let profile = profile_with(handshakes);
    let given = given(&profile);
    let due =
        |given: &Given, occasions: Option<&[Occasion]>| profile.handshakes_due(&given.input(), occasions);
    assert_eq!(due(&given, Some(&[Occasion::Created])), [0]);
    assert_eq!(due(&given, Some(&[Occasion::Url, Occasion::Created])), [0, 1]);
    assert_eq!(due(&given, Some(&[Occasion::Enabled])), [0; 0]);
    assert_eq!(due(&given, None), [0, 1]);
    let off = Given::new(&profile, "e", "{}", r#"{"probe":"off"}"#);
    assert_eq!(due(&off, Some(&[Occasion::Created])), [0; 0], "its condition does not hold");
    assert_eq!(due(&off, None), [0; 0], "and there is no secret to sign with");
}

/// What a handshake may not say, and what is told of it.
const FAULTS: [(&str, &str); 21] = [
    ("", "profile.toml:17: the key `handshakes.method` is missing"),
    (
        "method = \"HEAD\"\nblockin = true",
        "profile.toml:19: unknown key `handshakes.blockin`; the nearest valid one is `blocking`",
    ),
    (
        "method = \"PATCH\"",
        "profile.toml:18: `handshakes.method` must be one of HEAD, GET, OPTIONS, POST, PUT",
    ),
    (
        "method = \"HEAD\"\non = [\"creatd\"]",
        "profile.toml:19: `handshakes.on` must list some of created, url, secret, enabled",
    ),
    (
        "method = \"HEAD\"\nheaders = [{ name = \"X\", value = \"{{ challenge }}\" }]",
        "profile.toml:19: the variable `challenge` has no value here: it stands only in a handshake that has a challenge",
    ),
    (
        "method = \"HEAD\"\nheaders = [{ name = \"X\", value = \"{{ chalenge }}\" }]",
        "profile.toml:19: undefined variable `chalenge`; the nearest valid one is `challenge`",
    ),
    (
        "method = \"HEAD\"\nheaders = [{ name = \"X\", value = \"{{ signature }}\" }]",
        "profile.toml:19: the variable `signature` has no value here",
    ),
    (
        "method = \"HEAD\"\nchallenge = { bytes = 8 }",
        "profile.toml:19: `handshakes.challenge.bytes` must be a whole number from 16 to 64",
    ),
    (
        "method = \"GET\"\ncontent = { type = \"text/plain\", body = \"x\" }",
        "profile.toml:19: `handshakes.content` belongs to a request with a body, which GET has not",
    ),
    (
        "method = \"HEAD\"\nexpect = { body = \"x\" }",
        "profile.toml:19: `handshakes.expect.body` cannot come with the answer to HEAD",
    ),
    (
        "method = \"GET\"\nexpect = { stauts = [200] }",
        "profile.toml:19: unknown key `handshakes.expect.stauts`; the nearest valid one is `status`",
    ),
    (
        "method = \"GET\"\nexpect = { status = [\"3xx\"] }",
        "profile.toml:19: `handshakes.expect.status` must list statuses such as \"2xx\", 204 or \"4xx\"; a redirect is not \
             followed, so none is expected",
    ),
    (
        "method = \"GET\"\nexpect = { json = { \"token\" = \"x\" } }",
        "profile.toml:19: `handshakes.expect.json` must have JSON pointers such as \"/token\", not `token`",
    ),
    (
        "method = \"GET\"\nexpect = { header = { \"X Y\" = \"x\" } }",
        "profile.toml:19: `handshakes.expect.header` must have names that HTTP allows, not `X Y`",
    ),
    (
        "method = \"GET\"\nexpect = { header = { \"X\" = 1 } }",
        "profile.toml:19: `handshakes.expect.header.X` must be a text or a list of texts",
    ),
    (
        "method = \"GET\"\nexpect = { message = \"x\" }",
        "profile.toml:19: `handshakes.expect.message` signs nothing: `signature` and `digest` stand nowhere beside it",
    ),
    (
        "method = \"GET\"\nmessage = \"x\"",
        "profile.toml:19: `handshakes.message` signs nothing: `signature` is \"none\", and no `signature` is expected",
    ),
    (
        "method = \"GET\"\nsignature = \"wrong\"",
        "profile.toml:17: `handshakes.expect` must have the `status` of a refusal, such as [\"4xx\"]",
    ),
    (
        "method = \"GET\"\nsignature = \"wrong\"\nexpect = { header = { \"X\" = \"1\" } }",
        "profile.toml:20: `handshakes.expect` must have the `status` of a refusal, such as [\"4xx\"]",
    ),
    (
        "method = \"GET\"\nexpect = { body = \"{{ event.data.id | unix }}\" }",
        "profile.toml:17: the handshake does not render: profile.toml:19: invalid operation: the filter takes a time, not `1`",
    ),
    (
        "method = \"POST\"\ncontent = { type = \"application/json\", body = \"{\" }",
        "profile.toml:17: the handshake does not render: its body is not JSON",
    ),
];

#[test]
fn what_a_handshake_may_not_say_is_told_with_file_line_and_the_nearest_word() {
    for (handshake, expected) in FAULTS {
        let told = load(&signing(handshake)).map(drop).map_err(|problems| lines(&problems)).unwrap_err();
        assert!(told.starts_with(expected), "{handshake}\n{told}\nwanted {expected}");
    }
}

#[test]
fn a_profile_that_cannot_sign_has_no_handshake_that_does() {
    let request = "request.content = [{ type = \"application/json\", body = \"{{ event.data }}\" }]";
    let name = "name = \"p\"\ntitle = \"P\"\nevents = [{ name = \"e\" }]";
    for (rest, expected) in [
        (
            "signature = \"right\"",
            "profile.toml:7: `handshakes.signature` belongs to a profile with a `signature`",
        ),
        (
            "expect = { body = \"{{ signature }}\" }",
            "profile.toml:7: the variable `signature` has no value here",
        ),
    ] {
        let text = format!("{name}\n{request}\n[[handshakes]]\nmethod = \"GET\"\n{rest}");
        let told = load(&text).map(drop).map_err(|problems| lines(&problems)).unwrap_err();
        assert!(told.starts_with(expected), "{told}\nwanted {expected}");
    }
    let ed25519 = signing("method = \"GET\"\nexpect = { body = \"{{ signature }}\" }")
        .replace("algorithm = \"hmac-sha256\"", "algorithm = \"ed25519\"");
    let told = load(&ed25519).map(drop).map_err(|problems| lines(&problems)).unwrap_err();
    let expected = "profile.toml:19: `handshakes.expect` cannot hold a signature: with ed25519 a receiver has the public key only";
    assert!(told.starts_with(expected), "{told}");
    let many = "method = \"HEAD\"\n[[handshakes]]\n".repeat(8) + "method = \"HEAD\"";
    let told = load(&signing(&many)).map(drop).map_err(|problems| lines(&problems)).unwrap_err();
    assert!(told.contains("`handshakes` must be at most 8"), "{told}");
}

#[test]
fn the_type_under_which_handshakes_are_logged_is_nobodys() {
    let text = "name = \"p\"\ntitle = \"P\"\nrequest.content = [{ type = \"application/json\", body = \"{{ event.data }}\" }]\n\
                events = [{ name = \"postroad.handshake\", example = \"examples/e.json\" }]";
    let told = load(text).map(drop).map_err(|problems| lines(&problems)).unwrap_err();
    assert!(told.contains("is the type under which Postroad logs handshakes"), "{told}");
    let open = with_request(
        "open_events = '.*'\nrequest.content = [{ type = \"application/json\", body = \"{{ event.data }}\" }]",
    );
    assert!(open.catalogue.resolve("postroad.handshakes").is_some());
    assert!(open.catalogue.resolve("postroad.handshake").is_none());
}

#[test]
fn what_a_secret_option_puts_into_a_handshake_is_masked() {
    let profile = with_request(
        r#"
        request.content = [{ type = "application/json", body = "{{ event.data }}" }]
        [options.token]
        type = "text"
        secret = true
        default = "hunter2"
        [[handshakes]]
        method = "GET"
        query = [{ name = "token", value = "{{ options.token }}" }]
        headers = [{ name = "X-Token", value = "{{ options.token }}" }]
        "#,
    );
    let given = Given::new(&profile, "e", "{}", "{}");
    let begun = begin(&profile, &given);
    assert_eq!(begun.request.url, "https://h/x?token=hunter2");
    assert_eq!(profile.url_for_log("https://h/x", &begun.request.url, "***"), "https://h/x?token=***");
    assert!(profile.hides_header("x-token"));
}

#[test]
fn the_piece_in_the_page_of_the_language_loads() {
    let page = include_str!("../../../../docs/profiles.md");
    let block = page.split("```toml\n").find(|block| block.starts_with("[[handshakes]]")).unwrap();
    let piece = block.split("[[handshakes]]\n").nth(1).unwrap().split("```").next().unwrap();
    let profile = profile_with(&format!("{piece}[options.verify]\ntype = \"boolean\"\ndefault = true"));
    let begun = begin(&profile, &given(&profile));
    assert!(begun.expected.lines().iter().any(|line| line.starts_with("`/proof` in the body: v1=")));
}

#[test]
fn the_examples_ask_before_they_send() {
    let echo = example("challenge-echo");
    assert!(echo.handshakes()[0].blocking);
    let begun = echo.render_handshake(&echo.handshakes()[0]).unwrap().unwrap();
    assert!(body(&begun).starts_with(r#"{"type":"url_verification","challenge":""#), "{}", body(&begun));
    let cloudevents = example("cloudevents");
    let begun = cloudevents.render_handshake(&cloudevents.handshakes()[0]).unwrap().unwrap();
    assert_eq!((begun.request.method.as_str(), body(&begun)), ("OPTIONS", ""));
    assert_eq!(header(&begun.request, "webhook-request-origin"), Some("eventemitter.example.com"));
    for (origin, why) in [
        ("eventemitter.example.com", ""),
        ("*", ""),
        ("example.com", "the header WebHook-Allowed-Origin is not what is expected"),
    ] {
        assert_eq!(judged(&begun, &answer(200, &[("webhook-allowed-origin", origin)], "")), why, "{origin}");
    }
}
