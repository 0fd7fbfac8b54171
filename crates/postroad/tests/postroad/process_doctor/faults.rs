//! Faults of the configuration and of the data.

use std::{
    fs::{self, File},
    os::unix::fs::PermissionsExt as _,
    time::Duration,
};

use tokio::process::Command;

use super::{
    common::run,
    stage::{assert_line, doctor, doctor_beside, files, stopped},
};

#[tokio::test]
async fn a_key_that_does_not_exist_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("p.toml"), "listen = \"127.0.0.1:0\"\ndata-dri = \"x\"\n").unwrap();
    let ended = doctor(folder.path(), &["--config", "p.toml"]).await;
    assert_line(&ended, "config", "fail", "p.toml, line 2: there is no key \"data-dri\"");
    assert!(ended.stdout.contains("To do: write data-dir"), "{}", ended.stdout);
    assert_eq!(ended.stderr, "error: one check failed\n");

    fs::write(folder.path().join("p.toml"), "listn = \"127.0.0.1:0\"\nfoo = \"x\"\n").unwrap();
    let ended = doctor(folder.path(), &["--config", "p.toml"]).await;
    assert_line(&ended, "config", "fail", "p.toml, line 2: there is no key \"foo\"");
    assert!(ended.stdout.contains("To do: correct these lines, or remove them"), "{}", ended.stdout);

    let ended = doctor(folder.path(), &["--retention", "soon"]).await;
    assert_line(&ended, "config", "fail", "the flag --retention: \"soon\" must be");
}

#[tokio::test]
async fn a_data_folder_that_is_a_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("data"), "").unwrap();
    let ended = doctor(folder.path(), &["--data-dir", "data"]).await;
    assert_line(&ended, "data folder", "fail", "data is a file");
    assert_line(&ended, "store", "fail", "cannot use");
    let ended = doctor(folder.path(), &["--data-dir", "data/inside"]).await;
    assert_line(&ended, "data folder", "fail", "data/inside cannot be looked at");
}

#[tokio::test]
async fn a_database_that_is_none_or_is_damaged_is_told() {
    let server = stopped().await;
    let file = server.data_dir().join("postroad.db");
    let whole = fs::read(&file).unwrap();
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 8_192].fill(0x5a);
    fs::write(&file, damaged).unwrap();
    let ended = doctor_beside(&server, &[]).await;
    assert_line(&ended, "store", "fail", "is damaged");

    fs::write(&file, "hello").unwrap();
    let ended = doctor_beside(&server, &[]).await;
    assert_line(&ended, "store", "fail", "is not a database of Postroad");
    assert_eq!(fs::read(&file).unwrap(), b"hello");
}

#[tokio::test]
async fn a_secret_key_that_is_missing_wrong_or_open_to_others_is_told() {
    let server = stopped().await;
    let file = server.data_dir().join("secret.key");
    let right = fs::read_to_string(&file).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let ended = doctor_beside(&server, &[]).await;
    assert_line(&ended, "secret key", "warn", "other users of this machine may read");
    assert!(ended.stdout.contains("To do: chmod 600"), "{}", ended.stdout);
    assert_eq!(ended.code, Some(0));

    let other = format!("k1:{}=", "A".repeat(43));
    for (content, words) in
        [(other.as_str(), "is not the key of this database"), ("hello", "holds no secret key")]
    {
        fs::write(&file, content).unwrap();
        let ended = doctor_beside(&server, &[]).await;
        assert_line(&ended, "secret key", "fail", words);
    }
    fs::remove_file(&file).unwrap();
    let ended = doctor_beside(&server, &[]).await;
    assert_line(&ended, "secret key", "fail", "cannot be read");
    assert!(!files(&server.data_dir()).contains_key("secret.key"));
    let ended = doctor_beside(&server, &["--secret-key", right.trim()]).await;
    assert_line(&ended, "secret key", "ok", "the one of --secret-key is the key of this database");
    assert!(!ended.stdout.contains(right.trim()));
}

#[tokio::test]
async fn a_clock_that_went_back_is_seen_from_the_files() {
    let server = stopped().await;
    let file = File::options().write(true).open(server.data_dir().join("postroad.db")).unwrap();
    let written = file.metadata().unwrap().modified().unwrap();
    file.set_modified(written + Duration::from_secs(7_200)).unwrap();
    let ended = doctor_beside(&server, &[]).await;
    assert_line(&ended, "clock", "warn", "it has gone back");
}

#[tokio::test]
async fn profiles_that_do_not_load_and_limits_that_are_too_low_are_told() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("profiles/mine")).unwrap();
    fs::write(folder.path().join("profiles/mine/profile.toml"), "name = 7\n").unwrap();
    let ended = doctor(folder.path(), &["--profiles", "profiles"]).await;
    assert_line(&ended, "profiles", "fail", "profiles/mine/profile.toml");

    let mut command = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_postroad");
    command.args(["-c", &format!("ulimit -n 100 && exec {program} doctor")]).current_dir(folder.path());
    let ended = run(command).await;
    assert_line(&ended, "open files", "fail", "only 100 are allowed");
}

#[tokio::test]
async fn a_listener_for_everybody_without_tls_and_a_disk_that_is_too_small_are_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let ended = doctor(folder.path(), &["--listen", "0.0.0.0:8080", "--retention-bytes", "9000TiB"]).await;
    assert_line(&ended, "tls", "warn", "speaks plain HTTP to everybody");
    assert_line(&ended, "disk", "warn", "9216000.0 GiB");
    let secured =
        doctor(folder.path(), &["--listen", "0.0.0.0:8080", "--public-url", "https://a.example"]).await;
    assert_line(&secured, "tls", "ok", "a proxy before it speaks TLS");
}
