//! `postroad replay`: against a server that answers by a script, and against the real one.

use std::path::Path;

use postroad_client::{Client, DeliveryFilter, DeliveryStatus};
use postroad_testkit::{ADMIN_KEY, Answer, Receiver, TestServer, poll_for};

use crate::common::{Ended, Program, postroad, run, send, subscribe};

const BEGIN: &str = "/v1/tenants/acme/subscriptions/sub_1/replay";
const JOB: &str = "/v1/tenants/acme/replays/rpl_1";

fn job(status: &str, replayed: u32) -> Answer {
    let reason = if status == "failed" { r#""subscription_deleted""# } else { "null" };
    Answer::status(200).body(format!(
        r#"{{"id":"rpl_1","subscription":"sub_1","selection":"failed","status":"{status}","reason":{reason},"count":3,
        "replayed":{replayed},"skipped":1,"examined":4}}"#
    ))
}

fn replay(folder: &Path, server: &str, further: &[&str]) -> tokio::process::Command {
    let mut command =
        postroad(folder, &["replay", "--server", server, "--key", ADMIN_KEY, "--tenant", "acme"]);
    command.args(further);
    command
}

async fn of_script(server: &Receiver, further: &[&str]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    run(replay(folder.path(), &server.url(""), further)).await
}

const ALL: [&str; 4] = ["--subscription", "sub_1", "--since", "2026-11-22T08:00:00+01:00"];

#[tokio::test]
async fn progress_is_told_in_lines_up_to_the_end() {
    let server = Receiver::start().await;
    server.answer(BEGIN, job("running", 0));
    server.answer_in_turn(JOB, [job("running", 2), Answer::close(), job("done", 3)]);
    let ended = of_script(&server, &ALL).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "rpl_1\n"), "{}", ended.stderr);
    let lines: Vec<_> = ended.stderr.lines().collect();
    assert_eq!(
        lines,
        [
            "replayed 0 of 3; looked at 4 unsuccessful deliveries",
            "replayed 2 of 3; looked at 4 unsuccessful deliveries",
            "done: 3 deliveries go out again; looked at 4 unsuccessful deliveries, 1 of them not concerned"
        ]
    );
    let asked = server.received()[0].json();
    assert_eq!((&asked["since"], &asked["status"]), (&"2026-11-22T07:00:00Z".into(), &"failed".into()));
}

#[tokio::test]
async fn a_replay_that_ends_otherwise_is_a_failure() {
    for (status, words) in [
        ("cancelled", "error: it was cancelled"),
        ("failed", "error: it could not go on: the subscription was deleted"),
    ] {
        let server = Receiver::start().await;
        server.answer(BEGIN, job("running", 0));
        server.answer(JOB, job(status, 1));
        let ended = of_script(&server, &ALL).await;
        assert_eq!(ended.code, Some(1));
        assert!(ended.stderr.ends_with(&format!("{words}\n")), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn a_dry_run_counts_and_cancel_cancels() {
    let server = Receiver::start().await;
    server.answer(BEGIN, Answer::status(200).body(r#"{"count":5000,"count_is_exact":false}"#));
    let mut arguments = ALL.to_vec();
    arguments.extend(["--dry-run", "--status", "missing"]);
    let ended = of_script(&server, &arguments).await;
    let sentence =
        "5000 deliveries or more would be sent again: counting all takes too long; nothing was sent\n";
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), sentence, ""));
    assert_eq!(server.received()[0].json()["dry_run"], true);

    server.answer(JOB, Answer::status(204));
    let ended = of_script(&server, &["--cancel", "rpl_1"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("rpl_1 is cancelled"), "{}", ended.stderr);
    assert_eq!(server.received()[1].method, "DELETE");
}

#[tokio::test]
async fn ctrl_c_ends_the_watching_and_says_how_to_end_the_replay() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Receiver::start().await);
    server.answer(BEGIN, job("running", 0));
    server.answer(JOB, job("running", 1));
    let mut program = Program::start(replay(folder.path(), &server.url(""), &ALL));
    program.log_line_with("replayed 1 of 3").await;
    program.signal(libc::SIGINT);
    let ended = program.end().await;
    assert_eq!(ended.code, Some(130));
    let words =
        "The replay goes on at the server. To cancel it: postroad replay --tenant acme --cancel rpl_1";
    assert!(ended.stderr.contains(words), "{}", ended.stderr);
    assert!(server.received().iter().all(|request| request.method != "DELETE"));
}

#[tokio::test]
async fn what_makes_no_sense_is_said_before_anything_is_sent() {
    let server = Receiver::start().await;
    for (arguments, words) in [
        (&["--subscription", "sub_1"][..], "--since"),
        (&["--since", "2h"], "--subscription"),
        (&["--subscription", "sub_1", "--since", "yesterday"], "must be a time such as"),
        (&["--subscription", "sub_1", "--since", "2h", "--status", "lost"], "invalid value 'lost'"),
        (&["--cancel", "rpl_1", "--since", "2h"], "cannot be used with"),
    ] {
        let ended = of_script(&server, arguments).await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn what_a_receiver_refused_for_good_arrives_after_a_replay() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    receiver.answer("/hook", Answer::status(500));
    subscribe(&server, &receiver.url("/hook")).await;
    let client = Client::new(&server.url(""), ADMIN_KEY).unwrap();
    let acme = client.tenant("acme");
    let hook = acme.subscriptions().list().items().collect().await.unwrap().remove(0);
    let once = postroad_client::SubscriptionPatch::new().set("retry", serde_json::json!({"attempts": 1}));
    acme.subscriptions().update(&hook.id, &once).await.unwrap();
    for _ in 0..3 {
        send(server.folder(), &server.url(""), &["--type", "a"]).await;
    }
    let failed =
        || acme.deliveries().list(DeliveryFilter::default().status(DeliveryStatus::Failed)).items().collect();
    poll_for("three failed deliveries", async || {
        let failed = failed().await.expect("the server answers");
        (failed.len() == 3).then_some(())
    })
    .await;

    receiver.answer("/hook", Answer::status(200));
    let arguments = ["--subscription", &hook.id, "--since", "1h"];
    let mut dry = replay(server.folder(), &server.url(""), &arguments);
    dry.arg("--dry-run");
    let counted = run(dry).await;
    let sentence = "3 deliveries would be sent again; nothing was sent\n";
    assert_eq!((counted.code, counted.stdout.as_str()), (Some(0), sentence), "{}", counted.stderr);
    let ended = run(replay(server.folder(), &server.url(""), &arguments)).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("done: 3 deliveries go out again"), "{}", ended.stderr);
    receiver.wait_for(6).await;
}
