//! GitHub: one signature over the body as it is sent, whether that is JSON or a form.

use serde_json::json;

use super::{
    deliver, examples, expect_refused,
    libraries::{Case, Library},
    read_all, serve,
};

const SECRET: &str = "It's a Secret to Everybody";
/// What a form and a JSON parser must both leave as it is.
const ODD_DATA: &str = r#"{"action":"a&b=c+d%20","text":"Zoë 😀\u00fc\\/ \"","n":1.50,"z":[ ]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn octokit_verifies_every_event_as_json_and_as_a_form_and_refuses_what_was_changed() {
    let stage = serve("github").await;
    for (path, content_type) in
        [("/json", "application/json"), ("/form", "application/x-www-form-urlencoded")]
    {
        let url = stage.receiver.url(path);
        let delivery = json!({"type": "push", "url": url, "content_type": content_type});
        stage.subscribe(json!({"delivery": delivery, "secret": SECRET})).await;
    }
    let mut examples = examples(&stage, "github").await;
    examples.push(examples[0].with_data(ODD_DATA));
    let (mut cases, mut sent) = (Vec::new(), Vec::new());
    for example in &examples {
        let requests = deliver(&stage, example, 2).await;
        let mut paths: Vec<_> = requests.iter().map(|request| request.path()).collect();
        paths.sort_unstable();
        assert_eq!(paths, ["/form", "/json"]);
        for request in &requests {
            assert_eq!(request.header("x-github-event"), Some(example.event.as_str()));
            assert!(request.header("user-agent").is_some_and(|agent| agent.starts_with("GitHub-Hookshot/")));
            cases.push(Case::new(Library::GitHub, SECRET, &stage.receiver.url(request.path()), request));
            sent.push(example.data.as_str());
        }
    }
    assert_eq!(read_all(&cases), sent);
    expect_refused(&cases.iter().map(|case| case.with_secret("another")).collect::<Vec<_>>());
    expect_refused(&cases.iter().map(Case::with_changed_body).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_secret_there_is_no_signature() {
    let stage = serve("github").await;
    stage.subscribe(json!({})).await;
    let example = &examples(&stage, "github").await[0];
    let request = deliver(&stage, example, 1).await.swap_remove(0);
    assert_eq!(request.header("x-hub-signature-256"), None);
    assert_eq!(request.text(), example.data);
}
