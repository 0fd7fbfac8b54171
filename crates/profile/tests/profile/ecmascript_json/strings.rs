//! Rules 5 and 6: what is escaped, and surrogates.

use super::{canonical, check};

#[test]
fn what_must_be_escaped_is_escaped_in_one_way() {
    check(&[
        (r#""\"\\\/\b\f\n\r\t""#, r#""\"\\/\b\f\n\r\t""#),
        (r#""\u0022\u005C\u002f\u0008\u000c\u000A\u000d\u0009""#, r#""\"\\/\b\f\n\r\t""#),
        (r#""\u0000\u0001\u000b\u000E\u001F""#, r#""\u0000\u0001\u000b\u000e\u001f""#),
        (r#""\u0020\u0041\u007F""#, "\" A\u{7f}\""),
    ]);
}

#[test]
fn every_control_character_has_its_one_escape() {
    for unit in 0..0x20 {
        let expected = match unit {
            0x08 => r#""\b""#.to_owned(),
            0x09 => r#""\t""#.to_owned(),
            0x0a => r#""\n""#.to_owned(),
            0x0c => r#""\f""#.to_owned(),
            0x0d => r#""\r""#.to_owned(),
            _ => format!("\"\\u{unit:04x}\""),
        };
        assert_eq!(canonical(&format!("\"\\u{unit:04X}\"")), expected);
    }
}

#[test]
fn everything_else_is_written_raw() {
    check(&[
        ("\"/<>&'\u{7f}\"", "\"/<>&'\u{7f}\""),
        ("\"\u{2028}\u{2029}\u{feff}\"", "\"\u{2028}\u{2029}\u{feff}\""),
        (r#""\u2028\u2029\ufeff\u00E9\uFFFF""#, "\"\u{2028}\u{2029}\u{feff}é\u{ffff}\""),
        ("\"é€😀\"", "\"é€😀\""),
    ]);
}

#[test]
fn two_surrogates_that_pair_become_one_character() {
    check(&[
        (r#""\ud83d\ude00""#, "\"😀\""),
        (r#""\uD83D\uDE00""#, "\"😀\""),
        (r#""\ud800\udc00\udbff\udfff""#, "\"\u{10000}\u{10ffff}\""),
    ]);
}

#[test]
fn a_surrogate_that_stands_alone_stays_an_escape() {
    check(&[
        (r#""\uD800""#, r#""\ud800""#),
        (r#""\uDFFF""#, r#""\udfff""#),
        (r#""\uD83DA""#, r#""\ud83dA""#),
        (r#""\uD83D\u0041""#, r#""\ud83dA""#),
        (r#""\uD83D\n""#, r#""\ud83d\n""#),
        (r#""\uD83D\\ude00""#, r#""\ud83d\\ude00""#),
        (r#""\uD83D😀""#, r#""\ud83d😀""#),
        (r#""\uDE00\uD83D""#, r#""\ude00\ud83d""#),
        (r#""\uD83D\uD83D\uDE00\uDE00""#, r#""\ud83d😀\ude00""#),
    ]);
}

#[test]
fn the_neighbours_of_the_surrogates_are_ordinary() {
    check(&[(r#""\ud7ff\ue000""#, "\"\u{d7ff}\u{e000}\"")]);
}
