//! The customers' side: a program in JavaScript that parses and prints the payload again before it computes the
//! signature, and one in Python that cuts the payload's bytes out of the body.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use postroad_testkit::Received;
use serde_json::{Value, json};

/// A body as a receiver has it in hand, and the secret that it knows.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) secret: String,
    pub(crate) body: Vec<u8>,
}

impl Case {
    /// What was received, byte for byte.
    pub(crate) fn new(secret: &str, request: &Received) -> Self {
        Self { secret: secret.to_owned(), body: request.body.to_vec() }
    }
}

/// What a peer makes of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The signature that it computes; `None` where it cannot read the body.
    pub(crate) computed: Option<String>,
    /// The signature that it finds in the body.
    pub(crate) claimed: Option<String>,
}

impl Verdict {
    /// Whether the body is as it was signed.
    pub(crate) fn holds(&self) -> bool {
        self.computed.is_some() && self.computed == self.claimed
    }
}

/// A running program that answers each line with one. It ends when this is dropped, since its input ends then.
pub(crate) struct Peer {
    name: &'static str,
    child: Child,
    /// `None` only while it ends.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Peer {
    /// Parses and prints with the ECMAScript of Node.
    pub(crate) fn node() -> Self {
        Self::start("node", "verify.mjs")
    }

    /// Cuts bytes out.
    pub(crate) fn python() -> Self {
        Self::start("python3", "cut.py")
    }

    /// What it makes of a body.
    pub(crate) fn verify(&mut self, case: &Case) -> Verdict {
        let answer = self.ask(&json!({"secret": case.secret, "body": STANDARD.encode(&case.body)}));
        let text = |name| answer[name].as_str().map(str::to_owned);
        Verdict { computed: text("computed"), claimed: text("claimed") }
    }

    /// Node only: what `JSON.stringify(JSON.parse(text))` is; `None` where a number in it is
    /// infinite as a double, also one that a later value of the same key replaces.
    pub(crate) fn canonical(&mut self, text: &str) -> Option<String> {
        let answer = self.ask(&json!({"text": STANDARD.encode(text)}));
        let canonical = STANDARD.decode(answer["canonical"].as_str()?).expect("it answers in base64");
        Some(String::from_utf8(canonical).expect("it encodes texts as UTF-8"))
    }

    /// Node only: the offset of a time zone at a moment, `-08:00`.
    pub(crate) fn offset(&mut self, zone: &str, at: &str) -> String {
        let answer = self.ask(&json!({"zone": zone, "at": at}));
        answer["offset"].as_str().expect("Node knows the zone").to_owned()
    }

    fn start(name: &'static str, script: &str) -> Self {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/postroad/process_leanbe/peers").join(script);
        let mut command = Command::new(name);
        command.arg(path).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("`{name}` is needed for this test and does not start: {error}"));
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        Self { name, child, input, output }
    }

    fn ask(&mut self, question: &Value) -> Value {
        let input = self.input.as_mut().expect("only dropping takes it");
        writeln!(input, "{question}").unwrap_or_else(|error| panic!("{} does not read: {error}", self.name));
        let mut line = String::new();
        let read = self.output.read_line(&mut line);
        assert!(read.is_ok_and(|bytes| bytes > 0), "{} ended; its error output says why", self.name);
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{} said {line:?}: {error}", self.name))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.input.take());
        // A process that is already gone is what is wanted here.
        let _ = self.child.wait();
    }
}
