//! Opening, closing and opening again.

use std::{fs, os::unix::fs::PermissionsExt, sync::Arc, time::Duration};

use postroad_domain::Status;
use postroad_store::{Next, Queue, conformance::World};
use postroad_store_sqlite::{OpenError, SqliteStore};
use rusqlite::Connection;

use crate::common::{open, options};

#[tokio::test]
async fn what_was_written_is_there_after_closing_and_opening() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let sent = world.accept_one(&tenant, &subscription).await;
    let waiting = world.accept_one(&tenant, &subscription).await;
    world.record(&sent, Next::Succeeded).await;
    let attempts = world.store.attempts(tenant.no, sent.id).await.unwrap();
    let snapshot = world.store.config_snapshot_by_no(tenant.no).await.unwrap().unwrap();
    drop(world);
    let world = World::new(Arc::new(open(folder.path()))).await;
    let store = &world.store;
    let reread = store.config_snapshot_by_no(tenant.no).await.unwrap().unwrap();
    assert_eq!((reread.tenant, reread.subscriptions), (snapshot.tenant, snapshot.subscriptions));
    assert_eq!(store.delivery(tenant.no, sent.id).await.unwrap().unwrap().status, Status::Succeeded);
    assert_eq!(store.attempts(tenant.no, sent.id).await.unwrap(), attempts);
    assert_eq!(store.delivery(tenant.no, waiting.id).await.unwrap().unwrap().status, Status::Queued);
    assert_eq!(store.event(tenant.no, waiting.event.id).await.unwrap().as_ref(), Some(&*waiting.event));
}

#[tokio::test]
async fn what_was_called_off_stays_called_off_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let waiting = world.accept_one(&tenant, &subscription).await;
    world.set_active(&subscription, false).await;
    world.set_active(&subscription, true).await;
    drop(world);
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    world.advance(Duration::from_secs(60));
    assert!(world.refill(&subscription).await.deliveries.is_empty());
    let newer = world.accept_one(&tenant, &subscription).await;
    assert_eq!(world.refill(&subscription).await.deliveries[0].id, newer.id);
    assert_eq!(world.sweep_all(10).await.cancelled, 1);
    assert_eq!(world.look(&waiting).await.status, Status::Cancelled);
    assert_eq!(world.look(&newer).await.status, Status::Queued);
}

#[tokio::test]
async fn numbers_of_erased_rows_are_not_given_out_again_after_opening() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    let (doomed, subscription) = world.tenant_with_subscription().await;
    let erased = world.accept_one(&doomed, &subscription).await;
    world.delete_tenant(&doomed).await;
    world.sweep_all(10).await;
    drop(world);
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    world.advance(Duration::from_secs(60));
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let newer = world.accept_one(&tenant, &subscription).await;
    assert!(tenant.no > doomed.no);
    assert!(newer.handle > erased.handle);
}

#[tokio::test]
async fn a_folder_is_opened_by_one_store_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path());
    match SqliteStore::open(options(folder.path())) {
        Err(OpenError::InUse { path, pid }) => {
            assert_eq!((path.as_path(), pid), (folder.path(), Some(std::process::id())));
        }
        other => panic!("{other:?}"),
    }
    drop(first);
    open(folder.path());
}

#[tokio::test]
async fn the_folder_is_made_for_its_owner_only_and_the_log_is_empty_after_closing() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("a/b");
    let store = open(&folder);
    store.probe().await.unwrap();
    let stats = store.stats();
    assert!(stats.pending_bytes > 0 && stats.file_bytes >= stats.pending_bytes, "{stats:?}");
    drop(store);
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    let log = fs::metadata(folder.join("postroad.db-wal"));
    assert!(log.is_err() || log.unwrap().len() == 0);
}

#[tokio::test]
async fn a_database_of_a_newer_postroad_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let file = folder.path().join("postroad.db");
    Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    match SqliteStore::open(options(folder.path())) {
        Err(OpenError::Newer { found: 99, known }) if known < 99 => {}
        other => panic!("{other:?}"),
    }
    let version: i64 =
        Connection::open(&file).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 99);
}

#[tokio::test]
async fn a_file_that_is_no_database_of_ours_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("postroad.db");
    fs::write(
        &file,
        "a text that is much longer than a header of SQLite, and that is no database. ".repeat(9),
    )
    .unwrap();
    assert!(matches!(
        SqliteStore::open(options(folder.path())),
        Err(OpenError::NotADatabase { path }) if path == file
    ));
    fs::remove_file(&file).unwrap();
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE foreign_one (a)").unwrap();
    assert!(matches!(SqliteStore::open(options(folder.path())), Err(OpenError::NotADatabase { .. })));
}
