//! What depends on the method of the request.

use crate::facts::{Given, header, lines, load, with_request};

const REQUEST: &str = r#"
request.methods = ["POST", "GET", "HEAD", "DELETE"]
request.content = [{ type = "application/json", body = "{{ event.data }}" }]
request.query = [{ name = "method", value = "{{ request.method }}" }]
"#;

#[test]
fn a_method_that_only_asks_has_no_body_and_every_method_is_known_to_url_and_headers() {
    let profile = with_request(&format!(
        "{REQUEST}request.headers = [{{ name = \"X-Read\", value = \"{{{{ request.method | lower }}}}\", when = \"request.method in ['GET', 'HEAD']\" }}]"
    ));
    for (method, body, read) in
        [("POST", "{}", None), ("DELETE", "{}", None), ("GET", "", Some("get")), ("HEAD", "", Some("head"))]
    {
        let mut given = Given::new(&profile, "e", "{}", "{}");
        given.method = Some(method.to_owned());
        let request = given.render(&profile);
        assert_eq!((request.method.as_str(), &*request.body), (method, body.as_bytes()));
        assert_eq!(request.url, format!("https://h/x?method={method}"));
        assert_eq!(header(&request, "content-type").is_some(), !body.is_empty(), "{method}");
        assert_eq!(header(&request, "x-read"), read);
    }
}

#[test]
fn what_is_signed_at_an_attempt_is_the_body_that_is_sent() {
    let profile = with_request(&format!(
        "{REQUEST}{}",
        r#"
        request.headers = [{ name = "s", value = "{{ signature }}" }]
        secret.is = "optional"
        signature = { sign = "each_attempt", message = "{{ request.method }} {{ body }}", schemes = [{ name = "s", algorithm = "hmac-sha1" }] }
        "#
    ));
    let signature = |method: &str, data: &str| {
        let mut given = Given::new(&profile, "e", data, "{}").signed_with(&profile, "k");
        given.method = Some(method.to_owned());
        header(&given.render(&profile), "s").unwrap().to_owned()
    };
    assert_eq!(signature("GET", "{}"), signature("GET", "[]"));
    assert_ne!(signature("POST", "{}"), signature("POST", "[]"));
    assert_ne!(signature("GET", "{}"), signature("HEAD", "{}"));
}

#[test]
fn a_signature_of_once_over_the_body_and_a_method_without_one_do_not_go_together() {
    let told = |rest: &str| {
        let toml = format!("name = \"p\"\ntitle = \"P\"\nevents = [{{ name = \"e\" }}]\n{REQUEST}{rest}");
        lines(&load(&toml).err().unwrap_or_default())
    };
    let signature = |sign: &str, message: &str| {
        format!(
            "secret.is = \"optional\"\nsignature = {{ sign = \"{sign}\", message = \"{{{{ {message} }}}}\", schemes = [{{ name = \"s\", algorithm = \"hmac-sha1\" }}] }}"
        )
    };
    let refused = told(&signature("once", "body"));
    assert!(refused.contains("`request` has a method without a body (GET, HEAD)"), "{refused}");
    assert_eq!(told(&signature("each_attempt", "body")), "");
    assert_eq!(told(&signature("once", "event.data")), "");
    let early = told(&signature("once", "request.method"));
    assert!(
        early.contains("the variable `request.method` has no value here: it belongs to one attempt"),
        "{early}"
    );
}
