//! `cargo +nightly fuzz run ecmascript_json`, from `crates/profile`.

#![no_main]

#[path = "../ecmascript_json.rs"]
mod ecmascript_json;

libfuzzer_sys::fuzz_target!(|data: &[u8]| ecmascript_json::fuzz_one(data));
