//! No test waits for time to pass: a test that sleeps is slow on a good day and wrong on a bad one.
//!
//! Methods named `sleep` are left alone: that is how one lies down on a clock that the test turns by hand.

use super::{
    Finding, Weight,
    tree::{TextFile, Tree},
};

/// The call, put together so that this file does not find itself.
const CALL: &str = concat!("sle", "ep(");

/// Looks for sleeps in the test parts of all Rust files.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().flat_map(check_file).collect()
}

fn check_file(file: &TextFile) -> Vec<Finding> {
    let tests_begin = first_line_of_tests(file);
    file.lines()
        .filter(|(line, text)| *line >= tests_begin && sleeps(text))
        .map(|(line, _)| Finding {
            file: file.path.clone(),
            line,
            rule: "sleeps",
            problem: "a test waits for time to pass".to_owned(),
            remedy: "Wait for a signal, or turn a `ManualClock`",
            weight: Weight::Error,
        })
        .collect()
}

/// The line from which on the file is tests; by convention they come last.
fn first_line_of_tests(file: &TextFile) -> usize {
    let whole = file.path.contains("/tests/")
        || file.path.starts_with("tests/")
        || file.path.ends_with("/tests.rs")
        || file.path.contains("/benches/");
    if whole {
        return 1;
    }
    file.lines().find(|(_, text)| text.trim() == "#[cfg(test)]").map_or(usize::MAX, |(line, _)| line)
}

fn sleeps(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.match_indices(CALL).any(|(start, _)| {
        let before = &code[..start];
        let is_other_word = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        !is_other_word && !before.ends_with('.') && !before.ends_with("fn ")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::tree_of;

    #[test]
    fn a_sleep_is_found_in_tests_only() {
        let sleep = format!("    tokio::time::{CALL}gap).await;\n");
        let inline = format!("//! A.\n{sleep}#[cfg(test)]\nmod tests {{\n{sleep}}}\n");
        let tree = tree_of(&[
            ("src/a.rs", &inline),
            ("src/a/tests.rs", &sleep),
            ("tests/b.rs", &sleep),
            ("src/c.rs", &sleep),
        ]);
        let found: Vec<_> = check(&tree).into_iter().map(|finding| (finding.file, finding.line)).collect();
        let expected = [("src/a.rs", 5), ("src/a/tests.rs", 1), ("tests/b.rs", 1)];
        assert_eq!(found, expected.map(|(file, line)| (file.to_owned(), line)));
    }

    #[test]
    fn lying_down_on_a_clock_is_no_sleep() {
        for line in [
            format!("clock.{CALL}SECOND)"),
            format!("fn {CALL}&self)"),
            format!("// {CALL})"),
            format!("over{CALL})"),
        ] {
            assert!(!sleeps(&line), "{line}");
        }
        assert!(sleeps(&format!("{CALL}x)")) && sleeps(&format!("std::thread::{CALL}x)")));
    }
}
