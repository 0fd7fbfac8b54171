//! Tenants that change together with their subscriptions, and subscriptions that lead elsewhere since their tenant changes.

use std::sync::Arc;

use postroad_domain::{
    AuditAction, Subscription, SubscriptionSpec, Tenant, VerificationState, subscription::InactiveReason,
    tenant::TenantSpec,
};

use super::{
    World,
    audit::{all, entry},
    world::{lane_of, spec, tenant_spec},
};
use crate::{
    AskVerification, Change, ChangeKinds, CreateSubscription, CreateSubscriptionError, PutTenant, Redirected,
    Store, SubscriptionChange, TenantChange, UpdateSubscription, UpdateSubscriptionError,
};

/// The settings of a tenant with these options.
fn with_options(options: &str) -> TenantSpec {
    TenantSpec { options: options.to_owned(), ..tenant_spec("standard") }
}

/// What is set of the tenant now, and its version.
async fn set_of(world: &World, tenant: &Tenant) -> (String, i64) {
    let now = world.store.tenant(tenant.id.clone()).await.unwrap().unwrap();
    (now.spec.options, now.version)
}

async fn now(world: &World, of: &Subscription) -> Subscription {
    world.store.subscription(of.tenant_no, of.id).await.unwrap().unwrap()
}

/// Replaces the tenant's options, by which these subscriptions lead elsewhere.
async fn redirect(world: &mut World, tenant: &Tenant, redirected: Vec<Redirected>) -> Tenant {
    let (id, at) = (tenant.id.clone(), world.tick());
    let put = PutTenant { id, spec: with_options(r#"{"b":1}"#), redirected, at, audit: None };
    world.store.put_tenant(put).await.unwrap().0
}

fn plain(subscription: &Subscription) -> Redirected {
    Redirected { id: subscription.id, ask: None }
}

pub async fn a_tenant_changes_together_with_a_subscription_or_not_at_all(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let audit = Some(entry(&mut world, AuditAction::TenantChanged));
    let create = CreateSubscription {
        tenant: Some(TenantChange { spec: with_options(r#"{"a":1}"#), audit }),
        ask: None,
        audit: None,
        tenant_no: tenant.no,
        id: world.id(),
        spec: spec(),
        secrets: Vec::new(),
        max: 0,
        at: world.now(),
    };
    let refused = world.store.create_subscription(create.clone()).await.unwrap_err();
    assert!(matches!(refused, CreateSubscriptionError::TooMany { .. }), "{refused:?}");
    assert_eq!((set_of(&world, &tenant).await.1, all(&world).await.len()), (1, 0));
    let created = world.store.create_subscription(CreateSubscription { max: 1, ..create }).await.unwrap();
    assert_eq!(set_of(&world, &tenant).await, (r#"{"a":1}"#.to_owned(), 2));
    assert_eq!(all(&world).await[0].action, AuditAction::TenantChanged);
    let first = world.store.tenant_version(tenant.no, 1).await.unwrap();
    assert_eq!(first, Some(tenant.spec.clone()), "what was set before can be read");

    let update = UpdateSubscription {
        tenant: Some(TenantChange { spec: with_options(r#"{"a":2}"#), audit: None }),
        ask: None,
        audit: None,
        tenant_no: tenant.no,
        id: created.id,
        expected: 7.into(),
        change: SubscriptionChange::Spec(Box::new(spec())),
        at: world.tick(),
    };
    let refused = world.store.update_subscription(update.clone()).await.unwrap_err();
    assert!(matches!(refused, UpdateSubscriptionError::Changed), "{refused:?}");
    assert_eq!(set_of(&world, &tenant).await.1, 2);
    let at = world.tick();
    let update = UpdateSubscription { expected: created.revision(), at, ..update };
    assert_eq!(world.store.update_subscription(update).await.unwrap().version, 2);
    assert_eq!(set_of(&world, &tenant).await, (r#"{"a":2}"#.to_owned(), 3));
    let snapshot = world.store.config_snapshot_by_no(tenant.no).await.unwrap().unwrap();
    assert_eq!((snapshot.tenant.updated_at, snapshot.subscriptions[0].version), (at, 2));
}

pub async fn a_subscription_that_leads_elsewhere_by_its_tenant_has_a_new_version_of_the_same_settings(
    store: Arc<dyn Store>,
) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let other = world.subscription(&tenant).await;
    let gone = world.subscription(&tenant).await;
    world.delete(&gone).await;
    let redirected = vec![plain(&gone), plain(&subscription)];
    let replaced = redirect(&mut world, &tenant, redirected).await;
    let after = now(&world, &subscription).await;
    assert_eq!((after.version, after.updated_at), (2, replaced.updated_at));
    assert_eq!((&after.spec, &after.secrets), (&subscription.spec, &subscription.secrets));
    assert_eq!(now(&world, &other).await, other);
    let kept = world.store.subscription_version(tenant.no, subscription.no, 2).await.unwrap().unwrap();
    assert_eq!(kept.spec, subscription.spec);
    let snapshot = world.store.config_snapshot_by_no(tenant.no).await.unwrap().unwrap();
    assert_eq!(snapshot.tenant, replaced, "what is answered is what there is");
    let queued = world.accept_one(&replaced, &after).await;
    assert_eq!(queued.subscription_version, 2);
}

pub async fn it_is_announced_as_any_other_change_of_where_it_leads(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let changes = world.store.changes(ChangeKinds::ALL);
    redirect(&mut world, &tenant, vec![plain(&subscription)]).await;
    let mut taken = Vec::new();
    changes.catch_up(|change| taken.push(change));
    assert!(taken.contains(&Change::Lane(lane_of(&subscription))), "{taken:?}");
    assert!(taken.contains(&Change::Tenant(tenant.no)), "{taken:?}");
}

pub async fn it_may_ask_for_handshakes_and_what_is_paused_stays_so(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    for (ask, is_paused, expected) in [
        (AskVerification::Beside, false, None),
        (AskVerification::First, false, Some(InactiveReason::Unverified)),
        (AskVerification::First, true, Some(InactiveReason::Paused)),
    ] {
        let mut subscription = world.subscription(&tenant).await;
        if is_paused {
            let paused = SubscriptionSpec { active: false, ..spec() };
            subscription = world.change(&subscription, SubscriptionChange::Spec(Box::new(paused))).await;
        }
        redirect(&mut world, &tenant, vec![Redirected { id: subscription.id, ask: Some(ask) }]).await;
        let after = now(&world, &subscription).await;
        assert_eq!(after.inactive.map(|(reason, _)| reason), expected, "{ask:?}");
        let asked = after.verification.unwrap();
        assert_eq!((asked.version, asked.state), (subscription.version + 1, VerificationState::Pending));
    }
}
