//! What `postroad profile check` prints of profiles that are right.

use super::folder::{Folder, SHORTEST, built_in};

#[tokio::test]
async fn every_built_in_profile_passes_and_shows_the_request_of_each_event_type() {
    for (name, files) in postroad_profile::built_in() {
        let profile = postroad_profile::Profile::load(&files).unwrap();
        let folder = built_in().into_iter().find(|(other, _)| *other == name).unwrap().1;
        let ended = Folder::new().profile(&["check", folder.to_str().unwrap()]).await;
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{name}");
        let first = format!("{name}: {}\n", profile.title);
        assert!(ended.stdout.starts_with(&first), "{}", ended.stdout);
        let counted = format!("\n{name}: {} event type", profile.catalogue.entries().len());
        assert!(ended.stdout.contains(&counted), "{}", ended.stdout);
        for entry in profile.catalogue.entries() {
            let content = profile.content_types().next();
            let request = profile.render_example(entry, content).unwrap();
            let body = String::from_utf8(request.body.to_vec()).unwrap();
            assert!(ended.stdout.contains(&format!("\n### {}", entry.name)), "{name} {}", entry.name);
            assert!(ended.stdout.contains(&format!("\n\n{body}\n\n")), "{name} {}", entry.name);
        }
    }
}

#[tokio::test]
async fn leadhub_is_counted_in_the_last_line() {
    let folder = built_in().into_iter().find(|(name, _)| name == "leadhub").unwrap().1;
    let file = folder.join("profile.toml");
    let ended = Folder::new().profile(&["check", file.to_str().unwrap()]).await;
    assert_eq!(ended.stdout.lines().last(), Some("leadhub: 6 event types, 6 examples render"));
}

#[tokio::test]
async fn a_request_is_shown_as_http_has_it_once_for_each_content_type() {
    let folder = Folder::new();
    folder.write_profile(
        ".",
        r#"
name = "two"
title = "Two Forms"
request.methods = ["PUT"]
request.query = [{ name = "from", value = "{{ tenant.id }}" }]
request.headers = [
  { name = "X-B", value = "1" },
  { name = "X-A", value = "{{ event.type }}" },
  { name = "X-A", value = "2" },
]
[[request.content]]
type = "application/json"
envelope = [{ name = "data", json = "{{ event.data }}" }]
[[request.content]]
type = "application/x-www-form-urlencoded"
form = [{ name = "data", value = "{{ event.data }}" }]
[[events]]
name = "e"
"#,
    );
    let expected = "\
two: Two Forms

### e, application/json
PUT https://example.com/hook?from=example
Content-Type: application/json
User-Agent: Postroad/VERSION
X-B: 1
X-A: e
X-A: 2

{\"data\":{\"id\": 1.0}}

### e, application/x-www-form-urlencoded
PUT https://example.com/hook?from=example
Content-Type: application/x-www-form-urlencoded
User-Agent: Postroad/VERSION
X-B: 1
X-A: e
X-A: 2

data=%7B%22id%22%3A+1.0%7D

two: 1 event type, 1 example renders in 2 content types
";
    for path in ["profile.toml", ".", "./profile.toml", "./"] {
        let ended = folder.profile(&["check", path]).await;
        assert_eq!(ended.stdout.replace(env!("CARGO_PKG_VERSION"), "VERSION"), expected, "{path}");
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{path}");
    }
}

#[tokio::test]
async fn every_profile_is_checked_also_behind_one_that_is_wrong() {
    let folder = Folder::new();
    folder.write_profile("wrong", &format!("{SHORTEST}further = 1\n"));
    folder.write_profile("right", SHORTEST);
    let ended = folder.profile(&["check", "wrong", "right", "nowhere"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.starts_with("short: Short\n"), "{}", ended.stdout);
    assert!(ended.stdout.ends_with("\nshort: 1 event type, 1 example renders\n"), "{}", ended.stdout);
    let lines: Vec<_> = ended.stderr.lines().collect();
    assert_eq!(lines.len(), 3, "{}", ended.stderr);
    assert!(lines[0].starts_with("wrong/profile.toml:5: unknown key `further`"), "{}", ended.stderr);
    assert!(lines[1].starts_with("nowhere: cannot be read: No such file"), "{}", ended.stderr);
    assert_eq!(lines[2], "error: 2 of 3 profiles cannot be used");
}

#[tokio::test]
async fn of_a_folder_of_profiles_each_is_checked_as_serve_would_take_it() {
    let folder = Folder::new();
    folder.write_profile("own/a", SHORTEST);
    let ended = folder.profile(&["check", "own"]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(ended.stdout.ends_with("\nshort: 1 event type, 1 example renders\n"), "{}", ended.stdout);

    folder.write_profile("own/b", &format!("{SHORTEST}further = 1\n"));
    folder.write_profile("own/c", SHORTEST);
    folder.write("own/notes/readme.md", "no profile");
    let ended = folder.profile(&["check", "own"]).await;
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.stdout.matches("short: Short\n").count(), 1, "{}", ended.stdout);
    let lines: Vec<_> = ended.stderr.lines().map(str::trim).collect();
    assert_eq!(lines.len(), 4, "{}", ended.stderr);
    assert_eq!(lines[0], "WARN own/notes holds no profile.toml and is skipped");
    assert!(lines[1].starts_with("own/b/profile.toml:5: unknown key `further`"), "{}", ended.stderr);
    assert_eq!(lines[2], "own/c/profile.toml: the name `short` is already that of own/a/profile.toml");
    assert_eq!(lines[3], "error: 2 of 3 profiles cannot be used");
}

#[tokio::test]
async fn wrong_usage_ends_with_2_and_the_usage() {
    for arguments in [&[][..], &["check"], &["show"], &["chekc", "x"]] {
        let ended = Folder::new().profile(arguments).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(ended.stderr.contains("Usage: postroad profile"), "{}", ended.stderr);
    }
}
