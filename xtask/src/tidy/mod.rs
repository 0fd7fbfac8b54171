//! The house rules that no compiler knows: layers, wings, sizes, module docs, words, sleeps, links, the book.
//!
//! Each rule is a function from what was read to findings, in a file of its own; a finding names file, line, rule and
//! remedy. Rules look at text and not at syntax trees, on purpose: they are to be readable in a minute each.

mod anchors;
mod book;
mod layers;
mod links;
mod module_docs;
mod modules;
mod sizes;
mod sleeps;
mod tokens;
mod tree;
mod wings;
mod words;

use std::{fmt, process::ExitCode};

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

pub(crate) use self::anchors::anchor_of;
use self::tree::Tree;

/// Checks every rule, prints what it found and answers failure if any of it is an error.
///
/// # Errors
///
/// When the tree cannot be read.
pub(crate) fn run() -> Result<ExitCode> {
    let metadata = MetadataCommand::new().exec().context("cargo metadata")?;
    let tree = Tree::read(metadata.workspace_root.as_std_path())?;
    let mut findings = layers::check(&metadata);
    let rules = [
        sizes::check,
        module_docs::check,
        words::check,
        sleeps::check,
        links::check,
        book::check,
        wings::check,
    ];
    for rule in rules {
        findings.extend(rule(&tree));
    }
    findings.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
    for finding in &findings {
        println!("{finding}");
    }
    let errors = findings.iter().filter(|finding| finding.weight == Weight::Error).count();
    if errors > 0 {
        println!("tidy: {errors} broken house rules");
        return Ok(ExitCode::FAILURE);
    }
    println!("tidy: {} files keep the house rules", tree.files.len());
    Ok(ExitCode::SUCCESS)
}

/// One place where a rule is broken.
#[derive(Debug)]
struct Finding {
    /// The file, from the root of the tree.
    file: String,
    /// The line, from 1.
    line: usize,
    rule: &'static str,
    problem: String,
    remedy: &'static str,
    weight: Weight,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    /// Fails the check.
    Error,
    /// Is printed only.
    Remark,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weight = if self.weight == Weight::Error { "error" } else { "remark" };
        let Self { file, line, rule, problem, remedy, .. } = self;
        write!(out, "{weight}: {file}:{line}: {rule}: {problem}. {remedy}.")
    }
}
