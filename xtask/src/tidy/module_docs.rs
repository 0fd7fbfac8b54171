//! Every Rust file begins by saying what it is for.

use super::{
    Finding, Weight,
    tree::{TextFile, Tree},
};

/// Checks that the first line of every Rust file is a module doc with a word in it.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().filter(|file| !begins_with_doc(file)).map(finding).collect()
}

fn begins_with_doc(file: &TextFile) -> bool {
    let first = file.text.lines().next().unwrap_or_default();
    first.strip_prefix("//! ").is_some_and(|doc| doc.contains(char::is_alphanumeric))
}

fn finding(file: &TextFile) -> Finding {
    Finding {
        file: file.path.clone(),
        line: 1,
        rule: "module-docs",
        problem: "does not begin with a module doc".to_owned(),
        remedy: "Begin with `//!`: purpose, invariants, and what it lacks on purpose",
        weight: Weight::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::tree_of;

    #[test]
    fn a_file_without_a_doc_on_its_first_line_is_found() {
        let tree = tree_of(&[
            ("good.rs", "//! What it is for.\nfn a() {}\n"),
            ("empty.rs", ""),
            ("late.rs", "use x;\n//! Late.\n"),
            ("blank.rs", "//! \n"),
            ("readme.md", "no doc\n"),
        ]);
        let found: Vec<_> = check(&tree).into_iter().map(|finding| finding.file).collect();
        assert_eq!(found, ["empty.rs", "late.rs", "blank.rs"]);
    }
}
