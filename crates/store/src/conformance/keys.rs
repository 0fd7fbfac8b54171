//! Keys of tenants.

use std::{collections::BTreeSet, sync::Arc};

use postroad_domain::{ApiKey, CredentialKind, KeyId, KeySpec, RateLimit, Scope, Tenant, TenantNo};

use super::{World, world::LONG};
use crate::{CreateKey, CreateKeyError, KeyUsed, ListKeys, RevokeKey, Store};

pub async fn a_key_is_found_by_its_hash_as_it_was_made(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let full = CreateKey {
        spec: KeySpec {
            name: "größer".to_owned(),
            kind: CredentialKind::Leadsquared,
            scopes: BTreeSet::from([Scope::Pull, Scope::EventsWrite]),
            rate_limit: Some(RateLimit { count: 7, per: LONG }),
            expires_at: Some(world.now().after(LONG)),
        },
        secret_hash: Some([9; 32]),
        ..key_in(&mut world, &tenant, 1)
    };
    let created = world.store.create_key(full.clone()).await.unwrap();
    assert_eq!((created.id, created.tenant_no, &created.spec), (full.id, tenant.no, &full.spec));
    assert_eq!((created.created_at, created.last_used_at, created.revoked_at), (full.at, None, None));
    let found = world.store.key_by_hash([1; 32]).await.unwrap().unwrap();
    assert_eq!((found.key, found.tenant), (created, tenant.id));
    assert_eq!((found.hash, found.secret_hash), ([1; 32], Some([9; 32])));
    assert_eq!(world.store.key_by_hash([2; 32]).await.unwrap(), None);
}

pub async fn keys_are_listed_by_id_page_by_page_without_those_that_were_revoked(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("other").await);
    let mut ids = Vec::new();
    for number in 1..=5 {
        ids.push(create(&mut world, &tenant, number).await.id);
        create(&mut world, &other, 100 + number).await;
    }
    assert!(revoke(&mut world, tenant.no, ids.remove(2)).await);
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let list = ListKeys { tenant_no: tenant.no, after, limit: 2 };
        let page = world.store.list_keys(list).await.unwrap();
        assert!(page.items.len() <= 2);
        listed.extend(page.items.into_iter().map(|key| key.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(listed, ids);
}

pub async fn a_revoked_key_is_known_as_revoked_and_revoked_once(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let key = create(&mut world, &tenant, 1).await;
    assert!(revoke(&mut world, tenant.no, key.id).await);
    let at = world.now();
    assert_eq!(world.store.key_by_hash([1; 32]).await.unwrap().unwrap().key.revoked_at, Some(at));
    assert!(!revoke(&mut world, tenant.no, key.id).await, "there is none any more");
    assert_eq!(world.store.key_by_hash([1; 32]).await.unwrap().unwrap().key.revoked_at, Some(at));
}

pub async fn of_the_revoked_keys_the_first_are_forgotten(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let mut ids = Vec::new();
    for number in 1..=4 {
        ids.push(create(&mut world, &tenant, number).await.id);
    }
    // The last one made is the first to go.
    for (id, kept_max) in [(ids[3], 2), (ids[0], 2), (ids[1], 2)] {
        let at = world.tick();
        let revoke = RevokeKey { tenant_no: tenant.no, id, kept_max, at, audit: None };
        assert!(world.store.revoke_key(revoke).await.unwrap());
    }
    let mut known = Vec::new();
    for number in 1..=4 {
        known.push(world.store.key_by_hash([number; 32]).await.unwrap().is_some());
    }
    assert_eq!(known, [true, true, true, false]);
}

pub async fn a_tenant_has_at_most_so_many_keys_that_are_not_revoked(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let first = create(&mut world, &tenant, 1).await;
    let one_more = CreateKey { max: 1, ..key_in(&mut world, &tenant, 2) };
    let refused = world.store.create_key(one_more.clone()).await.unwrap_err();
    assert!(matches!(refused, CreateKeyError::TooMany { max: 1 }), "{refused:?}");
    assert!(revoke(&mut world, tenant.no, first.id).await);
    world.store.create_key(one_more).await.unwrap();
}

pub async fn the_last_use_of_a_key_only_moves_forward(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let key = create(&mut world, &tenant, 1).await;
    let (tenant_no, id) = (tenant.no, key.id);
    let (earlier, later) = (world.tick(), world.tick());
    let unknown = KeyUsed { tenant_no, id: world.id(), at: later };
    for at in [later, earlier] {
        world.store.note_key_uses(vec![KeyUsed { tenant_no, id, at }, unknown]).await.unwrap();
        let found = world.store.key_by_hash([1; 32]).await.unwrap().unwrap();
        assert_eq!(found.key.last_used_at, Some(later));
    }
}

pub async fn a_foreign_key_is_neither_listed_nor_revoked(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("other").await);
    let theirs = create(&mut world, &other, 1).await;
    assert!(!revoke(&mut world, tenant.no, theirs.id).await);
    assert!(keys(&world, tenant.no).await.is_empty());
    assert_eq!(keys(&world, other.no).await, [theirs]);
}

pub async fn the_keys_of_a_deleted_tenant_are_gone_at_once(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let key = create(&mut world, &tenant, 1).await;
    world.delete_tenant(&tenant).await;
    let again = world.tenant("acme").await;
    // Once with the old rows still there, once after they are erased.
    for _ in 0..2 {
        assert_eq!(world.store.key_by_hash([1; 32]).await.unwrap(), None);
        assert!(keys(&world, tenant.no).await.is_empty() && keys(&world, again.no).await.is_empty());
        assert!(!revoke(&mut world, tenant.no, key.id).await);
        let refused = key_in(&mut world, &tenant, 2);
        assert!(matches!(world.store.create_key(refused).await, Err(CreateKeyError::NoTenant)));
        world.sweep_all(2).await;
    }
}

async fn keys(world: &World, tenant_no: TenantNo) -> Vec<ApiKey> {
    world.store.list_keys(ListKeys { tenant_no, after: None, limit: 100 }).await.unwrap().items
}

pub(super) async fn create(world: &mut World, tenant: &Tenant, number: u8) -> ApiKey {
    let create = key_in(world, tenant, number);
    world.store.create_key(create).await.unwrap()
}

pub(super) async fn revoke(world: &mut World, tenant_no: TenantNo, id: KeyId) -> bool {
    let revoke = RevokeKey { tenant_no, id, kept_max: 100, at: world.tick(), audit: None };
    world.store.revoke_key(revoke).await.unwrap()
}

/// A key whose hash is made of one number.
pub(super) fn key_in(world: &mut World, tenant: &Tenant, number: u8) -> CreateKey {
    let spec = KeySpec {
        name: format!("key {number}"),
        kind: CredentialKind::Api,
        scopes: BTreeSet::from([Scope::EventsWrite]),
        rate_limit: None,
        expires_at: None,
    };
    CreateKey {
        tenant_no: tenant.no,
        id: world.id(),
        spec,
        hash: [number; 32],
        secret_hash: None,
        max: 100,
        at: world.now(),
        audit: None,
    }
}
