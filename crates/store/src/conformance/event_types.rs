//! Event types that tenants add to their profile's.

use std::sync::Arc;

use postroad_domain::{RegisteredType, Tenant, TenantNo};

use super::{World, world::event_type};
use crate::{AcceptResult, DeleteEventType, PutEventType, PutEventTypeError, Store};

pub async fn an_event_type_is_added_once_and_replaced_afterwards(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let plain = registered("deal.won");
    let full = RegisteredType {
        title: Some("Geschäft gewonnen".to_owned()),
        group: Some("Deals".to_owned()),
        description: Some("When a deal is won.".to_owned()),
        example: Some("{ \"b\":1.00,\"a\":\"\\u00e9\" }".to_owned()),
        schema: Some("{\"type\":\"object\"}".to_owned()),
        ..plain.clone()
    };
    assert!(put(&mut world, tenant.no, plain.clone()).await, "it is new");
    assert_eq!(event_types(&world, &tenant).await, std::slice::from_ref(&plain));
    assert!(!put(&mut world, tenant.no, full.clone()).await, "it is replaced");
    assert_eq!(event_types(&world, &tenant).await, [full]);
    assert!(!put(&mut world, tenant.no, plain.clone()).await);
    assert_eq!(event_types(&world, &tenant).await, [plain], "what is left out is gone");
}

pub async fn a_snapshot_lists_the_tenants_own_event_types_by_name(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("other").await);
    for name in ["b", "a.2", "B", "a"] {
        put(&mut world, tenant.no, registered(name)).await;
    }
    put(&mut world, other.no, registered("theirs")).await;
    assert_eq!(names(&world, &tenant).await, ["B", "a", "a.2", "b"]);
    assert_eq!(names(&world, &other).await, ["theirs"]);
    assert!(delete(&mut world, tenant.no, "a").await);
    assert_eq!(names(&world, &tenant).await, ["B", "a.2", "b"]);
    let by_no = world.store.config_snapshot_by_no(tenant.no).await.unwrap().unwrap();
    assert_eq!(by_no.event_types, event_types(&world, &tenant).await);
}

pub async fn each_change_of_an_event_type_grows_the_configuration_and_not_the_tenant(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    put(&mut world, tenant.no, registered("a")).await;
    put(&mut world, tenant.no, registered("a")).await;
    delete(&mut world, tenant.no, "a").await;
    assert!(!delete(&mut world, tenant.no, "a").await, "there is none any more");
    let after = world.store.tenant(tenant.id.clone()).await.unwrap().unwrap();
    assert_eq!(after.config_version, tenant.config_version + 3);
    assert_eq!(after.version, tenant.version);
}

pub async fn an_event_matched_before_an_event_type_changed_is_stale(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let before = world.event(&tenant, &[]).await;
    put(&mut world, tenant.no, registered("a")).await;
    let between = world.event(&tenant, &[]).await;
    delete(&mut world, tenant.no, "a").await;
    let after = world.event(&tenant, &[]).await;
    let results = world.commit_events(vec![before, between, after]).await;
    assert!(matches!(results[..], [AcceptResult::Stale, AcceptResult::Stale, AcceptResult::Accepted { .. }]));
}

pub async fn a_tenant_has_at_most_so_many_event_types(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    put(&mut world, tenant.no, registered("a")).await;
    put(&mut world, tenant.no, registered("b")).await;
    let mut one_more = PutEventType { max: 2, ..put_in(&mut world, tenant.no, registered("c")) };
    let refused = world.store.put_event_type(one_more.clone()).await.unwrap_err();
    assert!(matches!(refused, PutEventTypeError::TooMany { max: 2 }), "{refused:?}");
    assert_eq!(names(&world, &tenant).await, ["a", "b"]);
    one_more.event_type = registered("b");
    assert!(!world.store.put_event_type(one_more.clone()).await.unwrap(), "one that is there is replaced");
    delete(&mut world, tenant.no, "a").await;
    one_more.event_type = registered("c");
    assert!(world.store.put_event_type(one_more).await.unwrap());
}

pub async fn an_event_type_needs_a_tenant(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let deleted = world.tenant("acme").await;
    put(&mut world, deleted.no, registered("a")).await;
    world.delete_tenant(&deleted).await;
    for tenant_no in [deleted.no, TenantNo(deleted.no.0 + 1_000)] {
        let put = put_in(&mut world, tenant_no, registered("a"));
        let refused = world.store.put_event_type(put).await.unwrap_err();
        assert!(matches!(refused, PutEventTypeError::NoTenant), "{refused:?}");
        assert!(!delete(&mut world, tenant_no, "a").await);
    }
}

pub async fn a_tenant_that_comes_again_has_none_of_the_event_types_it_had(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let deleted = world.tenant("acme").await;
    for name in ["a", "b", "c"] {
        put(&mut world, deleted.no, registered(name)).await;
    }
    world.delete_tenant(&deleted).await;
    let again = world.tenant("acme").await;
    put(&mut world, again.no, registered("new")).await;
    // Once with the old rows still there, once after they are erased.
    for _ in 0..2 {
        assert_eq!(names(&world, &again).await, ["new"]);
        world.sweep_all(2).await;
    }
}

async fn event_types(world: &World, tenant: &Tenant) -> Vec<RegisteredType> {
    world.store.config_snapshot(tenant.id.clone()).await.unwrap().unwrap().event_types
}

async fn names(world: &World, tenant: &Tenant) -> Vec<String> {
    event_types(world, tenant).await.iter().map(|known| known.name.to_string()).collect()
}

pub(super) async fn put(world: &mut World, tenant_no: TenantNo, event_type: RegisteredType) -> bool {
    let put = put_in(world, tenant_no, event_type);
    world.store.put_event_type(put).await.unwrap()
}

pub(super) async fn delete(world: &mut World, tenant_no: TenantNo, name: &str) -> bool {
    let delete = DeleteEventType { audit: None, tenant_no, name: event_type(name), at: world.tick() };
    world.store.delete_event_type(delete).await.unwrap()
}

fn put_in(world: &mut World, tenant_no: TenantNo, event_type: RegisteredType) -> PutEventType {
    PutEventType { audit: None, tenant_no, event_type, max: 500, at: world.tick() }
}

/// An event type of which nothing is said.
pub(super) fn registered(name: &str) -> RegisteredType {
    let name = event_type(name);
    RegisteredType { name, title: None, group: None, description: None, example: None, schema: None }
}
