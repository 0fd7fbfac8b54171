//! Leanbe's canonicalisation (spec 1.4): the printed vectors, each rule as a table, what is refused and where, and what
//! holds for every text. The comparison with Node itself is in `node.rs` beside it.

#[path = "../../../fuzz/ecmascript_json.rs"]
mod fuzz;

mod every_text;
mod numbers;
mod objects;
mod refusals;
mod strings;
mod vectors;

/// The canonical form of a text that has one.
fn canonical(text: &str) -> String {
    let canonical = postroad_profile::ecmascript_json::canonical(text.as_bytes())
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    String::from_utf8(canonical).expect("a canonical form is UTF-8")
}

/// Checks a table of texts and their canonical forms.
fn check(table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(canonical(text), *expected, "{text}");
    }
}
