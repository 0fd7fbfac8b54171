//! What is said about profiles that are wrong: the file as it can be opened, the line, and what to write instead.

use super::folder::{Folder, SHORTEST};

/// Checks the profile in `p` and answers what was told about it.
async fn told(folder: &Folder) -> String {
    let ended = folder.profile(&["check", "p/profile.toml"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    let told = ended.stderr.strip_suffix("error: the profile cannot be used\n");
    told.unwrap_or_else(|| panic!("{}", ended.stderr)).to_owned()
}

#[tokio::test]
async fn a_wrong_text_is_told_with_its_file_and_line() {
    let shortest = |wrong: &str, right: &str| SHORTEST.replace(right, wrong);
    for (toml, expected) in [
        (
            format!("{SHORTEST}[delivery]\natempts = 3\n"),
            "p/profile.toml:6: unknown key `delivery.atempts`; the nearest valid one is `attempts`\n",
        ),
        (
            shortest("{{ event.dta }}", "{{ event.data }}"),
            "p/profile.toml:4: undefined variable `event.dta`; the nearest valid one is `event.data`\n",
        ),
        (shortest("{% if event.data %}", "{{ event.data }}"), "p/profile.toml:4: bad template: "),
        (
            shortest("{{ event.type }}", "{{ event.data }}"),
            "p/examples/e.json: the example of `e` does not render: its body is not JSON: ",
        ),
        (
            shortest("{ name = \"e\" }, { name = \"e\" }", "{ name = \"e\" }"),
            "p/profile.toml:3: the event `e` is declared twice\n",
        ),
        (
            shortest("{ name = \"e\" }, { name = \"f\" }", "{ name = \"e\" }"),
            "p/examples/f.json: the file does not exist\n",
        ),
        (shortest("title =", "title = \"Short\""), "p/profile.toml:2: cannot be read: "),
        (shortest("name = \"Short\"", "name = \"short\""), "p/profile.toml:1: `name` must be lower-case "),
    ] {
        let folder = Folder::new();
        folder.write_profile("p", &toml);
        let told = told(&folder).await;
        assert!(told.starts_with(expected), "{toml}\n{told}\nwanted {expected}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let folder = Folder::new();
    let toml = SHORTEST.replace("{ name = \"e\" }", "{ name = \"e\" }, { name = \"f\" }");
    folder.write_profile("p", &format!("{toml}one = 1\ntwo = 2\n"));
    let told = told(&folder).await;
    let starts: Vec<_> = told.lines().map(|line| line.split(": ").next().unwrap_or_default()).collect();
    assert_eq!(starts, ["p/profile.toml:5", "p/profile.toml:6", "p/examples/f.json"], "{told}");
}

#[tokio::test]
async fn a_file_that_is_not_text_is_told_with_the_line_that_is_not() {
    for (file, content, expected) in [
        ("p/profile.toml", &b"name = \"p\"\ntitle = \"\xff\"\n"[..], "p/profile.toml:2: is not UTF-8 text\n"),
        ("p/examples/e.json", b"\xff", "p/examples/e.json:1: is not UTF-8 text\n"),
    ] {
        let folder = Folder::new();
        folder.write_profile("p", SHORTEST);
        folder.write(file, content);
        assert_eq!(told(&folder).await, expected);
    }
}

#[tokio::test]
async fn what_is_no_profile_is_told_with_its_path() {
    let folder = Folder::new();
    folder.write("empty/readme.md", b"\xff no profile, and nobody reads this");
    folder.write("other.toml", SHORTEST);
    for (path, expected) in [
        ("empty", "empty/profile.toml: the file does not exist\n"),
        (
            "empty/profile.toml",
            "empty/profile.toml: cannot be read: No such file or directory (os error 2)\n",
        ),
        ("other.toml", "other.toml: is neither a profile.toml nor a folder that holds one\n"),
        ("nowhere", "nowhere: cannot be read: No such file or directory (os error 2)\n"),
    ] {
        let ended = folder.profile(&["check", path]).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
        assert_eq!(ended.stderr, format!("{expected}error: the profile cannot be used\n"));
    }
}
