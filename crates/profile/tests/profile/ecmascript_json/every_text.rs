//! What holds for every text, valid or not.

use proptest::prelude::*;

use super::{canonical, fuzz::fuzz_one};

proptest! {
    #[test]
    fn a_canonical_text_is_its_own_canonical_form(text in json_text()) {
        let once = canonical(&text);
        prop_assert_eq!(canonical(&once), once);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        fuzz_one(&bytes);
    }

    #[test]
    fn no_text_of_the_characters_of_json_makes_it_panic(text in r#"[\[\]{}:,"\\u/0-9a-fA-FdDtrue.eE+\- \n😀]{0,100}"#) {
        fuzz_one(text.as_bytes());
    }

    #[test]
    fn no_damage_to_a_valid_text_makes_it_panic(text in json_text(), place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = text.into_bytes();
        let place = place.index(bytes.len());
        fuzz_one(&bytes[..place]);
        bytes[place] = byte;
        fuzz_one(&bytes);
    }
}

/// Valid texts that shrink well; `node.rs` makes wilder ones.
fn json_text() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        prop::num::f64::NORMAL.prop_map(|number| format!("{number:e}")),
        r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,2})?",
    ];
    let word = prop::sample::select(vec!["true", "false", "null"]).prop_map(str::to_owned);
    prop_oneof![word, number, string_text()].prop_recursive(5, 60, 8, |inner| {
        let member = (string_text(), inner.clone()).prop_map(|(key, value)| format!("{key} : {value}"));
        prop_oneof![
            prop::collection::vec(inner, 0..8).prop_map(|values| format!("[{}]", values.join(" , "))),
            prop::collection::vec(member, 0..8).prop_map(|members| format!("{{\n{}}}", members.join(","))),
        ]
    })
}

/// Strings, often short ones of few letters, so that keys come twice and look like indices.
fn string_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[ab012]",
        2 => r"[ -!#-\[\]-~é€😀\u{2028}]",
        2 => r#"\\["\\/bfnrt]"#,
        1 => r"\\u[0-9a-fA-F]{4}",
        1 => r"\\u[dD][89abAB][0-9a-f]{2}",
        1 => r"\\u[dD][c-fC-F][0-9a-f]{2}",
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}
