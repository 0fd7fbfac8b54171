//! Twilio: a form, and a signature over the URL and the sorted fields.

use postroad_testkit::Received;
use serde_json::json;

use super::{
    deliver, examples, expect_refused,
    libraries::{Case, Library},
    read_all, serve,
};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// A URL of the customer's own, with a query that is part of what is signed.
const TARGET: &str = "/voice?tenant=a%2Fb&tenant=2&x=";
/// Names whose order depends on the letters' case and on bytes beyond ASCII; values that a form must escape.
const ODD_FIELDS: &str =
    r#"{"b":"&=+ %","B":"","a_1":"ü","a":"line\nline","A":"😀","ä":"1","Z":"\u00e9","To[]":"+49"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn twilios_library_verifies_every_form_and_refuses_what_was_changed() {
    let stage = serve("twilio").await;
    let url = stage.receiver.url(TARGET);
    let delivery = json!({"type": "push", "url": url});
    stage.subscribe(json!({"delivery": delivery, "secret": TOKEN})).await;
    let mut examples = examples(&stage, "twilio").await;
    examples.push(examples[0].with_data(ODD_FIELDS));
    let case = |request: &Received| Case::new(Library::Twilio, TOKEN, &url, request);
    let mut cases = Vec::new();
    for example in &examples {
        let request = deliver(&stage, example, 1).await.swap_remove(0);
        assert_eq!(request.target, TARGET);
        cases.push(case(&request));
    }
    let sent: Vec<_> = examples.iter().map(|example| example.data_json()).collect();
    assert_eq!(read_all(&cases), sent);
    expect_refused(&cases.iter().map(|case| case.with_secret("another")).collect::<Vec<_>>());
    expect_refused(&cases.iter().map(Case::with_changed_body).collect::<Vec<_>>());
    let elsewhere = cases.iter().map(|case| Case { url: stage.receiver.url("/voice"), ..case.clone() });
    expect_refused(&elsewhere.collect::<Vec<_>>());
}
