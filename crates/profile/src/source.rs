//! Where a profile's files come from: the caller reads the folder or embeds it, this crate only sees texts.

use std::collections::BTreeMap;

use aws_lc_rs::digest;

/// The file that every profile has.
pub(crate) const PROFILE_FILE: &str = "profile.toml";

/// The files of one profile, by their path within its folder with `/` between the parts.
pub trait ProfileSource {
    /// The paths of all files.
    fn paths(&self) -> Vec<String>;

    /// The text of one file; `None` when there is none of that path.
    fn text(&self, path: &str) -> Option<&str>;
}

/// Paths and their texts.
impl ProfileSource for BTreeMap<String, String> {
    fn paths(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.get(path).map(String::as_str)
    }
}

/// Paths and texts that are part of the program, as an embedding macro gives them.
impl ProfileSource for &[(&str, &str)] {
    fn paths(&self) -> Vec<String> {
        self.iter().map(|(path, _)| (*path).to_owned()).collect()
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.iter().find(|(candidate, _)| *candidate == path).map(|(_, text)| *text)
    }
}

/// SHA-256 over all files in the order of their paths. Lengths stand before the texts, so that no two folders give the
/// same bytes.
pub(crate) fn digest(source: &dyn ProfileSource) -> [u8; 32] {
    let mut paths = source.paths();
    paths.sort_unstable();
    paths.dedup();
    let mut context = digest::Context::new(&digest::SHA256);
    for path in &paths {
        for text in [path.as_str(), source.text(path).unwrap_or_default()] {
            context.update(&(text.len() as u64).to_be_bytes());
            context.update(text.as_bytes());
        }
    }
    context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes")
}
