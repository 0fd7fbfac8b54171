//! Nothing half done is kept in the tree: what is still to do belongs into an issue, where it can be seen.

use super::{
    Finding, Weight,
    tree::{TextFile, Tree},
};

/// The marks of unfinished work. Put together here, so that this file does not find itself.
const FORBIDDEN: [&str; 5] = [
    concat!("to", "do!"),
    concat!("unimple", "mented!"),
    concat!("FIX", "ME"),
    concat!("TO", "DO"),
    concat!("HA", "CK"),
];

/// Looks for the forbidden words in every text file.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().flat_map(check_file).collect()
}

fn check_file(file: &TextFile) -> Vec<Finding> {
    let word_of = |line: &str| FORBIDDEN.into_iter().find(|word| has_word(line, word));
    file.lines()
        .filter_map(|(line, text)| word_of(text).map(|word| (line, word)))
        .map(|(line, word)| Finding {
            file: file.path.clone(),
            line,
            rule: "words",
            problem: format!("`{word}` marks unfinished work"),
            remedy: "Finish it, or describe it in an issue",
            weight: Weight::Error,
        })
        .collect()
}

/// Whether `word` stands in `line` on its own and not inside a longer word.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        let inside = |neighbour: Option<char>| neighbour.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !inside(before) && (word.ends_with('!') || !inside(after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::tree_of;

    #[test]
    fn a_forbidden_word_is_found_with_its_line() {
        let text = format!("fn a() {{\n    {}()\n}}\n", FORBIDDEN[0]);
        let findings = check(&tree_of(&[("a.rs", &text), ("b.md", "all done\n")]));
        assert_eq!(findings.len(), 1);
        assert_eq!((findings[0].file.as_str(), findings[0].line), ("a.rs", 2));
    }

    #[test]
    fn a_longer_word_is_another_word() {
        assert!(has_word(&format!("// {}: x", FORBIDDEN[3]), FORBIDDEN[3]));
        assert!(!has_word(&format!("MY_{}S", FORBIDDEN[3]), FORBIDDEN[3]));
    }
}
