//! What `postroad profile` says of handshakes.

use std::path::PathBuf;

use super::folder::Folder;

fn example(name: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join("profiles/examples").join(name).canonicalize().unwrap().display().to_string()
}

#[tokio::test]
async fn the_request_of_a_handshake_is_shown_with_what_is_expected() {
    let ended = Folder::new().profile(&["check", &example("cloudevents")]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let expected = "\
### handshake 1
# expects status 2xx
# expects the header WebHook-Allowed-Origin: eventemitter.example.com or *
OPTIONS https://example.com/hook
User-Agent: Postroad/VERSION
WebHook-Request-Origin: eventemitter.example.com


";
    let shown = ended.stdout.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    assert!(shown.contains(expected), "{shown}");
    assert_eq!(shown.lines().last(), Some("cloudevents: 2 event types, 2 examples render, 1 handshake"));
}

#[tokio::test]
async fn handshakes_are_told_in_words() {
    let folder = PathBuf::from(example("cloudevents")).join("..").display().to_string();
    for (name, expected) in [
        (
            "cloudevents",
            "\nHandshakes\n  1. OPTIONS  when a subscription is created or has another URL or is enabled; unsigned; expects 2xx,",
        ),
        ("challenge-echo", "signed; expects 2xx, `/challenge` in the body, `/proof` in the body;"),
        ("challenge-echo", "nothing is sent to the receiver until it has passed"),
    ] {
        let page = Folder::new().profile(&["show", name, "--profiles", &folder]).await;
        let shown: String = page.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        let expected = expected.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown.contains(&expected), "{}\nwanted {expected}", page.stdout);
    }
}
