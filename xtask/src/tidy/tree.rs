//! The text files of the working tree.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// Folders that are made by tools and not by people.
const SKIPPED_FOLDERS: [&str; 5] = ["target", ".git", "node_modules", "postroad-data", ".venv"];
/// What is read as text, by ending; files without an ending (`test`, `run`) are scripts here.
const TEXT_ENDINGS: [&str; 9] = ["rs", "md", "toml", "sh", "html", "css", "js", "json", "sql"];

/// Every text file below a root.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) root: PathBuf,
    pub(super) files: Vec<TextFile>,
}

/// One file with its content.
#[derive(Debug)]
pub(super) struct TextFile {
    /// From the root, with `/` between folders.
    pub(super) path: String,
    pub(super) text: String,
}

impl Tree {
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut tree = Self { root: root.to_owned(), files: Vec::new() };
        tree.read_folder(root)?;
        tree.files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(tree)
    }

    /// The Rust sources.
    pub(super) fn rust(&self) -> impl Iterator<Item = &TextFile> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }

    fn read_folder(&mut self, folder: &Path) -> Result<()> {
        for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                if !SKIPPED_FOLDERS.contains(&name.as_ref()) {
                    self.read_folder(&path)?;
                }
            } else if is_text(&path) {
                self.read_file(&path)?;
            }
        }
        Ok(())
    }

    fn read_file(&mut self, path: &Path) -> Result<()> {
        let bytes = fs::read(path).with_context(|| path.display().to_string())?;
        let inside = path.strip_prefix(&self.root).unwrap_or(path);
        // A file that is no text after all (an example with raw bytes) has no lines to check.
        if let Ok(text) = String::from_utf8(bytes) {
            self.files.push(TextFile { path: inside.to_string_lossy().into_owned(), text });
        }
        Ok(())
    }
}

impl TextFile {
    /// Its lines with their numbers, from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

fn is_text(path: &Path) -> bool {
    match path.extension() {
        Some(ending) => TEXT_ENDINGS.iter().any(|known| ending == *known),
        None => true,
    }
}

/// A tree for tests of rules: these paths with these texts, and nothing on the disk.
#[cfg(test)]
pub(super) fn tree_of(files: &[(&str, &str)]) -> Tree {
    let file = |(path, text): &(&str, &str)| TextFile { path: (*path).to_owned(), text: (*text).to_owned() };
    Tree { root: PathBuf::from("/nowhere"), files: files.iter().map(file).collect() }
}
