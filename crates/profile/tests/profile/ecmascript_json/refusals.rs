//! What has no canonical form, and where the fault is.

use postroad_profile::ecmascript_json::{CanonicalError, NESTING_MAX, Refusal, canonical};

fn refused(text: impl AsRef<[u8]>) -> CanonicalError {
    let text = text.as_ref();
    match canonical(text) {
        Err(error) => error,
        Ok(_) => panic!("{} was accepted", String::from_utf8_lossy(text)),
    }
}

#[test]
fn what_is_not_json_is_refused_at_the_byte_that_breaks_the_grammar() {
    for (text, offset_bytes, wanted) in [
        ("", 0, "a value"),
        ("  ", 2, "a value"),
        ("nul", 0, "a value"),
        ("undefined", 0, "a value"),
        ("NaN", 0, "a value"),
        ("'a'", 0, "a value"),
        ("+1", 0, "a value"),
        (".5", 0, "a value"),
        ("[1,]", 3, "a value"),
        ("[,1]", 1, "a value"),
        ("[1 2]", 3, "`,` or `]`"),
        ("[1", 2, "`,` or `]`"),
        ("{\"a\":1", 6, "`,` or `}`"),
        ("{\"a\":1,}", 7, "a key in double quotes"),
        ("{a:1}", 1, "a key in double quotes"),
        ("{\"a\" 1}", 5, "`:`"),
        ("{\"a\":}", 5, "a value"),
        ("1 2", 2, "the end of the text"),
        ("truer", 4, "the end of the text"),
        ("01", 1, "the end of the text"),
        ("-01", 2, "the end of the text"),
        ("0x10", 1, "the end of the text"),
        ("-", 1, "a digit"),
        ("1.", 2, "a digit"),
        ("1.e5", 2, "a digit"),
        ("1e", 2, "a digit"),
        ("1e+", 3, "a digit"),
        ("\"abc", 4, "a closing double quote"),
        ("\"a\nb\"", 2, "an escape such as \\n"),
        ("\"\\x41\"", 2, "one of"),
        ("\"\\", 2, "one of"),
        ("\"\\u12\"", 2, "four hexadecimal digits"),
        ("\"\\ud83d\\u+e00\"", 8, "four hexadecimal digits"),
        ("// no\n1", 0, "a value"),
    ] {
        let error = refused(text);
        assert!(matches!(error.refusal, Refusal::NotJson { .. }), "{text}: {error}");
        assert_eq!(error.at.offset_bytes, offset_bytes, "{text}: {error}");
        assert!(error.to_string().contains(wanted), "{text}: {error}");
    }
}

#[test]
fn no_control_character_stands_raw_in_a_string() {
    for control in 0..0x20_u8 {
        let error = refused([b'"', control, b'"']);
        assert!(matches!(error.refusal, Refusal::NotJson { .. }), "{control:#x}: {error}");
        assert_eq!(error.at.offset_bytes, 1);
    }
}

#[test]
fn only_four_characters_are_white_space() {
    for other in ["\u{b}", "\u{c}", "\u{85}", "\u{a0}", "\u{2028}", "\u{3000}", "\u{feff}"] {
        assert_eq!(refused(format!("[{other}]")).at.offset_bytes, 1, "{other:?}");
    }
}

#[test]
fn a_fault_is_shown_with_its_line_and_its_character_in_it() {
    let error = refused("{\n  \"é€😀\": oops\n}");
    assert_eq!((error.at.offset_bytes, error.at.line, error.at.column), (17, 2, 10));
    assert_eq!(error.to_string(), "is not JSON: a value should stand here (line 2, column 10)");
}

#[test]
fn a_number_beyond_the_range_of_a_double_is_refused_by_rule() {
    for number in ["1e400", "-1e400", "1.7976931348623159e308", "1e999999999999999999999", &"9".repeat(400)] {
        let error = refused(format!("{{\"a\": [{number}]}}"));
        assert_eq!((error.refusal, error.at.offset_bytes), (Refusal::NumberOutOfRange, 7), "{number}");
    }
}

#[test]
fn such_a_number_is_refused_even_where_a_later_value_takes_its_place() {
    assert_eq!(refused("{\"a\":1e400,\"a\":1}").refusal, Refusal::NumberOutOfRange);
}

#[test]
fn nesting_is_bounded_for_arrays_and_objects_together() {
    let nested = |levels: usize| {
        let opening: String = (0..levels).map(|level| if level % 2 == 0 { "[" } else { "{\"a\":" }).collect();
        let closing: String = (0..levels).rev().map(|level| if level % 2 == 0 { "]" } else { "}" }).collect();
        opening + "0" + &closing
    };
    let deepest = nested(NESTING_MAX);
    assert_eq!(canonical(deepest.as_bytes()), Ok(deepest.into_bytes()));
    assert_eq!(refused(nested(NESTING_MAX + 1)).refusal, Refusal::NestedTooDeep);
    assert_eq!(refused("[".repeat(1_000_000)).refusal, Refusal::NestedTooDeep);
    let wide = format!("[{}[]]", "[],".repeat(NESTING_MAX));
    assert_eq!(canonical(wide.as_bytes()), Ok(wide.into_bytes()));
}

#[test]
fn what_is_not_utf_8_is_refused_at_its_first_wrong_byte() {
    for wrong in [b"\xff".as_slice(), b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"] {
        let text = [b"[\"\xc3\xa9", wrong, b"\"]"].concat();
        let error = refused(text);
        assert_eq!(
            (error.refusal, error.at.offset_bytes, error.at.column),
            (Refusal::NotUtf8, 4, 4),
            "{wrong:x?}"
        );
    }
}
