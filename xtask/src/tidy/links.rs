//! Links between documents point to files that exist. Links to the web are not followed: a check that needs the network
//! fails for reasons that are not ours.

use super::{
    Finding, Weight,
    tree::{TextFile, Tree},
};

/// Looks at every relative link of every Markdown file.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let documents = tree.files.iter().filter(|file| file.path.ends_with(".md"));
    documents.flat_map(|file| check_file(tree, file)).collect()
}

fn check_file(tree: &Tree, file: &TextFile) -> Vec<Finding> {
    let folder = tree.root.join(&file.path).parent().map(ToOwned::to_owned).unwrap_or_default();
    relative_links(file)
        .into_iter()
        .filter(|(_, target)| match target.strip_prefix('/') {
            Some(from_root) => !tree.root.join(from_root).exists(),
            None => !folder.join(target).exists(),
        })
        .map(|(line, target)| Finding {
            file: file.path.clone(),
            line,
            rule: "links",
            problem: format!("there is no `{target}`"),
            remedy: "Point the link to where the file is now",
            weight: Weight::Error,
        })
        .collect()
}

/// The links with their lines, without anchors; examples in fenced blocks are no links.
fn relative_links(file: &TextFile) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    let mut fenced = false;
    for (line, text) in file.lines() {
        if text.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if !fenced {
            links.extend(targets(text).map(|target| (line, target.to_owned())));
        }
    }
    links
}

fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let target = rest.split([')', ' ']).next().unwrap_or_default();
        let path = target.split('#').next().unwrap_or_default();
        let elsewhere = path.contains("://") || path.starts_with("mailto:") || path.is_empty();
        (!elsewhere).then_some(path)
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_link_to_nothing_is_found_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("docs")).unwrap();
        fs::write(
            folder.path().join("README.md"),
            "[a](docs/a.md#part) [web](https://x.y/z.md) [here](#part)\n",
        )
        .unwrap();
        let text = "[up](../README.md)\n```\n[example](none.md)\n```\n[gone](gone.md \"title\")\n[root](/README.md)\n";
        fs::write(folder.path().join("docs/a.md"), text).unwrap();
        let found = check(&Tree::read(folder.path()).unwrap());
        let found: Vec<_> = found.into_iter().map(|finding| (finding.file, finding.line)).collect();
        assert_eq!(found, [("docs/a.md".to_owned(), 5)]);
    }
}
