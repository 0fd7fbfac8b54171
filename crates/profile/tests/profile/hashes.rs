//! Every hash in every encoding.

use crate::facts::{Given, header, with_request};

/// Python, for each: `hmac.new(b"k3y", b'{"id":1}', hashlib.sha1).digest()`, then `.hex()`, `base64.b64encode` or
/// `base64.urlsafe_b64encode` without `=`.
const VECTORS: [(&str, &str, &str); 9] = [
    ("hmac-sha1", "hex", "c0a988ed465879fd018c416bae23716edbf15e4e"),
    ("hmac-sha1", "base64", "wKmI7UZYef0BjEFrriNxbtvxXk4="),
    ("hmac-sha1", "base64url", "wKmI7UZYef0BjEFrriNxbtvxXk4"),
    ("hmac-sha256", "hex", "cf5dde9a7fdfdd3eecd88d6fa1ad47acaa72c3c622d33d8ed8db1fc6ac5cfc6a"),
    ("hmac-sha256", "base64", "z13emn/f3T7s2I1voa1HrKpyw8Yi0z2O2Nsfxqxc/Go="),
    ("hmac-sha256", "base64url", "z13emn_f3T7s2I1voa1HrKpyw8Yi0z2O2Nsfxqxc_Go"),
    (
        "hmac-sha512",
        "hex",
        "ff93748aed6ee0c4ae0d2ba3be832af4ec5c7198e1415d50038c84d6a52dcf13f6134f0f7528d7bd002c7d4285e3a20ccac923b912802d6b8aa211ea0da315f1",
    ),
    (
        "hmac-sha512",
        "base64",
        "/5N0iu1u4MSuDSujvoMq9OxccZjhQV1QA4yE1qUtzxP2E08PdSjXvQAsfUKF46IMyskjuRKALWuKohHqDaMV8Q==",
    ),
    (
        "hmac-sha512",
        "base64url",
        "_5N0iu1u4MSuDSujvoMq9OxccZjhQV1QA4yE1qUtzxP2E08PdSjXvQAsfUKF46IMyskjuRKALWuKohHqDaMV8Q",
    ),
];

#[test]
fn a_signature_has_any_of_the_hashes_in_any_of_the_encodings() {
    for (algorithm, encoding, expected) in VECTORS {
        let profile = with_request(&format!(
            r#"
            request.content = [{{ type = "application/json", body = "{{{{ event.data }}}}" }}]
            request.headers = [{{ name = "X-Signature", value = "{{{{ signature }}}}" }}]
            secret.is = "optional"
            [signature]
            sign = "once"
            message = "{{{{ body }}}}"
            schemes = [{{ name = "s", algorithm = "{algorithm}", encoding = "{encoding}" }}]
            "#,
        ));
        let given = Given::new(&profile, "e", r#"{"id":1}"#, "{}").signed_with(&profile, "k3y");
        assert_eq!(header(&given.render(&profile), "X-Signature"), Some(expected), "{algorithm} {encoding}");
    }
}

#[test]
fn any_text_can_be_hashed_and_encoded_in_a_template() {
    let profile = with_request(
        r#"
        request.content = [{ type = "application/json", body = "{{ event.data }}" }]
        request.headers = [
          { name = "X-Content-SHA256", value = "{{ body | sha256_hex }}" },
          { name = "Digest", value = "sha-256={{ body | sha256_base64 }}" },
          { name = "X-Encoded", value = "{{ event.type | hex }} {{ event.type | base64 }} {{ event.type | base64url }}" },
        ]
        "#,
    );
    let request = Given::new(&profile, "e", "{}", "{}").render(&profile);
    // printf '{}' | openssl dgst -sha256 -hex, and -binary | base64
    let hex = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    assert_eq!(header(&request, "x-content-sha256"), Some(hex));
    let base64 = "sha-256=RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=";
    assert_eq!(header(&request, "digest"), Some(base64));
    assert_eq!(header(&request, "x-encoded"), Some("65 ZQ== ZQ"));
}
