//! A change of the secret (spec 0.2).

use postroad_testkit::{Answer, Received};
use serde_json::json;

use super::{
    LEAD, SECRET, quick, shipped,
    stage::{expect_refusal, id_of, secret_of},
    webhook,
};
use crate::support::openssl::hmac_sha256;

#[tokio::test(flavor = "multi_thread")]
async fn a_new_secret_signs_new_deliveries_at_once_and_waiting_ones_keep_their_bytes() {
    let stage = quick().await;
    stage.receiver.answer_in_turn("/hook", [Answer::status(500), Answer::status(200)]);
    let subscription = stage.subscribe(webhook()).await;
    let waiting = stage.publish("lead.created", LEAD).await.expect_status(202);
    stage.receiver.wait_for(1).await;
    let rotated =
        stage.rotate(id_of(&subscription), json!({"secret": "n3w"})).await.expect_status(200).json();
    assert_eq!(secret_of(&rotated), "n3w");
    let _ = stage.publish("lead.updated", LEAD).await.expect_status(202);
    stage.wait_for_event(&waiting, "succeeded").await;

    let received = stage.receiver.wait_for(3).await;
    let (new, old): (Vec<_>, Vec<_>) =
        received.into_iter().partition(|request| request.json()["event"] == "lead.updated");
    assert_eq!((new.len(), old.len()), (1, 2));
    assert_eq!(old[0].body, old[1].body);
    assert!(old.iter().all(|request| is_signed_with(SECRET, request)));
    assert!(is_signed_with("n3w", &new[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grace_is_refused_because_a_request_carries_one_signature() {
    let stage = shipped().await;
    let subscription = stage.subscribe(webhook()).await;
    let id = id_of(&subscription);
    let body = json!({"secret": "n3w", "grace": "1h"});
    expect_refusal(stage.rotate(id, body).await, "invalid", "grace");
    let path = stage.path(&format!("subscriptions/{id}/secret"));
    assert_eq!(secret_of(&stage.get(&path).await), SECRET, "refused input changes nothing");
    let body = json!({"secret": "n3w", "grace": "0s"});
    assert_eq!(secret_of(&stage.rotate(id, body).await.expect_status(200).json()), "n3w");
}

fn is_signed_with(secret: &str, request: &Received) -> bool {
    let expected = format!("sha256={}", hmac_sha256(secret, &request.body));
    request.header("X-LeadHub-Signature") == Some(expected.as_str())
}
