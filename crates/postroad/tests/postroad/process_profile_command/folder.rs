//! Folders with profiles that the tests write themselves.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::common::{Ended, postroad, run};

/// The shortest profile with one event `e`; `name` is on line 1, and the last line is line 4.
pub(crate) const SHORTEST: &str = "\
name = \"short\"
title = \"Short\"
events = [{ name = \"e\" }]
request.content = [{ type = \"application/json\", body = \"{{ event.data }}\" }]
";

/// A temporary folder in which the program runs.
pub(crate) struct Folder(TempDir);

impl Folder {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("a temporary folder"))
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file and the folders above it.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("the file is in a folder")).expect("folders can be made");
        fs::write(path, content).expect("files can be written");
    }

    /// A folder with this `profile.toml` and an example of `e`.
    pub(crate) fn write_profile(&self, folder: &str, toml: &str) {
        self.write(&format!("{folder}/profile.toml"), toml);
        self.write(&format!("{folder}/examples/e.json"), "{\"id\": 1.0}\n");
    }

    /// Runs `postroad profile` in it.
    pub(crate) async fn profile(&self, arguments: &[&str]) -> Ended {
        let mut command = postroad(self.path(), &["profile"]);
        command.args(arguments);
        run(command).await
    }
}

/// The folders of the profiles that come with Postroad, with their names.
pub(crate) fn built_in() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles");
    let names = postroad_profile::built_in().into_iter().map(|(name, _)| name);
    names.map(|name| (name.clone(), root.join(name))).collect()
}
