//! How the benchmark speaks with its generator and its receiver: a plan as one line of JSON, then commands of one word,
//! each answered by one line of JSON.

use std::{io::Write, path::Path, process::Stdio};

use anyhow::{Context, Result, bail};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines, Stdin},
    process::{Child, ChildStdin, ChildStdout},
};

/// What a worker can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// The measured time begins.
    Begin,
    /// The measured time ends, and nothing more is sent.
    End,
    /// Say the figures when all that was to be sent is sent.
    Finish,
    /// Say the figures.
    Report,
}

const WORDS: [(&str, Command); 4] = [
    ("begin", Command::Begin),
    ("end", Command::End),
    ("finish", Command::Finish),
    ("report", Command::Report),
];

/// The worker's side: what it is told.
#[derive(Debug)]
pub(super) struct Orders {
    lines: Lines<BufReader<Stdin>>,
}

impl Orders {
    pub(super) fn new() -> Self {
        Self { lines: BufReader::new(tokio::io::stdin()).lines() }
    }

    /// The plan, which comes first.
    pub(super) async fn plan<T: DeserializeOwned>(&mut self) -> Result<T> {
        let line = self.lines.next_line().await?.context("no plan came")?;
        serde_json::from_str(&line).context("the plan cannot be read")
    }

    /// The next command; `None` when the benchmark is over.
    pub(super) async fn next(&mut self) -> Result<Option<Command>> {
        let Some(line) = self.lines.next_line().await? else { return Ok(None) };
        match WORDS.iter().find(|(word, _)| *word == line) {
            Some((_, command)) => Ok(Some(*command)),
            None => bail!("unknown command `{line}`"),
        }
    }
}

/// The worker's answer to its plan or a command.
pub(super) fn answer(value: &impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(value)?)?;
    Ok(out.flush()?)
}

/// The benchmark's side: one worker process. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Worker {
    /// Kept so that the process lives as long as its pipes.
    _child: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Worker {
    /// Starts the hidden subcommand `role` of this program with its plan.
    pub(super) async fn start(program: &Path, role: &str, plan: &impl Serialize) -> Result<Self> {
        let mut command = tokio::process::Command::new(program);
        command.arg(role).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child =
            command.spawn().with_context(|| format!("cannot start {} {role}", program.display()))?;
        let stdin = child.stdin.take().context("stdin was asked for as a pipe")?;
        let stdout = child.stdout.take().context("stdout was asked for as a pipe")?;
        let mut worker = Self { _child: child, stdin, lines: BufReader::new(stdout).lines() };
        worker.write(&serde_json::to_string(plan)?).await?;
        Ok(worker)
    }

    /// Gives a command and reads the answer.
    pub(super) async fn tell<T: DeserializeOwned>(&mut self, command: Command) -> Result<T> {
        let word = WORDS.iter().find(|(_, known)| *known == command).map_or("", |(word, _)| word);
        self.write(word).await?;
        self.read().await
    }

    /// Reads one answer.
    pub(super) async fn read<T: DeserializeOwned>(&mut self) -> Result<T> {
        let line = self.lines.next_line().await?.context("a worker of the benchmark ended early")?;
        serde_json::from_str(&line).context("the answer of a worker")
    }

    async fn write(&mut self, line: &str) -> Result<()> {
        Ok(self.stdin.write_all(format!("{line}\n").as_bytes()).await?)
    }
}
