//! `postroad dev`: what it shows, and that it leaves nothing behind.

use std::path::Path;

use postroad_client::{Client, NewSubscription};
use postroad_testkit::{Answer, Receiver};
use tempfile::TempDir;

use crate::common::{Program, postroad, run};

#[tokio::test]
async fn the_demo_shows_how_to_join_in_then_deliveries_and_removes_everything_at_its_end() {
    let folder = TempDir::new().unwrap();
    let mut demo = Program::start(postroad(folder.path(), &["dev", "--listen", "127.0.0.1:0"]));
    let server = demo.server().await;
    let key = demo.line_with("admin key: ").await.replace("admin key: ", "");
    let data = demo.line_with("  data ").await;
    let data = data.trim_start_matches("  data ").trim_start().split(" (").next().unwrap();
    assert!(Path::new(data).join("postroad.db").exists(), "{data}");
    let curl = demo.line_with("curl ").await;
    assert!(curl.contains(&format!("{server}/v1/tenants/standard/events")) && curl.contains(&key), "{curl}");
    for tenant in ["leadhub", "leadsquared", "leanbe", "sleekplan", "standard"] {
        let sample = demo.line_with(&format!("  {tenant} ")).await;
        assert!(sample.contains("  200  ") && sample.ends_with("  #1"), "{sample}");
    }
    // LeadHub signs only where a secret is set: whoever looks at its page should see a signature.
    let seen =
        Client::new(&server, &key).unwrap().inspector("leadhub").requests().page(None).await.unwrap().data;
    let is_signature = |name: &str| name.eq_ignore_ascii_case("x-leadhub-signature");
    assert!(seen[0].headers.iter().any(|header| is_signature(&header.name)), "{:?}", seen[0]);

    let mut send = postroad(folder.path(), &["send", "--tenant", "standard", "--type", "my.own"]);
    send.env("POSTROAD_SERVER", &server).env("POSTROAD_ADMIN_KEY", &key);
    let sent = run(send).await;
    assert_eq!(sent.code, Some(0), "{}", sent.stderr);
    assert!(sent.stdout.starts_with("evt_"), "{}", sent.stdout);
    demo.line_with("my.own").await;

    demo.signal(libc::SIGINT);
    let ended = demo.end().await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(!Path::new(data).exists(), "{data} is left");
}

#[tokio::test]
async fn an_attempt_that_is_not_repeated_soon_says_until_when_or_what_to_do() {
    let (folder, receiver) = (TempDir::new().unwrap(), Receiver::start().await);
    receiver.answer("/gone", Answer::status(410));
    receiver.answer("/tired", Answer::status(503).header("Retry-After", "600"));
    let mut demo = Program::start(postroad(folder.path(), &["dev", "--listen", "127.0.0.1:0"]));
    let server = demo.server().await;
    let key = demo.line_with("admin key: ").await.replace("admin key: ", "");
    let client = Client::new(&server, &key).unwrap();
    let subscriptions = client.tenant("standard").subscriptions();
    let send = async || {
        let mut send = postroad(folder.path(), &["send", "--tenant", "standard", "--type", "my.own"]);
        send.env("POSTROAD_SERVER", &server).env("POSTROAD_KEY", &key);
        assert_eq!(run(send).await.code, Some(0));
    };

    let gone = subscriptions.create(&NewSubscription::push(receiver.url("/gone"))).await.unwrap();
    send().await;
    let line = demo.line_with("  410      ").await;
    let words = format!("PATCH /v1/tenants/standard/subscriptions/{} {{\"active\":true}}", gone.id);
    assert!(line.contains("is inactive now") && line.ends_with(&words), "{line}");

    subscriptions.create(&NewSubscription::push(receiver.url("/tired"))).await.unwrap();
    send().await;
    let line = demo.line_with("  503      ").await;
    assert!(line.contains("next attempt") && line.contains(" in 10m"), "{line}");
    demo.signal(libc::SIGINT);
    assert_eq!(demo.end().await.code, Some(0));
}

#[tokio::test]
async fn two_signals_in_a_row_leave_nothing_behind_either() {
    let folder = TempDir::new().unwrap();
    let mut command = postroad(folder.path(), &["dev", "--listen", "127.0.0.1:0"]);
    command.env("TMPDIR", folder.path());
    let mut demo = Program::start(command);
    demo.server().await;
    demo.signal(libc::SIGINT);
    demo.signal(libc::SIGTERM);
    let ended = demo.end().await;
    assert!(matches!(ended.code, Some(0 | 130 | 143)), "{ended:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn the_demo_ends_when_nobody_reads_it_any_more() {
    let folder = TempDir::new().unwrap();
    let mut demo = Program::start(postroad(folder.path(), &["dev", "--listen", "127.0.0.1:0"]));
    demo.server().await;
    demo.close_stdout();
    let ended = demo.end().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}
