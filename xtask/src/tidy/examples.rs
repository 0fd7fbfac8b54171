//! Examples in doc comments are text. None is run: doc tests would compile each crate once more for a few lines, so they are
//! off, and what is to be tried is a test or an example of its own.

use super::{
    Finding, Weight,
    tree::{TextFile, Tree},
};

/// What a block in a doc comment may be said to be. A block that is said to be nothing would be Rust; one of Rust that is
/// `ignore`d says itself that nothing runs it.
const LANGUAGES: [&str; 6] = ["ignore", "json", "sh", "sql", "text", "toml"];

/// Looks for blocks in doc comments that read as if they were run.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().flat_map(check_file).collect()
}

fn check_file(file: &TextFile) -> Vec<Finding> {
    let mut is_open = false;
    let mut findings = Vec::new();
    for (line, text) in file.lines() {
        let Some(language) = fence_of(text) else { continue };
        is_open = !is_open;
        if is_open && !LANGUAGES.contains(&language) {
            findings.push(finding(file, line));
        }
    }
    findings
}

/// What stands behind the three backticks of a line that begins or ends a block of a doc comment.
fn fence_of(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let doc = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))?;
    doc.trim().strip_prefix("```").map(str::trim)
}

fn finding(file: &TextFile, line: usize) -> Finding {
    Finding {
        file: file.path.clone(),
        line,
        rule: "examples",
        problem: "an example that nothing runs".to_owned(),
        remedy: "Name what the block is (`text`, `ignore`), or make it a test",
        weight: Weight::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::tree_of;

    #[test]
    fn a_block_of_rust_in_a_doc_comment_is_found_where_it_begins() {
        let tree = tree_of(&[
            ("text.rs", "//! ```text\n//! a ─▶ b\n//! ```\n"),
            ("bare.rs", "//! A doc.\n\n/// ```\n/// let a = 1;\n/// ```\nfn a() {}\n"),
            ("named.rs", "mod a {\n    /// ```no_run\n    /// a();\n    /// ```\n    fn a() {}\n}\n"),
            ("string.rs", "const A: &str = \"\n```\n\";\n"),
        ]);
        let found: Vec<_> = check(&tree).into_iter().map(|finding| (finding.file, finding.line)).collect();
        assert_eq!(found, [("bare.rs".to_owned(), 3), ("named.rs".to_owned(), 2)]);
    }
}
