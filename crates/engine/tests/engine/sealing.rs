//! Secret settings: encrypted in the store, in plain on the wire, masked in the log.

use std::collections::BTreeMap;

use postroad_domain::{
    CustomHeader, ErrorClass, Status, Subscription, SubscriptionId, SubscriptionSpec, attempt::Answer,
};
use postroad_engine::{GivenProfile, Origin, UpdateError};
use postroad_store::{Configuration, SubscriptionChange, UpdateSubscription, memory::MemoryStore};
use postroad_testkit::clock::ManualClock;

use crate::world::{KEY, World, acme, draft, event, exact_profiles, tenant_of, to};

/// Puts options into headers, query and body.
const VAULT: &str = r#"
name = "vault"
title = "Vault"
events = [{ name = "opened" }]

[request]
headers = [{ name = "X-Token", value = "{{ options.token }}" }]
query = [{ name = "door", value = "{{ options.door }}" }, { name = "to ken", value = "{{ options.token }}" }]
content = [{ type = "text/plain", body = "{{ options.tree }}" }]

[options]
token = { of = "both", type = "text", default = "none", secret = true }
door = { of = "subscription", type = "text", default = "front" }
tree = { of = "tenant", type = "object", default = {}, secret = true }
"#;

const PLANTED: [&str; 4] = ["Bearer plant-1", "plant-2", "plant-3", "plant-4"];
const NEW_KEY: &str = "new:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

async fn world_with(store: MemoryStore, keys: &str) -> World {
    let mut profiles = exact_profiles();
    let files = [("profile.toml", VAULT), ("examples/opened.json", "{}")];
    let files: BTreeMap<_, _> =
        files.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    profiles.push(GivenProfile::load(files).unwrap());
    World::with_keys(store, ManualClock::default(), profiles, keys).await
}

/// A tenant with the profile and a secret of its own.
async fn vault() -> World {
    let world = world_with(MemoryStore::embedded(), KEY).await;
    let tenant = tenant_of("vault", r#"{"tree":{"leaf":"plant-4"}}"#);
    world.engine.configuration().put_tenant(&Origin::ADMIN, acme(), tenant).await.unwrap();
    world
}

fn secretive(url: &str) -> SubscriptionSpec {
    let mut spec = to(url);
    spec.push_mut().unwrap().authorization = Some(PLANTED[0].to_owned());
    spec.push_mut().unwrap().headers = vec![
        CustomHeader::parse("X-A", PLANTED[1]).unwrap(),
        CustomHeader::parse("X-B", "plant-2b").unwrap(),
    ];
    spec.options = r#"{"door":"back","token":"plant-3"}"#.to_owned();
    spec
}

async fn stored(world: &World, id: SubscriptionId) -> Subscription {
    let tenant = world.store.tenant(acme()).await.unwrap().unwrap();
    world.store.subscription(tenant.no, id).await.unwrap().unwrap()
}

/// Writes a subscription as it is to rest.
async fn write(world: &World, before: &Subscription, spec: SubscriptionSpec) {
    let update = UpdateSubscription {
        tenant: None,
        ask: None,
        tenant_no: before.tenant_no,
        id: before.id,
        expected: before.revision(),
        change: SubscriptionChange::Spec(Box::new(spec)),
        at: before.updated_at,
        audit: None,
    };
    world.store.update_subscription(update).await.unwrap();
}

/// Changes a subscription as its customer does.
async fn change(
    world: &World,
    current: &Subscription,
    spec: SubscriptionSpec,
) -> Result<Subscription, UpdateError> {
    let expected = current.revision();
    world
        .engine
        .configuration()
        .update_subscription(&Origin::ADMIN, &acme(), current.id, expected, draft(spec))
        .await
}

/// The next event of the tenant arrives with everything that was planted.
async fn arrives_whole(world: &World) {
    world.try_publish(event("opened", "{}")).await.unwrap();
    let exchange = world.exchange().await;
    let headers = ["authorization", "x-a", "x-token"].map(|name| exchange.header(name).to_owned());
    assert_eq!(headers, PLANTED[..3]);
    assert_eq!(exchange.request.url.as_str(), "https://a.example/?door=back&to%20ken=plant-3");
    assert_eq!(exchange.request.body, r#"{"leaf":"plant-4"}"#);
    exchange.answer(200);
}

#[tokio::test]
async fn what_is_secret_rests_encrypted_in_every_version_and_goes_out_in_plain() {
    let world = vault().await;
    let created = world.subscribe(secretive("https://a.example/")).await.subscription;
    let again = SubscriptionSpec { name: Some("again".to_owned()), ..created.spec.clone() };
    let shown = change(&world, &created, again).await.unwrap();
    assert_eq!(shown.spec.target, secretive("https://a.example/").target, "who may see it sees it");

    let tenant = world.store.tenant(acme()).await.unwrap().unwrap();
    let mut rests = vec![serde_json::to_string(&tenant.spec).unwrap()];
    for version in [1, 2] {
        let kept = world.store.subscription_version(tenant.no, created.no, version).await.unwrap().unwrap();
        rests.push(serde_json::to_string(&kept.spec).unwrap());
    }
    for text in &rests {
        assert!(!text.contains("plant-"), "{text}");
        assert!(text.contains("sealed"), "{text}");
    }
    assert!(rests[1].contains("back"), "what is not secret stays readable");
    arrives_whole(&world).await;
    let listed = world.engine.configuration().list_tenants(None, None, 10).await.unwrap().items;
    assert!(listed[0].spec.options.contains("plant-4") && listed[0].spec.sealed.is_none());
}

#[tokio::test]
async fn settings_without_a_secret_rest_as_they_are() {
    let world = vault().await;
    let id = world.subscribe(to("https://a.example/")).await.subscription.id;
    assert_eq!(stored(&world, id).await.spec.sealed, None);
}

#[tokio::test]
async fn a_key_that_is_not_the_first_any_more_still_opens_and_the_next_change_seals_with_the_first() {
    let world = vault().await;
    let id = world.subscribe(secretive("https://a.example/")).await.subscription.id;
    let world = world_with(world.store.clone(), &format!("{NEW_KEY},{KEY}")).await;
    arrives_whole(&world).await;
    let sealed_with = |sealed: Option<String>| {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let bytes = STANDARD.decode(sealed.unwrap()).unwrap();
        String::from_utf8(bytes[2..2 + usize::from(bytes[1])].to_vec()).unwrap()
    };
    assert_eq!(sealed_with(stored(&world, id).await.spec.sealed), "k1");
    let current = world.engine.configuration().subscription(&acme(), id).await.unwrap();
    let renamed = SubscriptionSpec { name: Some("x".to_owned()), ..current.spec.clone() };
    change(&world, &current, renamed).await.unwrap();
    assert_eq!(sealed_with(stored(&world, id).await.spec.sealed), "new");
    arrives_whole(&world).await;
}

#[tokio::test]
async fn what_an_earlier_version_wrote_in_plain_is_read_and_sealed_by_the_next_change() {
    let world = vault().await;
    let id = world.subscribe(to("https://a.example/")).await.subscription.id;
    write(&world, &stored(&world, id).await, secretive("https://a.example/")).await;
    let world = world_with(world.store.clone(), KEY).await;
    arrives_whole(&world).await;
    world.pause(id, false).await;
    world.pause(id, true).await;
    let rests = serde_json::to_string(&stored(&world, id).await.spec).unwrap();
    assert!(!rests.contains("plant-"), "{rests}");
    arrives_whole(&world).await;
}

#[tokio::test]
async fn settings_that_do_not_open_send_nothing_and_are_not_overwritten() {
    let world = vault().await;
    let one = world.subscribe(secretive("https://a.example/")).await.subscription;
    let two = world.subscribe(secretive("https://b.example/")).await.subscription;
    // A row that was copied to another subscription.
    let stolen = SubscriptionSpec {
        target: stored(&world, two.id).await.spec.target,
        ..stored(&world, one.id).await.spec
    };
    write(&world, &stored(&world, two.id).await, stolen).await;
    let world = world_with(world.store.clone(), KEY).await;
    world.engine.configuration().delete_subscription(&Origin::ADMIN, &acme(), one.id).await.unwrap();

    let published = world.try_publish(event("opened", "{}")).await.unwrap();
    world.no_exchange().await;
    let view = world.engine.history().delivery(&acme(), world.delivery_of(&published).await).await.unwrap();
    let Answer::Error { class, message } = &view.attempts[0].answer else { panic!("{view:?}") };
    assert_eq!((*class, message.contains("does not open")), (ErrorClass::Protocol, true), "{message}");

    let current = world.engine.configuration().subscription(&acme(), two.id).await.unwrap();
    let renamed = SubscriptionSpec { name: Some("x".to_owned()), ..current.spec.clone() };
    let refused = change(&world, &current, renamed).await;
    assert!(matches!(refused, Err(UpdateError::Secret(_))), "{refused:?}");
    assert!(world.engine.configuration().delete_subscription(&Origin::ADMIN, &acme(), two.id).await.unwrap());
}

#[tokio::test]
async fn the_log_of_attempts_masks_what_a_secret_option_became_also_in_the_url() {
    let world = vault().await;
    world.subscribe(secretive("https://a.example/?own=1#part")).await;
    let published = world.try_publish(event("opened", "{}")).await.unwrap();
    let exchange = world.exchange().await;
    assert_eq!(exchange.request.url.as_str(), "https://a.example/?own=1&door=back&to%20ken=plant-3");
    exchange.answer(200);
    let view = world.reaches(&published, Status::Succeeded).await;
    let head = &view.attempts[0].request;
    assert_eq!(head.url, "https://a.example/?own=1&door=back&to%20ken=***");
    assert!(!format!("{head:?}").contains("plant-"), "{head:?}");
}
