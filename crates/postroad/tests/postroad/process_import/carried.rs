//! What is carried over, and what a second run makes of it.

use postroad_client::{Header, RateLimit, Subscription};
use serde_json::{Value, json};

use super::stage::{SECRET, Stage, customers};

async fn subscriptions(stage: &Stage, tenant: &str) -> Vec<Subscription> {
    let all = stage.client.tenant(tenant).subscriptions().list().items().collect().await;
    all.expect("the server answers")
}

fn named(all: &[Subscription], endpoint: &str) -> Subscription {
    let name = format!("svix:{endpoint}");
    all.iter().find(|one| one.name.as_ref() == Some(&name)).expect("it was carried over").clone()
}

#[tokio::test]
async fn everything_arrives_with_its_secret_and_a_second_run_changes_nothing() {
    let stage = Stage::with(customers()).await;
    stage.there.change(|content| content.too_many = 2);
    let ended = stage.import(&[]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("created    tenant acme (app_1)\n"), "{}", ended.stdout);
    assert!(
        ended.stdout.ends_with("16 objects: 16 created, 0 changed, 0 unchanged, 0 refused\n"),
        "{}",
        ended.stdout
    );

    let acme = subscriptions(&stage, "acme").await;
    let full = named(&acme, "ep_1");
    let push = full.delivery.push().unwrap();
    assert_eq!(push.url.as_deref(), Some("http://127.0.0.1:9/hook?token=hidden"));
    assert_eq!(full.description.as_deref(), Some("CRM sync"));
    assert_eq!(full.events, ["invoice.paid", "user.signup"]);
    assert_eq!(full.tag_sets, [["project_1"], ["project_2"]]);
    assert_eq!(full.rate_limit, Some(RateLimit::new(50, "1s")));
    assert_eq!(push.headers, [Header::new("X-Tenant", "7")]);
    let authorization = push.authorization.as_ref().map(|value| value.expose().to_owned());
    assert!(authorization.is_some_and(|value| !value.is_empty()));
    let secret = stage.client.tenant("acme").subscriptions().secret(&full.id).await.unwrap().secret;
    assert_eq!(secret.unwrap().expose(), SECRET);

    let old = named(&acme, "ep_2");
    assert_eq!(
        (old.active, &*old.events, old.rate_limit),
        (false, &["user.signup".to_owned()][..], Some(RateLimit::new(2_000, "100ms")))
    );
    let secret = stage.client.tenant("acme").subscriptions().secret(&old.id).await.unwrap().secret;
    assert_eq!(secret.unwrap().expose(), "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oE");
    assert!(named(&acme, "ep_3").active && named(&acme, "ep_3").events.is_empty());
    named(&subscriptions(&stage, "app_2").await, "ep_4");
    assert_eq!(stage.client.tenants().get("app_3").await.unwrap().name.as_deref(), Some("Customer app_3"));
    let paid = stage.client.tenant("acme").event_types().get("invoice.paid").await.unwrap();
    assert_eq!(paid.schema.unwrap().get(), r#"{"type":"object"}"#);

    let again = stage.import(&[]).await;
    assert_eq!(
        (again.code, again.stdout.as_str()),
        (Some(0), "16 objects: 0 created, 0 changed, 16 unchanged, 0 refused\n")
    );
    assert_eq!(named(&subscriptions(&stage, "acme").await, "ep_1").version, full.version);
    let asked = stage.there.content.lock().unwrap().asked.clone();
    assert!(asked.iter().all(|request| request.starts_with("GET ")), "{asked:?}");
    assert!(asked.iter().any(|request| request.contains("iterator=ep_2")), "{asked:?}");
}

#[tokio::test]
async fn a_dry_run_tells_the_same_and_changes_nothing() {
    let stage = Stage::with(customers()).await;
    let dry = stage.import(&["--dry-run"]).await;
    assert_eq!(dry.code, Some(0), "{}", dry.stderr);
    assert!(
        dry.stdout.contains("16 created") && dry.stdout.contains("nothing was changed"),
        "{}",
        dry.stdout
    );
    let tenants = stage.client.tenants().list().items().collect().await.unwrap();
    assert!(tenants.is_empty(), "{tenants:?}");

    stage.import(&[]).await;
    stage.there.change(|content| content.applications[0]["_endpoints"][2]["disabled"] = json!(true));
    let dry = stage.import(&["--dry-run"]).await;
    assert!(dry.stdout.contains("0 created, 1 changed, 15 unchanged"), "{}", dry.stdout);
    assert!(named(&subscriptions(&stage, "acme").await, "ep_3").active);
}

#[tokio::test]
async fn what_changed_there_changes_here_and_what_was_added_here_stays() {
    let stage = Stage::with(customers()).await;
    stage.import(&[]).await;
    let of_acme = stage.client.tenant("acme");
    let settings = stage.client.tenants().get("acme").await.unwrap().settings().retention("20d");
    stage.client.tenants().put("acme", &settings).await.unwrap();
    of_acme
        .subscriptions()
        .create(&postroad_client::NewSubscription::push("http://127.0.0.1:9/own"))
        .await
        .unwrap();
    stage.there.change(|content| {
        let endpoints = &mut content.applications[0]["_endpoints"];
        endpoints[0]["url"] = json!("http://127.0.0.1:9/moved");
        endpoints[0]["channels"] = Value::Null;
        endpoints[0]["_headers"] = json!({});
        endpoints[1]["disabled"] = json!(false);
        endpoints[2]["_secret"] = json!("whsec_bmV3IHNlY3JldCBvZiB0aGUgb3RoZXIgb25l");
        content.applications[0]["name"] = json!("Acme Inc.");
        content.event_types[0]["schemas"]["3"] = json!({"type": "object", "required": ["id"]});
    });
    let ended = stage.import(&[]).await;
    // The tenant, three subscriptions, and the event type in the registry of each of three tenants.
    assert!(
        ended.stdout.ends_with("16 objects: 0 created, 7 changed, 9 unchanged, 0 refused\n"),
        "{}",
        ended.stdout
    );
    let acme = subscriptions(&stage, "acme").await;
    assert_eq!(acme.len(), 4);
    let moved = named(&acme, "ep_1");
    let push = moved.delivery.push().unwrap();
    assert_eq!(push.url.as_deref(), Some("http://127.0.0.1:9/moved"));
    assert!(moved.tag_sets.is_empty() && push.headers.is_empty() && push.authorization.is_none());
    assert!(named(&acme, "ep_2").active);
    let secret = of_acme.subscriptions().secret(&named(&acme, "ep_3").id).await.unwrap().secret.unwrap();
    assert_eq!(secret.expose(), "whsec_bmV3IHNlY3JldCBvZiB0aGUgb3RoZXIgb25l");
    let tenant = stage.client.tenants().get("acme").await.unwrap();
    assert_eq!((tenant.name.as_deref(), tenant.retention.as_deref()), (Some("Acme Inc."), Some("20d")));
    assert!(stage.import(&[]).await.stdout.contains("16 unchanged"));
}
