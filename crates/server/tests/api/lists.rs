//! All lists: pages, filters, and the queries that are refused.

use serde_json::{Value, json};

use crate::{
    app::{ACME, App},
    refusal,
};

/// The ids of all items, page by page.
async fn ids(app: &App, path: &str, limit: usize) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("{path}?limit={limit}{cursor}")).await.expect(200);
        let items = page["data"].as_array().unwrap();
        assert!(items.len() <= limit);
        found.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

#[tokio::test]
async fn pages_of_every_size_hold_every_item_once() {
    let app = App::new().await;
    for number in 0..4 {
        app.put(&format!("/v1/tenants/t{number}"), json!({"profile": "standard"})).await.expect(201);
        app.subscribe_to("https://example.com").await;
    }
    app.publish(json!({"type": "a", "data": 1})).await;
    app.publish(json!({"type": "a", "data": 2})).await;
    for (list, count) in [
        ("/v1/tenants".to_owned(), 5),
        (format!("{ACME}/subscriptions"), 4),
        (format!("{ACME}/events"), 2),
        (format!("{ACME}/deliveries"), 8),
    ] {
        let all = ids(&app, &list, 250).await;
        assert_eq!(all.len(), count, "{list}");
        for limit in [1, 2, 3] {
            assert_eq!(ids(&app, &list, limit).await, all, "{list} by {limit}");
        }
    }
}

#[tokio::test]
async fn a_filter_lets_through_what_it_names() {
    let app = App::new().await;
    let one = app.subscribe(json!({"delivery": {"url": "https://one.example"}, "events": ["a"]})).await;
    app.subscribe_to("https://two.example").await;
    let first = app.publish(json!({"type": "a", "data": 1})).await;
    app.clock.advance(std::time::Duration::from_secs(3_600));
    let second = app.publish(json!({"type": "b", "data": 2})).await;
    let (one, first_id) = (one["id"].as_str().unwrap(), first["id"].as_str().unwrap());
    let count = |page: Value| page["data"].as_array().unwrap().len();
    for (query, events, deliveries) in [
        ("", 2, 3),
        ("?type=a", 1, 2),
        ("?type=c", 0, 0),
        ("?since=2026-11-21T00:30:00Z", 1, 1),
        ("?until=2026-11-21T00:30:00Z", 1, 2),
        ("?since=2026-11-21T01:00:00%2B01:00&until=2026-11-21T02:00:00Z", 2, 3),
    ] {
        assert_eq!(count(app.get(&format!("{ACME}/events{query}")).await.expect(200)), events, "{query}");
        let found = app.get(&format!("{ACME}/deliveries{query}")).await.expect(200);
        assert_eq!(count(found), deliveries, "{query}");
    }
    for (query, deliveries) in [
        (format!("?subscription={one}"), 1),
        (format!("?event={first_id}"), 2),
        (format!("?event={}", second["id"].as_str().unwrap()), 1),
        ("?status=queued".to_owned(), 3),
        ("?status=delivering".to_owned(), 3),
        ("?status=failed".to_owned(), 0),
    ] {
        let found = app.get(&format!("{ACME}/deliveries{query}")).await.expect(200);
        assert_eq!(count(found), deliveries, "{query}");
    }
    // The attempts under way are never answered: the last exchanges belong to nobody.
    let newest = app.get(&format!("{ACME}/events?limit=1")).await.expect(200);
    assert_eq!(newest["data"][0]["id"], second["id"]);
}

#[tokio::test]
async fn a_query_that_is_not_valid_is_refused_by_its_parameter() {
    let app = App::new().await;
    for (path, field, says) in [
        ("/v1/tenants?limit=0", "limit", "from 1 to 250"),
        ("/v1/tenants?limit=251", "limit", "from 1 to 250"),
        ("/v1/tenants?limit=many", "limit", "from 1 to 250"),
        ("/v1/tenants?limit=", "limit", "from 1 to 250"),
        ("/v1/tenants?limit=1&limit=2", "limit", "is given twice"),
        ("/v1/tenants?limt=1", "limt", "did you mean `limit`?"),
        ("/v1/tenants/acme/subscriptions?page=1", "page", "known: active, type, limit, cursor"),
        ("/v1/tenants/acme/events?typ=a", "typ", "did you mean `type`?"),
        ("/v1/tenants/acme/events?type=a%20b", "type", "as in lead.created"),
        ("/v1/tenants/acme/events?since=today", "since", "RFC 3339"),
        ("/v1/tenants/acme/deliveries?status=done", "status", "queued, delivering, succeeded"),
        ("/v1/tenants/acme/deliveries?event=evt_1", "event", "evt_ and 26 characters"),
        ("/v1/tenants/acme/deliveries?subscription=x", "subscription", "sub_ and 26 characters"),
        ("/v1/tenants/acme/deliveries?until=2026-11-21", "until", "RFC 3339"),
    ] {
        refusal::check(&app.get(path).await, 422, "invalid", field, says, path);
    }
    for list in ["/v1/tenants", "/v1/tenants/acme/subscriptions", "/v1/tenants/acme/events"] {
        let reply = app.get(&format!("{list}?cursor=%20nonsense")).await;
        refusal::check(&reply, 400, "bad_cursor", "cursor", "`next` of a page", list);
    }
    let reply = app.get("/v1/tenants/acme/deliveries?cursor=nonsense").await;
    refusal::check(&reply, 400, "bad_cursor", "cursor", "`next` of a page", "deliveries");
    for list in ["subscriptions", "events", "deliveries", "event-types"] {
        app.get(&format!("/v1/tenants/nobody/{list}")).await.expect(404);
    }
}
