//! A file is one topic: over 400 lines it is worth a look, over 700 it is an error.

use super::{
    Finding, Weight,
    tree::{TextFile, Tree},
};

const LINES_REMARKED: usize = 400;
const LINES_MAX: usize = 700;

/// Checks every Rust file, tests included.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().filter_map(check_file).collect()
}

fn check_file(file: &TextFile) -> Option<Finding> {
    let lines = file.text.lines().count();
    let (weight, limit) = if lines > LINES_MAX {
        (Weight::Error, LINES_MAX)
    } else if lines > LINES_REMARKED {
        (Weight::Remark, LINES_REMARKED)
    } else {
        return None;
    };
    Some(Finding {
        file: file.path.clone(),
        line: limit + 1,
        rule: "sizes",
        problem: format!("{lines} lines, more than {limit}"),
        remedy: "Split it by topic into sub-modules",
        weight,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::tree_of;

    #[test]
    fn long_files_are_remarked_and_very_long_ones_refused() {
        let weight = |lines: usize| {
            let tree = tree_of(&[("a.rs", &"x\n".repeat(lines)), ("a.md", &"x\n".repeat(9_999))]);
            check(&tree).first().map(|finding| finding.weight)
        };
        assert_eq!(weight(400), None);
        assert_eq!((weight(401), weight(700)), (Some(Weight::Remark), Some(Weight::Remark)));
        assert_eq!(weight(701), Some(Weight::Error));
    }
}
