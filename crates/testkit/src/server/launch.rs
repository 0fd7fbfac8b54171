//! From options to a process that listens.

use std::{
    fs::OpenOptions,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, anyhow, bail};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use super::{ADMIN_KEY, Running, ServerOptions};
use crate::patience::within;

/// What the server's first line says before its address.
const LISTENING: &str = "listening on http://";

/// Loopback, where the machine chooses a free port.
pub(super) const ANY_PORT: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));

/// Where the server's binary is: `CARGO_BIN_EXE_postroad` if the environment has it, otherwise `postroad` in the target
/// folder of the running test.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("CARGO_BIN_EXE_postroad") {
        return path.into();
    }
    let test = std::env::current_exe().expect("a running program has a path");
    let mut folder = test.parent().expect("a file has a folder");
    if folder.ends_with("deps") {
        folder = folder.parent().expect("`deps` lies in a folder");
    }
    folder.join("postroad")
}

pub(super) fn data_dir(options: &ServerOptions, folder: &Path) -> PathBuf {
    options.data_dir.clone().unwrap_or_else(|| folder.join("data"))
}

pub(super) fn log(folder: &Path) -> String {
    std::fs::read(log_file(folder))
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("server.log")
}

/// Starts the server at `listen` and reads where it listens.
pub(super) async fn launch(
    options: &ServerOptions,
    folder: &Path,
    listen: SocketAddr,
) -> anyhow::Result<Running> {
    let mut child = spawn(options, folder, listen)?;
    let pid = child.id().context("a child that was not waited for has an id")?;
    let stdout = child.stdout.take().context("stdout was asked for as a pipe")?;
    let mut lines = BufReader::new(stdout).lines();
    match within("the server's first line", first_address(&mut lines)).await {
        Ok(address) => {
            // Somebody has to go on reading, or a server that prints more would stop at a full pipe.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            Ok(Running { child, pid, address })
        }
        Err(error) => Err(error.context(format!("the server did not start; its log:\n{}", log(folder)))),
    }
}

fn spawn(options: &ServerOptions, folder: &Path, listen: SocketAddr) -> anyhow::Result<Child> {
    let path = options.binary.clone().unwrap_or_else(binary);
    let log = OpenOptions::new().create(true).append(true).open(log_file(folder)).context("the log file")?;
    let mut command = Command::new(&path);
    command.args(["serve", "--listen", &listen.to_string(), "--admin-key", ADMIN_KEY, "--data-dir"]);
    command.arg(data_dir(options, folder)).args(&options.arguments).envs(options.environment.iter().cloned());
    if !options.loopback_blocked {
        command.args(["--allow-subnet", "127.0.0.0/8"]);
    }
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
    command
        .spawn()
        .with_context(|| format!("cannot start {} (cargo build -p postroad makes it)", path.display()))
}

async fn first_address(lines: &mut Lines<BufReader<ChildStdout>>) -> anyhow::Result<SocketAddr> {
    let Some(line) = lines.next_line().await? else { bail!("it ended without a line") };
    let address = line.strip_prefix(LISTENING).map(|rest| rest.trim_end_matches('/').parse());
    address.and_then(Result::ok).ok_or_else(|| anyhow!("the first line is not `{LISTENING}ADDRESS`: {line}"))
}

/// Sends `signal` to a child that was not waited for yet, so its id still names it.
pub(super) fn signal(pid: u32, signal: libc::c_int) -> anyhow::Result<()> {
    let pid = libc::pid_t::try_from(pid).context("process ids are positive")?;
    // SAFETY: kill takes two integers and touches no memory of ours.
    let answer = unsafe { libc::kill(pid, signal) };
    anyhow::ensure!(answer == 0, "kill({pid}, {signal}): {}", std::io::Error::last_os_error());
    Ok(())
}
