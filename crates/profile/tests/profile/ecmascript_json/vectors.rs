//! The vectors of spec 1.4, computed there with Node.

use data_encoding::HEXLOWER;
use postroad_profile::ecmascript_json::canonical;

use crate::support::signature::signature;

struct Vector {
    text: &'static str,
    canonical: Vec<u8>,
    bytes: usize,
    signature: &'static str,
}

const SAMPLE_1: &str = include_str!("sample_1.json").trim_ascii();
const SAMPLE_2: &str = include_str!("sample_2.json").trim_ascii();
const T1: &str = r#"{ "b":1.0, "10":"ten", "2":"two", "z":{"9":1,"a":-0,"01":2}, "n":[1e21,1E-7,0.000001,9007199254740993,100.50,5e-324], "s":"\u00e9\u2028\/\u007f\u001F\ud83d\ude00", "dup":1, "dup":2 }"#;
const T2: &str = r#"{ "b":1.0, "10":"ten", "2":"two", "z":{"9":1,"a":-0,"01":2}, "n":[1e21,1E-7,0.000001,9007199254740993,100.50,5e-324], "s":"\u00e9\u2028\/\u007f\u001F\ud83d\ude00", "lone":"\uD800", "dup":1, "dup":2 }"#;
/// In hexadecimal digits, since it holds raw U+2028 and U+007F.
const C1: &str = concat!(
    "7b2232223a2274776f222c223130223a2274656e222c2262223a312c227a223a7b2239223a312c2261223a302c223031223a327d2c226e22",
    "3a5b31652b32312c31652d372c302e3030303030312c393030373139393235343734303939322c3130302e352c35652d3332345d2c227322",
    "3a22c3a9e280a82f7f5c7530303166f09f9880222c22647570223a327d",
);
const C2_READABLE: &str = "{\"2\":\"two\",\"10\":\"ten\",\"b\":1,\"z\":{\"9\":1,\"a\":0,\"01\":2},\"n\":[1e+21,1e-7,0.000001,9007199254740992,100.5,5e-324],\"s\":\"é\u{2028}/\u{7f}\\u001f😀\",\"lone\":\"\\ud800\",\"dup\":2}";

#[test]
fn every_printed_vector_gives_its_bytes_and_its_signature() {
    let small = r#"{"_id":"1","n":1}"#;
    for vector in [
        Vector {
            text: small,
            canonical: small.into(),
            bytes: 17,
            signature: "6538f1a0704a42c5c5b4a415708f8b3ca0abee2e161663716908b63214c82df1",
        },
        Vector {
            text: SAMPLE_1,
            canonical: SAMPLE_1.into(),
            bytes: 1472,
            signature: "d0c886d19fdecc940ab703d60b91d4674a00a9f73f0a316f3f9c0eab6cdb8577",
        },
        Vector {
            text: SAMPLE_2,
            canonical: SAMPLE_2.into(),
            bytes: 633,
            signature: "98e377aceeea3aac352fc7b72c047ddd2b8959eb0292005e200dbedbdc103b6d",
        },
        Vector {
            text: T1,
            canonical: HEXLOWER.decode(C1.as_bytes()).unwrap(),
            bytes: 141,
            signature: "888c4dca1c09f320fee7a0d2ba68a4167cd8f553239027309430290d6bbe786f",
        },
        Vector {
            text: T2,
            canonical: C2_READABLE.into(),
            bytes: 157,
            signature: "d367cd78d6db2509f76b7a24e2c7da65ac0ca298725401339dde3a469761af66",
        },
    ] {
        let ours = canonical(vector.text.as_bytes()).unwrap();
        assert_eq!(String::from_utf8_lossy(&ours), String::from_utf8_lossy(&vector.canonical));
        assert_eq!(
            (ours.len(), signature(&ours).as_str()),
            (vector.bytes, vector.signature),
            "{}",
            vector.text
        );
    }
}
