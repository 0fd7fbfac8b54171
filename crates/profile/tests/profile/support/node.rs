//! One Node process that answers what `JSON.stringify(JSON.parse(text))` is, text by text.

use std::{
    io::{self, Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// The process. It ends when this is dropped, since its input ends then.
pub(crate) struct Node {
    child: Child,
    /// `None` only while it ends.
    input: Option<ChildStdin>,
    output: ChildStdout,
}

/// What Node makes of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It does not parse.
    Refused,
    /// It parses, and a number of it became infinite.
    OutOfRange,
    /// The canonical text and its HMAC-SHA256 in hexadecimal digits.
    Canonical { text: Vec<u8>, signature: String },
}

impl Node {
    /// Starts it; it signs with `secret`.
    pub(crate) fn start(secret: &str) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/profile/node.mjs");
        let mut child = Command::new("node")
            .args([script, secret])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("`node` is needed for this test and does not start: {error}"));
        let input = child.stdin.take();
        let output = child.stdout.take().expect("its output is a pipe");
        Self { child, input, output }
    }

    /// What it makes of one text. A text is sent whole before its answer is read, and Node reads it whole before it
    /// answers: so the two never wait for each other.
    pub(crate) fn answer(&mut self, text: &[u8]) -> Answer {
        let frame = self.exchange(text).expect("node answers; what went wrong stands on its error output");
        match frame.split_first() {
            Some((b'R', [])) => Answer::Refused,
            Some((b'O', [])) => Answer::OutOfRange,
            Some((b'C', rest)) => {
                let (signature, text) = rest.split_at(64);
                Answer::Canonical {
                    text: text.to_vec(),
                    signature: String::from_utf8_lossy(signature).into_owned(),
                }
            }
            _ => panic!("node answered something else than node.mjs says: {frame:?}"),
        }
    }

    fn exchange(&mut self, text: &[u8]) -> io::Result<Vec<u8>> {
        let input = self.input.as_mut().expect("only dropping takes it");
        let length = u32::try_from(text.len()).map_err(io::Error::other)?;
        input.write_all(&[&length.to_be_bytes(), text].concat())?;
        let mut length = [0; 4];
        self.output.read_exact(&mut length)?;
        let mut frame = vec![0; u32::from_be_bytes(length) as usize];
        self.output.read_exact(&mut frame)?;
        Ok(frame)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.input.take());
        // A process that is already gone is what is wanted here.
        let _ = self.child.wait();
    }
}
