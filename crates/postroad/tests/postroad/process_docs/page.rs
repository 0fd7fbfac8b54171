//! A page as blocks with their marks.

use std::path::Path;

/// What the comment before a fenced block says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// `run`: typed into the reader's terminal; must succeed.
    Run,
    /// `run until it fits`: typed again until what follows as output fits.
    RunUntilItFits,
    /// `run instead: COMMAND`: the same, but the test types this, for a reason that the comment before tells.
    RunInstead(String),
    /// `terminal NAME until TEXT`: typed into a terminal of its own, which goes on after it has said the text. One of
    /// the same name ends first, as by Ctrl-C.
    Terminal { name: String, until: String },
    /// `end of terminal NAME`: what a reader does with Ctrl-C; stands alone, without a block.
    EndOfTerminal(String),
    /// `file NAME`: saved in the reader's folder.
    File(String),
    /// `as in PATH`: the same text as this file of the project, whose own tests build it.
    AsIn(String),
    /// `output`: what the last command says. `…` stands for anything, white space for nothing.
    Output,
    /// `output of NAME`: what a terminal says, sooner or later.
    OutputOf(String),
    /// `needs a server`: one as the first page starts it; stands alone, without a block.
    Server,
    /// `files of PATH`: what another page has its readers save; stands alone, without a block.
    FilesOf(String),
    /// `not run: REASON`.
    NotRun,
}

impl Mark {
    /// Whether it is about no block.
    pub(crate) fn stands_alone(&self) -> bool {
        matches!(self, Self::Server | Self::FilesOf(_) | Self::EndOfTerminal(_))
    }

    /// Whether something is typed.
    pub(crate) fn is_typed(&self) -> bool {
        matches!(self, Self::Run | Self::RunUntilItFits | Self::RunInstead(_) | Self::Terminal { .. })
    }
}

/// A fenced block, or what stands alone.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// The line of its fence or comment, from 1.
    pub(crate) line: usize,
    pub(crate) mark: Mark,
    pub(crate) text: String,
}

/// A page with everything in it that is marked.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) path: String,
    /// Or what is wrong with a mark, or with a block that has none.
    found: Vec<Result<Block, String>>,
}

impl Page {
    /// Reads a page, whose path is from the root.
    pub(crate) fn read(root: &Path, path: &str) -> Self {
        let text = std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        Self { path: path.to_owned(), found: parse(&text) }
    }

    /// Its blocks with their places.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = (String, &Block)> {
        self.found.iter().flatten().map(|block| (format!("{}:{}", self.path, block.line), block))
    }

    /// What is wrong with its marks.
    pub(crate) fn faults(&self) -> Vec<String> {
        let faults = self.found.iter().filter_map(|found| found.as_ref().err());
        faults.map(|fault| format!("{}:{fault}", self.path)).collect()
    }
}

fn parse(text: &str) -> Vec<Result<Block, String>> {
    let mut found = Vec::new();
    let mut marked: Option<Mark> = None;
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    while let Some((line, content)) = lines.next() {
        if let Some(comment) = content.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->")) {
            match mark(comment) {
                Some(mark) if mark.stands_alone() => {
                    found.push(Ok(Block { line, mark, text: String::new() }));
                }
                Some(mark) => marked = Some(mark),
                None => found.push(Err(format!("{line}: no mark that the test knows: {comment}"))),
            }
        } else if content.starts_with("```") {
            let body = lines.by_ref().map(|(_, line)| line).take_while(|line| !line.starts_with("```"));
            let text: String = body.map(|line| format!("{line}\n")).collect();
            found.push(match marked.take() {
                // A drawing is no text to run, and a comment would be one of its arrows to those who read it.
                None if content == "```mermaid" => continue,
                Some(mark) => Ok(Block { line, mark, text }),
                None => Err(format!("{line}: a block that is not marked")),
            });
        }
    }
    found
}

fn mark(comment: &str) -> Option<Mark> {
    let owned = str::to_owned;
    let after = |start| comment.strip_prefix(start).map(owned);
    match comment {
        "run" => return Some(Mark::Run),
        "run until it fits" => return Some(Mark::RunUntilItFits),
        "output" => return Some(Mark::Output),
        "needs a server" => return Some(Mark::Server),
        _ => {}
    }
    if let Some((name, until)) = comment.strip_prefix("terminal ").and_then(|rest| rest.split_once(" until "))
    {
        return Some(Mark::Terminal { name: owned(name), until: owned(until) });
    }
    let not_run = after("not run: ").filter(|reason| !reason.trim().is_empty()).map(|_| Mark::NotRun);
    not_run
        .or_else(|| after("run instead: ").map(Mark::RunInstead))
        .or_else(|| after("end of terminal ").map(Mark::EndOfTerminal))
        .or_else(|| after("files of ").map(Mark::FilesOf))
        .or_else(|| after("file ").map(Mark::File))
        .or_else(|| after("as in ").map(Mark::AsIn))
        .or_else(|| after("output of ").map(Mark::OutputOf))
}

#[test]
fn a_block_without_a_mark_and_a_mark_without_a_meaning_are_told_with_their_lines() {
    let text =
        "a\n<!-- run -->\n```sh\nls\n```\n```sh\nrm\n```\n<!-- walk -->\n<!-- not run:  -->\n```\nx\n```\n";
    let found = parse(text);
    assert_eq!(found[0].as_ref().unwrap().text, "ls\n");
    let faults: Vec<_> = found.iter().filter_map(|found| found.as_ref().err()?.split(':').next()).collect();
    assert_eq!(faults, ["6", "9", "10", "11"]);
}
