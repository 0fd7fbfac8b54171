//! A new secret: what it signs and what it leaves alone (specification 0.2).

use postroad_testkit::{Answer, Gate};
use serde_json::json;

use super::{
    leanbe, leanbe_with_short_gaps,
    peers::{Case, Peer},
    signature,
    stage::{expect_refusal, id_of, secret_of},
    vectors::SAMPLE_1,
};

#[tokio::test(flavor = "multi_thread")]
async fn lb_12_a_rotation_changes_the_next_signature_and_the_log_keeps_the_old_one() {
    let stage = leanbe().await;
    let subscription = stage.subscribe(json!({})).await;
    let published = stage.publish("customer.created", SAMPLE_1).await.expect_status(202);
    let before = stage.wait_for_event(&published, "succeeded").await;
    let rotated = stage.rotate(id_of(&subscription), json!({})).await.expect_status(200).json();
    let (old_secret, new_secret) = (secret_of(&subscription), secret_of(&rotated));
    assert_ne!(old_secret, new_secret);

    let new = stage.deliver("customer.created", SAMPLE_1).await;
    let old = stage.receiver.received().swap_remove(0);
    assert_ne!(signature(&old), signature(&new));
    let mut node = Peer::node();
    for (request, secret, holds) in [
        (&old, old_secret, true),
        (&old, new_secret, false),
        (&new, new_secret, true),
        (&new, old_secret, false),
    ] {
        assert_eq!(node.verify(&Case::new(secret, request)).holds(), holds, "{}", request.text());
    }
    let logged = stage.delivery(id_of(&before)).await;
    assert_eq!(logged["attempts"][0]["request"]["body"], old.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn lb_12_a_retry_that_waits_while_the_secret_changes_keeps_its_bytes() {
    let stage = leanbe_with_short_gaps().await;
    let gate = Gate::default();
    stage.receiver.answer_in_turn("/hook", [Answer::status(500).after(&gate), Answer::status(200)]);
    let subscription = stage.subscribe(json!({})).await;
    let published = stage.publish("customer.created", SAMPLE_1).await.expect_status(202);
    stage.receiver.wait_for(1).await;
    let _ = stage.rotate(id_of(&subscription), json!({})).await.expect_status(200);
    gate.open();
    stage.wait_for_event(&published, "succeeded").await;
    let received = stage.receiver.received();
    let [first, second] = received.as_slice() else { panic!("not two requests: {received:?}") };
    assert_eq!(first.body, second.body);
    assert!(Peer::node().verify(&Case::new(secret_of(&subscription), second)).holds());
}

#[tokio::test(flavor = "multi_thread")]
async fn lb_12_a_grace_is_refused_since_there_is_one_signature_only() {
    let stage = leanbe().await;
    let subscription = stage.subscribe(json!({})).await;
    let id = id_of(&subscription);
    expect_refusal(stage.rotate(id, json!({"grace": "1h"})).await, "invalid", "grace");
    let shown = stage.get(&stage.path(&format!("subscriptions/{id}/secret"))).await;
    assert_eq!(secret_of(&shown), secret_of(&subscription), "refused input changes nothing");
    let rotated = stage.rotate(id, json!({"grace": "0s"})).await.expect_status(200).json();
    assert_ne!(secret_of(&rotated), secret_of(&subscription));
}
