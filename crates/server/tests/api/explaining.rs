//! `GET …/events/{id}/explain`: why an event was sent, or was not.

use serde_json::json;

use crate::{
    app::{ACME, App},
    refusal,
};

#[tokio::test]
async fn each_subscription_is_told_with_a_code_a_sentence_and_what_belongs_to_them() {
    let app = App::new().await;
    let takes = app.subscribe(json!({"name": "CRM", "delivery": {"url": "https://a.example"}})).await;
    let other = json!({"delivery": {"url": "https://b.example"}, "events": ["lead.deleted"]});
    let other = app.subscribe(other).await;
    let tagged = json!({"delivery": {"url": "https://c.example"}, "tag_sets": [["vip", "eu"]]});
    app.subscribe(tagged).await;
    let paused = app.subscribe(json!({"delivery": {"url": "https://d.example"}, "active": false})).await;
    let event = app.publish(json!({"type": "lead.created", "data": 1, "tags": ["vip"]})).await;
    let delivery = app.delivery_of(&event).await;
    app.exchange().await.answer(204, b"");
    app.reaches(&delivery, "succeeded").await;
    app.clock.advance(std::time::Duration::from_secs(60));
    let later = app.subscribe_to("https://e.example").await;

    let path = format!("{ACME}/events/{}/explain", event["id"].as_str().unwrap());
    let page = app.get(&path).await.expect(200);
    let told = page["data"].as_array().unwrap();
    let outcomes: Vec<_> = told.iter().map(|one| one["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["delivered", "not_matched", "not_matched", "inactive", "created_after"]);
    assert_eq!(page["next"], json!(null));

    let [delivered, events, tags, inactive, created] = &told[..] else { panic!("{page}") };
    assert_eq!((&delivered["subscription"], &delivered["name"]), (&takes["id"], &json!("CRM")));
    assert_eq!((&delivered["version"], &delivered["attempts"]), (&json!(1), &json!(1)));
    assert_eq!((&delivered["status_code"], &delivered["by_replay"]), (&json!(204), &json!(false)));
    assert!(delivery.ends_with(delivered["delivery"].as_str().unwrap()));
    assert!(delivered["sentence"].as_str().unwrap().contains("attempt 1 was answered 204"));
    assert_eq!((&events["subscription"], &events["why"]), (&other["id"], &json!("events")));
    assert_eq!(events["events"], json!(["lead.deleted"]));
    assert_eq!(events["sentence"], "Not matched: `events` is lead.deleted and does not name lead.created.");
    assert_eq!((&tags["why"], &tags["tag_sets"]), (&json!("tag_sets"), &json!([["vip", "eu"]])));
    assert_eq!((&inactive["why"], &inactive["at"]), (&json!("paused"), &paused["inactive_since"]));
    assert_eq!((&created["subscription"], &created["at"]), (&later["id"], &later["created_at"]));
    assert_eq!(created["version"], json!(null));
}

#[tokio::test]
async fn pages_hold_every_subscription_once() {
    let app = App::new().await;
    for number in 0..5 {
        app.subscribe_to(&format!("https://{number}.example")).await;
    }
    let event = app.publish(json!({"type": "a", "data": 1})).await;
    let path = format!("{ACME}/events/{}/explain", event["id"].as_str().unwrap());
    let all: Vec<_> = app.get(&path).await.expect(200)["data"].as_array().unwrap().clone();
    assert_eq!(all.len(), 5);
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("{path}?limit=2{cursor}")).await.expect(200);
        paged.extend(page["data"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let ids =
        |items: &[serde_json::Value]| items.iter().map(|one| one["subscription"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&paged), ids(&all));
}

#[tokio::test]
async fn what_cannot_be_explained_is_refused() {
    let app = App::new().await;
    let subscription = app.subscribe_to("https://a.example").await;
    app.subscribe_to("https://b.example").await;
    app.put("/v1/tenants/other", json!({"profile": "standard"})).await.expect(201);
    let event = app.publish(json!({"type": "a", "data": 1})).await;
    let id = event["id"].as_str().unwrap();
    for path in [
        format!("/v1/tenants/other/events/{id}/explain"),
        format!("/v1/tenants/nobody/events/{id}/explain"),
        format!("{ACME}/events/evt_00000000000000000000000000/explain"),
        format!("{ACME}/events/{}/explain", subscription["id"].as_str().unwrap()),
    ] {
        refusal::check(&app.get(&path).await, 404, "not_found", "", "There is no such", &path);
    }
    let path = format!("{ACME}/events/{id}/explain");
    for (query, field, says) in
        [("limit=0", "limit", "from 1 to 250"), ("outcome=failed", "outcome", "known: limit, cursor")]
    {
        let path = format!("{path}?{query}");
        refusal::check(&app.get(&path).await, 422, "invalid", field, says, &path);
    }
    let foreign = app.get(&format!("{ACME}/subscriptions?limit=1")).await.expect(200);
    let foreign = foreign["next"].as_str().unwrap();
    for cursor in ["nonsense", foreign] {
        let path = format!("{path}?cursor={cursor}");
        refusal::check(&app.get(&path).await, 400, "bad_cursor", "cursor", "`next` of a page", &path);
    }
}
