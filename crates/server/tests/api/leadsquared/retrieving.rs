//! `Retrieve`: which webhooks, in which order, which page.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Account, call_with, pair_of, webhook};

/// Webhooks of an account, a second after each other.
async fn three() -> (Account, [String; 3]) {
    let account = Account::new().await;
    let mut ids = Vec::new();
    for (event, description, path) in
        [("3", "New leads", "b"), ("Lead_Delete", "Old leads", "c"), ("7", "Größere Tasks", "a")]
    {
        let mut body = webhook(event);
        body["Description"] = json!(description);
        body["URL"] = json!(format!("https://example.com/{path}?token=t"));
        ids.push(account.create(body).await);
        account.app.clock.advance(Duration::from_secs(1));
    }
    (account, ids.try_into().unwrap())
}

fn ids(found: &Value) -> Vec<&str> {
    found["Response"].as_array().unwrap().iter().map(|one| one["WebhookId"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_filter_finds_what_fits_and_all_of_them_must() {
    let (account, [first, second, third]) = three().await;
    account.call("Update", json!({"WebhookId": second, "StatusCode": 1})).await.expect(200);
    let all = [&second, &third, &first];
    for (filter, expected) in [
        (json!({}), &all[..]),
        (json!({"Type": "Webhook"}), &all[..]),
        (json!({"Type": "Lapp"}), &[]),
        (
            json!({"Type": "", "WebhookEvent": "", "WebhookId": "", "SearchText": " ", "StatusCode": ""}),
            &all[..],
        ),
        (json!({"Type": null, "WebhookEvent": null, "WebhookId": null, "StatusCode": null}), &all[..]),
        (json!({"WebhookEvent": "Lead_Post_Create"}), &[&first]),
        (json!({"WebhookEvent": "3"}), &[&first]),
        (json!({"WebhookEvent": "Lead Delete"}), &[&second]),
        (json!({"WebhookEvent": "Lead_Nothing"}), &[]),
        (json!({"StatusCode": 0}), &[&third, &first]),
        (json!({"StatusCode": "1"}), &[&second]),
        (json!({"StatusCode": 2}), &[]),
        (json!({"WebhookId": first.to_uppercase()}), &[&first]),
        (json!({"SearchText": "LEADS"}), &[&second, &first]),
        (json!({"SearchText": "größere"}), &[&third]),
        (json!({"SearchText": "example.com/c"}), &[&second]),
        (json!({"SearchText": "lead creation"}), &[&first]),
        (json!({"SearchText": "leads", "StatusCode": 0}), &[&first]),
        (json!({"WebhookId": first, "WebhookEvent": "7"}), &[]),
    ] {
        account.app.clock.advance(Duration::from_secs(1));
        let found = account.retrieve(json!({"Parameter": filter})).await;
        assert_eq!(ids(&found), expected, "{filter}");
        assert_eq!(found["RecordCount"], expected.len(), "{filter}");
    }
}

#[tokio::test]
async fn the_order_is_that_of_a_column_and_the_last_change_stands_first_where_none_is_named() {
    let (account, [first, second, third]) = three().await;
    account.call("Update", json!({"WebhookId": first, "Method": "GET"})).await.expect(200);
    for (sorting, expected) in [
        (Value::Null, [&first, &third, &second]),
        (json!({}), [&first, &third, &second]),
        (json!({"ColumnName": "ModifiedOn", "Direction": "1"}), [&first, &third, &second]),
        (json!({"ColumnName": "ModifiedOn", "Direction": 0}), [&second, &third, &first]),
        (json!({"ColumnName": "CreatedOn", "Direction": "0"}), [&first, &second, &third]),
        (json!({"ColumnName": "CreatedOn"}), [&third, &second, &first]),
        (json!({"ColumnName": "URL", "Direction": "0"}), [&third, &first, &second]),
        (json!({"ColumnName": "Description", "Direction": "0"}), [&third, &first, &second]),
        (json!({"ColumnName": "EventCode", "Direction": "0"}), [&second, &first, &third]),
        (json!({"ColumnName": "StatusCode", "Direction": "0"}), [&first, &second, &third]),
    ] {
        let found = account.retrieve(json!({"Sorting": sorting})).await;
        assert_eq!(ids(&found), expected, "{sorting}");
    }
}

#[tokio::test]
async fn a_page_is_a_part_of_all_and_the_count_is_of_all() {
    let (account, [first, second, third]) = three().await;
    for (paging, expected) in [
        (json!({"PageIndex": 1, "PageSize": 2}), &[&third, &second][..]),
        (json!({"PageIndex": "2", "PageSize": "2"}), &[&first]),
        (json!({"PageIndex": 3, "PageSize": 2}), &[]),
        (json!({"PageIndex": 1_000_000, "PageSize": 1000}), &[]),
        (json!({"PageSize": 1}), &[&third]),
        (json!({}), &[&third, &second, &first]),
    ] {
        let found = account.retrieve(json!({"Paging": paging})).await;
        assert_eq!(ids(&found), expected, "{paging}");
        assert_eq!(found["RecordCount"], 3, "{paging}");
    }
    for _ in 0..23 {
        account.create(webhook("3")).await;
        account.app.clock.advance(Duration::from_secs(1));
    }
    let found = account.retrieve(json!({})).await;
    assert_eq!((&found["RecordCount"], ids(&found).len()), (&json!(26), 25));
}

#[tokio::test]
async fn the_values_of_headers_are_for_those_who_may_change_them() {
    let account = Account::new().await;
    let mut body = webhook("3");
    body["CustomHeaders"] = json!([{"Key": "X-Key", "Value": "s3cr3t"}]);
    account.create(body).await;
    for (scopes, value) in [
        (json!(["subscriptions:read"]), "********"),
        (json!(["subscriptions:read", "subscriptions:write"]), "s3cr3t"),
    ] {
        let pair = pair_of(&account.app, &account.tenant, scopes).await;
        let found = call_with(&account.app, &pair, "Retrieve", "{}").await.expect(200);
        assert_eq!(found["Response"][0]["CustomHeaders"], json!([{"Key": "X-Key", "Value": value}]));
    }
}
