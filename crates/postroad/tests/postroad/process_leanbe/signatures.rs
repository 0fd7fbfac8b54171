//! Signatures: the printed ones, and what customers' programs say about what was received.

use postroad_testkit::Received;
use serde_json::json;

use super::{
    leanbe,
    peers::{Case, Peer},
    signature,
    stage::{Stage, secret_of, text},
    subscribe_with_secret_of_vectors,
    vectors::{SAMPLE_1, SECRET, VECTORS},
};

/// Publishes the vectors one after the other and answers what came of each.
pub(crate) async fn deliver_vectors(stage: &Stage) -> Vec<Received> {
    let mut received = Vec::new();
    for vector in VECTORS {
        received.push(stage.deliver("idea.created", vector.payload).await);
    }
    received
}

#[tokio::test(flavor = "multi_thread")]
async fn lb_5_the_five_vectors_give_the_printed_signatures() {
    let stage = leanbe().await;
    subscribe_with_secret_of_vectors(&stage).await;
    for (request, vector) in deliver_vectors(&stage).await.iter().zip(VECTORS) {
        let payload = text::member(&request.body, "payload");
        assert_eq!((payload.as_str(), payload.len()), (vector.canonical, vector.bytes));
        assert_eq!(signature(request), vector.signature, "{}", vector.payload);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lb_7_python_verifies_the_raw_bytes_of_the_payload_that_it_cuts_out_of_the_body() {
    let stage = leanbe().await;
    subscribe_with_secret_of_vectors(&stage).await;
    let received = deliver_vectors(&stage).await;
    let mut python = Peer::python();
    for (request, vector) in received.iter().zip(VECTORS) {
        let verdict = python.verify(&Case::new(SECRET, request));
        assert!(verdict.holds(), "{verdict:?} about {}", vector.payload);
        assert_eq!(verdict.computed.as_deref(), Some(vector.signature));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lb_8_one_changed_byte_of_the_payload_or_of_the_secret_fails() {
    let stage = leanbe().await;
    let subscription = stage.subscribe(json!({})).await;
    // All of its values are texts, so that no two spellings of it mean the same.
    let request = stage.deliver("customer.created", SAMPLE_1).await;
    let sent = Case::new(secret_of(&subscription), &request);
    let begin = r#"{"payload":"#.len();
    // The lowest bit: so UTF-8 stays UTF-8, and a peer comes as far as the signature.
    let mut changed: Vec<_> = (begin..begin + SAMPLE_1.len())
        .map(|at| {
            let mut body = sent.body.clone();
            body[at] ^= 1;
            Case { body, ..sent.clone() }
        })
        .collect();
    changed.extend((0..sent.secret.len()).map(|at| {
        let mut secret = sent.secret.clone().into_bytes();
        secret[at] ^= 1;
        Case { secret: String::from_utf8(secret).expect("ASCII stays ASCII"), ..sent.clone() }
    }));
    for mut peer in [Peer::node(), Peer::python()] {
        assert!(peer.verify(&sent).holds(), "what was sent holds");
        for case in &changed {
            assert!(
                !peer.verify(case).holds(),
                "{} with {}",
                String::from_utf8_lossy(&case.body),
                case.secret
            );
        }
    }
}
