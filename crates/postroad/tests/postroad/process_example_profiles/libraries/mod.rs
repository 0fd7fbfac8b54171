//! The receivers' side as the products publish it: `stripe` and `@octokit/webhooks-methods` of npm, `twilio` of PyPI.

use std::{
    fmt,
    io::Write,
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use postroad_testkit::Received;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::peers_folder;

/// A product's library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Library {
    Stripe,
    GitHub,
    Twilio,
}

/// A request as a receiver has it in hand, and the secret that it knows.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) library: Library,
    pub(crate) secret: String,
    /// The URL at which the receiver was asked.
    pub(crate) url: String,
    pub(crate) content_type: String,
    pub(crate) signature: String,
    pub(crate) body: Vec<u8>,
}

/// What a library said.
#[derive(Debug, Deserialize)]
pub(crate) struct Verdict {
    pub(crate) verified: bool,
    /// What a receiver reads of the body, as the library or its language gives it.
    pub(crate) read: Value,
}

impl Library {
    const fn signature_header(self) -> &'static str {
        match self {
            Self::Stripe => "Stripe-Signature",
            Self::GitHub => "X-Hub-Signature-256",
            Self::Twilio => "X-Twilio-Signature",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::GitHub => "github",
            Self::Twilio => "twilio",
        }
    }

    /// The program that asks it, in the folder where it is installed.
    fn command(self) -> Command {
        let tools = peers_folder();
        match self {
            Self::Stripe | Self::GitHub => {
                let mut node = Command::new("node");
                // A module that stands on the command line finds packages in the folder where it runs; one in a file
                // would look beside the file.
                node.args(["--input-type=module", "--eval", include_str!("verify.mjs")]);
                node.current_dir(tools.join("node"));
                node
            }
            Self::Twilio => {
                let mut python = Command::new(tools.join("python/bin/python"));
                python.args(["-c", include_str!("verify.py")]);
                python
            }
        }
    }
}

impl Case {
    /// What was received, byte for byte. Panics when it is not signed.
    pub(crate) fn new(library: Library, secret: &str, url: &str, request: &Received) -> Self {
        let header = |name| request.header(name).unwrap_or_else(|| panic!("no {name}")).to_owned();
        Self {
            library,
            secret: secret.to_owned(),
            url: url.to_owned(),
            content_type: header("content-type"),
            signature: header(library.signature_header()),
            body: request.body.to_vec(),
        }
    }

    /// The same request at a receiver that knows another secret.
    pub(crate) fn with_secret(&self, secret: &str) -> Self {
        Self { secret: secret.to_owned(), ..self.clone() }
    }

    /// The same request with one character of its body changed.
    pub(crate) fn with_changed_body(&self) -> Self {
        let mut changed = self.clone();
        let at = changed.body.iter().rposition(u8::is_ascii_alphanumeric).expect("a body has a letter");
        changed.body[at] = if changed.body[at] == b'1' { b'2' } else { b'1' };
        changed
    }

    fn line(&self) -> String {
        let line = json!({
            "library": self.library.name(), "secret": self.secret, "url": self.url, "signature": self.signature,
            "content_type": self.content_type, "body": STANDARD.encode(&self.body),
        });
        format!("{line}\n")
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { library, secret, url, content_type, signature, body } = self;
        let body = String::from_utf8_lossy(body);
        write!(out, "{library:?}, {secret:?}: {url} {content_type} {signature}\n{body}")
    }
}

/// What the library of these cases, which is one, says about each.
pub(crate) fn verdicts(cases: &[Case]) -> Vec<Verdict> {
    let library = cases.first().expect("there is a case").library;
    assert!(cases.iter().all(|case| case.library == library), "one library at a time");
    let mut command = library.command();
    let mut peer = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the peer starts");
    let mut stdin = peer.stdin.take().expect("stdin is a pipe");
    let lines: String = cases.iter().map(Case::line).collect();
    // From a thread of its own: a peer that answers while it still reads must not be waited for.
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = peer.wait_with_output().expect("the peer ends");
    writer.join().expect("the writer does not panic").expect("the peer reads everything");
    assert!(output.status.success(), "the peer ended with {}", output.status);
    let text = String::from_utf8(output.stdout).expect("the peer writes JSON");
    let verdict = |line| serde_json::from_str(line).expect("each line is a verdict");
    let verdicts: Vec<_> = text.lines().map(verdict).collect();
    assert_eq!(verdicts.len(), cases.len());
    verdicts
}
