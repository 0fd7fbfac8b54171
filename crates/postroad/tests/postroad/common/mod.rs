//! The real program as a child whose lines are read as they come. For what `TestServer` hides: what is printed, how it
//! ends, and what happens in between.

use std::{path::Path, process::Stdio};

use postroad::config::KEYS;
use postroad_testkit::{ADMIN_KEY, TestServer, within};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader, Lines},
    process::{Child, Command},
};

/// How a program ended and what it had said.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; `None` after a signal that it did not handle.
    pub(crate) code: Option<i32>,
    /// Everything on standard output that was not read before.
    pub(crate) stdout: String,
    /// Everything on standard error that was not read before.
    pub(crate) stderr: String,
}

/// Lines of a pipe.
type Output = Lines<BufReader<Box<dyn AsyncRead + Unpin + Send>>>;

/// A running program.
pub(crate) struct Program {
    child: Child,
    stdout: Output,
    stderr: Output,
}

/// `postroad` with these arguments, in this folder, with nothing of ours in its environment.
pub(crate) fn postroad(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postroad"));
    for key in &KEYS {
        command.env_remove(key.environment_name());
    }
    for name in ["POSTROAD_SERVER", "POSTROAD_KEY", "RUST_LOG"] {
        command.env_remove(name);
    }
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// `postroad serve` on a free port with the data folder `data`.
pub(crate) fn serve(folder: &Path, further: &[&str]) -> Command {
    let mut command = postroad(folder, &["serve", "--listen", "127.0.0.1:0", "--data-dir", "data"]);
    command.args(further);
    command
}

/// Runs a command to its end.
pub(crate) async fn run(mut command: Command) -> Ended {
    let output = within("the program to end", command.output()).await.expect("the program starts");
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Program {
    /// Starts a command.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let stdout = lines(child.stdout.take().expect("stdout is a pipe"));
        let stderr = lines(child.stderr.take().expect("stderr is a pipe"));
        Self { child, stdout, stderr }
    }

    /// Reads standard output up to the first line that contains `wanted`, and answers it.
    pub(crate) async fn line_with(&mut self, wanted: &str) -> String {
        find(&mut self.stdout, wanted).await
    }

    /// The same of standard error.
    pub(crate) async fn log_line_with(&mut self, wanted: &str) -> String {
        find(&mut self.stderr, wanted).await
    }

    /// Where the server listens, from its first line.
    pub(crate) async fn server(&mut self) -> String {
        let first = within("the first line", self.stdout.next_line()).await.expect("stdout can be read");
        let first = first.expect("the program says something");
        first.strip_prefix("listening on ").expect("the first line tells the address").to_owned()
    }

    /// Stops reading standard output, as `head` does.
    pub(crate) fn close_stdout(&mut self) {
        self.stdout = lines(tokio::io::empty());
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("it was not waited for yet")
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: i32) {
        let pid = i32::try_from(self.pid()).expect("process ids are positive and small");
        // SAFETY: kill takes two integers and touches no memory of ours.
        let answer = unsafe { libc::kill(pid, signal) };
        assert_eq!(answer, 0, "{}", std::io::Error::last_os_error());
    }

    /// Waits for its end.
    pub(crate) async fn end(mut self) -> Ended {
        let (stdout, stderr) =
            within("the end of the output", async { tokio::join!(rest(self.stdout), rest(self.stderr)) })
                .await;
        let status = within("the program to end", self.child.wait()).await.expect("it can be waited for");
        Ended { code: status.code(), stdout, stderr }
    }
}

/// A test server's tenant `acme` with a subscription to everything, to this URL.
pub(crate) async fn subscribe(server: &TestServer, url: &str) {
    let tenant = serde_json::json!({"profile": "standard"});
    let put = server.put_json("/v1/tenants/acme", &tenant).await.expect("the server answers");
    assert!(matches!(put.status, 200 | 201), "{}", put.text());
    let body = serde_json::json!({"delivery": {"type": "push", "url": url}});
    let created =
        server.post_json("/v1/tenants/acme/subscriptions", &body).await.expect("the server answers");
    assert_eq!(created.status, 201, "{}", created.text());
}

/// Publishes an event of the tenant `acme` with `postroad send`, as the person at the keyboard does.
pub(crate) async fn send(folder: &Path, server: &str, further: &[&str]) -> Ended {
    let mut command = postroad(folder, &["send", "--server", server, "--key", ADMIN_KEY, "--tenant", "acme"]);
    command.args(further);
    run(command).await
}

fn lines(source: impl AsyncRead + Unpin + Send + 'static) -> Output {
    BufReader::new(Box::new(source) as _).lines()
}

async fn find(lines: &mut Output, wanted: &str) -> String {
    let mut seen = String::new();
    let what = format!("a line with {wanted:?}");
    let found = within(&what, async {
        while let Some(line) = lines.next_line().await.expect("output can be read") {
            if line.contains(wanted) {
                return Some(line);
            }
            seen.push_str(&line);
            seen.push('\n');
        }
        None
    });
    let found = found.await;
    found.unwrap_or_else(|| panic!("no line with {wanted:?} before the end of:\n{seen}"))
}

async fn rest(mut lines: Output) -> String {
    let mut text = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        text.push_str(&line);
        text.push('\n');
    }
    text
}
