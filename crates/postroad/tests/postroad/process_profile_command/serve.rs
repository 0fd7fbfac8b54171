//! `postroad serve --profiles`: a profile that is wrong ends the start, before anything is there that would be missed.

use super::{
    common::{Program, run, serve},
    folder::{Folder, SHORTEST},
};

#[tokio::test]
async fn a_wrong_profile_refuses_the_start_with_file_line_and_reason() {
    let folder = Folder::new();
    folder.write_profile("own/one", &format!("{SHORTEST}[delivery]\natempts = 3\n"));
    folder.write_profile("own/two", &SHORTEST.replace("event.data", "event.dta"));
    let ended = run(serve(folder.path(), &["--profiles", "own"])).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{}", ended.stderr);
    for expected in [
        "own/one/profile.toml:6: unknown key `delivery.atempts`; the nearest valid one is `attempts`",
        "own/two/profile.toml:4: undefined variable `event.dta`; the nearest valid one is `event.data`",
    ] {
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    }
    assert!(!folder.path().join("data/postroad.db").exists(), "profiles are read before the store is made");
}

#[tokio::test]
async fn a_folder_of_profiles_that_is_not_there_refuses_the_start() {
    let folder = Folder::new();
    let mut command = serve(folder.path(), &[]);
    command.env("POSTROAD_PROFILES", "nowhere");
    let ended = run(command).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{}", ended.stderr);
    assert!(ended.stderr.contains("nowhere: cannot be read as a folder of profiles: "), "{}", ended.stderr);
}

#[tokio::test]
async fn a_folder_without_a_profile_is_skipped_with_a_warning() {
    let folder = Folder::new();
    folder.write_profile("own/one", SHORTEST);
    folder.write("own/notes/readme.md", "no profile");
    let mut program = Program::start(serve(folder.path(), &["--profiles", "own"]));
    program.server().await;
    program.log_line_with("own/notes holds no profile.toml and is skipped").await;
    program.signal(libc::SIGTERM);
    let ended = program.end().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}
