//! Small values of the whole installation, and the store itself.

use std::sync::Arc;

use super::World;
use crate::{SettingKey, Store};

pub async fn a_setting_is_absent_until_it_is_put(store: Arc<dyn Store>) {
    assert_eq!(store.setting(SettingKey::AdminKeyHash).await.unwrap(), None);
    store.put_setting(SettingKey::AdminKeyHash, b"\x00\xffhash".to_vec()).await.unwrap();
    assert_eq!(store.setting(SettingKey::AdminKeyHash).await.unwrap(), Some(b"\x00\xffhash".to_vec()));
    assert_eq!(store.setting(SettingKey::SecretKeyCheck).await.unwrap(), None);
}

pub async fn a_setting_that_is_put_again_is_replaced(store: Arc<dyn Store>) {
    for value in [b"one".to_vec(), b"two".to_vec(), Vec::new()] {
        store.put_setting(SettingKey::SecretKeyCheck, value.clone()).await.unwrap();
        assert_eq!(store.setting(SettingKey::SecretKeyCheck).await.unwrap(), Some(value));
    }
}

pub async fn a_probe_writes_nothing_that_can_be_seen(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    world.store.probe().await.unwrap();
    world.store.probe().await.unwrap();
    assert_eq!(world.refill(&subscription).await.deliveries[0].id, queued.id);
    assert_eq!(world.store.setting(SettingKey::AdminKeyHash).await.unwrap(), None);
    assert_eq!(world.sweep_all(10).await.erased, 0);
}
