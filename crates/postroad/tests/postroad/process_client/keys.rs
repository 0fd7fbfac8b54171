//! Keys of a tenant.

use postroad_client::{Client, CredentialKind, NewEvent, NewKey, Scope, TenantSettings};

use super::tour::stage;

#[tokio::test]
async fn a_key_may_do_what_it_names_until_it_is_revoked() {
    let (server, _receiver, client) = stage().await;
    let keys = client.tenant("acme").keys();
    let made = keys.create(&NewKey::new("shop", [Scope::EventsWrite])).await.unwrap();
    let shop = Client::new(&server.url(""), made.key.as_ref().unwrap().expose()).unwrap();
    shop.tenant("acme").publish(NewEvent::new("a", &1).unwrap()).await.unwrap();
    let refused = shop.tenant("acme").subscriptions().list().page(None).await.unwrap_err();
    assert_eq!(refused.status(), Some(403), "{refused}");
    assert_eq!(shop.tenants().list().page(None).await.unwrap_err().status(), Some(403));

    let all = keys.list().items().collect().await.unwrap();
    assert_eq!((all.len(), all[0].name.as_str(), &all[0].scopes[..]), (1, "shop", &[Scope::EventsWrite][..]));
    assert!(all[0].key.is_none());
    keys.revoke(&made.id).await.unwrap();
    let refused = shop.tenant("acme").publish(NewEvent::new("a", &1).unwrap()).await.unwrap_err();
    assert_eq!(refused.status(), Some(401), "{refused}");
}

#[tokio::test]
async fn a_pair_for_a_products_own_api_comes_in_two_halves_where_the_profile_has_that_api() {
    let (_server, _receiver, client) = stage().await;
    client.tenants().put("crm", &TenantSettings::of_profile("leadsquared")).await.unwrap();
    let profile = client.profiles().get("leadsquared").await.unwrap();
    assert_eq!(profile.compat.as_deref(), Some("leadsquared"));
    let lead = profile.event_types.iter().find(|of| of.name == "Lead_Post_Create").unwrap();
    assert_eq!(lead.number, Some(3));

    let pair = NewKey::new("pair", [Scope::SubscriptionsRead]).kind(CredentialKind::Leadsquared);
    let made = client.tenant("crm").keys().create(&pair).await.unwrap();
    assert_eq!((made.kind, made.key.is_none()), (Some(CredentialKind::Leadsquared), true));
    let half = |half: &Option<postroad_client::Secret>| half.as_ref().unwrap().expose().to_owned();
    assert!(half(&made.access_key).starts_with("postroad_access_"));
    assert!(half(&made.secret_key).starts_with("postroad_secret_"));
    let refused = client.tenant("acme").keys().create(&pair).await.unwrap_err();
    assert_eq!(refused.status(), Some(422), "{refused}");
}
