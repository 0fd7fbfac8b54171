//! A thousand random documents and the vectors, verified by the line of JavaScript that Leanbe prints.

use std::collections::BTreeMap;

use postroad_testkit::Received;
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Value, value::RawValue};

use super::{
    json_texts::json_text,
    leanbe,
    peers::{Case, Peer},
    signatures::deliver_vectors,
    stage::{Stage, text},
    subscribe_with_secret_of_vectors,
    vectors::SECRET,
};

const DOCUMENTS: usize = 1_000;
const BATCH_EVENTS: usize = 250;

#[tokio::test(flavor = "multi_thread")]
async fn lb_6_node_verifies_the_vectors_and_a_thousand_random_documents_as_they_were_received() {
    let stage = leanbe().await;
    subscribe_with_secret_of_vectors(&stage).await;
    let mut node = Peer::node();
    let vectors = deliver_vectors(&stage).await;
    expect_verified(&mut node, &vectors);

    stage.receiver.take();
    let mut rng = StdRng::seed_from_u64(6);
    let mut expected = BTreeMap::new();
    let mut accepted = 0;
    while accepted < DOCUMENTS {
        let documents: Vec<_> = std::iter::from_fn(|| Some(document(&mut rng))).take(BATCH_EVENTS).collect();
        let canonical = publish(&stage, &mut node, &documents).await;
        accepted += canonical.len();
        for text in canonical {
            *expected.entry(text).or_insert(0) += 1;
        }
        stage.receiver.wait_for(accepted).await;
    }
    let received = stage.receiver.received();
    assert_eq!(received.len(), accepted, "each exactly once");
    expect_verified(&mut node, &received);
    let mut payloads = BTreeMap::new();
    for request in &received {
        *payloads.entry(text::member(&request.body, "payload")).or_insert(0) += 1;
    }
    assert!(payloads == expected, "{:?}", first_difference(&payloads, &expected));
}

/// A valid document. One in five of the generator's texts is damaged on purpose, and mostly no JSON.
fn document(rng: &mut StdRng) -> String {
    loop {
        let text = String::from_utf8(json_text(rng));
        if let Some(text) = text.ok().filter(|text| serde_json::from_str::<&RawValue>(text).is_ok()) {
            return text;
        }
    }
}

/// Publishes the documents and answers the canonical texts of those that were accepted. Exactly those that hold a
/// number beyond a double must be refused (resolution LB-f).
async fn publish(stage: &Stage, node: &mut Peer, documents: &[String]) -> Vec<String> {
    let events: Vec<_> = documents.iter().map(|text| ("idea.updated", text.as_str())).collect();
    let answer = stage.publish_batch(&events).await.expect_status(202).json();
    let results = answer["results"].as_array().expect("a batch has results");
    assert_eq!(results.len(), documents.len());
    let mut accepted = Vec::new();
    for (result, document) in results.iter().zip(documents) {
        match node.canonical(document) {
            Some(canonical) => {
                assert!(result["id"].is_string(), "{result} about {document}");
                accepted.push(canonical);
            }
            None => assert_eq!(result["code"], Value::from("number_out_of_range"), "{document}"),
        }
    }
    accepted
}

fn expect_verified(node: &mut Peer, received: &[Received]) {
    for request in received {
        let verdict = node.verify(&Case::new(SECRET, request));
        assert!(verdict.holds(), "{verdict:?} about {}", request.text());
    }
}

/// For the message: a thousand documents are too long for one.
fn first_difference<'a>(
    left: &'a BTreeMap<String, usize>,
    right: &'a BTreeMap<String, usize>,
) -> Option<&'a String> {
    left.keys().chain(right.keys()).find(|key| left.get(*key) != right.get(*key))
}
