//! Long bodies that come slowly or not at all: what they take of the room that all share, and who is refused.

use std::{pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::json;
use tokio::sync::Notify;

use crate::{
    app::{App, Reply},
    coming::Coming,
    refusal,
};

const MEBIBYTE: usize = 1024 * 1024;
const ACME: &str = "/v1/tenants/acme/events/batch";
const OTHER: &str = "/v1/tenants/other/events/batch";

/// A body of which some mebibytes come at once and the rest never does.
fn stalling(mebibytes: usize, announced: Option<usize>, stalled: &Arc<Notify>) -> Coming {
    let pieces = std::iter::repeat_n(Bytes::from(vec![b' '; MEBIBYTE]), mebibytes);
    Coming::of(pieces).announcing(announced).stalling(stalled)
}

/// A batch of one event, of unknown length, in pieces of so many bytes.
fn whole(data_bytes: usize, piece_bytes: usize) -> Coming {
    let text = format!(r#"{{"events":[{{"type":"a","data":"{}"}}]}}"#, "x".repeat(data_bytes));
    Coming::of(text.as_bytes().chunks(piece_bytes).map(Bytes::copy_from_slice))
}

/// A call whose body has stalled.
type Stalled<'a> = Pin<Box<dyn Future<Output = Reply> + 'a>>;

async fn stall<'a>(app: &'a App, path: &'a str, mebibytes: usize, announced: Option<usize>) -> Stalled<'a> {
    let stalled = Arc::new(Notify::new());
    let mut call = Box::pin(app.send("POST", path, stalling(mebibytes, announced, &stalled)));
    tokio::select! {
        reply = &mut call => panic!("answered before its body was there: {reply:?}"),
        () = stalled.notified() => call,
    }
}

async fn two_tenants() -> App {
    let app = App::new().await;
    app.put("/v1/tenants/other", json!({"profile": "standard"})).await.expect(201);
    app
}

/// Each took its 16 MiB before a byte of it had come: three such callers refused everybody for a minute.
#[tokio::test]
async fn bodies_that_do_not_come_keep_nobody_out_whatever_they_announce() {
    let app = two_tenants().await;
    let mut stalled = Vec::new();
    for announced in [None, Some(16 * MEBIBYTE)] {
        for path in [ACME, OTHER, ACME] {
            stalled.push(stall(&app, path, 0, announced).await);
        }
    }
    for path in [ACME, OTHER] {
        app.send("POST", path, whole(MEBIBYTE / 2, 20_000)).await.expect(202);
    }
}

#[tokio::test]
async fn a_body_takes_room_as_it_comes_and_a_tenant_that_holds_much_is_refused_alone() {
    let app = two_tenants().await;
    let held = [stall(&app, ACME, 15, None).await, stall(&app, ACME, 15, Some(16 * MEBIBYTE)).await];
    let reply = app.send("POST", ACME, whole(30_000, 1_000)).await;
    refusal::check(&reply, 429, "overloaded", "", "again in a moment", "it has 30 of 48 MiB");
    app.send("POST", OTHER, whole(MEBIBYTE / 2, 20_000)).await.expect(202);
    app.clock.advance(Duration::from_secs(60));
    for call in held {
        refusal::check(&call.await, 408, "body_too_slow", "", "60 seconds after its head", "it never came");
    }
    app.send("POST", ACME, whole(30_000, 1_000)).await.expect(202);
}

#[tokio::test]
async fn a_body_that_outgrows_what_is_left_is_taken_to_its_end_and_refused_and_gives_back_what_it_held() {
    let app = two_tenants().await;
    let _held = (stall(&app, ACME, 15, None).await, stall(&app, ACME, 15, None).await);
    let _others = stall(&app, OTHER, 8, None).await;
    app.put("/v1/tenants/third", json!({"profile": "standard"})).await.expect(201);
    let third = "/v1/tenants/third/events/batch";
    for _ in 0..2 {
        let reply = app.send("POST", third, whole(12 * MEBIBYTE, MEBIBYTE)).await;
        refusal::check(&reply, 429, "overloaded", "", "again in a moment", "10 MiB are left");
    }
    // Too long for an event, but not for the room.
    let reply = app.send("POST", third, whole(8 * MEBIBYTE, MEBIBYTE)).await.expect(202);
    assert_eq!(reply["results"][0]["code"], "body_too_large", "{reply}");
}

#[tokio::test]
async fn a_refused_body_that_does_not_come_to_its_end_is_refused_all_the_same_when_its_time_is_over() {
    let app = two_tenants().await;
    let _held = (stall(&app, ACME, 15, None).await, stall(&app, ACME, 15, None).await);
    let refused = stall(&app, ACME, 1, None).await;
    app.clock.advance(Duration::from_secs(60));
    refusal::check(&refused.await, 429, "overloaded", "", "again in a moment", "it has 30 of 48 MiB");
}
