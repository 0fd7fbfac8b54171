//! Profiles as they were.

use std::sync::Arc;

use postroad_domain::ProfileNo;

use super::World;
use crate::{PutProfile, Store, StoredProfile};

pub async fn a_profile_reads_back_as_it_was_put(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let files = b"\0 any bytes \xff".repeat(2_000);
    let put = PutProfile { files: files.clone(), ..profile(&mut world, "größer", 1) };
    let no = world.store.put_profile(put.clone()).await.unwrap();
    let stored = StoredProfile { no, name: put.name, digest: put.digest, files, put_at: put.at };
    assert_eq!(world.store.profile(no).await.unwrap(), Some(stored.clone()));
    assert_eq!(world.store.latest_profiles().await.unwrap(), [stored]);
}

pub async fn a_profile_that_was_never_put_is_not_there(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    assert!(world.store.latest_profiles().await.unwrap().is_empty());
    let no = put(&mut world, "standard", 1).await;
    assert_eq!(world.store.profile(ProfileNo(no.0 + 1_000)).await.unwrap(), None);
}

pub async fn the_same_content_keeps_its_number_and_is_used_anew(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let first = put(&mut world, "standard", 1).await;
    let other = put(&mut world, "standard", 2).await;
    assert_ne!(first, other);
    assert_eq!(latest(&world).await, [other]);
    for _ in 0..3 {
        assert_eq!(put(&mut world, "standard", 1).await, first);
    }
    assert_eq!(world.store.profile(first).await.unwrap().unwrap().put_at, world.now());
    assert_eq!(latest(&world).await, [first], "an older profile that is used again is the latest");
    let third = put(&mut world, "standard", 3).await;
    assert!(third > other);
}

pub async fn files_that_are_given_again_replace_nothing(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let no = put(&mut world, "standard", 1).await;
    let stored = world.store.profile(no).await.unwrap().unwrap();
    let again = PutProfile { files: b"others".to_vec(), ..profile(&mut world, "another", 1) };
    assert_eq!(world.store.put_profile(again).await.unwrap(), no);
    let expected = StoredProfile { put_at: world.now(), ..stored };
    assert_eq!(world.store.profile(no).await.unwrap(), Some(expected));
}

pub async fn of_each_name_the_profile_that_was_put_last_is_the_latest(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    put(&mut world, "standard", 1).await;
    let leanix = put(&mut world, "leanix", 2).await;
    let standard = put(&mut world, "standard", 3).await;
    put(&mut world, "leadhub", 4).await;
    // Put at the very moment of the one before it.
    let mut at_once = profile(&mut world, "leadhub", 5);
    at_once.at = world.store.latest_profiles().await.unwrap()[0].put_at;
    let leadhub = world.store.put_profile(at_once).await.unwrap();
    assert_eq!(latest(&world).await, [leadhub, leanix, standard], "by name");
}

async fn latest(world: &World) -> Vec<ProfileNo> {
    world.store.latest_profiles().await.unwrap().iter().map(|profile| profile.no).collect()
}

async fn put(world: &mut World, name: &str, content: u8) -> ProfileNo {
    let put = profile(world, name, content);
    world.store.put_profile(put).await.unwrap()
}

fn profile(world: &mut World, name: &str, content: u8) -> PutProfile {
    let at = world.tick();
    PutProfile { name: name.to_owned(), digest: [content; 32], files: vec![content; 100], at }
}
