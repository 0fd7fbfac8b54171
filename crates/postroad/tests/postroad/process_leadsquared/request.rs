//! The request: its URL, its method, its headers, its bodies.

use postroad_domain::SubscriptionId;
use serde_json::{Value, json};

use super::{
    ACTIVITY, CREATED, LEAD, shipped,
    stage::{Stage, id_of},
    webhook, webhook_to,
};

const GUID: &str = "b329c2b2-854c-11e6-8f87-22000aa8e760";

#[tokio::test(flavor = "multi_thread")]
async fn ls_2_a_new_lead_is_posted_byte_for_byte_with_the_three_parameters_in_their_order() {
    let stage = shipped().await;
    let created = stage.subscribe(webhook_to(&stage, "/leads/add", "Lead Creation", json!({}))).await;
    let sent = stage.deliver("Lead Creation", LEAD).await;
    let expected =
        format!("/leads/add?entityType=Webhook&entityId={}&eventType=Lead_Post_Create", uuid_of(&created));
    assert_eq!((sent.method.as_str(), sent.target.as_str()), ("POST", expected.as_str()));
    assert_eq!(sent.text(), LEAD);
    // None of our own either: what the product's page does not name is not sent (spec 0.6).
    let known = ["host", "content-type", "content-length", "user-agent", "accept", "accept-encoding"];
    let name_of = |line: &String| line.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let names: Vec<_> = sent.header_lines.iter().map(name_of).collect();
    assert!(names.iter().all(|name| known.contains(&name.as_str())), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_3_the_parameters_follow_the_customers_own_query() {
    let stage = shipped().await;
    for (entered, expected) in [
        ("/x?secret=1", "/x?secret=1&"),
        ("/x?campaignId=1&key=A%2FB#top", "/x?campaignId=1&key=A%2FB&"),
        ("/x?eventType=mine", "/x?eventType=mine&"),
    ] {
        let created = stage.subscribe(webhook_to(&stage, entered, CREATED, json!({}))).await;
        let sent = stage.deliver(CREATED, "{}").await;
        let ours = format!("entityType=Webhook&entityId={}&eventType=Lead_Post_Create", uuid_of(&created));
        assert_eq!(sent.target, format!("{expected}{ours}"));
        let off = stage.patch(id_of(&created), json!({"active": false})).await;
        let _ = off.expect_status(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_4_the_example_of_the_page_comes_out() {
    let stage = shipped().await;
    let sent = sent_with(&stage, ("/leads/add", "Lead_Post_Update"), json!({"entity_id": GUID})).await;
    assert_eq!(sent, format!("/leads/add?entityType=Webhook&entityId={GUID}&eventType=Lead_Post_Update"));
    // The page's own example is of an activity, which waits for others: the preview does not.
    let mut body = webhook_to(&stage, "/leads/add", "SalesActivity_Post_Update", json!({}));
    body["options"]["entity_id"] = json!(GUID);
    let created = stage.subscribe(body).await;
    let path = stage.path(&format!("subscriptions/{}/preview", id_of(&created)));
    let asked = json!({"type": "SalesActivity_Post_Update", "data": {"Score": 1}});
    let shown = stage.server.post_json(&path, &asked).await.expect("the server answers").expect_status(200);
    let expected = stage
        .receiver
        .url(&format!("/leads/add?entityType=Webhook&entityId={GUID}&eventType=SalesActivity_Post_Update"));
    assert_eq!(shown.json()["url"], json!(expected), "{}", shown.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_5_each_of_the_three_content_types_has_its_header_and_its_body() {
    let stage = shipped().await;
    let data = r#"{"A":"x y","B":null,"C":{"d":1}}"#;
    for (target, content_type, expected) in [
        ("/json", "application/json", data),
        ("/form", "application/x-www-form-urlencoded", "A=x+y&B=&C=%7B%22d%22%3A1%7D"),
        ("/text", "text/plain", data),
    ] {
        let mut body = webhook_to(&stage, target, CREATED, json!({}));
        body["delivery"]["content_type"] = json!(content_type);
        let created = stage.subscribe(body).await;
        let sent = stage.deliver(CREATED, data).await;
        assert_eq!((sent.path(), sent.header("content-type")), (target, Some(content_type)));
        assert_eq!(sent.text(), expected);
        let decoded: Vec<_> = form_urlencoded(&sent.text());
        if target == "/form" {
            assert_eq!(decoded, [("A", "x y"), ("B", ""), ("C", r#"{"d":1}"#)].map(owned));
        }
        let _ = stage.patch(id_of(&created), json!({"active": false})).await.expect_status(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_17_the_spelling_of_a_score_reaches_the_receiver() {
    let stage = shipped().await;
    let mut body = webhook(ACTIVITY);
    body["group"] = json!({"window": "1s"});
    stage.subscribe(body).await;
    let activity = r#"{"ProspectActivityId":"1","Score":0.0,"Data":{"Status":"Answered"}}"#;
    let sent = stage.deliver(ACTIVITY, activity).await;
    assert_eq!(sent.text(), format!("[{activity}]"));
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_18_a_rule_with_an_id_of_its_own_stands_in_the_url() {
    let stage = shipped().await;
    let options = json!({"entity_type": "rule", "entity_id": GUID});
    let sent = sent_with(&stage, ("/hook", "Lead_Post_Update"), options).await;
    assert_eq!(sent, format!("/hook?entityType=Rule&entityId={GUID}&eventType=Lead_Post_Update"));
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_21_an_automation_is_named_with_a_capital_letter_or_without() {
    let stage = shipped().await;
    for (case, expected) in
        [(None, "Automation"), (Some("capitalized"), "Automation"), (Some("lower"), "automation")]
    {
        let mut options = json!({"entity_type": "automation", "entity_id": GUID});
        if let Some(case) = case {
            options["entity_type_case"] = json!(case);
        }
        let sent = sent_with(&stage, ("/hook", "Lead_Post_Update"), options).await;
        assert_eq!(sent, format!("/hook?entityType={expected}&entityId={GUID}&eventType=Lead_Post_Update"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_22_a_form_has_plus_signs_percent_signs_words_and_numbers_as_they_were_spelt() {
    let stage = shipped().await;
    let mut body = webhook_to(&stage, "/hook", CREATED, json!({}));
    body["delivery"]["content_type"] = json!("application/x-www-form-urlencoded");
    stage.subscribe(body).await;
    let sent = stage.deliver(CREATED, r#"{"a b":"x é","yes":true,"Score":0.0}"#).await;
    assert_eq!(sent.text(), "a+b=x+%C3%A9&yes=true&Score=0.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_28_a_get_says_so_in_its_code_and_has_no_body() {
    let stage = shipped().await;
    let mut body = webhook_to(&stage, "/hook?a=1", CREATED, json!({}));
    body["delivery"]["method"] = json!("GET");
    let created = stage.subscribe(body).await;
    let published = stage.publish(CREATED, LEAD).await.expect_status(202);
    let sent = stage.receiver.wait_for(1).await.swap_remove(0);
    let expected =
        format!("/hook?a=1&entityType=Webhook&entityId={}&eventType=Lead_Get_Create", uuid_of(&created));
    assert_eq!((sent.method.as_str(), sent.target.as_str()), ("GET", expected.as_str()));
    assert!(sent.body.is_empty() && sent.header("content-type").is_none(), "{:?}", sent.header_lines);
    let delivery = stage.wait_for_event(&published, "succeeded").await;
    let request = &delivery["attempts"][0]["request"];
    assert_eq!((&request["method"], &request["body"]), (&json!("GET"), &json!("")), "{request}");
}

/// The target of the request that an event becomes, of a webhook with these options that is off afterwards.
async fn sent_with(stage: &Stage, (target, event): (&str, &str), options: Value) -> String {
    let mut body = webhook_to(stage, target, event, json!({}));
    for (name, value) in options.as_object().expect("options are an object") {
        body["options"][name] = value.clone();
    }
    let created = stage.subscribe(body).await;
    let sent = stage.deliver(event, "{}").await;
    let _ = stage.patch(id_of(&created), json!({"active": false})).await.expect_status(200);
    sent.target
}

/// The subscription's id as the product writes ids.
fn uuid_of(subscription: &Value) -> String {
    let id: SubscriptionId = id_of(subscription).parse().expect("a subscription has an id of its kind");
    id.uuid().to_string()
}

/// A form as its reader has it.
fn form_urlencoded(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}
