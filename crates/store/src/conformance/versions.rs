//! Versions of subscriptions and tenants: what a delivery was made with can be read again after it has changed.

use std::sync::Arc;

use postroad_domain::{SealedSecret, Subscription, SubscriptionSpec, SubscriptionVersion, Tenant};

use super::{
    World,
    world::{spec, tenant_spec},
};
use crate::{CancelDelivery, PutTenant, RetryDelivery, Store, SubscriptionChange};

pub async fn an_older_version_of_a_subscription_reads_as_it_was(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (_, subscription) = world.tenant_with_subscription().await;
    let renamed = rename(&mut world, &subscription).await;
    assert_eq!((renamed.version, version(&world, &renamed, 3).await), (2, None));
    assert_eq!(version(&world, &renamed, 1).await.unwrap().spec, subscription.spec);
    assert_eq!(version(&world, &renamed, 2).await.unwrap().spec, renamed.spec);
}

pub async fn a_rotation_makes_a_version_and_the_older_ones_keep_their_secrets(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (_, subscription) = world.tenant_with_subscription().await;
    let secrets = [vec![secret(b"one")], vec![secret(b"two"), secret(b"one")]];
    for new in &secrets {
        world.change(&subscription, SubscriptionChange::Secrets(new.clone())).await;
    }
    let renamed = rename(&mut world, &subscription).await;
    assert_eq!(renamed.secrets, secrets[1], "what is not changed stays");
    let mut kept = Vec::new();
    for number in 1..=renamed.version {
        kept.push(version(&world, &renamed, number).await.unwrap().secrets);
    }
    assert_eq!(kept, [Vec::new(), secrets[0].clone(), secrets[1].clone(), secrets[1].clone()]);
}

pub async fn a_receiver_that_is_gone_makes_no_new_version(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (_, subscription) = world.tenant_with_subscription().await;
    world.deactivate(&subscription).await;
    assert_eq!(version(&world, &subscription, 2).await, None);
    assert_eq!(version(&world, &subscription, 1).await.unwrap().spec, subscription.spec);
    let active = world.set_active(&subscription, true).await;
    assert_eq!((active.version, active.inactive), (2, None));
}

pub async fn the_versions_of_a_deleted_subscription_can_still_be_read(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (_, subscription) = world.tenant_with_subscription().await;
    world.change(&subscription, SubscriptionChange::Secrets(vec![secret(b"new")])).await;
    world.delete(&subscription).await;
    assert_eq!(version(&world, &subscription, 1).await.unwrap().spec, subscription.spec);
    assert_eq!(version(&world, &subscription, 2).await.unwrap().secrets, [secret(b"new")]);
}

pub async fn each_put_of_a_tenant_is_a_version_that_reads_as_it_was(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let mut tenant = world.tenant("acme").await;
    for (version, profile) in [(2, "leanix"), (3, "leanix"), (4, "standard")] {
        let put = PutTenant {
            redirected: Vec::new(),
            audit: None,
            id: tenant.id.clone(),
            spec: tenant_spec(profile),
            at: world.tick(),
        };
        tenant = world.store.put_tenant(put).await.unwrap().0;
        assert_eq!(tenant.version, version);
    }
    assert_eq!(world.store.tenant(tenant.id.clone()).await.unwrap(), Some(tenant.clone()));
    let mut profiles = Vec::new();
    for version in 1..=4 {
        profiles.push(tenant_version(&world, &tenant, version).await.unwrap());
    }
    assert_eq!(profiles, ["standard", "leanix", "leanix", "standard"]);
    for version in [i64::MIN, -1, 0, 5] {
        assert_eq!(tenant_version(&world, &tenant, version).await, None, "there never was {version}");
    }
}

pub async fn a_change_of_a_subscription_is_no_version_of_the_tenant(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    rename(&mut world, &subscription).await;
    world.delete(&subscription).await;
    let after = world.store.tenant(tenant.id.clone()).await.unwrap().unwrap();
    assert_eq!((tenant.version, after.version), (1, 1));
    assert!(after.config_version > tenant.config_version);
    assert_eq!(tenant_version(&world, &tenant, 2).await, None);
}

pub async fn nothing_can_be_read_of_a_deleted_tenants_versions(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    world.tenant("acme").await;
    world.delete_tenant(&tenant).await;
    let again = world.tenant("acme").await;
    assert_eq!(again.version, 1, "it is another one");
    // Once with its rows still there, once after they are erased.
    for _ in 0..2 {
        assert_eq!(version(&world, &subscription, 1).await, None);
        assert_eq!(tenant_version(&world, &tenant, 1).await, None);
        assert_eq!(tenant_version(&world, &tenant, 2).await, None);
        world.sweep_all(2).await;
    }
    assert_eq!(tenant_version(&world, &again, 1).await.as_deref(), Some("standard"));
}

pub async fn a_delivery_goes_on_naming_the_version_it_was_made_with(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let renamed = rename(&mut world, &subscription).await;
    let queued = world.accept_one(&tenant, &renamed).await;
    assert_eq!(queued.subscription_version, 2);
    rename(&mut world, &subscription).await;
    assert_eq!(world.refill(&subscription).await.deliveries[0].subscription_version, 2);
    let (tenant_no, id) = (tenant.no, queued.id);
    world
        .store
        .cancel_delivery(CancelDelivery { audit: None, tenant_no, id, at: world.now() })
        .await
        .unwrap();
    let retry = RetryDelivery { audit: None, tenant_no, id, at: world.tick(), expires_at: queued.expires_at };
    world.store.retry_delivery(retry).await.unwrap();
    assert_eq!(world.refill(&subscription).await.deliveries[0].subscription_version, 2);
    assert_eq!(world.look(&queued).await.subscription_version, 2);
}

async fn version(world: &World, of: &Subscription, version: i64) -> Option<SubscriptionVersion> {
    world.store.subscription_version(of.tenant_no, of.no, version).await.unwrap()
}

/// The profile that a tenant had at a version.
async fn tenant_version(world: &World, of: &Tenant, version: i64) -> Option<String> {
    world.store.tenant_version(of.no, version).await.unwrap().map(|spec| spec.profile)
}

async fn rename(world: &mut World, subscription: &Subscription) -> Subscription {
    let name = Some(format!("as of {}", world.now()));
    let renamed = SubscriptionSpec { name, ..spec() };
    world.change(subscription, SubscriptionChange::Spec(Box::new(renamed))).await
}

fn secret(sealed: &[u8]) -> SealedSecret {
    SealedSecret { sealed: sealed.to_vec(), created_at: super::world::opening(), expires_at: None }
}
