//! Reading profiles from disk: what is taken, what is refused, and that nothing outside the folder is read. No process.

use std::{
    fs,
    os::unix::{fs::symlink, net::UnixListener},
    path::Path,
};

use postroad::profiles::{self, ProfileFolderError, ProfilesProblem, read_folder};
use tempfile::TempDir;

const SHORTEST: &str = "\
name = \"short\"
title = \"Short\"
events = [{ name = \"e\" }]
request.content = [{ type = \"application/json\", body = \"{{ event.data }}\" }]
";

fn folder_with(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    for (path, content) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("the file is in a folder")).expect("folders can be made");
        fs::write(path, content).expect("files can be written");
    }
    folder
}

fn refusal(folder: &Path) -> ProfileFolderError {
    read_folder(folder).expect_err("it is refused")
}

#[test]
fn all_files_are_read_by_their_path_and_hidden_ones_are_not() {
    let folder = folder_with(&[
        ("profile.toml", b"a"),
        ("examples/x/deep.json", "ä".as_bytes()),
        ("notes.txt", b""),
        (".git/config", b"\xff"),
        ("examples/.x.json.swp", b"\xff"),
    ]);
    let files = read_folder(folder.path()).unwrap();
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert_eq!(files, [("examples/x/deep.json", "ä"), ("notes.txt", ""), ("profile.toml", "a")]);
}

#[test]
fn a_link_within_the_folder_is_followed_as_mounted_configuration_needs_it() {
    let folder = folder_with(&[("..data/profile.toml", b"a"), ("..data/examples/e.json", b"{}")]);
    symlink("..data/profile.toml", folder.path().join("profile.toml")).unwrap();
    symlink("..data/examples", folder.path().join("examples")).unwrap();
    let files = read_folder(folder.path()).unwrap();
    assert_eq!(files.into_keys().collect::<Vec<_>>(), ["examples/e.json", "profile.toml"]);
}

#[test]
fn a_link_out_of_the_folder_is_refused_and_so_is_one_to_nothing() {
    let outside = folder_with(&[("secret", b"hunter2")]);
    let folder = folder_with(&[("p/profile.toml", b"a"), ("p2/profile.toml", b"b")]);
    for target in [outside.path().join("secret"), outside.path().to_owned(), "../p2/profile.toml".into()] {
        let link = folder.path().join("p/link");
        symlink(target, &link).unwrap();
        let refused = refusal(&folder.path().join("p"));
        assert!(matches!(&refused, ProfileFolderError::LeadsOut { path, .. } if *path == link), "{refused}");
        fs::remove_file(link).unwrap();
    }
    symlink("nothing", folder.path().join("p/link")).unwrap();
    assert!(matches!(refusal(&folder.path().join("p")), ProfileFolderError::Unreadable { .. }));
}

#[test]
fn links_that_lead_in_a_circle_have_an_end() {
    let folder = folder_with(&[("profile.toml", b"a")]);
    symlink(".", folder.path().join("one")).unwrap();
    symlink(".", folder.path().join("two")).unwrap();
    assert!(matches!(refusal(folder.path()), ProfileFolderError::TooManyFiles { .. }));
}

#[test]
fn what_is_too_much_is_refused() {
    let mib = vec![b' '; 1024 * 1024];
    let names: Vec<_> = (0..16).map(|number| format!("{number}.json")).collect();
    let full: Vec<_> = names.iter().map(|name| (name.as_str(), mib.as_slice())).collect();
    let folder = folder_with(&full);
    assert_eq!(read_folder(folder.path()).unwrap().len(), 16);
    fs::write(folder.path().join("more.json"), "{}").unwrap();
    assert!(matches!(refusal(folder.path()), ProfileFolderError::FolderTooLarge { .. }));

    let folder = folder_with(&[("large.json", &[mib.as_slice(), b" "].concat())]);
    assert!(
        refusal(folder.path())
            .to_string()
            .ends_with("large.json: is larger than 1 MiB, the most that a file of a profile may have")
    );

    let names: Vec<_> = (0..2_000).map(|number| format!("{number}.json")).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), &b"{}"[..])).collect();
    let folder = folder_with(&many);
    assert_eq!(read_folder(folder.path()).unwrap().len(), 2_000);
    fs::write(folder.path().join("more.json"), "{}").unwrap();
    assert!(matches!(refusal(folder.path()), ProfileFolderError::TooManyFiles { .. }));
}

#[test]
fn what_is_neither_file_nor_folder_is_not_opened() {
    let folder = folder_with(&[("profile.toml", b"a")]);
    let _socket = UnixListener::bind(folder.path().join("socket")).unwrap();
    assert!(matches!(refusal(folder.path()), ProfileFolderError::NotAFile { .. }));
}

#[test]
fn without_a_folder_there_are_the_built_in_profiles_with_their_files() {
    let all = profiles::all(None).unwrap();
    let names: Vec<_> = all.iter().map(|loaded| loaded.profile.name.as_str()).collect();
    let built_in = postroad_profile::built_in();
    assert_eq!(names, built_in.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>());
    for (loaded, (_, files)) in all.iter().zip(&built_in) {
        assert_eq!(loaded.files, *files);
    }
}

#[test]
fn a_folder_of_profiles_replaces_in_place_and_adds_behind() {
    let leadhub = SHORTEST.replace("\"short\"", "\"leadhub\"");
    let folder = folder_with(&[
        ("a/profile.toml", SHORTEST.as_bytes()),
        ("a/examples/e.json", b"{}"),
        ("b/profile.toml", leadhub.as_bytes()),
        ("b/examples/e.json", b"[]"),
        ("readme.md", b"a file beside them is left alone"),
        (".git/profile.toml", b"\xff"),
    ]);
    let before = profiles::all(None).unwrap();
    let all = profiles::all(Some(folder.path())).unwrap();
    let names = |all: &[postroad_engine::GivenProfile]| -> Vec<String> {
        all.iter().map(|loaded| loaded.profile.name.clone()).collect()
    };
    assert_eq!(names(&all), [names(&before), vec!["short".to_owned()]].concat());
    let replaced = all.iter().find(|loaded| loaded.profile.name == "leadhub").unwrap();
    assert_eq!(
        (replaced.profile.title.as_str(), replaced.files["examples/e.json"].as_str()),
        ("Short", "[]")
    );
}

#[test]
fn a_name_that_two_folders_have_names_both() {
    let folder = folder_with(&[
        ("a/profile.toml", SHORTEST.as_bytes()),
        ("a/examples/e.json", b"{}"),
        ("b/profile.toml", SHORTEST.as_bytes()),
        ("b/examples/e.json", b"{}"),
    ]);
    let problems = profiles::all(Some(folder.path())).unwrap_err();
    assert_eq!(problems.len(), 1);
    let ProfilesProblem::SameName { name, first, second } = &problems[0] else { panic!("{}", problems[0]) };
    assert_eq!(name, "short");
    assert_eq!(
        (first, second),
        (&folder.path().join("a/profile.toml"), &folder.path().join("b/profile.toml"))
    );
}
