//! Answers that are more, less or something else than expected.

use postroad_client::{BatchResult, DeliveryStatus, Error, ErrorClass, NewEvent};
use postroad_testkit::Answer;
use serde_json::value::RawValue;

use crate::stage::{ACCEPTED, EVENTS, builder, event, problem, stage};

#[tokio::test]
async fn what_a_newer_server_says_besides_breaks_nothing() {
    let (server, client, _) = stage().await;
    let delivery = r#"{"id":"dlv_1","subscription":"sub_1","type":"a","status":"resting","created_at":"2026-11-22T03:00:00Z",
        "mood":{"is":"good"},"attempts":[{"id":"att_1","number":1,"at":"2026-11-22T03:00:00Z","request":{"method":"QUERY",
        "url":"https://a","colour":1},"error":{"class":"quantum","message":"m"}}]}"#;
    server.answer("/v1/tenants/acme/deliveries/dlv_1", Answer::status(200).body(delivery));
    let shown = client.tenant("acme").deliveries().get("dlv_1").await.unwrap();
    assert_eq!(shown.status, DeliveryStatus::Other("resting".to_owned()));
    let error = shown.attempts[0].error.as_ref().unwrap();
    assert_eq!(error.class, ErrorClass::Other("quantum".to_owned()));
}

#[tokio::test]
async fn a_refusal_names_each_field_once_and_reads_as_text() {
    let (server, client, _) = stage().await;
    let body = r#"{"type":"/problems/invalid","title":"A field is not valid","status":422,"detail":"2 fields are not valid.",
        "code":"invalid","errors":[{"field":"type","message":"is required"},{"field":"data","message":"is required"}]}"#;
    server.answer(EVENTS, Answer::status(422).body(body));
    let error = client.tenant("acme").publish(event()).await.unwrap_err();
    assert_eq!(error.problem().unwrap().errors[1].field, "data");
    assert_eq!(
        error.to_string(),
        "A field is not valid (status 422, code invalid)\n  type: is required\n  data: is required"
    );
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn an_answer_of_another_program_is_told_as_one() {
    let (server, client, _) = stage().await;
    let path = "/v1/tenants/acme";
    for answer in [
        Answer::status(200).body("<html>"),
        Answer::status(302).header("Location", "/x"),
        Answer::status(502).body("Bad gateway"),
        Answer::status(200).body("{}"),
    ] {
        server.answer(path, answer);
        let error = client.tenants().get("acme").await.unwrap_err();
        assert!(matches!(error, Error::Unexpected { .. }), "{error}");
        assert!(error.to_string().contains("is another program listening there?"), "{error}");
    }
    server.answer(path, Answer::raw("HELO\r\n\r\n"));
    let error = client.tenants().get("acme").await.unwrap_err();
    assert!(matches!(error, Error::Connection { .. }), "{error}");
}

#[tokio::test]
async fn an_answer_without_end_is_read_to_its_limit() {
    let (server, _, gaps) = stage().await;
    let client = builder(&server.url(""), gaps).answer_bytes_max(10_000).build().unwrap();
    server.answer("/v1/tenants/acme", Answer::endless(200));
    let error = client.tenants().get("acme").await.unwrap_err();
    assert!(error.to_string().contains("more than 10000 bytes"), "{error}");
}

#[tokio::test]
async fn data_goes_out_and_comes_back_byte_for_byte() {
    let (server, client, _) = stage().await;
    let data = r#"{"z":1e2, "a":"\u00e4","n":12.50}"#;
    let raw = RawValue::from_string(data.to_owned()).unwrap();
    server.answer(EVENTS, Answer::status(202).body(ACCEPTED));
    client.tenant("acme").publish(NewEvent::new("a", &raw).unwrap()).await.unwrap();
    assert!(server.received()[0].text().contains(data), "{}", server.received()[0].text());

    let event = format!(r#"{{"id":"evt_1","type":"a","accepted_at":"2026-11-22T03:00:00Z","data":{data}}}"#);
    server.answer("/v1/tenants/acme/events/evt_1", Answer::status(200).body(event));
    assert_eq!(client.tenant("acme").events().get("evt_1").await.unwrap().data.get(), data);
}

#[tokio::test]
async fn each_event_of_a_batch_has_a_key_and_its_own_answer() {
    let (server, client, _) = stage().await;
    let refused = r#"{"type":"/problems/invalid","title":"No","status":422,"code":"invalid"}"#;
    let path = "/v1/tenants/acme/events/batch";
    server.answer_in_turn(
        path,
        [
            problem(429, "overloaded"),
            Answer::status(202).body(format!(r#"{{"results":[{ACCEPTED},{refused}]}}"#)),
            Answer::status(202).body(r#"{"results":[]}"#),
        ],
    );
    let acme = client.tenant("acme");
    let results = acme.publish_batch(vec![event().idempotency_key("mine"), event()]).await.unwrap();
    assert!(matches!(&results[0], BatchResult::Accepted(accepted) if accepted.id == "evt_1"));
    assert!(matches!(&results[1], BatchResult::Refused(problem) if problem.code == "invalid"));
    let received = server.received();
    assert_eq!(received[0].body, received[1].body);
    let sent = received[0].json();
    let ids = sent["events"].as_array().unwrap().iter().map(|event| event["id"].clone());
    assert_eq!(ids.collect::<Vec<_>>(), ["mine", &"ff".repeat(16)]);

    let error = acme.publish_batch(vec![event()]).await.unwrap_err();
    assert!(error.to_string().contains("0 answers to 1 events"), "{error}");
}

#[tokio::test]
async fn no_debug_output_shows_a_key_or_a_secret() {
    let (server, client, _) = stage().await;
    let hidden = r#"{"secret":"whsec_hidden"}"#;
    server.answer("/v1/tenants/acme/subscriptions/sub_1/secret", Answer::status(200).body(hidden));
    let secret = client.tenant("acme").subscriptions().secret("sub_1").await.unwrap();
    assert_eq!(secret.secret.as_ref().unwrap().expose(), "whsec_hidden");
    let shown = format!("{secret:?} {client:?} {:?}", postroad_client::Client::builder("http://a", "hidden"));
    assert!(!shown.contains("hidden"), "{shown}");
}
