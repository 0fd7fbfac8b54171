//! What the server refuses to start with: each time a sentence, an exit code, and no stack trace.

use std::fs;

use tempfile::TempDir;

use crate::common::{Program, postroad, run, serve};

const KEY: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_KEY: &str = "k1:HxECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[tokio::test]
async fn an_unknown_key_in_the_configuration_file_is_answered_with_the_nearest_one() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("p.toml"), "listen = \"127.0.0.1:0\"\ndata_dir = \"x\"\n").unwrap();
    let ended = run(postroad(folder.path(), &["serve", "--config", "p.toml"])).await;
    assert_eq!(ended.code, Some(2));
    assert_eq!(
        ended.stderr,
        "error: p.toml, line 2: there is no key \"data_dir\"; the nearest is \"data-dir\" (all keys: postroad serve \
         --help)\n"
    );
}

#[tokio::test]
async fn a_data_folder_that_is_a_file_is_told_with_what_to_choose() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("data"), "").unwrap();
    let ended = run(serve(folder.path(), &[])).await;
    assert_eq!(ended.code, Some(1));
    let words = "error: data is a file, and the data need a folder. Choose one with --data-dir\n";
    assert!(ended.stderr.ends_with(words), "{}", ended.stderr);
}

#[tokio::test]
async fn a_configuration_file_that_is_not_there_is_named_with_who_named_it() {
    let folder = TempDir::new().unwrap();
    let mut command = postroad(folder.path(), &["serve"]);
    command.env("POSTROAD_CONFIG", "missing.toml");
    let ended = run(command).await;
    assert_eq!(ended.code, Some(2));
    let expected = "error: the environment variable POSTROAD_CONFIG: cannot read missing.toml: No such file";
    assert!(ended.stderr.starts_with(expected), "{}", ended.stderr);
}

#[tokio::test]
async fn a_variable_that_cannot_be_used_ends_the_start() {
    let folder = TempDir::new().unwrap();
    let mut command = postroad(folder.path(), &["serve"]);
    command.env("POSTROAD_LISTEN", "8080");
    let ended = run(command).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.starts_with("error: the environment variable POSTROAD_LISTEN: \"8080\" must be"));
    assert!(!folder.path().join("postroad-data").exists());
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let folder = TempDir::new().unwrap();
    let mut first = Program::start(serve(folder.path(), &[]));
    let server = first.server().await;
    let address = server.strip_prefix("http://").unwrap();
    let ended = run(postroad(folder.path(), &["serve", "--listen", address, "--data-dir", "other"])).await;
    assert_eq!(ended.code, Some(1));
    let expected = format!("cannot listen on {address}: another program listens there");
    assert!(ended.stderr.contains(&expected), "{}", ended.stderr);
}

#[tokio::test]
async fn a_database_opens_only_with_the_secret_key_it_was_written_with() {
    let folder = TempDir::new().unwrap();
    start_and_stop(&folder, &["--secret-key", KEY]).await;
    for (arguments, hint) in [
        (&["--secret-key", OTHER_KEY][..], "the secret key does not fit this store"),
        (&[], "the database was written with a secret key that is not here"),
    ] {
        let ended = run(serve(folder.path(), arguments)).await;
        assert_eq!(ended.code, Some(1));
        assert!(ended.stderr.contains(hint), "{}", ended.stderr);
        assert!(!folder.path().join("data/secret.key").exists(), "no key is made that fits nothing");
    }
    start_and_stop(&folder, &["--secret-key", &format!("{},{KEY}", OTHER_KEY.replace("k1:", "k2:"))]).await;
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_as_it_is() {
    let folder = TempDir::new().unwrap();
    start_and_stop(&folder, &[]).await;
    let path = folder.path().join("data/postroad.db");
    let mut database = fs::read(&path).unwrap();
    // SQLite keeps the user version, which is our schema version, in these four bytes of its header.
    database[60..64].copy_from_slice(&9_999_u32.to_be_bytes());
    fs::write(&path, &database).unwrap();
    let ended = run(serve(folder.path(), &[])).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("schema version 9999"), "{}", ended.stderr);
    assert!(fs::read(&path).unwrap() == database);
}

async fn start_and_stop(folder: &TempDir, further: &[&str]) {
    let mut program = Program::start(serve(folder.path(), further));
    program.server().await;
    program.signal(libc::SIGTERM);
    let ended = program.end().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[tokio::test]
async fn without_a_command_the_help_is_shown() {
    let folder = TempDir::new().unwrap();
    let ended = run(postroad(folder.path(), &[])).await;
    assert_eq!(ended.code, Some(0));
    assert!(ended.stdout.contains("Usage: postroad [COMMAND]"), "{}", ended.stdout);
    let version = run(postroad(folder.path(), &["--version"])).await;
    assert_eq!(version.stdout, concat!("postroad ", env!("CARGO_PKG_VERSION"), "\n"));
}
