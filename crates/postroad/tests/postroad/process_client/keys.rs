//! Keys of a tenant.

use postroad_client::{Client, NewEvent, NewKey, Scope};

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
