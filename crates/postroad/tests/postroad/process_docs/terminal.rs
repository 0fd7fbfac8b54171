//! Terminals: a shell whose output is kept in a file, in a process group of its own, so that its end is the end of all
//! that it started.

use std::{
    ffi::OsString,
    fs::{File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

use postroad_testkit::{binary, poll_for};

/// What the shell says when a block has ended.
const ENDED: &str = "---- the block has ended";

/// A running shell.
pub(crate) struct Terminal {
    shell: Child,
    input: Option<ChildStdin>,
    output: PathBuf,
}

impl Terminal {
    /// The reader's own terminal, in the reader's folder.
    pub(crate) fn open(folder: &Path, host: &str) -> Self {
        let mut shell = shell(folder, host);
        shell.stdin(Stdio::piped());
        let mut terminal = Self::start(shell, folder.join(".terminal"));
        terminal.input = terminal.shell.stdin.take();
        terminal
    }

    /// A terminal in which one thing runs.
    pub(crate) fn with(folder: &Path, host: &str, name: &str, commands: &str) -> Self {
        let mut shell = shell(folder, host);
        shell.args(["-c", commands]).stdin(Stdio::null());
        Self::start(shell, folder.join(format!(".terminal.{name}")))
    }

    /// Types a block, waits for its end, and answers what it said; `Err` with the same where it failed.
    pub(crate) async fn run(&mut self, commands: &str) -> Result<String, String> {
        let before = self.said().len();
        let input = self.input.as_mut().expect("only the reader's terminal is typed into");
        // What runs must not read what is typed after it. The first command that fails ends the shell.
        let typed = format!("{{ set -e\n{commands}\n}} </dev/null\nset +e\necho '{ENDED}'\n");
        input
            .write_all(typed.as_bytes())
            .expect("a shell that reads to the end of a block is there for the next");
        let said = poll_for("the end of a block", async || {
            let ended = self.has_ended();
            let said = self.said().split_off(before);
            match said.strip_suffix(&format!("{ENDED}\n")) {
                Some(said) => Some(Ok(said.to_owned())),
                None => ended.then_some(Err(said)),
            }
        });
        said.await
    }

    /// Everything it said so far.
    pub(crate) fn said(&self) -> String {
        let bytes = std::fs::read(&self.output).expect("the file of a terminal can be read");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Whether what ran in it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.shell.try_wait().expect("a child can be asked").is_some()
    }

    fn start(mut shell: Command, output: PathBuf) -> Self {
        let file = File::create(&output).and_then(|_| OpenOptions::new().append(true).open(&output));
        let file = file.expect("the folder takes files");
        let again = file.try_clone().expect("a file can be shared");
        let shell = shell.stdout(file).stderr(again).spawn().expect("there is a shell");
        Self { shell, input: None, output }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let group = i32::try_from(self.shell.id()).expect("process ids are positive and small");
        // SAFETY: kill takes two integers and touches no memory of ours. The shell was not waited for by anybody but
        // `has_ended`, and its group is there as long as one of its processes is.
        unsafe { libc::kill(-group, libc::SIGKILL) };
        let _ = self.shell.wait();
    }
}

/// A shell in a folder where the program and the receivers' libraries are found, on addresses that nobody else uses.
fn shell(folder: &Path, host: &str) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut shell = Command::new("bash");
    let ours = std::env::vars_os().map(|(name, _)| name);
    for name in ours.filter(|name| name.to_string_lossy().starts_with("POSTROAD")) {
        shell.env_remove(name);
    }
    shell.env("PATH", path()).env("POSTROAD_LISTEN", format!("{host}:18080"));
    shell.env("PYTHONUNBUFFERED", "1").env("NO_COLOR", "1").current_dir(folder).process_group(0);
    shell
}

/// The folders of programs: ours and that of Python with its libraries before the machine's.
fn path() -> OsString {
    let programs = binary().parent().expect("a program lies in a folder").to_owned();
    let mut folders =
        vec![programs.clone(), programs.join("examples"), super::root().join("target/tools/python/bin")];
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").expect("a test has a path")));
    std::env::join_paths(folders).expect("no folder of ours has a colon in its name")
}
