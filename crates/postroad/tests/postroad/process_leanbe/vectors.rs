//! The five vectors of specification 1.4, computed there with Node.

/// The secret that all of them are signed with.
pub(crate) const SECRET: &str = "leanbe-test-secret";

/// The payload of sample 1, `customer.created`.
pub(crate) const SAMPLE_1: &str =
    include_str!("../../../../../profiles/leanbe/examples/customer.created.json").trim_ascii();

/// The payload of sample 2, `idea.created`.
const SAMPLE_2: &str = include_str!("../../../../../profiles/leanbe/examples/idea.created.json").trim_ascii();

const T1: &str = r#"{ "b":1.0, "10":"ten", "2":"two", "z":{"9":1,"a":-0,"01":2}, "n":[1e21,1E-7,0.000001,9007199254740993,100.50,5e-324], "s":"\u00e9\u2028\/\u007f\u001F\ud83d\ude00", "dup":1, "dup":2 }"#;
const T2: &str = r#"{ "b":1.0, "10":"ten", "2":"two", "z":{"9":1,"a":-0,"01":2}, "n":[1e21,1E-7,0.000001,9007199254740993,100.50,5e-324], "s":"\u00e9\u2028\/\u007f\u001F\ud83d\ude00", "lone":"\uD800", "dup":1, "dup":2 }"#;
const C1: &str = "{\"2\":\"two\",\"10\":\"ten\",\"b\":1,\"z\":{\"9\":1,\"a\":0,\"01\":2},\"n\":[1e+21,1e-7,0.000001,9007199254740992,100.5,5e-324],\"s\":\"é\u{2028}/\u{7f}\\u001f😀\",\"dup\":2}";
const C2: &str = "{\"2\":\"two\",\"10\":\"ten\",\"b\":1,\"z\":{\"9\":1,\"a\":0,\"01\":2},\"n\":[1e+21,1e-7,0.000001,9007199254740992,100.5,5e-324],\"s\":\"é\u{2028}/\u{7f}\\u001f😀\",\"lone\":\"\\ud800\",\"dup\":2}";

/// A payload, the text that is signed, its length, and the signature.
pub(crate) struct Vector {
    pub(crate) payload: &'static str,
    pub(crate) canonical: &'static str,
    pub(crate) bytes: usize,
    pub(crate) signature: &'static str,
}

pub(crate) const VECTORS: [Vector; 5] = [
    Vector {
        payload: r#"{"_id":"1","n":1}"#,
        canonical: r#"{"_id":"1","n":1}"#,
        bytes: 17,
        signature: "6538f1a0704a42c5c5b4a415708f8b3ca0abee2e161663716908b63214c82df1",
    },
    Vector {
        payload: SAMPLE_1,
        canonical: SAMPLE_1,
        bytes: 1472,
        signature: "d0c886d19fdecc940ab703d60b91d4674a00a9f73f0a316f3f9c0eab6cdb8577",
    },
    Vector {
        payload: SAMPLE_2,
        canonical: SAMPLE_2,
        bytes: 633,
        signature: "98e377aceeea3aac352fc7b72c047ddd2b8959eb0292005e200dbedbdc103b6d",
    },
    Vector {
        payload: T1,
        canonical: C1,
        bytes: 141,
        signature: "888c4dca1c09f320fee7a0d2ba68a4167cd8f553239027309430290d6bbe786f",
    },
    Vector {
        payload: T2,
        canonical: C2,
        bytes: 157,
        signature: "d367cd78d6db2509f76b7a24e2c7da65ac0ca298725401339dde3a469761af66",
    },
];
