//! What can be published, and what is shipped.

use serde_json::json;

use super::{
    PRODUCT, sleekplan,
    stage::{event_names, expect_refusal, expect_shipped_retries},
};

/// The names of specification 2.2 in its order.
const NAMES: [&str; 16] = [
    "item.create",
    "item.delete",
    "item.update",
    "comment.create",
    "comment.delete",
    "comment.update",
    "vote.create",
    "subscription.create",
    "subscription.delete",
    "user.create",
    "user.delete",
    "user.update",
    "changelog.create",
    "changelog.update",
    "changelog.subscribe",
    "satisfaction.create",
];

#[tokio::test(flavor = "multi_thread")]
async fn sp_1_the_catalogue_has_the_sixteen_names_with_one_dot_each_and_each_can_be_published() {
    let stage = sleekplan().await;
    let profile = stage.profile().await;
    let names = event_names(&profile);
    assert_eq!(names, NAMES);
    for name in names {
        assert_eq!(name.matches('.').count(), 1, "{name}");
        let _ = stage.publish(name, "{}").await.expect_status(202);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sp_1_a_name_in_the_past_tense_is_refused_and_the_right_one_named() {
    let stage = sleekplan().await;
    stage.subscribe(json!({})).await;
    let message = expect_refusal(stage.publish("item.created", "{}").await, "unknown_event_type", "type");
    assert!(message.contains("item.create"), "{message}");
    let events = stage.get(&stage.path("events")).await;
    assert_eq!(events["data"], json!([]), "refused input changes nothing");
    assert!(stage.deliveries().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn sp_11_2xx_and_three_retries_after_10_60_and_300_s_and_milliseconds_as_a_string_are_shipped() {
    let profile = sleekplan().await.profile().await;
    expect_shipped_retries(&profile, &[10, 60, 300]);
    let options = &profile["option_schema"]["tenant"]["properties"];
    assert_eq!((&options["unit"]["default"], &options["as"]["default"]), (&json!("ms"), &json!("string")));
}

/// Resolution SP-c: the envelope's product is an option that a tenant cannot be without.
#[tokio::test(flavor = "multi_thread")]
async fn sp_4_a_tenant_without_a_product_or_with_a_product_that_is_no_number_is_refused() {
    let stage = sleekplan().await;
    for options in [json!({}), json!({"product_id": PRODUCT.to_string()}), json!({"product_id": 1.5})] {
        expect_refusal(stage.put_tenant(options).await, "invalid", "options.product_id");
    }
    let tenant = stage.get("/v1/tenants/acme").await;
    assert_eq!(tenant["options"]["product_id"], json!(PRODUCT), "refused input changes nothing");
}
