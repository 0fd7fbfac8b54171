//! What each call refuses, and in which form.

use serde_json::{Value, json};

use super::{ACTIVITY, Account, LEAD, PROPERTIES, call_with, check, webhook};

const INVALID: &str = "MXInvalidDataTypeException";
const INPUT: &str = "MXInvalidInputException";
const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// A webhook with one field more, or another.
fn with(event: &str, name: &str, value: Value) -> Value {
    let mut body = webhook(event);
    body[name] = value;
    body
}

/// What is refused of the fields of a webhook, also by `Update`.
fn bad_fields() -> Vec<(Value, &'static str)> {
    let headers = |count: usize| Value::from(vec![json!({"Key": "X-Key", "Value": "v"}); count]);
    vec![
        (json!({"WebhookEvent": LEAD}), "`URL` is required."),
        (json!({"URL": "https://example.com"}), "`WebhookEvent` is required."),
        (json!({"URL": null, "WebhookEvent": null}), "`URL` is required. `WebhookEvent` is required."),
        (with(LEAD, "URL", json!("ftp://example.com")), "`URL` "),
        (with(LEAD, "URL", json!("https://blocked.example")), "`URL` is refused: its address is private."),
        (with(LEAD, "URL", json!(7)), "`URL` must be a string, not a number."),
        (with(LEAD, "Method", json!("PUT")), "`Method` must be one of POST, GET"),
        (with(LEAD, "ContentType", json!("text/xml")), "`ContentType` must be one of application/json"),
        (
            with(LEAD, "Description", json!("x".repeat(4_097))),
            "`Description` must have 0 to 4096 characters.",
        ),
        (webhook("Lead_Post_Creat"), "`WebhookEvent` "),
        (webhook("Lead_Post_Creat"), "Lead_Post_Create"),
        (webhook("99"), "`WebhookEvent` "),
        (
            with(LEAD, "WebhookEvent", json!([LEAD])),
            "`WebhookEvent` must be a string or a number, not a list.",
        ),
        (
            with(LEAD, "NotifyOnFailure", json!("yes")),
            "`NotifyOnFailure` must be true or false, not a string.",
        ),
        (with(LEAD, "IsSpecificLandingPage", json!(1)), "`IsSpecificLandingPage` must be true or false"),
        (with(LEAD, "LandingPageUrls", json!([7])), "`LandingPageUrls[0]` must be a string"),
        (with(LEAD, "CustomHeaders", headers(11)), "`CustomHeaders` may have at most 10 items"),
        (with(LEAD, "CustomHeaders", json!([{"Key": "a b", "Value": "v"}])), "`CustomHeaders[0].Key` "),
        (with(LEAD, "CustomHeaders", json!([{"Key": "a", "Value": "a\nb"}])), "`CustomHeaders[0].Value` "),
        (with(LEAD, "CustomHeaders", json!([{"Key": "a"}])), "`CustomHeaders[0].Value` is required."),
        (
            with(LEAD, "CustomHeaders", json!([{"Key": "a", "Value": "********"}])),
            "`CustomHeaders[0].Value` is what",
        ),
        (
            with(LEAD, "CustomHeaders", json!([{"Key": "Content-Type", "Value": "a"}])),
            "`CustomHeaders[0].Key` sets Content-Type",
        ),
        (
            with(LEAD, "CustomHeaders", json!([{"Name": "a", "Value": "b"}])),
            "`CustomHeaders[0].Name` is not known here",
        ),
        (with(LEAD, "Type", json!("Lapp")), "`Type` cannot become Lapp by this API"),
        (with(LEAD, "Type", json!("Rule")), "`Type` must be Webhook."),
        (with(LEAD, "Url", json!("x")), "`Url` is not known here; known: Type, Description, URL"),
    ]
}

/// The same of the fields of activities.
fn bad_activities() -> Vec<(Value, &'static str)> {
    vec![
        (webhook(ACTIVITY), "`ActivityEvent` is required for the events of activities"),
        (webhook("2"), "`ActivityEvent` is required"),
        (webhook("Lead Activity Update"), "`ActivityEvent` is required"),
        (with("2", "WebhookProperties", json!(PROPERTIES)), "`ActivityEvent` is required"),
        (with("2", "ActivityEvent", json!("x")), "`ActivityEvent` must match"),
        (
            json!({"URL": "https://a.example", "WebhookEvent": "2", "ActivityEvent": "22", "WebhookProperties": {}}),
            "`WebhookProperties` must be a string, not an object.",
        ),
        (
            with(LEAD, "WebhookProperties", json!("{")),
            "`WebhookProperties` must be a text that holds a JSON object.",
        ),
        (
            with(LEAD, "WebhookProperties", json!("[]")),
            "`WebhookProperties` must be a text that holds a JSON object.",
        ),
        (
            json!({
                "URL": "https://a.example", "WebhookEvent": "2", "ActivityEvent": "21",
                "WebhookProperties": PROPERTIES,
            }),
            "`ActivityEvent` is 21, and 22 in `WebhookProperties`",
        ),
    ]
}

#[tokio::test]
async fn a_field_that_is_not_valid_is_named_as_the_caller_named_it_and_nothing_changes() {
    for (options, status) in [(json!({}), 400), (json!({"vendor_status_codes": true}), 500)] {
        let account = Account::of("leadsquared", options).await;
        let id = account.create(webhook(LEAD)).await;
        let before = account.webhook(&id).await;
        for (mut body, says) in bad_fields().into_iter().chain(bad_activities()) {
            account.app.clock.advance(std::time::Duration::from_secs(1));
            check(&account.call("Create", body.clone()).await, status, INVALID, says);
            // A field that is not there stays as it is.
            for name in ["URL", "WebhookEvent"] {
                if body.get(name).is_none() {
                    body[name] = Value::Null;
                }
            }
            body["WebhookId"] = json!(id);
            check(&account.call("Update", body).await, status, INVALID, says);
        }
        account.app.clock.advance(std::time::Duration::from_secs(5));
        assert_eq!(account.webhook(&id).await, before);
        assert_eq!(account.retrieve(json!({})).await["RecordCount"], 1);
    }
}

#[tokio::test]
async fn a_webhook_that_is_not_named_or_not_there_is_refused() {
    let account = Account::new().await;
    let of = |id: Value| json!({"WebhookId": id, "URL": "https://example.com"});
    for (body, says) in [
        (json!({"URL": "https://example.com"}), "`WebhookId` is required."),
        (of(Value::Null), "`WebhookId` is required."),
        (of(json!("7")), "`WebhookId` must be the id of a webhook"),
        (of(json!(7)), "`WebhookId` must be the id of a webhook"),
        (of(json!(ID)), "`WebhookId` is the id of no webhook of this account."),
        (json!([]), "The body must be an object."),
    ] {
        check(&account.call("Update", body).await, 400, INVALID, says);
    }
    let query = &account.pair;
    for (asked, says) in [
        (format!("Delete?{query}"), "`webhookId` must stand in the query, once."),
        (
            format!("Delete?webhookId={ID}&webhookId={ID}&{query}"),
            "`webhookId` must stand in the query, once.",
        ),
        (format!("Delete?webhookId=x&{query}"), "`webhookId` must be the id of a webhook"),
        (format!("Delete?webhookId={ID}&{query}"), "`webhookId` is the id of no webhook of this account."),
    ] {
        check(&account.get(&asked).await, 400, INVALID, says);
    }
    let id = account.create(webhook(LEAD)).await;
    for (status, says) in
        [(json!(2), "cannot be set to 2"), (json!(3), "must be 0"), (json!("on"), "must be 0")]
    {
        let reply = account.call("Update", json!({"WebhookId": id, "StatusCode": status})).await;
        check(&reply, 400, INVALID, &format!("`StatusCode` {says}"));
    }
    let reply = account.call("Update", json!({"WebhookId": id, "WebhookEvent": "2"})).await;
    check(&reply, 400, INVALID, "`ActivityEvent` is required");
}

#[tokio::test]
async fn what_retrieve_does_not_know_is_refused() {
    let account = Account::new().await;
    for (body, says) in [
        (json!([]), "The body must be an object"),
        (json!({"Parameters": {}}), "`Parameters` is not known here: did you mean `Parameter`?"),
        (json!({"Parameter": []}), "`Parameter` must be an object"),
        (json!({"Parameter": {"Type": "Rule"}}), "`Parameter.Type` must be one of Webhook, Lapp."),
        (
            json!({"Parameter": {"StatusCode": 3}}),
            "`Parameter.StatusCode` must be a whole number from 0 to 2.",
        ),
        (json!({"Parameter": {"StatusCode": true}}), "`Parameter.StatusCode` must be a string or a number"),
        (json!({"Parameter": {"WebhookId": "x"}}), "`Parameter.WebhookId` must be the id of a webhook"),
        (
            json!({"Sorting": {"ColumnName": "Secret"}}),
            "`Sorting.ColumnName` must be one of ModifiedOn, CreatedOn",
        ),
        (json!({"Sorting": {"Direction": "2"}}), "`Sorting.Direction` must be a whole number from 0 to 1."),
        (json!({"Paging": {"PageIndex": 0}}), "`Paging.PageIndex` must be a whole number from 1"),
        (json!({"Paging": {"PageSize": 1001}}), "`Paging.PageSize` must be a whole number from 1 to 1000."),
        (json!({"Paging": {"PageSize": "many"}}), "`Paging.PageSize` must be a whole number from 1 to 1000."),
    ] {
        check(&account.call("Retrieve", body).await, 400, INVALID, says);
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused_with_400_whatever_the_status_codes() {
    for options in [json!({}), json!({"vendor_status_codes": true})] {
        let account = Account::of("leadsquared", options).await;
        for call in ["Create", "Update", "Retrieve"] {
            for (body, says) in [
                ("", "The body is empty"),
                ("{", "The body is not JSON"),
                (r#"{"URL":"a","URL":"b"}"#, "the key `URL` stands twice"),
            ] {
                let reply = call_with(&account.app, &account.pair, call, body).await;
                check(&reply, 400, INPUT, says);
            }
            let long = " ".repeat(256 * 1024 + 1);
            let reply = call_with(&account.app, &account.pair, call, &long).await;
            check(&reply, 413, INPUT, "The body may have 262144 bytes");
        }
    }
}

#[tokio::test]
async fn the_limits_of_an_account_are_told_in_the_same_form() {
    let account = Account::new().await;
    let long = "x".repeat(4_000);
    let full = json!({"events": [LEAD], "delivery": {"url": "https://example.com"}, "description": long});
    for _ in 0..1_000 {
        account.app.subscribe_in(&account.tenant, full.clone()).await;
    }
    check(&account.call("Create", webhook(LEAD)).await, 409, INPUT, "may have 1000 subscriptions");
}
