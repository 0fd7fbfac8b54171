//! The words of refusals and faults.

use postroad_domain::limits::EVENT_TYPE_SCHEMA_BYTES_MAX;

use super::{compiled, faults, nested, refusal};

#[test]
fn data_that_does_not_fit_is_told_where_and_why() {
    let schema = compiled(
        r#"{"type":"object","required":["id"],"additionalProperties":false,"properties":{
            "id":{"type":"string"},"score":{"maximum":10},"none":{"additionalProperties":false},
            "kind":{"enum":["a","b"]},
            "tags":{"items":{"type":"string"},"uniqueItems":true},"a b":{"required":["c"]},"form":{"oneOf":[{"type":"null"},{"const":1}]}}}"#,
    );
    schema.check(r#"{"id":"x","score":10,"kind":"a","tags":["a","b"],"form":null}"#).unwrap();
    for (data, fault) in [
        ("[]", "data is not of type \"object\""),
        ("{}", "data.id is required"),
        (r#"{"id":"x","y":1}"#, "data.y is not allowed"),
        (r#"{"id":"x","none":{"a":1}}"#, "data.none has members that are not allowed"),
        (r#"{"id":7}"#, "data.id is not of type \"string\""),
        (r#"{"id":"x","score":11}"#, "data.score is greater than the maximum of 10"),
        (r#"{"id":"x","kind":"c"}"#, "data.kind is not one of \"a\" or \"b\""),
        (r#"{"id":"x","tags":["a",1]}"#, "data.tags[1] is not of type \"string\""),
        (r#"{"id":"x","tags":["a","a"]}"#, "data.tags has items that are equal"),
        (r#"{"id":"x","form":2}"#, "data.form fits none of the forms that `oneOf` allows"),
        (r#"{"id":"x","a b":{}}"#, "data[\"a b\"].c is required"),
    ] {
        assert_eq!(faults(&schema, data), [fault], "{data}");
    }
}

#[test]
fn faults_are_at_most_five_and_short_and_never_repeat_the_data() {
    let schema =
        compiled(r#"{"items":{"type":"string"},"properties":{"a":true},"additionalProperties":false}"#);
    assert_eq!(faults(&schema, "[1,2,3,4,5,6,7]").len(), 5);
    assert_eq!(faults(&schema, r#"{"b":1,"c":1,"d":1,"e":1,"f":1,"g":1}"#).len(), 5);
    let long = "x".repeat(5_000);
    let of_long = faults(&schema, &format!(r#"{{"{long}":"{long}"}}"#));
    assert_eq!(of_long, [format!("data.{} is not allowed", "x".repeat(64))]);
}

#[test]
fn a_schema_that_is_none_is_refused_with_words() {
    for (schema, hint) in [
        ("{", "must be JSON"),
        ("5", "must be a JSON object, or true or false"),
        (r#"{"type":"objekt"}"#, "is not a JSON Schema: `type` must be \"array\", \"boolean\", "),
        (
            r#"{"properties":{"a":{"minLength":-1}}}"#,
            "`properties.a.minLength` must be a whole number of at least 0",
        ),
        // A member of this name is no keyword.
        (
            r#"{"properties":{"type":"string"}}"#,
            "`properties.type` must be a schema: an object, true or false",
        ),
        (r#"{"properties":["a"]}"#, "`properties` must be an object whose members are schemas"),
        (r#"{"items":{"required":true}}"#, "`items.required` must be a list of names"),
        (r#"{"anyOf":[]}"#, "`anyOf` must be a list of one or more schemas"),
        (r#"{"allOf":[{"minimum":"1"}]}"#, "`allOf[0].minimum` must be a number"),
        (r#"{"pattern":7}"#, "`pattern` must be a text"),
        (r#"{"additionalProperties":"no"}"#, "`additionalProperties` must be a schema"),
        (r#"{"$schema":"http://x.example/own"}"#, "`$schema` that is not known"),
        (r#"{"$defs":{"a":{"$id":"a"}}}"#, "at its root only"),
    ] {
        let words = refusal(schema);
        assert!(words.contains(hint), "{schema}: {words}");
    }
    let large = format!(r#"{{"title":"{}"}}"#, "x".repeat(EVENT_TYPE_SCHEMA_BYTES_MAX));
    assert_eq!(refusal(&large), "must be at most 65536 bytes long");
}

#[test]
fn a_reference_out_of_the_schema_is_refused_and_nothing_is_fetched() {
    for reference in [
        "http://127.0.0.1:1/x.json",
        "https://json-schema.org/draft/2020-12/schema",
        "file:///etc/passwd",
        "other.json",
        "//host/x",
        "urn:x",
        "",
    ] {
        for keyword in ["$ref", "$dynamicRef"] {
            let words = refusal(&format!(r#"{{"$defs":{{"a":{{"{keyword}":"{reference}"}}}}}}"#));
            assert!(words.contains("leads out of the schema: nothing is fetched"), "{reference}: {words}");
        }
    }
}

#[test]
fn a_reference_that_leads_nowhere_is_refused() {
    for reference in ["#/nope", "#nope", "#/$defs/a/0", "#/properties/a/title"] {
        let words = refusal(&format!(
            r#"{{"properties":{{"a":{{"title":"x"}}}},"$defs":{{"a":{{"$ref":"{reference}"}}}}}}"#
        ));
        assert!(words.contains("leads to nothing that is a schema"), "{reference}: {words}");
    }
}

#[test]
fn a_reference_finds_pointers_anchors_and_the_schemas_own_name() {
    for (name, anchor) in
        [("#/$defs/a", ""), ("#a", r#""$anchor":"a","#), ("https://x.example/s#/$defs/a", "")]
    {
        let schema = compiled(&format!(
            r#"{{"$id":"https://x.example/s","properties":{{"p":{{"$ref":"{name}"}}}},
                "$defs":{{"a":{{{anchor}"type":"string"}}}}}}"#
        ));
        schema.check(r#"{"p":"x"}"#).unwrap();
        assert_eq!(faults(&schema, r#"{"p":1}"#), ["data.p is not of type \"string\""], "{name}");
    }
}

#[test]
fn the_draft_is_the_newest_unless_the_schema_says_another() {
    let tuple = r#""items":[{"type":"string"}]"#;
    assert!(refusal(&format!("{{{tuple}}}")).contains("is not a JSON Schema: `items` must be a schema"));
    for draft in ["http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2019-09/schema"] {
        let schema = compiled(&format!(r#"{{"$schema":"{draft}",{tuple},"format":"email"}}"#));
        schema.check(r#"["a",1]"#).unwrap();
        schema.check("[1]").unwrap_err();
        // `format` is a note, in each draft.
        schema.check("\"no address\"").unwrap();
    }
}

#[test]
fn numbers_of_any_size_are_checked_or_refused_and_never_a_panic() {
    let schema = compiled(r#"{"type":"number","minimum":0,"maximum":1e300,"multipleOf":0.5}"#);
    schema.check("123456789012345678901234567890").unwrap();
    schema.check("18446744073709551616").unwrap();
    schema.check("1e308").unwrap_err();
    schema.check("-9223372036854775809").unwrap_err();
    assert_eq!(
        faults(&schema, "1e400"),
        ["data holds a number that is out of range, or an escape that is no character"]
    );
    compiled(r#"{"multipleOf":1e-300}"#).check("1e300").unwrap();
    assert!(refusal(r#"{"maximum":1e400}"#).contains("must be JSON"));
}

#[test]
fn data_deeper_than_the_parser_goes_is_a_fault_of_its_own() {
    let schema = compiled("true");
    schema.check(&nested(127, "1")).unwrap();
    assert_eq!(faults(&schema, &nested(128, "\"[\"")), ["data is nested more than 127 levels deep"]);
}
