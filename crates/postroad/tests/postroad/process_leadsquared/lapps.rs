//! Type Lapp: functions of the account in the place of a URL.

use serde_json::{Value, json};

use super::{
    CREATED, LEAD, quick, shipped,
    stage::{Stage, expect_refusal, id_of},
};

/// A function at the receiver.
fn lapp(stage: &Stage, name: &str, target: &str) -> Value {
    json!({"name": name, "url": stage.receiver.url(target), "api_key": format!("key-of{target}")})
}

/// A webhook for new leads that calls this function.
fn to_lapp(lapp: Value) -> Value {
    json!({"events": [CREATED], "options": {"type": "lapp", "lapp": lapp, "probe": "off"}})
}

/// What the account shows of its functions.
async fn shown(stage: &Stage) -> Value {
    stage.get("/v1/tenants/acme").await["options"]["lapps"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_19_a_lapp_is_posted_to_with_its_key_and_an_unknown_one_is_refused() {
    let stage = shipped().await;
    let lapps = json!({"lapps": [lapp(&stage, "score", "/score?a=1"), lapp(&stage, "mail", "/mail")]});
    drop(stage.put_tenant(lapps).await.expect_status(200));
    let message = expect_refusal(create(&stage, to_lapp(json!("scor"))).await, "invalid", "options.lapp");
    assert!(message.contains("the nearest one is score"), "{message}");
    let mut by_get = to_lapp(json!("score"));
    by_get["delivery"] = json!({"type": "push", "method": "GET"});
    expect_refusal(create(&stage, by_get).await, "invalid", "delivery.method");

    let created = create(&stage, to_lapp(json!("score"))).await.expect_status(201).json();
    assert_eq!((&created["delivery"]["url"], &created["options"]["lapp"]), (&Value::Null, &json!("score")));
    let sent = stage.deliver(CREATED, LEAD).await;
    assert_eq!((sent.method.as_str(), sent.header("x-api-key")), ("POST", Some("key-of/score?a=1")));
    assert!(sent.target.starts_with("/score?a=1&entityType=Webhook&entityId="), "{}", sent.target);
    assert_eq!(sent.text(), LEAD);
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_19_what_waits_and_what_comes_follows_a_lapp_to_its_new_url() {
    let stage = quick().await;
    drop(stage.put_tenant(json!({"lapps": [lapp(&stage, "score", "/old")]})).await.expect_status(200));
    let id = id_of(&create(&stage, to_lapp(json!("score"))).await.expect_status(201).json()).to_owned();
    stage.receiver.answer("/old", postroad_testkit::Answer::status(500));
    let published = stage.publish(CREATED, LEAD).await.expect_status(202);
    stage.receiver.wait_for(1).await;
    drop(stage.put_tenant(json!({"lapps": [lapp(&stage, "score", "/new")]})).await.expect_status(200));
    let delivery = stage.wait_for_event(&published, "succeeded").await;
    let attempts = delivery["attempts"].as_array().expect("a delivery has attempts");
    let last = attempts.last().expect("it was sent");
    assert!(
        last["request"]["url"].as_str().is_some_and(|url| url.contains("/new?entityType=")),
        "{delivery}"
    );
    assert!(!delivery.to_string().contains("key-of"), "{delivery}");
    let followed = stage.receiver.received().pop().expect("it arrived");
    assert_eq!((followed.path(), followed.header("x-api-key")), ("/new", Some("key-of/new")));
    let next = stage.deliver(CREATED, "{}").await;
    assert_eq!((next.path(), next.header("x-api-key")), ("/new", Some("key-of/new")));

    let without = stage.put_tenant(json!({"lapps": []})).await;
    let message = expect_refusal(without, "invalid", "options.lapps");
    assert!(message.contains(&id), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_28_a_new_lapp_comes_with_its_webhook_and_is_posted_to() {
    let stage = shipped().await;
    let whole = lapp(&stage, "score", "/score");
    let created = create(&stage, to_lapp(whole.clone())).await.expect_status(201);
    assert!(!created.text().contains("key-of"), "{}", created.text());
    assert_eq!(created.json()["options"]["lapp"], "score");
    let mut masked = whole.clone();
    masked["api_key"] = json!("********");
    assert_eq!(shown(&stage).await, json!([masked]));
    let sent = stage.deliver(CREATED, LEAD).await;
    assert_eq!((sent.method.as_str(), sent.path()), ("POST", "/score"));
    assert_eq!((sent.header("x-api-key"), sent.text().as_str()), (Some("key-of/score"), LEAD));

    // It is the account's from then on: by its name, or said once more as it is; another one of the name is refused.
    for lapp in [json!("score"), whole.clone()] {
        drop(create(&stage, to_lapp(lapp)).await.expect_status(201));
    }
    let mut other = whole;
    other["api_key"] = json!("another");
    expect_refusal(create(&stage, to_lapp(other)).await, "invalid", "options.lapp.name");
    assert_eq!(shown(&stage).await, json!([masked]));
}

/// Creates a webhook without a URL.
async fn create(stage: &Stage, body: Value) -> postroad_testkit::Reply {
    stage.server.post_json(&stage.path("subscriptions"), &body).await.expect("the server answers")
}
