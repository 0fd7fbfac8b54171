//! A full disk under the real server: it says so, loses nothing, keeps nothing by halves, and recovers by itself.

mod disk;
mod stage;

use postroad_testkit::{Answer, Gate};
use stage::{LogOn, Stage};

use crate::support::{self, now};

/// Refusals that fill more than a page with log lines.
const REFUSALS: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_events_keeps_nothing_by_halves_and_is_overcome_without_a_restart() {
    let Some(mut stage) = Stage::new(LogOn::AnotherDisk).await else { return };
    let gate = Gate::default();
    stage.receiver.answer("/held", Answer::status(200).after(&gate));
    let _ = stage.publish("order.created").await.expect_status(202);
    let _ = stage.publish("order.held").await.expect_status(202);
    stage.receiver.wait_for_path("/held", 1).await;

    stage.disk.fill();
    let refused = stage.publish_until_refused().await.expect_status(503);
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    assert!(refused.headers.contains_key("retry-after"), "{:?}", refused.headers);
    assert_eq!(refused.json()["code"], "store_full");
    stage.server.wait_for_readiness(503).await;
    let live = stage.server.get("/health/live").await.expect("the server answers");
    assert_eq!(live.status, 200, "a server on a full disk must not be killed for it");

    // This was sent before and is answered now: the ballast makes room for its outcome, and for nothing else.
    gate.open();
    assert_eq!(stage.held_delivery("succeeded").await["attempts_made"], 1);
    assert!(stage.server.log().contains("the ballast was released"), "{}", stage.server.log());
    let _ = stage.publish("order.created").await.expect_status(503);
    stage.server.wait_for_readiness(503).await;

    stage.disk.make_room();
    let since_room = now();
    stage.server.wait_for_readiness(200).await;
    println!("ready {:?} after there was room again", since_room.elapsed());
    let _ = stage.publish("order.created").await.expect_status(202);
    stage.expect_everything_acknowledged_and_nothing_else().await;
    stage.server.restart().await.expect("the data is whole");
    stage.expect_everything_acknowledged_and_nothing_else().await;
    assert_eq!(stage.receiver.wait_for_path("/held", 1).await.len(), 1, "its outcome was not forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_disk_is_full_still_stops_when_it_is_asked_to() {
    let Some(mut stage) = Stage::new(LogOn::AnotherDisk).await else { return };
    stage.disk.fill();
    let _ = stage.publish_until_refused().await.expect_status(503);
    stage.server.wait_for_readiness(503).await;
    let ended = stage.server.terminate().await.expect("it was running");
    assert!(ended.success(), "{ended}: {}", stage.server.log());
    stage.disk.make_room();
    stage.server.start_again().await.expect("the data is whole");
    stage.expect_everything_acknowledged_and_nothing_else().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_lies_on_the_full_disk_too_is_no_reason_to_fail() {
    let Some(mut stage) = Stage::new(LogOn::TheSameDisk).await else { return };
    stage.disk.fill();
    let _ = stage.publish_until_refused().await.expect_status(503);
    for _ in 0..REFUSALS {
        let _ = stage.publish("order.created").await.expect_status(503);
    }
    stage.disk.make_room();
    stage.server.wait_for_readiness(200).await;
    let _ = stage.publish("order.created").await.expect_status(202);
    stage.expect_everything_acknowledged_and_nothing_else().await;
}
