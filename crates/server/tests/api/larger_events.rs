//! Events of a profile that allows data of up to 2 MiB.

use serde_json::json;

use crate::{app::App, refusal};

const MEBIBYTE: usize = 1024 * 1024;

/// An event whose data has so many bytes.
fn event(data_bytes: usize) -> String {
    let around = r#"{"id":1,"x":""}"#.len();
    format!(r#"{{"type":"job.done","data":{{"id":1,"x":"{}"}}}}"#, "x".repeat(data_bytes - around))
}

#[tokio::test]
async fn data_may_be_as_long_as_the_tenants_profile_allows() {
    let app = App::new().await;
    let events = format!("{}/events", app.tenant("workshop", json!({})).await);
    app.send("POST", &events, event(2 * MEBIBYTE)).await.expect(202);
    let reply = app.send("POST", &events, event(2 * MEBIBYTE + 1)).await;
    refusal::check(&reply, 413, "body_too_large", "data", "is longer than 2097152 bytes", "one byte more");
    let reply = app.send("POST", &events, event(3 * MEBIBYTE)).await;
    refusal::check(&reply, 413, "body_too_large", "", "bytes here", "not even read");
    // Another tenant's profile allows no more than before.
    let reply = app.send("POST", "/v1/tenants/acme/events", event(MEBIBYTE)).await;
    refusal::check(&reply, 413, "body_too_large", "", "1048576 bytes", "standard");
    let reply = app.send("POST", "/v1/tenants/nobody/events", event(2 * MEBIBYTE)).await;
    refusal::check(&reply, 404, "not_found", "", "no such tenant", "nobody's");
}

#[tokio::test]
async fn an_event_of_a_batch_may_be_as_long_as_one_alone() {
    let app = App::new().await;
    let batch = format!("{}/events/batch", app.tenant("workshop", json!({})).await);
    let body = [event(2 * MEBIBYTE), event(2 * MEBIBYTE + 1), event(3 * MEBIBYTE), event(100)].join(",");
    let answer = app.send("POST", &batch, format!(r#"{{"events":[{body}]}}"#)).await.expect(202);
    let results = &answer["results"];
    assert_eq!((&results[0]["type"], &results[3]["type"]), (&json!("job.done"), &json!("job.done")));
    assert_eq!(
        (&results[1]["code"], &results[1]["errors"][0]["field"]),
        (&json!("body_too_large"), &json!("events[1].data"))
    );
    assert_eq!((&results[2]["status"], &results[2]["code"]), (&json!(413), &json!("body_too_large")));
}
