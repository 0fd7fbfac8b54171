//! Tenants and subscriptions.

use std::{sync::Arc, time::Duration};

use postroad_domain::{
    RetryOverride, SealedSecret, SubscriptionSpec, TenantId, TenantNo, subscription::InactiveReason,
};

use super::{
    World, event_types,
    world::{LONG, spec, tenant_spec},
};
use crate::{
    CreateSubscription, CreateSubscriptionError, DeliveryFilter, EventFilter, ListDeliveries, ListEvents,
    ListTenants, PutTenant, Store, SubscriptionChange, UpdateSubscription, UpdateSubscriptionError,
    WaitingLanes,
};

pub async fn a_tenant_is_created_once_and_replaced_afterwards(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let id = TenantId::parse("acme").unwrap();
    let mut full = tenant_spec("standard");
    full.name = Some("Acme & Söhne".to_owned());
    full.contacts = vec!["ops@example.com".to_owned()];
    full.options = "{\"b\":1, \"a\":2}".to_owned();
    let at = world.tick();
    let (created, is_new) = world
        .store
        .put_tenant(PutTenant { redirected: Vec::new(), audit: None, id: id.clone(), spec: full.clone(), at })
        .await
        .unwrap();
    assert!(is_new);
    assert_eq!((created.id.clone(), created.spec.clone()), (id.clone(), full));
    assert_eq!((created.created_at, created.updated_at), (at, at));
    assert_eq!(world.store.tenant(id.clone()).await.unwrap(), Some(created.clone()));
    let later = world.tick();
    let put = PutTenant {
        redirected: Vec::new(),
        audit: None,
        id: id.clone(),
        spec: tenant_spec("leanix"),
        at: later,
    };
    let (replaced, is_new) = world.store.put_tenant(put).await.unwrap();
    assert!(!is_new);
    assert_eq!((replaced.no, replaced.spec.clone()), (created.no, tenant_spec("leanix")));
    assert_eq!((replaced.created_at, replaced.updated_at), (at, later));
    assert_eq!(world.store.tenant(id).await.unwrap(), Some(replaced));
}

pub async fn tenants_are_listed_by_id_page_by_page(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    for id in ["m", "b", "z", "B", "a.1"] {
        world.tenant(id).await;
    }
    let gone = world.tenant("c").await;
    world.delete_tenant(&gone).await;
    let mut seen = Vec::new();
    let mut after = None;
    // More pages than there are: a list that goes round ends here too.
    for _ in 0..10 {
        let page = world.store.list_tenants(ListTenants { profile: None, after, limit: 2 }).await.unwrap();
        assert!(page.items.len() <= 2);
        seen.extend(page.items.iter().map(|tenant| tenant.id.to_string()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["B", "a.1", "b", "m", "z"]);
}

pub async fn a_deleted_tenant_is_gone_at_once_and_its_id_is_free(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    assert!(world.delete_tenant(&tenant).await);
    assert!(!world.delete_tenant(&tenant).await, "there is none any more");
    let store = &world.store;
    assert_eq!(store.tenant(tenant.id.clone()).await.unwrap(), None);
    assert!(store.config_snapshot(tenant.id.clone()).await.unwrap().is_none());
    assert!(store.config_snapshot_by_no(tenant.no).await.unwrap().is_none());
    assert_eq!(store.subscription(tenant.no, subscription.id).await.unwrap(), None);
    assert_eq!(store.event(tenant.no, queued.event.id).await.unwrap(), None);
    assert_eq!(store.delivery(tenant.no, queued.id).await.unwrap(), None);
    assert!(store.waiting_lanes(WaitingLanes { after: None, limit: 10 }).await.unwrap().is_empty());
    let (filter, after) = (EventFilter::default(), None);
    let list = ListEvents { tenant_no: tenant.no, filter, after, limit: 10 };
    assert!(store.list_events(list).await.unwrap().items.is_empty());
    let (filter, after) = (DeliveryFilter::default(), None);
    let list = ListDeliveries { tenant_no: tenant.no, filter, after, limit: 10 };
    assert!(store.list_deliveries(list).await.unwrap().items.is_empty());
    assert!(world.refill(&subscription).await.deliveries.is_empty());
    let again = world.tenant("acme").await;
    assert_ne!(again.no, tenant.no, "a number is never used again");
    assert!(world.store.config_snapshot(again.id).await.unwrap().unwrap().subscriptions.is_empty());
    assert_eq!(world.store.event(again.no, queued.event.id).await.unwrap(), None);
}

pub async fn a_subscription_reads_back_as_it_was_created(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let mut full = spec();
    full.name = Some("CRM sync".to_owned());
    full.description = Some("größer".to_owned());
    full.events = vec![super::world::event_type("lead.created")];
    full.tag_sets = vec![vec!["a".to_owned(), "b".to_owned()]];
    let push = full.push_mut().unwrap();
    push.authorization = Some("Basic eDp5".to_owned());
    push.method = Some("PUT".to_owned());
    push.content_type = Some("application/cloudevents+json".to_owned());
    push.retry = Some(RetryOverride { attempts: Some(3), backoff: Some(vec![Duration::from_millis(1_500)]) });
    push.success = Some(vec!["2xx".to_owned(), "410".to_owned()]);
    push.timeout = Some(Duration::from_secs(5));
    full.options = "{\"signature\":\"ed25519\"}".to_owned();
    let secrets = vec![secret(&mut world, b"\x00\xffnew", false), secret(&mut world, b"old", true)];
    let id = world.id();
    let at = world.tick();
    let create = CreateSubscription {
        tenant: None,
        ask: None,
        audit: None,
        tenant_no: tenant.no,
        id,
        spec: full.clone(),
        secrets: secrets.clone(),
        max: 1,
        at,
    };
    let created = world.store.create_subscription(create).await.unwrap();
    assert_eq!((created.id, created.tenant_no, created.version), (id, tenant.no, 1));
    assert_eq!((&created.spec, &created.secrets), (&full, &secrets));
    assert_eq!((created.inactive, created.created_at, created.updated_at), (None, at, at));
    assert_eq!(world.store.subscription(tenant.no, id).await.unwrap(), Some(created));
}

pub async fn a_subscription_that_is_created_inactive_is_paused(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let create = CreateSubscription {
        spec: SubscriptionSpec { active: false, ..spec() },
        ..create_in(&mut world, tenant.no)
    };
    let at = create.at;
    let created = world.store.create_subscription(create).await.unwrap();
    assert_eq!(created.inactive, Some((InactiveReason::Paused, at)));
}

pub async fn a_tenant_has_at_most_so_many_subscriptions(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, first) = world.tenant_with_subscription().await;
    let create = CreateSubscription { max: 1, ..create_in(&mut world, tenant.no) };
    let refused = world.store.create_subscription(create.clone()).await.unwrap_err();
    assert!(matches!(refused, CreateSubscriptionError::TooMany { max: 1 }), "{refused:?}");
    world.delete(&first).await;
    world.store.create_subscription(create).await.unwrap();
}

pub async fn a_subscription_needs_a_tenant(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let deleted = world.tenant("acme").await;
    world.delete_tenant(&deleted).await;
    for tenant_no in [deleted.no, TenantNo(deleted.no.0 + 1_000)] {
        let create = create_in(&mut world, tenant_no);
        let refused = world.store.create_subscription(create).await.unwrap_err();
        assert!(matches!(refused, CreateSubscriptionError::NoTenant), "{refused:?}");
    }
}

pub async fn a_change_needs_the_current_version(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let renamed = SubscriptionSpec { name: Some("new".to_owned()), ..spec() };
    let update = UpdateSubscription {
        tenant: None,
        ask: None,
        audit: None,
        tenant_no: tenant.no,
        id: subscription.id,
        expected: subscription.revision(),
        change: SubscriptionChange::Spec(Box::new(renamed.clone())),
        at: world.tick(),
    };
    let changed = world.store.update_subscription(update.clone()).await.unwrap();
    assert_eq!((changed.version, &changed.spec), (subscription.version + 1, &renamed));
    assert_eq!((changed.no, changed.created_at), (subscription.no, subscription.created_at));
    assert_eq!(changed.updated_at, update.at);
    let refused = world.store.update_subscription(update.clone()).await.unwrap_err();
    assert!(matches!(refused, UpdateSubscriptionError::Changed), "{refused:?}");
    assert_eq!(world.store.subscription(tenant.no, subscription.id).await.unwrap(), Some(changed));
    let unknown = UpdateSubscription { id: world.id(), ..update };
    let refused = world.store.update_subscription(unknown).await.unwrap_err();
    assert!(matches!(refused, UpdateSubscriptionError::NotFound), "{refused:?}");
}

pub async fn new_secrets_are_a_new_version_of_the_subscription(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let secrets = vec![secret(&mut world, b"new", false), secret(&mut world, b"old", true)];
    let changed = world.change(&subscription, SubscriptionChange::Secrets(secrets.clone())).await;
    assert_eq!((changed.version, &changed.secrets), (subscription.version + 1, &secrets));
    assert_eq!(changed.spec, subscription.spec);
    assert_eq!(world.store.subscription(tenant.no, subscription.id).await.unwrap(), Some(changed));
}

pub async fn settings_and_secrets_change_together_in_one_version(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let renamed = SubscriptionSpec { name: Some("new".to_owned()), active: false, ..spec() };
    let secrets = vec![secret(&mut world, b"new", false)];
    let before = config_version(&world, tenant.no).await;
    let both = SubscriptionChange::Both(Box::new(renamed.clone()), secrets.clone());
    let changed = world.change(&subscription, both).await;
    assert_eq!((changed.version, &changed.spec), (subscription.version + 1, &renamed));
    assert_eq!(
        (&changed.secrets, changed.inactive),
        (&secrets, Some((InactiveReason::Paused, changed.updated_at)))
    );
    assert_eq!(config_version(&world, tenant.no).await, before + 1);
    let versions = [subscription.version, changed.version];
    for (version, expected) in versions.into_iter().zip([&subscription, &changed]) {
        let found = world.store.subscription_version(tenant.no, changed.no, version).await.unwrap().unwrap();
        assert_eq!((&found.spec, &found.secrets), (&expected.spec, &expected.secrets));
    }
    assert_eq!(world.store.subscription(tenant.no, subscription.id).await.unwrap(), Some(changed));
}

pub async fn each_change_of_the_configuration_grows_the_tenants_version_by_one(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let mut expected = tenant.config_version;
    let subscription = world.subscription(&tenant).await;
    expected += 1;
    assert_eq!(config_version(&world, tenant.no).await, expected, "created");
    world.change(&subscription, SubscriptionChange::Secrets(Vec::new())).await;
    expected += 1;
    assert_eq!(config_version(&world, tenant.no).await, expected, "new secrets");
    world.deactivate(&subscription).await;
    expected += 1;
    assert_eq!(config_version(&world, tenant.no).await, expected, "gone");
    world.set_active(&subscription, true).await;
    expected += 1;
    assert_eq!(config_version(&world, tenant.no).await, expected, "changed");
    world.delete(&subscription).await;
    expected += 1;
    assert_eq!(config_version(&world, tenant.no).await, expected, "deleted");
    let replaced = world.tenant("acme").await;
    expected += 1;
    assert_eq!(replaced.config_version, expected, "the tenant itself");
}

pub async fn a_snapshot_holds_all_subscriptions_in_the_order_of_their_creation(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let other_tenant = world.tenant("other").await;
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(world.subscription(&tenant).await);
        world.subscription(&other_tenant).await;
    }
    world.delete(&all.remove(1)).await;
    all[0] = world.set_active(&all[0], false).await;
    let snapshot = world.store.config_snapshot(tenant.id.clone()).await.unwrap().unwrap();
    assert_eq!(snapshot.subscriptions, all);
    assert_eq!(Some(snapshot.tenant), world.store.tenant(tenant.id).await.unwrap());
    let by_no = world.store.config_snapshot_by_no(tenant.no).await.unwrap().unwrap();
    assert_eq!(by_no.subscriptions, all);
}

/// A store may read them in pieces, which must fit together.
pub async fn a_snapshot_of_very_large_settings_is_whole(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let mut all = Vec::new();
    for number in 0..30 {
        let subscription = world.subscription(&tenant).await;
        let large = SubscriptionSpec { description: Some("d".repeat(150_000 + number)), ..spec() };
        all.push(world.change(&subscription, SubscriptionChange::Spec(Box::new(large))).await);
        let mut event_type = event_types::registered(&format!("type.n{number:02}"));
        event_type.description = Some("e".repeat(100_000));
        event_types::put(&mut world, tenant.no, event_type).await;
    }
    let snapshot = world.store.config_snapshot(tenant.id.clone()).await.unwrap().unwrap();
    assert_eq!(snapshot.subscriptions, all);
    let names: Vec<_> = snapshot.event_types.iter().map(|own| own.name.as_str()).collect();
    assert_eq!(names.len(), 30);
    assert!(names.is_sorted());
}

pub async fn a_deleted_subscription_is_not_there_any_more(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    assert!(world.delete(&subscription).await);
    assert!(!world.delete(&subscription).await);
    assert_eq!(world.store.subscription(tenant.no, subscription.id).await.unwrap(), None);
    let update = UpdateSubscription {
        tenant: None,
        ask: None,
        audit: None,
        tenant_no: tenant.no,
        id: subscription.id,
        expected: subscription.revision(),
        change: SubscriptionChange::Secrets(Vec::new()),
        at: world.tick(),
    };
    let refused = world.store.update_subscription(update).await.unwrap_err();
    assert!(matches!(refused, UpdateSubscriptionError::NotFound), "{refused:?}");
    let before = config_version(&world, tenant.no).await;
    world.deactivate(&subscription).await;
    assert_eq!(config_version(&world, tenant.no).await, before, "nothing is left to deactivate");
}

async fn config_version(world: &World, tenant_no: TenantNo) -> i64 {
    world.store.config_snapshot_by_no(tenant_no).await.unwrap().unwrap().tenant.config_version
}

fn create_in(world: &mut World, tenant_no: TenantNo) -> CreateSubscription {
    let id = world.id();
    CreateSubscription {
        tenant: None,
        ask: None,
        audit: None,
        tenant_no,
        id,
        spec: spec(),
        secrets: Vec::new(),
        max: 1_000,
        at: world.now(),
    }
}

fn secret(world: &mut World, sealed: &[u8], old: bool) -> SealedSecret {
    let created_at = world.tick();
    SealedSecret { sealed: sealed.to_vec(), created_at, expires_at: old.then(|| created_at.after(LONG)) }
}
