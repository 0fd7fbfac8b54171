//! `/v1/tenants`

use serde_json::json;

use crate::{
    app::{ACME, App},
    refusal::{Refused, fields},
};

#[tokio::test]
async fn a_tenant_is_created_replaced_read_and_deleted() {
    let app = App::new().await;
    let path = "/v1/tenants/Blue_1.eu-x";
    let body = json!({"profile": "sleekplan", "name": "Blue", "contacts": ["jo@example.com"], "options": {"product_id": 1}});
    let created = app.put(path, body).await;
    assert_eq!(created.header("location"), path);
    let created = created.expect(201);
    assert_eq!(
        created,
        json!({
            "id": "Blue_1.eu-x", "profile": "sleekplan", "name": "Blue", "contacts": ["jo@example.com"],
            "options": {"product_id": 1}, "retention": null, "retention_bytes": null, "created_at": "2026-11-21T00:00:00Z", "updated_at": "2026-11-21T00:00:00Z",
        })
    );
    assert_eq!(app.get(path).await.expect(200), created);

    let replaced = app.put(path, json!({"profile": "standard"})).await.expect(200);
    assert_eq!(
        (&replaced["name"], &replaced["contacts"], &replaced["options"]),
        (&json!(null), &json!([]), &json!({}))
    );

    app.delete(path).await.expect(204);
    app.get(path).await.expect(404);
    app.delete(path).await.expect(404);
}

#[tokio::test]
async fn what_a_tenant_cannot_be_is_refused_by_its_field() {
    let app = App::new().await;
    let bad = |body, field, says| Refused {
        method: "PUT",
        path: ACME,
        body,
        status: 422,
        code: "invalid",
        field,
        says,
    };
    for refused in [
        bad("{}", "profile", "is required"),
        bad(r#"{"profile":null}"#, "profile", "is required"),
        bad(r#"{"profile":7}"#, "profile", "must be a string, not a number"),
        bad(r#"{"profile":"standart"}"#, "profile", "did you mean standard?"),
        bad(r#"{"profile":"leadhu"}"#, "profile", "did you mean leadhub?"),
        bad(r#"{"profile":"nothing"}"#, "profile", "known: beacon, "),
        bad(r#"{"profile":"standard","options":{"a":1}}"#, "options.a", "is not an option"),
        bad(r#"{"profile":"sleekplan"}"#, "options.product_id", "is required"),
        bad(
            r#"{"profile":"sleekplan","options":{"product_id":"1"}}"#,
            "options.product_id",
            "a whole number",
        ),
        bad(
            r#"{"profile":"sleekplan","options":{"product_id":1,"unit":"h"}}"#,
            "options.unit",
            "must be one of",
        ),
        bad(r#"{"profile":"standard","nmae":"x"}"#, "nmae", "did you mean `name`?"),
        bad(r#"{"profile":"standard","name":""}"#, "name", "1 to 255 characters"),
        bad(r#"{"profile":"standard","contacts":"jo@x"}"#, "contacts", "must be a list, not a string"),
        bad(r#"{"profile":"standard","contacts":["a@b","jo"]}"#, "contacts[1]", "must be a mail address"),
        bad(r#"{"profile":"standard","options":[]}"#, "options", "must be an object, not a list"),
        bad(r#"{"profile":"standard","retention":"30"}"#, "retention", "such as 500ms, 10s"),
        bad(r#"{"profile":"standard","retention":"59s"}"#, "retention", "must be from 1m to 3650d"),
        bad(
            r#"{"profile":"standard","retention":"2d"}"#,
            "retention",
            "the profile standard a delivery may wait",
        ),
        bad(r#"{"profile":"standard","retention_bytes":"1GiB"}"#, "retention_bytes", "must be a number"),
        bad(r#"{"profile":"standard","retention_bytes":1000}"#, "retention_bytes", "from 1048576 to"),
        bad("[]", "", "must be an object, not a list"),
    ] {
        refused.check(&app).await;
    }
}

#[tokio::test]
async fn a_tenants_id_is_refused_with_the_rule_where_it_is_made_and_unknown_elsewhere() {
    let app = App::new().await;
    let long = format!("/v1/tenants/{}", "a".repeat(129));
    for path in ["/v1/tenants/-a", "/v1/tenants/a%20b", "/v1/tenants/%C3%A9", long.as_str()] {
        let body = r#"{"profile":"standard"}"#;
        let says = "must be 1 to 128 letters";
        Refused { method: "PUT", path, body, status: 422, code: "invalid", field: "tenant", says }
            .check(&app)
            .await;
        app.get(path).await.expect(404);
        app.delete(path).await.expect(404);
    }
    app.get("/v1/tenants/%FF").await.expect(404);
}

#[tokio::test]
async fn a_tenant_says_how_long_and_how_much_of_it_is_kept() {
    let app = App::new().await;
    let body = json!({"profile": "standard", "retention": "10d", "retention_bytes": 10_485_760});
    app.put("/v1/tenants/short", body).await.expect(201);
    let read = app.get("/v1/tenants/short").await.expect(200);
    assert_eq!((&read["retention"], &read["retention_bytes"]), (&json!("10d"), &json!(10_485_760)));
}

#[tokio::test]
async fn all_faults_of_a_body_come_in_one_answer() {
    let app = App::new().await;
    let body = json!({"name": 1, "contacts": ["x", 2], "colour": "red"});
    let reply = app.put(ACME, body).await;
    assert_eq!(fields(&reply), ["colour", "profile", "name", "contacts[0]", "contacts[1]"]);
    assert_eq!(reply.json()["detail"], "5 fields are not valid.");
}
