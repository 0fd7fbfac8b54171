//! The receivers' side as others wrote it: the published packages `standardwebhooks` of PyPI and npm, and openssl for
//! ed25519, which those packages do not verify.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use postroad_testkit::Received;
use serde_json::json;

use crate::support::peers_folder;

/// A request as a receiver has it in hand, and the secret that it knows.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) secret: String,
    pub(crate) id: String,
    pub(crate) timestamp: String,
    pub(crate) signature: String,
    pub(crate) body: Vec<u8>,
}

impl Case {
    /// What was received, byte for byte.
    pub(crate) fn new(secret: &str, request: &Received) -> Self {
        let header = |name| request.header(name).unwrap_or_else(|| panic!("no {name}")).to_owned();
        Self {
            secret: secret.to_owned(),
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            signature: header("webhook-signature"),
            body: request.body.to_vec(),
        }
    }

    fn line(&self) -> String {
        let headers = json!({
            "webhook-id": self.id, "webhook-timestamp": self.timestamp, "webhook-signature": self.signature,
        });
        json!({"secret": self.secret, "body": STANDARD.encode(&self.body), "headers": headers}).to_string()
    }
}

/// Who verifies, and what each answered to each case.
pub(crate) fn verdicts(cases: &[Case]) -> [(&'static str, Vec<bool>); 2] {
    let tools = peers_folder();
    let mut python = Command::new(tools.join("python/bin/python"));
    python.arg(script("verify.py"));
    let mut node = Command::new("node");
    node.arg(script("verify.mjs")).arg(tools.join("node/"));
    [("PyPI", ask(python, cases)), ("npm", ask(node, cases))]
}

/// Whether openssl finds that `key`, a `whpk_…`, signed this request.
pub(crate) fn openssl_verifies(key: &str, case: &Case, folder: &Path) -> bool {
    // What comes before the 32 bytes of an ed25519 key in its DER form (RFC 8410, section 4).
    let mut der = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let key = key.strip_prefix("whpk_").expect("a public key has its prefix");
    der.extend(STANDARD.decode(key).expect("a public key is base64"));
    let signature = case.signature.strip_prefix("v1a,").expect("one ed25519 signature");
    let signature = STANDARD.decode(signature).expect("a signature is base64");
    let signed = [case.id.as_bytes(), b".", case.timestamp.as_bytes(), b".", &case.body].concat();
    for (name, bytes) in [("key.der", der), ("signature", signature), ("signed", signed)] {
        std::fs::write(folder.join(name), bytes).expect("the folder takes files");
    }
    let arguments = "pkeyutl -verify -rawin -pubin -keyform DER -inkey key.der -in signed -sigfile signature";
    let output = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output();
    let output = output.expect("openssl is installed");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.success(), said.contains("Verified Successfully"), "{output:?}");
    output.status.success()
}

fn ask(mut command: Command, cases: &[Case]) -> Vec<bool> {
    let mut peer = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the peer starts");
    let mut stdin = peer.stdin.take().expect("stdin is a pipe");
    let lines: String = cases.iter().map(|case| case.line() + "\n").collect();
    // From a thread of its own: a peer that answers while it still reads must not be waited for.
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = peer.wait_with_output().expect("the peer ends");
    writer.join().expect("the writer does not panic").expect("the peer reads everything");
    assert!(output.status.success(), "the peer ended with {}", output.status);
    let text = String::from_utf8(output.stdout).expect("the peer writes words");
    let verdicts: Vec<_> = text.lines().map(|line| line == "true").collect();
    assert_eq!(verdicts.len(), cases.len());
    verdicts
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/postroad/process_standard_webhooks/peers").join(name)
}
