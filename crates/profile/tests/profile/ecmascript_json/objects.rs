//! Rules 1, 2, 3 and 7: white space, the order of keys, duplicates, and what stays as it is.

use super::{canonical, check};

#[test]
fn white_space_goes_and_plain_words_stay() {
    check(&[
        (
            " \t\r\n{ \"a\" : [ true , false , null ] , \"b\" : { } , \"c\" : [ ] } \n",
            r#"{"a":[true,false,null],"b":{},"c":[]}"#,
        ),
        ("{}", "{}"),
        ("[]", "[]"),
        (" null ", "null"),
        ("[[],[[]],{\"a\":[{}]}]", "[[],[[]],{\"a\":[{}]}]"),
    ]);
}

#[test]
fn keys_keep_the_order_of_their_first_appearance() {
    check(&[(r#"{"b":1,"a":2,"":3,"B":4}"#, r#"{"b":1,"a":2,"":3,"B":4}"#)]);
}

#[test]
fn array_indices_come_first_and_ascend() {
    check(&[
        (r#"{"b":1,"10":2,"2":3,"a":4,"0":5}"#, r#"{"0":5,"2":3,"10":2,"b":1,"a":4}"#),
        (r#"{"4294967294":1,"99":2}"#, r#"{"99":2,"4294967294":1}"#),
        (r#"{"a":1,"\u0031":2}"#, r#"{"1":2,"a":1}"#),
        (r#"[{"x":{"y":1,"1":2},"0":3}]"#, r#"[{"0":3,"x":{"1":2,"y":1}}]"#),
    ]);
}

#[test]
fn what_only_looks_like_an_index_is_an_ordinary_key() {
    check(&[(
        r#"{"01":2,"4294967295":1,"-1":3,"1.5":4,"1e3":5,"-0":6,"00":7," 1":8,"10000000000":9,"0":10}"#,
        r#"{"0":10,"01":2,"4294967295":1,"-1":3,"1.5":4,"1e3":5,"-0":6,"00":7," 1":8,"10000000000":9}"#,
    )]);
}

#[test]
fn of_equal_keys_the_last_value_stands_at_the_first_place() {
    check(&[
        (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
        (r#"{"a":1,"a":2,"a":{"c":1,"c":[2]}}"#, r#"{"a":{"c":[2]}}"#),
        (r#"{"z":0,"1":1,"a":2,"1":3,"0":4,"z":5}"#, r#"{"0":4,"1":3,"z":5,"a":2}"#),
        (r#"{"":1,"":2}"#, r#"{"":2}"#),
    ]);
}

#[test]
fn two_spellings_of_one_key_are_one_key() {
    check(&[
        (r#"{"a":1,"\u0061":2}"#, r#"{"a":2}"#),
        (r#"{"/":1,"\/":2}"#, r#"{"/":2}"#),
        (r#"{"😀":1,"\ud83d\ude00":2}"#, r#"{"😀":2}"#),
        (r#"{"\uD800":1,"\ud800":2,"\\ud800":3}"#, r#"{"\ud800":2,"\\ud800":3}"#),
    ]);
}

#[test]
fn keys_that_mean_something_to_javascript_are_ordinary() {
    check(&[(
        r#"{"__proto__":1,"constructor":2,"toJSON":3,"length":4,"__proto__":5,"hasOwnProperty":null}"#,
        r#"{"__proto__":5,"constructor":2,"toJSON":3,"length":4,"hasOwnProperty":null}"#,
    )]);
}

#[test]
fn an_object_of_ten_thousand_keys_keeps_them_all_in_order() {
    let member = |number: usize| format!("\"{number}\":{number}");
    let descending: Vec<_> = (0..10_000).rev().map(member).collect();
    let ascending: Vec<_> = (0..10_000).map(member).collect();
    assert_eq!(canonical(&format!("{{{}}}", descending.join(","))), format!("{{{}}}", ascending.join(",")));
}
