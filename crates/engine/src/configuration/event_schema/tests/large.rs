//! Schemas and data that are large, deep or costly.

use super::{compiled, faults, refusal};

#[test]
fn a_pattern_that_backtracks_elsewhere_takes_linear_time_here() {
    let schema = compiled(r#"{"properties":{"name":{"pattern":"^(a+)+$"}}}"#);
    // With backtracking this would not end within a lifetime.
    let faults = faults(&schema, &format!(r#"{{"name":"{}!"}}"#, "a".repeat(50_000)));
    assert_eq!(faults, [r#"data.name does not match "^(a+)+$""#]);
}

#[test]
fn a_pattern_with_look_around_or_of_great_size_is_refused_with_words() {
    for pattern in ["(?=a)b", "(?!a)", "(?<=a)b", r"(a)\\1", "(a", "(a{1000}){1000}"] {
        for schema in [
            format!(r#"{{"properties":{{"name":{{"pattern":"{pattern}"}}}}}}"#),
            format!(r#"{{"patternProperties":{{"{pattern}":true}}}}"#),
        ] {
            let words = refusal(&schema);
            assert!(words.contains("without look-around and back-references, and not too large"), "{words}");
        }
    }
    for pattern in ["^[0-9a-f]{8}-[0-9a-f]{4}$", "^.{0,20}$", r"^[\\w.+-]+@[\\w-]+\\.[\\w.]+$", r"^\\p{L}+$"]
    {
        compiled(&format!(r#"{{"pattern":"{pattern}"}}"#));
    }
}

#[test]
fn ten_thousand_objects_are_compared_for_being_unique() {
    let schema = compiled(r#"{"uniqueItems":true}"#);
    let items: Vec<String> = (0..10_000).map(|no| format!(r#"{{"id":0,"k":{{"a":[{no}]}}}}"#)).collect();
    schema.check(&format!("[{}]", items.join(","))).unwrap();
    schema.check(&format!("[{},{}]", items.join(","), items[7])).unwrap_err();
}

#[test]
fn a_million_faults_are_not_listed() {
    let schema = compiled(r#"{"items":{"type":"string","const":"x"}}"#);
    assert_eq!(
        faults(&schema, &format!("[{}1]", "1,".repeat(500_000))),
        ["data does not fit, and is too large for a list of its faults"]
    );
}
