//! The receiver's side of the signature, by a program that others wrote.

use std::{
    io::Write,
    process::{Command, Stdio},
};

/// HMAC-SHA256 of these bytes in lower-case hex, as `openssl dgst -sha256 -hmac` finds it.
pub(crate) fn hmac_sha256(secret: &str, body: &[u8]) -> String {
    let mut openssl = Command::new("openssl");
    openssl.args(["dgst", "-sha256", "-hmac", secret]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut openssl = openssl.spawn().expect("openssl is installed");
    let mut stdin = openssl.stdin.take().expect("stdin is a pipe");
    stdin.write_all(body).expect("openssl reads what it is given");
    drop(stdin);
    let output = openssl.wait_with_output().expect("openssl ends");
    assert!(output.status.success(), "openssl ended with {}", output.status);
    let text = String::from_utf8(output.stdout).expect("openssl writes hex");
    let (_, digest) = text.trim_end().rsplit_once("= ").expect("openssl writes the digest last");
    digest.to_owned()
}
