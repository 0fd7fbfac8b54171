//! What callers see when the store does not work.

use std::task::Poll;

use bytes::Bytes;
use postroad_store::StoreError;
use postroad_testkit::within;
use serde_json::json;

use crate::{
    app::{ACME, App},
    refusal,
};

#[tokio::test]
async fn a_store_that_cannot_write_is_503_and_tells_nothing_of_itself() {
    for (error, code) in [
        (StoreError::Unavailable("pg://user:pw@db".to_owned()), "store_unavailable"),
        (StoreError::Full, "store_full"),
    ] {
        let app = App::new().await;
        app.store.fail_commits(Some(error));
        let reply = app.post(&format!("{ACME}/events"), json!({"type": "a", "data": 1})).await;
        refusal::check(&reply, 503, code, "", "ry again", code);
        assert_eq!(reply.header("retry-after"), "1");
        assert!(!String::from_utf8_lossy(&reply.body).contains("pg://"));
    }
}

#[tokio::test]
async fn a_defect_is_500_without_its_inner_text() {
    let app = App::new().await;
    app.store.fail_events_of_type("poison");
    let reply = app.post(&format!("{ACME}/events"), json!({"type": "poison", "data": 1})).await;
    refusal::check(&reply, 500, "internal", "", "no fault of yours", "poison");
    assert!(!String::from_utf8_lossy(&reply.body).contains("poison"));
}

#[tokio::test]
async fn a_bad_event_of_a_batch_does_not_fail_its_neighbours() {
    let app = App::new().await;
    app.store.fail_events_of_type("poison");
    let events = ["a", "poison", "b"].map(|name| json!({"type": name, "data": 1}));
    let answer = app.post(&format!("{ACME}/events/batch"), json!({"events": events})).await.expect(202);
    assert_eq!((&answer["results"][0]["type"], &answer["results"][2]["type"]), (&json!("a"), &json!("b")));
    assert_eq!(
        (&answer["results"][1]["status"], &answer["results"][1]["code"]),
        (&json!(500), &json!("internal"))
    );
}

#[tokio::test]
async fn an_event_whose_publisher_hangs_up_while_it_is_written_goes_out_once() {
    let app = App::new().await;
    app.subscribe_to("https://example.com").await;
    let path = format!("{ACME}/events");
    // Long data is checked beside the threads that send, in a task that outlives its client.
    for bytes in [10, 200_000] {
        let held = app.store.hold_commits();
        let body = format!(r#"{{"type":"a","data":"{}"}}"#, "x".repeat(bytes));
        let mut publishing = Box::pin(app.send("POST", &path, body));
        let mut once = async || {
            std::future::poll_fn(|context| Poll::Ready(publishing.as_mut().poll(context).is_pending())).await
        };
        for _ in 0..10 {
            assert!(once().await, "its commit is held");
            tokio::task::yield_now().await;
        }
        drop(publishing);
        drop(held);
        let exchange = app.exchange().await;
        assert!(exchange.request.body.len() > bytes);
        exchange.answer(200, b"");
    }
    assert_eq!(app.get(&path).await.expect(200)["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn when_too_much_waits_to_be_written_callers_are_told_to_come_again() {
    let app = App::new().await;
    let held = app.store.hold_commits();
    let large = Bytes::from(format!(r#"{{"type":"a","data":"{}"}}"#, "x".repeat(1_048_500)));
    let path = format!("{ACME}/events");
    // 128 of them are more than the 128 MiB that may wait.
    let all = async {
        let sends = (0..128).map(|_| app.send("POST", &path, large.clone()));
        let mut waiting: Vec<_> = sends.map(Box::pin).collect();
        let refused = std::future::poll_fn(|context| {
            use std::task::Poll;
            let ready = waiting.iter_mut().find_map(|send| match send.as_mut().poll(context) {
                Poll::Ready(reply) => Some(reply),
                Poll::Pending => None,
            });
            ready.map_or(Poll::Pending, Poll::Ready)
        });
        refused.await
    };
    let reply = within("a refusal", all).await;
    refusal::check(&reply, 429, "overloaded", "", "again in a moment", "full memory");
    assert_eq!(reply.header("retry-after"), "1");
    drop(held);
}
