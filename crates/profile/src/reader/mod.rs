//! Reading TOML with a line for every complaint.
//!
//! **Invariant:** every key of a section is either asked for or reported as unknown: a [`Section`] reports when it is
//! dropped, and the keys that were asked for are the valid ones. So there is no second list of keys that could differ
//! from what is read.

mod values;

use std::{cell::RefCell, ops::Range};

use toml::{Spanned, de::DeTable, de::DeValue};

use crate::problem::{ProblemKind, ProfileProblem, nearest};

pub(crate) use values::{Located, Switch, parse_duration};

/// One TOML file that is being read, and what was wrong with it so far.
pub(crate) struct Document<'a> {
    pub(crate) file: &'a str,
    text: &'a str,
    problems: RefCell<Vec<ProfileProblem>>,
}

impl<'a> Document<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, problems: RefCell::default() }
    }

    /// The file's table; a fault in the syntax is reported and gives none.
    pub(crate) fn parse(&self) -> Option<Spanned<DeTable<'a>>> {
        match DeTable::parse(self.text) {
            Ok(table) => Some(table),
            Err(error) => {
                let line = error.span().map(|span| self.line_of(span.start));
                self.report(line, ProblemKind::Syntax(error.message().to_owned()));
                None
            }
        }
    }

    pub(crate) fn report(&self, line: Option<usize>, kind: ProblemKind) {
        self.problems.borrow_mut().push(ProfileProblem { file: self.file.to_owned(), line, kind });
    }

    /// What was wrong, in the order of the lines.
    pub(crate) fn into_problems(self) -> Vec<ProfileProblem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| problem.line);
        problems.dedup();
        problems
    }

    pub(crate) fn has_problems(&self) -> bool {
        !self.problems.borrow().is_empty()
    }

    fn line_of(&self, offset: usize) -> usize {
        self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
    }

    /// The line on which a text's content begins: that of a multi-line text is the one after its quotes.
    fn content_line(&self, span: &Range<usize>) -> usize {
        let raw = &self.text[span.clone()];
        let opens_with_a_break =
            ["'''\n", "\"\"\"\n", "'''\r\n", "\"\"\"\r\n"].iter().any(|open| raw.starts_with(open));
        self.line_of(span.start) + usize::from(opens_with_a_break)
    }
}

/// One table of the file.
pub(crate) struct Section<'a> {
    document: &'a Document<'a>,
    /// With a dot at the end, or empty: `request.`.
    prefix: String,
    table: &'a DeTable<'a>,
    line: usize,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    pub(crate) fn root(document: &'a Document<'a>, table: &'a Spanned<DeTable<'a>>) -> Self {
        Self::within(document, String::new(), table.get_ref(), 1)
    }

    fn within(document: &'a Document<'a>, prefix: String, table: &'a DeTable<'a>, line: usize) -> Self {
        Self { document, prefix, table, line, asked: RefCell::default() }
    }

    /// The line on which the section begins.
    pub(crate) fn line(&self) -> usize {
        self.line
    }

    pub(crate) fn document(&self) -> &'a Document<'a> {
        self.document
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The table of the key, if there is one.
    pub(crate) fn section(&self, key: &'static str) -> Option<Section<'a>> {
        let value = self.value(key)?;
        self.as_section(self.path(key), value)
    }

    /// The tables of the key, in their order.
    pub(crate) fn sections(&self, key: &'static str) -> Vec<Section<'a>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong_type(key, value, "a list of tables");
            return Vec::new();
        };
        items.iter().filter_map(|item| self.as_section(self.path(key), item)).collect()
    }

    /// The tables of a section whose keys are names that the profile chooses, in the order they were written.
    pub(crate) fn named_sections(&self, key: &'static str) -> Vec<(&'a str, Section<'a>)> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(key, value, "a table");
            return Vec::new();
        };
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        let named = entries.into_iter().filter_map(|(name, value)| {
            let name: &'a str = name.get_ref();
            Some((name, self.as_section(format!("{}{name}", self.path(key) + "."), value)?))
        });
        named.collect()
    }

    /// Reports a value that is of the right type and still not allowed.
    pub(crate) fn invalid(&self, key: &str, why: impl Into<String>) {
        let line = self.table.get(key).map_or(self.line, |value| self.document.line_of(value.span().start));
        let kind = ProblemKind::Invalid { key: self.path(key), why: why.into() };
        self.document.report(Some(line), kind);
    }

    /// Reports a key that must be there and is not.
    pub(crate) fn missing(&self, key: &str) {
        self.document.report(Some(self.line), ProblemKind::MissingKey { key: self.path(key) });
    }

    fn as_section(&self, path: String, value: &'a Spanned<DeValue<'a>>) -> Option<Section<'a>> {
        let line = self.document.line_of(value.span().start);
        let Some(table) = value.get_ref().as_table() else {
            let kind = ProblemKind::WrongType { key: path, expected: "a table" };
            self.document.report(Some(line), kind);
            return None;
        };
        Some(Section::within(self.document, path + ".", table, line))
    }

    fn value(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.borrow_mut().push(key);
        self.table.get(key)
    }

    fn wrong_type(&self, key: &str, value: &Spanned<DeValue<'_>>, expected: &'static str) {
        let line = self.document.line_of(value.span().start);
        self.document.report(Some(line), ProblemKind::WrongType { key: self.path(key), expected });
    }

    fn path(&self, key: &str) -> String {
        format!("{}{key}", self.prefix).trim_end_matches('.').to_owned()
    }
}

impl Drop for Section<'_> {
    fn drop(&mut self) {
        let asked = self.asked.borrow();
        for name in self.table.keys() {
            let key: &str = name.get_ref();
            if !asked.contains(&key) {
                let line = self.document.line_of(name.span().start);
                let nearest = nearest(key, asked.iter().copied());
                let kind = ProblemKind::UnknownKey { key: self.path(key), nearest };
                self.document.report(Some(line), kind);
            }
        }
    }
}
