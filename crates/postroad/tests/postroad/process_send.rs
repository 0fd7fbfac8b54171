//! `postroad send` against a real server.

use std::{fs, process::Stdio};

use postroad_testkit::{ADMIN_KEY, Receiver, TestServer, within};
use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::common::{postroad, run, send, subscribe};

#[tokio::test]
async fn the_data_arrives_as_it_was_given_from_the_line_a_file_or_standard_input() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    subscribe(&server, &receiver.url("/hook")).await;
    let (folder, url) = (server.folder(), server.url(""));
    fs::write(folder.join("event.json"), "{\"b\": 2.50,\n \"a\": 1}\n").unwrap();

    let ended = send(folder, &url, &["--type", "a", "--data", r#"{"z":1e2, "a":"\u00e4"}"#]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), "accepted; 1 delivery\n"));
    let received = receiver.wait_for(1).await;
    assert_eq!(received[0].header("webhook-id"), Some(ended.stdout.trim()));
    assert!(received[0].text().contains(r#""data":{"z":1e2, "a":"\u00e4"}"#), "{}", received[0].text());

    assert_eq!(send(folder, &url, &["--type", "a", "--data", "@event.json"]).await.code, Some(0));
    let received = receiver.wait_for(2).await;
    assert!(received[1].text().contains("\"data\":{\"b\": 2.50,\n \"a\": 1}"), "{}", received[1].text());

    let mut command = postroad(folder, &["send", "--tenant", "acme", "--type", "a", "--data", "-"]);
    command.env("POSTROAD_SERVER", &url).env("POSTROAD_KEY", ADMIN_KEY).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"[1]").await.unwrap();
    assert!(within("send to end", child.wait()).await.unwrap().success());
    assert_eq!(receiver.wait_for(3).await[2].json()["data"], json!([1]));
}

#[tokio::test]
async fn an_id_of_the_caller_publishes_once_and_a_refusal_is_shown_as_text() {
    let server = TestServer::start().await;
    server.put_json("/v1/tenants/acme", &json!({"profile": "standard"})).await.unwrap();
    let (folder, url) = (server.folder(), server.url(""));
    let arguments = ["--type", "a", "--id", "mine"];
    let first = send(folder, &url, &arguments).await;
    // What it says can be typed as it stands.
    let explain = format!(
        "accepted; it goes to no subscription. Why:\n  curl -H \"Authorization: Bearer YOUR_KEY\" \
         {url}/v1/tenants/acme/events/{}/explain\nThe answer lists every subscription of the tenant, also those created later; it is \
         empty for a tenant without any.\n",
        first.stdout.trim()
    );
    assert_eq!((first.code, &first.stderr), (Some(0), &explain));
    let second = send(folder, &url, &arguments).await;
    assert_eq!(
        (&second.stdout, second.stderr.as_str()),
        (&first.stdout, "published before: nothing new was sent\n")
    );
    let other = send(folder, &url, &["--type", "a", "--id", "mine", "--data", "[1]"]).await;
    assert_eq!((other.code, other.stdout.as_str()), (Some(1), ""));
    assert!(other.stderr.contains("(status 409, code idempotency_conflict)"), "{}", other.stderr);

    let refused = send(folder, &url, &["--type", "a b"]).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.starts_with("error: "), "{}", refused.stderr);
    let words = "\n  type: cannot be the name of an event type, which must be 1 to 128 letters";
    assert_eq!(refused.stderr.matches(words).count(), 1, "{}", refused.stderr);
    assert_eq!(refused.stderr.lines().count(), 2, "said once: {}", refused.stderr);
}

#[tokio::test]
async fn what_the_caller_must_write_differently_is_said_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    // Port 9 is the discard service: nothing answers there.
    let server = "http://127.0.0.1:9";
    for (arguments, code, hint) in [
        (&["--tenant", "a", "--type", "a"][..], 2, "a key is needed: --key KEY, or POSTROAD_KEY"),
        (&["--tenant", "a b", "--type", "a", "--key", "k"], 2, "--tenant \"a b\" must be 1 to 128 letters"),
        (&["--tenant", "a", "--type", "a", "--key", "k", "--data", "{"], 2, "--data is not JSON"),
        (
            &["--tenant", "a", "--type", "a", "--key", "k", "--data", "@no"],
            2,
            "--data: cannot read no: No such file",
        ),
        (
            &["--tenant", "a", "--type", "a", "--key", "k"],
            1,
            "no answer from http://127.0.0.1:9: cannot connect",
        ),
    ] {
        let mut command = postroad(folder.path(), &["send", "--server", server]);
        command.args(arguments);
        let ended = run(command).await;
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        assert!(ended.stderr.contains(hint), "{}", ended.stderr);
    }
}
