//! `postroad profile check`: whether profiles are right, and the exact request that each example and each handshake becomes.
//!
//! The requests are written as HTTP shows them, each behind a line that begins with `###`: what tools that send `.http`
//! files read too.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use postroad_profile::{EventEntry, ExactRequest, Profile};

use super::CommandError;
use crate::{
    logging, output,
    profiles::{self, Loaded, ProfileFolderError, ProfilesProblem},
};

/// Checks every profile, also behind one that is wrong.
///
/// Errors: a profile is wrong, which has been told by then; or nobody reads the output.
pub(super) fn run(paths: &[PathBuf]) -> Result<(), CommandError> {
    let (mut all, mut wrong) = (0, 0);
    for loaded in paths.iter().flat_map(|path| read_all(path)) {
        all += 1;
        match loaded {
            Ok(loaded) => {
                let profile = &loaded.profile;
                let shown = requests_of(profile).map_err(|why| anyhow!("{}: {why}", profile.name))?;
                output::line(shown).context("cannot write to standard output")?;
            }
            Err(problems) => {
                wrong += 1;
                problems.iter().for_each(output::note);
            }
        }
    }
    match (wrong, all) {
        (0, _) => Ok(()),
        (_, 1) => Err(CommandError::Failed(anyhow!("the profile cannot be used"))),
        (wrong, all) => Err(CommandError::Failed(anyhow!("{wrong} of {all} profiles cannot be used"))),
    }
}

/// The profile that a path means, or all of a folder of profiles, as `serve --profiles` takes it.
fn read_all(path: &Path) -> Vec<Loaded> {
    match logging::with_warnings(|| profiles::each_of(path)) {
        Ok(each) if !each.is_empty() => each,
        // A profile itself, or nothing of the kind.
        _ => vec![read(path)],
    }
}

fn read(path: &Path) -> Loaded {
    let metadata = path.metadata().map_err(|source| {
        vec![ProfilesProblem::Folder(ProfileFolderError::Unreadable { path: path.to_owned(), source })]
    })?;
    if metadata.is_dir() {
        return profiles::of_folder(path);
    }
    match path.parent() {
        Some(folder) if path.file_name().is_some_and(|name| name == "profile.toml") => {
            profiles::of_folder(folder)
        }
        _ => Err(vec![ProfilesProblem::NotAProfile { path: path.to_owned() }]),
    }
}

/// Name, title, the request of each example in each content type, and what was checked in one line.
fn requests_of(profile: &Profile) -> Result<String, String> {
    let mut text = format!("{}: {}\n\n", profile.name, profile.title);
    let contents: Vec<_> = profile.content_types().collect();
    for entry in profile.catalogue.entries() {
        match contents.as_slice() {
            [] | [_] => write_request(profile, entry, None, &mut text)?,
            several => {
                for content in several {
                    write_request(profile, entry, Some(content), &mut text)?;
                }
            }
        }
    }
    write_handshakes(profile, &mut text)?;
    text.push_str(&summary(profile, contents.len()));
    Ok(text)
}

/// `content` is named where there are several.
fn write_request(
    profile: &Profile,
    entry: &EventEntry,
    content: Option<&str>,
    text: &mut String,
) -> Result<(), String> {
    let request = profile.render_example(entry, content)?;
    let content = content.map(|content| format!(", {content}")).unwrap_or_default();
    let _ = writeln!(text, "### {}{content}", entry.name);
    write_exact(&request, text);
    Ok(())
}

/// The request of each handshake, and what is expected as comments before it.
fn write_handshakes(profile: &Profile, text: &mut String) -> Result<(), String> {
    for (number, handshake) in (1..).zip(profile.handshakes()) {
        // One whose condition never holds for an example has no request to show.
        let Some(begun) = profile.render_handshake(handshake)? else { continue };
        let _ = writeln!(text, "### handshake {number}");
        for line in begun.expected.lines() {
            let _ = writeln!(text, "# expects {line}");
        }
        write_exact(&begun.request, text);
    }
    Ok(())
}

fn write_exact(request: &ExactRequest, text: &mut String) {
    let _ = writeln!(text, "{} {}", request.method, request.url);
    for (name, value) in &request.headers {
        let _ = writeln!(text, "{name}: {value}");
    }
    let _ = writeln!(text, "\n{}\n", String::from_utf8_lossy(&request.body));
}

fn summary(profile: &Profile, contents: usize) -> String {
    let count = profile.catalogue.entries().len();
    let counted = if count == 1 {
        "1 event type, 1 example renders".to_owned()
    } else {
        format!("{count} event types, {count} examples render")
    };
    let in_contents = if contents > 1 { format!(" in {contents} content types") } else { String::new() };
    let handshakes = match profile.handshakes().len() {
        0 => String::new(),
        1 => ", 1 handshake".to_owned(),
        several => format!(", {several} handshakes"),
    };
    format!("{}: {counted}{in_contents}{handshakes}", profile.name)
}
