//! The book (`docs/SUMMARY.md`) has every page of `docs/`, once.

use std::collections::BTreeMap;

use super::{
    Finding, Weight,
    links::links,
    tree::{TextFile, Tree},
};

const SUMMARY: &str = "docs/SUMMARY.md";

/// Compares the pages with the summary; that its links lead to files is the rule of links.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(summary) = tree.files.iter().find(|file| file.path == SUMMARY) else { return Vec::new() };
    let mut listed: BTreeMap<String, usize> = BTreeMap::new();
    let mut findings = Vec::new();
    for (line, link) in links(summary) {
        if listed.insert(format!("docs/{link}"), line).is_some() {
            findings.push(finding(SUMMARY, line, format!("`{link}` is listed twice"), "Leave one of them"));
        }
    }
    let missing = tree.files.iter().filter(|file| is_page(file) && !listed.contains_key(&file.path));
    let remedy = "Give the page a line in docs/SUMMARY.md";
    findings.extend(missing.map(|file| finding(&file.path, 1, "is not in the book".to_owned(), remedy)));
    findings
}

fn is_page(file: &TextFile) -> bool {
    file.path.starts_with("docs/") && file.path.ends_with(".md") && file.path != SUMMARY
}

fn finding(file: &str, line: usize, problem: String, remedy: &'static str) -> Finding {
    Finding { file: file.to_owned(), line, rule: "book", problem, remedy, weight: Weight::Error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::tree_of;

    #[test]
    fn a_page_that_the_summary_does_not_have_or_has_twice_is_found() {
        let summary = "- [A](a.md)\n- [B](b/b.md)\n- [A again](a.md)\n- [A part]()\n";
        let tree = tree_of(&[
            ("README.md", ""),
            ("docs/SUMMARY.md", summary),
            ("docs/a.md", ""),
            ("docs/b/b.md", ""),
            ("docs/c.md", ""),
            ("docs/c.json", ""),
        ]);
        let found: Vec<_> = check(&tree).into_iter().map(|finding| (finding.file, finding.line)).collect();
        assert_eq!(found, [("docs/SUMMARY.md".to_owned(), 3), ("docs/c.md".to_owned(), 1)]);
    }
}
