//! Links between documents point to files that exist, and to headings in them that exist. Links to the web are not
//! followed: a check that needs the network fails for reasons that are not ours.

use std::path::{Path, PathBuf};

use super::{
    Finding, Weight,
    anchors::anchors,
    tree::{TextFile, Tree},
};

/// Looks at every relative link of every Markdown file.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let documents = tree.files.iter().filter(|file| file.path.ends_with(".md"));
    documents.flat_map(|file| check_file(tree, file)).collect()
}

/// The relative links of a document with their lines, anchors included; examples in fenced blocks are no links.
pub(super) fn links(file: &TextFile) -> Vec<(usize, &str)> {
    let mut links = Vec::new();
    let mut fenced = false;
    for (line, text) in file.lines() {
        if text.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if !fenced {
            links.extend(targets(text).map(|target| (line, target)));
        }
    }
    links
}

fn check_file(tree: &Tree, file: &TextFile) -> Vec<Finding> {
    let finding = |line, problem, remedy| {
        let (file, weight) = (file.path.clone(), Weight::Error);
        Finding { file, line, rule: "links", problem, remedy, weight }
    };
    let mut findings = Vec::new();
    for (line, link) in links(file) {
        let (target, anchor) = link.split_once('#').unwrap_or((link, ""));
        let path = path_of(&tree.root, file, target);
        if !path.exists() && !target.is_empty() {
            findings.push(finding(
                line,
                format!("there is no `{target}`"),
                "Point the link to where the file is now",
            ));
        } else if !anchor.is_empty() && !has_anchor(tree, &path, anchor) {
            let problem = format!("there is no heading `#{anchor}` in `{}`", path.display());
            findings.push(finding(line, problem, "Point the link to what the heading is called now"));
        }
    }
    findings
}

/// Where a link leads: from the document's folder, from the root, or, without a path, to the document itself.
fn path_of(root: &Path, file: &TextFile, target: &str) -> PathBuf {
    let document = root.join(&file.path);
    match target.strip_prefix('/') {
        Some(from_root) => root.join(from_root),
        None if target.is_empty() => document,
        None => document.parent().unwrap_or(root).join(target),
    }
}

/// Only documents are asked: in other files an anchor is a line or what a viewer makes of it.
fn has_anchor(tree: &Tree, path: &Path, anchor: &str) -> bool {
    let is_document = path.extension().is_some_and(|extension| extension == "md");
    let wanted = path.canonicalize().ok();
    let document = tree.files.iter().find(|file| tree.root.join(&file.path).canonicalize().ok() == wanted);
    !is_document || document.is_some_and(|file| anchors(&file.text).contains(anchor))
}

fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let target = rest.split([')', ' ']).next().unwrap_or_default();
        let elsewhere = target.contains("://") || target.starts_with("mailto:") || target.is_empty();
        (!elsewhere).then_some(target)
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_link_to_no_file_or_no_heading_is_found_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("docs")).unwrap();
        fs::write(
            folder.path().join("README.md"),
            "# Part\n[a](docs/a.md#a-part) [web](https://x.y/z.md) [here](#part)\n[b](docs/a.md#gone) [c](#a-part)\n",
        )
        .unwrap();
        let text = "## A part\n[up](../README.md)\n```\n[example](none.md)\n```\n[gone](gone.md \"title\")\n[root](/README.md)\n";
        fs::write(folder.path().join("docs/a.md"), text).unwrap();
        let found = check(&Tree::read(folder.path()).unwrap());
        let found: Vec<_> = found.into_iter().map(|finding| (finding.file, finding.line)).collect();
        let readme = || "README.md".to_owned();
        assert_eq!(found, [(readme(), 3), (readme(), 3), ("docs/a.md".to_owned(), 6)]);
    }
}
