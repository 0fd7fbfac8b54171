//! `GET /v1/events`, `/v1/deliveries`, `/v1/subscriptions`: over all tenants.

use serde_json::{Value, json};

use crate::{
    app::{ACME, App},
    refusal,
};

const OTHER: &str = "/v1/tenants/other";

/// Two tenants, each with a subscription, and two events, the first of `acme`.
async fn two_tenants() -> (App, [Value; 2], [Value; 2]) {
    let app = App::new().await;
    app.put(OTHER, json!({"profile": "standard"})).await.expect(201);
    let body = |url: &str| json!({"delivery": {"url": url}});
    let first = app.subscribe(body("https://one.example")).await;
    let (_, second) = app.subscribe_in(OTHER, body("https://two.example")).await;
    let acme = app.publish(json!({"type": "a", "data": 1})).await;
    app.clock.advance(std::time::Duration::from_secs(3_600));
    let other = app.post(&format!("{OTHER}/events"), json!({"type": "b", "data": 2})).await.expect(202);
    (app, [first, second], [acme, other])
}

/// The named field of all items, page by page.
async fn all(app: &App, path: &str, field: &str, limit: usize) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    let mark = if path.contains('?') { '&' } else { '?' };
    loop {
        let page = app.get(&format!("{path}{mark}limit={limit}{cursor}")).await.expect(200);
        found.extend(
            page["data"].as_array().unwrap().iter().map(|item| item[field].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

#[tokio::test]
async fn the_operator_sees_everything_with_its_tenant_newest_first() {
    let (app, subscriptions, events) = two_tenants().await;
    let ids = |of: &[Value; 2]| [&of[1], &of[0]].map(|of| of["id"].as_str().unwrap().to_owned());
    for limit in [1, 2, 50] {
        assert_eq!(all(&app, "/v1/events", "id", limit).await, ids(&events));
        assert_eq!(all(&app, "/v1/events", "tenant", limit).await, ["other", "acme"]);
        assert_eq!(all(&app, "/v1/deliveries", "tenant", limit).await, ["other", "acme"]);
        assert_eq!(all(&app, "/v1/subscriptions", "id", limit).await, ids(&subscriptions));
        assert_eq!(all(&app, "/v1/subscriptions", "tenant", limit).await, ["other", "acme"]);
    }
    let event = &app.get("/v1/events?limit=1").await.expect(200)["data"][0];
    let alone = app.get(&format!("{OTHER}/events/{}", events[1]["id"].as_str().unwrap())).await.expect(200);
    let mut expected = alone;
    expected["tenant"] = json!("other");
    assert_eq!(*event, expected);
}

#[tokio::test]
async fn the_lists_over_all_tenants_take_the_filters_of_each_list_and_the_tenant() {
    let (app, subscriptions, events) = two_tenants().await;
    let path = format!("{ACME}/subscriptions/{}", subscriptions[0]["id"].as_str().unwrap());
    app.patch(&path, json!({"active": false, "events": ["a"]})).await.expect(200);
    let (event, subscription) = (events[1]["id"].as_str().unwrap(), subscriptions[1]["id"].as_str().unwrap());
    for (path, tenants) in [
        ("/v1/events?tenant=acme".to_owned(), vec!["acme"]),
        ("/v1/events?tenant=nobody".to_owned(), vec![]),
        ("/v1/events?type=b".to_owned(), vec!["other"]),
        ("/v1/events?since=2026-11-21T00:30:00Z".to_owned(), vec!["other"]),
        ("/v1/events?until=2026-11-21T00:30:00Z".to_owned(), vec!["acme"]),
        ("/v1/deliveries?tenant=other".to_owned(), vec!["other"]),
        ("/v1/deliveries?tenant=nobody".to_owned(), vec![]),
        ("/v1/deliveries?type=a".to_owned(), vec!["acme"]),
        ("/v1/deliveries?status=cancelled".to_owned(), vec!["acme"]),
        (format!("/v1/deliveries?event={event}"), vec!["other"]),
        (format!("/v1/deliveries?subscription={subscription}"), vec!["other"]),
        (format!("/v1/deliveries?subscription={subscription}&tenant=acme"), vec![]),
        ("/v1/deliveries?since=2026-11-21T00:30:00Z".to_owned(), vec!["other"]),
        ("/v1/subscriptions?tenant=acme".to_owned(), vec!["acme"]),
        ("/v1/subscriptions?tenant=nobody".to_owned(), vec![]),
        ("/v1/subscriptions?active=true".to_owned(), vec!["other"]),
        ("/v1/subscriptions?active=false".to_owned(), vec!["acme"]),
        ("/v1/subscriptions?type=b".to_owned(), vec!["other"]),
        ("/v1/subscriptions?type=a".to_owned(), vec!["other", "acme"]),
    ] {
        assert_eq!(all(&app, &path, "tenant", 1).await, tenants, "{path}");
    }
}

#[tokio::test]
async fn a_query_over_all_tenants_that_is_not_valid_is_refused_by_its_parameter() {
    let app = App::new().await;
    for (path, field, says) in [
        ("/v1/events?tenant=-", "tenant", "must be 1 to 128 letters"),
        ("/v1/events?status=failed", "status", "known: tenant, type"),
        ("/v1/deliveries?event=x", "event", "evt_ and 26 characters"),
        ("/v1/deliveries?limit=251", "limit", "from 1 to 250"),
        ("/v1/subscriptions?active=yes", "active", "must be true or false"),
        ("/v1/subscriptions?type=a%20b", "type", "as in lead.created"),
    ] {
        refusal::check(&app.get(path).await, 422, "invalid", field, says, path);
    }
}

#[tokio::test]
async fn a_cursor_of_another_list_or_tenant_is_refused() {
    let (app, ..) = two_tenants().await;
    app.publish(json!({"type": "a", "data": 3})).await;
    app.post(&format!("{OTHER}/events"), json!({"type": "b", "data": 4})).await.expect(202);
    for number in 0..2 {
        let body = json!({"title": format!("T{number}")});
        app.put(&format!("{ACME}/event-types/t{number}"), body).await.expect(201);
        app.key(json!({"name": "x", "scopes": ["pull"]})).await;
        app.subscribe_to("https://three.example").await;
    }
    let of_acme =
        ["events", "deliveries", "subscriptions", "keys", "event-types"].map(|list| format!("{ACME}/{list}"));
    let of_all =
        ["tenants", "events", "deliveries", "subscriptions", "audit"].map(|list| format!("/v1/{list}"));
    let lists: Vec<String> = of_acme.into_iter().chain(of_all).chain([format!("{OTHER}/events")]).collect();
    for list in &lists {
        let page = app.get(&format!("{list}?limit=1")).await.expect(200);
        let next = page["next"].as_str().unwrap_or_else(|| panic!("{list} has one page only"));
        app.get(&format!("{list}?limit=1&cursor={next}")).await.expect(200);
        for other in lists.iter().filter(|other| *other != list) {
            let reply = app.get(&format!("{other}?cursor={next}")).await;
            refusal::check(
                &reply,
                400,
                "bad_cursor",
                "cursor",
                "`next` of a page",
                &format!("{list} → {other}"),
            );
        }
    }
}
