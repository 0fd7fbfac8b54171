//! Schemas that would never end are refused when they are registered.

use super::{EventSchema, compiled, faults, nested, on_a_workers_stack, refusal};

#[test]
fn a_schema_that_leads_back_to_itself_in_place_is_refused() {
    for schema in [
        r##"{"$ref":"#"}"##,
        r##"{"allOf":[{"$ref":"#"}]}"##,
        r##"{"anyOf":[true,{"$ref":"#"}]}"##,
        r##"{"oneOf":[{"$ref":"#"}]}"##,
        r##"{"not":{"$ref":"#"}}"##,
        r##"{"if":{"$ref":"#"}}"##,
        r##"{"if":true,"then":{"$ref":"#"}}"##,
        r##"{"if":true,"else":{"$ref":"#"}}"##,
        r##"{"dependentSchemas":{"a":{"$ref":"#"}}}"##,
        r##"{"$dynamicAnchor":"n","allOf":[{"$dynamicRef":"#n"}]}"##,
        r##"{"$schema":"https://json-schema.org/draft/2019-09/schema","$recursiveRef":"#"}"##,
        r##"{"$schema":"http://json-schema.org/draft-07/schema#","dependencies":{"a":{"$ref":"#"}}}"##,
        r##"{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"allOf":[{"$ref":"#/$defs/a"}]}}}"##,
        r##"{"properties":{"a":{"$ref":"#/properties/b"},"b":{"$ref":"#/properties/a"}}}"##,
        r##"{"x-parts":{"a":{"$ref":"#/x-parts/a"}},"items":{"$ref":"#/x-parts/a"}}"##,
    ] {
        let words = refusal(schema);
        assert!(words.contains("leads back to itself without going deeper"), "{schema}: {words}");
    }
}

#[test]
fn a_schema_that_recurses_into_its_data_is_fine() {
    for tree in [
        r##"{"properties":{"v":{"type":"number"},"c":{"$ref":"#"}}}"##,
        r##"{"$dynamicAnchor":"n","properties":{"v":{"type":"number"},"c":{"$dynamicRef":"#n"}}}"##,
        r##"{"anyOf":[{"type":"null"},{"properties":{"v":{"type":"number"},"c":{"$ref":"#"}}}]}"##,
    ] {
        let schema = compiled(tree);
        schema.check(&nested(9, r#"{"v":1}"#)).unwrap();
        schema.check(&nested(9, r#"{"v":"x"}"#)).unwrap_err();
    }
}

#[test]
fn the_deepest_data_and_a_recursive_schema_fit_a_workers_stack() {
    let members = r##""properties":{"v":{"type":"number"},"c":{"$ref":"#/$defs/a"}}"##;
    let plain = format!(r##"{{"$ref":"#/$defs/a","$defs":{{"a":{{{members}}}}}}}"##);
    // Four references and four `oneOf` at each level: close below the bound.
    let hops: Vec<String> = (0..4)
        .map(|hop| {
            format!(
                r##""h{hop}":{{"oneOf":[{{"$ref":"#/$defs/{}"}},false]}}"##,
                if hop == 3 { "z".to_owned() } else { format!("h{}", hop + 1) }
            )
        })
        .collect();
    let members = members.replace("/a\"", "/h0\"");
    let chained = format!(
        r##"{{"$ref":"#/$defs/h0","$defs":{{"z":{{{members},"unevaluatedProperties":false}},{}}}}}"##,
        hops.join(",")
    );
    on_a_workers_stack(move || {
        for schema in [plain, chained] {
            let schema = compiled(&schema);
            schema.check(&nested(126, r#"{"v":1}"#)).unwrap();
            schema.check(&nested(126, r#"{"v":"x"}"#)).unwrap_err();
        }
    });
}

/// Parts that each refer to the next one `times` times, in a list below `keyword`.
fn chain(length: usize, keyword: &str, times: usize, last: &str) -> String {
    let part = |next: usize| vec![format!(r##"{{"$ref":"#/$defs/a{next}"}}"##); times].join(",");
    let parts: String =
        (0..length).map(|no| format!(r#""a{no}":{{"{keyword}":[{}]}},"#, part(no + 1))).collect();
    format!(r##"{{"$ref":"#/$defs/a0","$defs":{{{parts}"a{length}":{last}}}}}"##)
}

#[test]
fn a_long_chain_at_each_level_is_a_fault_of_deep_data_and_never_an_overflow() {
    let last = r##"{"properties":{"v":{"type":"number"},"c":{"$ref":"#/$defs/a0"}}}"##;
    on_a_workers_stack(move || {
        let schema = compiled(&chain(31, "oneOf", 1, last));
        let mut refused = false;
        for levels in 0..127 {
            match faults(&schema, &nested(levels, r#"{"v":"x"}"#))[0].as_str() {
                "data is nested too deeply to be checked against its schema" => refused = true,
                _ => assert!(!refused, "refused less deep data"),
            }
        }
        assert!(refused);
        let words = refusal(&chain(1_000, "allOf", 1, last));
        assert!(words.contains("more than 64 references and combinations in a row"), "{words}");
    });
}

#[test]
fn a_small_schema_that_unfolds_into_a_huge_one_is_refused() {
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let words = refusal(&chain(30, keyword, 2, "{}"));
        assert!(words.contains("would look at one value more than"), "{words}");
    }
    let part = |no: usize| {
        let into = format!(r##"{{"properties":{{"c":{{"$ref":"#/$defs/p{}"}}}}}}"##, no + 1);
        format!(r#""p{no}":{{"allOf":[{into},{into}]}}"#)
    };
    let parts: Vec<String> = (0..40).map(part).collect();
    let words = refusal(&format!(r##"{{"$ref":"#/$defs/p0","$defs":{{{},"p40":true}}}}"##, parts.join(",")));
    assert!(words.contains("would look at one value more than"), "{words}");
    let left_over: String = (0..20).map(|_| r#"{"unevaluatedProperties":false,"anyOf":["#).collect();
    let words = refusal(&format!("{left_over}true{}", "]}".repeat(20)));
    assert!(words.contains("would look at one value more than"), "{words}");
}

#[test]
fn recursion_that_forks_is_checked_and_only_its_faults_go_unlisted() {
    let branch = r##"{"properties":{"v":{"type":"number"},"c":{"$ref":"#"}}}"##;
    for keyword in ["allOf", "anyOf"] {
        let schema = EventSchema::compile(&format!(r#"{{"{keyword}":[{branch},{branch}]}}"#)).unwrap();
        schema.check(&nested(120, r#"{"v":1}"#)).unwrap();
        assert_eq!(
            faults(&schema, &nested(120, r#"{"v":"x"}"#)),
            ["data does not fit, and is too large for a list of its faults"]
        );
        assert!(!faults(&schema, &nested(3, r#"{"v":"x"}"#))[0].contains("too large"));
    }
}
