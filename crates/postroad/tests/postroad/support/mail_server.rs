//! A real mail server beside a test: aiosmtpd, which `scripts/install-peers` installs.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use postroad_testkit::within;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc;

/// A running mail server.
#[derive(Debug)]
pub(crate) struct MailServer {
    child: Child,
    port: u16,
    mails: mpsc::UnboundedReceiver<Value>,
    certificates: TempDir,
}

impl MailServer {
    /// Starts one: `["plain"]`, `["starttls", "login"]`, `["smtps"]`.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let certificates = certificates();
        let path = |name: &str| certificates.path().join(name).display().to_string();
        let mut command = Command::new(super::peers_folder().join("python/bin/python"));
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/postroad/support/mail_server.py"));
        command.args(arguments).args(["certificate", &path("key.pem"), &path("chain.pem")]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it is installed");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is a pipe")).lines();
        let port = lines.next().expect("it writes its port").expect("its output is text");
        let (send, mails) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mail = serde_json::from_str(&line).expect("each line is a mail");
                let _ = send.send(mail);
            }
        });
        Self { child, port: port.parse().expect("the first line is its port"), mails, certificates }
    }

    /// What `--smtp-url` says of it, with this scheme, login and query.
    pub(crate) fn url(&self, scheme: &str, login: &str, query: &str) -> String {
        format!("{scheme}://{login}localhost:{}{query}", self.port)
    }

    /// The arguments of a server that mails through it without encryption.
    pub(crate) fn arguments(&self) -> Vec<String> {
        arguments(&self.url("smtp", "", "?tls=none"))
    }

    /// The environment in which its certificate is trusted.
    pub(crate) fn trust(&self) -> Vec<(String, String)> {
        let file = self.certificates.path().join("ca.pem").display().to_string();
        vec![("SSL_CERT_FILE".to_owned(), file)]
    }

    /// The next mail.
    pub(crate) async fn next(&mut self) -> Value {
        within("a mail", self.mails.recv()).await.expect("the mail server runs")
    }

    /// The mails that came meanwhile.
    pub(crate) fn come(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.mails.try_recv().ok()).collect()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The arguments of a server that mails through this one.
pub(crate) fn arguments(smtp_url: &str) -> Vec<String> {
    let from = "Webhooks <hooks@example.com>";
    ["--smtp-url", smtp_url, "--mail-from", from, "--public-url", "https://hooks.example.com"]
        .map(str::to_owned)
        .into()
}

/// An authority, and a certificate of it for `localhost`.
fn certificates() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut authority = CertificateParams::new(Vec::new()).expect("no names are no fault");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("keys can be made"));
    let authority = authority.expect("it signs itself");
    let key = KeyPair::generate().expect("keys can be made");
    let own = CertificateParams::new(vec!["localhost".to_owned()]).expect("it is a name");
    let own = own.signed_by(&key, &authority).expect("the authority signs");
    for (name, text) in
        [("ca.pem", authority.pem()), ("chain.pem", own.pem()), ("key.pem", key.serialize_pem())]
    {
        std::fs::write(folder.path().join(name), text).expect("the folder can be written");
    }
    folder
}
