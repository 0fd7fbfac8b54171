//! The places in a document that links can point to, as readers on the web and the book make them of headings.

use std::collections::{BTreeMap, BTreeSet};

/// The anchor of the first heading of this text: small letters, digits, `-` and `_`; spaces become `-`, the rest goes.
pub(crate) fn anchor_of(heading: &str) -> String {
    let kept = heading.trim().chars().filter_map(|c| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        _ => c.is_alphanumeric().then_some(c),
    });
    kept.flat_map(char::to_lowercase).collect()
}

/// Every anchor of a document: headings, the second of a name with `-1`, and what has an `id`.
pub(super) fn anchors(text: &str) -> BTreeSet<String> {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    let mut anchors = BTreeSet::new();
    let mut fenced = false;
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced {
            continue;
        }
        if let Some(heading) = line.strip_prefix('#').map(|rest| rest.trim_start_matches('#')) {
            let anchor = anchor_of(heading);
            let count = times.entry(anchor.clone()).or_default();
            anchors.insert(if *count == 0 { anchor } else { format!("{anchor}-{count}") });
            *count += 1;
        }
        anchors
            .extend(line.split(" id=\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
    }
    anchors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_and_ids_are_anchors_and_comments_in_examples_are_not() {
        let text = "# A page: of `it`\n## Twice\n## Twice\n```sh\n# no heading\n```\n<a id=\"here\"></a>\n";
        let found: Vec<_> = anchors(text).into_iter().collect();
        assert_eq!(found, ["a-page-of-it", "here", "twice", "twice-1"]);
    }
}
