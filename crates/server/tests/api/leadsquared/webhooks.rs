//! `Create`, `Update` and `Delete`.

use postroad_domain::SubscriptionId;
use serde_json::{Value, json};

use super::{ACTIVITY, Account, LEAD, PROPERTIES, webhook};

/// The numbers of the product's events (spec 4.2).
const NUMBERS: [(u32, &str); 18] = [
    (1, "Landing_Page_submission"),
    (2, "LeadActivity_Post_Create"),
    (3, "Lead_Post_Create"),
    (4, "Lead_Owner_Change"),
    (5, "Lead_Post_Stage_Change"),
    (6, "Lead_Post_Update"),
    (7, "Task_Create"),
    (8, "Task_Reminder"),
    (9, "Lead_Score_Change"),
    (15, "LeadActivity_Post_Update"),
    (16, "Task_Complete"),
    (17, "Task_Update"),
    (26, "Lead_Field_Change"),
    (31, "Opportunity_Post_Create"),
    (32, "Opportunity_Post_Update"),
    (33, "OpportunityField_Post_Update"),
    (34, "OpportunityStage_Post_Update"),
    (35, "Opportunity_Post_Delete"),
];

/// All that the API can say of a webhook.
fn full() -> Value {
    json!({
        "Type": "Webhook",
        "Description": "New calls",
        "URL": "https://example.com/leads?campaignId=1",
        "Method": "POST",
        "ContentType": "text/plain",
        "WebhookEvent": "2",
        "ActivityEvent": "22",
        "LandingPageUrls": ["https://pages.example.com/a"],
        "IsSpecificLandingPage": true,
        "NotifyOnFailure": true,
        "WebhookProperties": PROPERTIES,
        "CustomHeaders": [{"Key": "X-Key", "Value": "a"}, {"Key": "X-Key", "Value": "b"}],
    })
}

#[tokio::test]
async fn what_create_says_is_the_same_subscription_in_v1_and_in_retrieve() {
    let account = Account::new().await;
    let id = account.create(full()).await;
    let native = account.app.get(&account.native(&id)).await.expect(200);
    assert_eq!(native["events"], json!([ACTIVITY]));
    assert_eq!((&native["description"], &native["notify_on_failure"]), (&json!("New calls"), &json!(true)));
    let delivery = &native["delivery"];
    assert_eq!(delivery["url"], "https://example.com/leads?campaignId=1");
    assert_eq!((&delivery["method"], &delivery["content_type"]), (&json!("POST"), &json!("text/plain")));
    let headers = json!([{"name": "X-Key", "value": "a"}, {"name": "X-Key", "value": "b"}]);
    assert_eq!(delivery["headers"], headers, "duplicates are kept in their order");
    let options = json!({
        "activity_event": "22", "is_specific_landing_page": true,
        "landing_page_urls": ["https://pages.example.com/a"], "webhook_properties": PROPERTIES,
    });
    assert_eq!(native["options"], options);

    let mut expected = full();
    for (name, value) in [
        ("WebhookId", json!(id)),
        ("EventCode", json!(ACTIVITY)),
        ("EventName", json!("Lead Activity Creation")),
        ("StatusCode", json!(0)),
        ("CreatedOn", json!("2026-11-21 00:00:00")),
        ("ModifiedOn", json!("2026-11-21 00:00:00")),
    ] {
        expected[name] = value;
    }
    assert_eq!(account.webhook(&id).await, expected);
}

#[tokio::test]
async fn what_v1_creates_is_a_webhook_here() {
    let account = Account::new().await;
    let body = json!({"events": ["Lead Creation"], "delivery": {"url": "https://example.com"}});
    let (_, created) = account.app.subscribe_in(&account.tenant, body).await;
    let id: SubscriptionId = created["id"].as_str().unwrap().parse().unwrap();
    let shown = account.webhook(&id.uuid().to_string()).await;
    assert_eq!((&shown["EventCode"], &shown["WebhookEvent"]), (&json!(LEAD), &json!("3")));
    assert_eq!((&shown["Description"], &shown["CustomHeaders"]), (&json!(""), &json!([])));
    assert_eq!((&shown["ActivityEvent"], &shown["WebhookProperties"]), (&Value::Null, &Value::Null));
    assert_eq!((&shown["Method"], &shown["ContentType"]), (&json!("POST"), &json!("application/json")));
}

#[tokio::test]
async fn what_v1_made_without_a_type_of_activity_is_changed_here_until_its_event_is_said() {
    let account = Account::new().await;
    let body = json!({"events": [ACTIVITY], "delivery": {"url": "https://example.com"}});
    let (_, created) = account.app.subscribe_in(&account.tenant, body).await;
    let id: SubscriptionId = created["id"].as_str().unwrap().parse().unwrap();
    let id = id.uuid().to_string();
    account.call("Update", json!({"WebhookId": id, "URL": "https://example.com/other"})).await.expect(200);
    account.call("Update", json!({"WebhookId": id, "WebhookEvent": "2"})).await.expect(400);
    let both = json!({"WebhookId": id, "WebhookEvent": "2", "ActivityEvent": 22});
    account.call("Update", both).await.expect(200);
    assert_eq!(account.webhook(&id).await["ActivityEvent"], "22");
}

#[tokio::test]
async fn an_event_is_named_by_its_number_its_code_or_its_name() {
    let account = Account::new().await;
    let mut cases: Vec<(Value, &str)> = vec![
        (json!("Lead_Delete"), "Lead_Delete"),
        (json!("Lead Merge"), "Lead_Merge"),
        (json!("SalesActivity_Post_Cancel"), "SalesActivity_Post_Cancel"),
        (json!(3), LEAD),
    ];
    cases.extend(NUMBERS.map(|(number, code)| (json!(number.to_string()), code)));
    for (named, code) in cases {
        account.app.clock.advance(std::time::Duration::from_secs(1));
        let body = json!({"URL": "https://example.com", "WebhookEvent": named, "ActivityEvent": "22"});
        let id = account.create(body).await;
        assert_eq!(account.webhook(&id).await["EventCode"], code, "{named}");
    }
}

#[tokio::test]
async fn update_replaces_what_it_is_given_and_leaves_the_rest() {
    let account = Account::new().await;
    let id = account.create(full()).await;
    // What this API cannot say stays too.
    account.app.patch(&account.native(&id), json!({"name": "Calls", "delay": "5s"})).await.expect(200);
    account.app.clock.advance(std::time::Duration::from_secs(60));
    let before = account.webhook(&id).await;
    let change = json!({"WebhookId": id, "URL": "https://example.com/other", "NotifyOnFailure": false});
    let updated = account.call("Update", change).await.expect(200);
    assert_eq!(updated, json!({"Status": "Success", "Message": {"Id": id}}));
    let mut expected = before.clone();
    expected["URL"] = json!("https://example.com/other");
    expected["NotifyOnFailure"] = json!(false);
    expected["ModifiedOn"] = json!("2026-11-21 00:01:00");
    assert_eq!(account.webhook(&id).await, expected);
    let native = account.app.get(&account.native(&id)).await.expect(200);
    assert_eq!((&native["name"], &native["delay"]), (&json!("Calls"), &json!("5s")));

    // Null sets back to the default, a list is replaced as a whole.
    let change = json!({
        "WebhookId": id, "Description": null, "ContentType": null, "WebhookEvent": "3", "ActivityEvent": null,
        "LandingPageUrls": null, "IsSpecificLandingPage": null, "WebhookProperties": null,
        "CustomHeaders": [{"Key": "X-Other", "Value": "c"}],
    });
    account.call("Update", change).await.expect(200);
    let shown = account.webhook(&id).await;
    assert_eq!((&shown["Description"], &shown["ContentType"]), (&json!(""), &json!("application/json")));
    assert_eq!((&shown["EventCode"], &shown["ActivityEvent"]), (&json!(LEAD), &Value::Null));
    assert_eq!((&shown["LandingPageUrls"], &shown["IsSpecificLandingPage"]), (&json!([]), &json!(false)));
    assert_eq!(shown["CustomHeaders"], json!([{"Key": "X-Other", "Value": "c"}]));
    let native = account.app.get(&account.native(&id)).await.expect(200);
    assert_eq!(native["options"], json!({}));
}

#[tokio::test]
async fn what_somebody_disabled_stays_so_until_the_status_code_says_otherwise() {
    let account = Account::new().await;
    let id = account.create(webhook(LEAD)).await;
    let status = async |change: Value| {
        let mut body = json!({"WebhookId": id});
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        account.call("Update", body).await.expect(200);
        account.webhook(&id).await["StatusCode"].clone()
    };
    assert_eq!(status(json!({"StatusCode": 1})).await, 1);
    assert_eq!(account.app.get(&account.native(&id)).await.expect(200)["inactive_reason"], "paused");
    assert_eq!(status(json!({"Description": "still off"})).await, 1);
    assert_eq!(status(json!({"StatusCode": "0"})).await, 0);
    assert_eq!(status(json!({"Description": "still on"})).await, 0);
}

#[tokio::test]
async fn an_update_enables_what_failures_disabled() {
    let account = Account::of("market", json!({})).await;
    let id = account.create(webhook("7")).await;
    let fail = async || {
        let event = json!({"type": "sold", "data": {}});
        account.app.post(&format!("{}/events", account.tenant), event).await.expect(202);
        account.app.exchange().await.answer(500, b"");
        while account.webhook(&id).await["StatusCode"] == 0 {
            account.app.clock.advance(std::time::Duration::from_secs(1));
            tokio::task::yield_now().await;
        }
    };
    fail().await;
    let found = account.retrieve(json!({"Parameter": {"StatusCode": 2}})).await;
    assert_eq!((&found["RecordCount"], &found["Response"][0]["WebhookId"]), (&json!(1), &json!(id)));
    assert_eq!(account.retrieve(json!({"Parameter": {"StatusCode": 1}})).await["RecordCount"], 0);
    account.call("Update", json!({"WebhookId": id, "URL": "https://example.com/mended"})).await.expect(200);
    assert_eq!(account.webhook(&id).await["StatusCode"], 0);
    fail().await;
    account.call("Update", json!({"WebhookId": id, "StatusCode": 1})).await.expect(200);
    assert_eq!(
        account.webhook(&id).await["StatusCode"],
        2,
        "it was disabled already, and by what stays known"
    );
}

#[tokio::test]
async fn a_deleted_webhook_is_gone_here_and_in_v1() {
    let account = Account::new().await;
    let id = account.create(webhook(LEAD)).await;
    let deleted = account.delete(&id).await.expect(200);
    assert_eq!(deleted, json!({"Status": "Success", "Message": {"Id": id}}));
    account.app.get(&account.native(&id)).await.expect(404);
    assert_eq!(account.retrieve(json!({})).await, json!({"RecordCount": 0, "Response": []}));
}

#[tokio::test]
async fn the_audit_tells_of_each_change_as_made_by_the_pair() {
    let account = Account::new().await;
    let key = account.app.get(&format!("{}/keys", account.tenant)).await.expect(200)["data"][0]["id"].clone();
    let id = account.create(webhook(LEAD)).await;
    account.call("Update", json!({"WebhookId": id, "Description": "x"})).await.expect(200);
    account.delete(&id).await.expect(200);
    let audit = account.app.get(&format!("/v1/audit?actor={}", key.as_str().unwrap())).await.expect(200);
    let actions: Vec<_> = audit["data"].as_array().unwrap().iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["subscription.deleted", "subscription.changed", "subscription.created"]);
    for entry in audit["data"].as_array().unwrap() {
        assert_eq!(entry["object"], SubscriptionId::from_uuid(id.parse().unwrap()).to_string());
    }
    assert!(!audit.to_string().contains("postroad_"), "{audit}");
}

#[tokio::test]
async fn pages_are_a_list_or_a_text_with_commas_and_an_empty_text_is_none() {
    let account = Account::new().await;
    for (given, shown) in [
        (
            json!("https://a.example, https://b.example/x"),
            json!(["https://a.example", "https://b.example/x"]),
        ),
        (json!(["https://a.example"]), json!(["https://a.example"])),
        (json!(""), json!([])),
        (json!([]), json!([])),
        (Value::Null, json!([])),
    ] {
        account.app.clock.advance(std::time::Duration::from_secs(1));
        let mut body = webhook("1");
        body["LandingPageUrls"] = given;
        let id = account.create(body).await;
        assert_eq!(account.webhook(&id).await["LandingPageUrls"], shown);
    }
}
