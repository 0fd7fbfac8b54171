//! The table: every check in its order, with what stands for it.

use std::fmt;

use super::{
    list::{Check, Product},
    outcome::{Ended, Outcome},
};

/// The rows in their order: the checks by number, then the tests that belong to none.
#[derive(Debug)]
pub(super) struct Table {
    rows: Vec<Row>,
}

#[derive(Debug)]
enum Row {
    /// A check that no test stands for.
    Missing(Check),
    /// A test and the check that it stands for; without one, its name begins with no check's number.
    Found(Option<Check>, Ended),
}

impl Table {
    /// Finds the tests of each check.
    pub(super) fn new(products: &[Product], mut tests: Vec<Ended>) -> Self {
        let mut rows = Vec::new();
        for check in products.iter().flat_map(|product| product.each_check()) {
            let prefix = check.test_prefix();
            let (own, rest) =
                tests.into_iter().partition::<Vec<_>, _>(|ended| ended.test.starts_with(&prefix));
            tests = rest;
            if own.is_empty() {
                rows.push(Row::Missing(check));
            }
            rows.extend(own.into_iter().map(|ended| Row::Found(Some(check), ended)));
        }
        rows.extend(tests.into_iter().map(|ended| Row::Found(None, ended)));
        Self { rows }
    }

    /// Whether every check has a test and every test passed, those without a check too.
    pub(super) fn is_all_passed(&self) -> bool {
        self.rows.iter().all(Row::is_passed)
    }

    /// How many checks these rows are about.
    fn count(&self, is_counted: impl Fn(&Row) -> bool) -> usize {
        let mut checks: Vec<_> =
            self.rows.iter().filter(|row| is_counted(row)).filter_map(Row::check).collect();
        checks.dedup();
        checks.len()
    }
}

impl Row {
    const fn check(&self) -> Option<Check> {
        match self {
            Self::Missing(check) => Some(*check),
            Self::Found(check, _) => *check,
        }
    }

    const fn is_passed(&self) -> bool {
        matches!(self, Self::Found(_, Ended { outcome: Outcome::Passed(_), .. }))
    }

    fn cells(&self) -> [String; 3] {
        let title = self.check().map_or_else(|| "-".to_owned(), Check::title);
        match self {
            Self::Missing(check) => {
                let wanted = format!("{}… of {}", check.test_prefix(), check.product.module);
                [title, wanted, "MISSING".to_owned()]
            }
            Self::Found(_, ended) => [title, ended.test.clone(), ended.outcome.to_string()],
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = vec![["check", "test", "result"].map(str::to_owned)];
        lines.extend(self.rows.iter().map(Row::cells));
        let width =
            |column: usize| lines.iter().map(|cells| cells[column].chars().count()).max().unwrap_or_default();
        let (check_width, test_width) = (width(0), width(1));
        for [check, test, result] in &lines {
            writeln!(out, "{check:check_width$}  {test:test_width$}  {result}")?;
        }
        let checks = self.count(|_| true);
        write!(out, "{} of {checks} checks pass", checks - self.count(|row| !row.is_passed()))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed(seconds) => write!(out, "passed ({seconds:.2} s)"),
            Self::Failed => out.write_str("FAILED"),
            Self::Ignored => out.write_str("IGNORED"),
            Self::Unfinished => out.write_str("UNFINISHED"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRODUCTS: [Product; 2] = [
        Product { prefix: "AB", checks: 1, module: "process_ab" },
        Product { prefix: "CD", checks: 11, module: "process_cd" },
    ];

    fn table(tests: &[(&str, Outcome)]) -> Table {
        let ended = |(test, outcome): &(&str, Outcome)| Ended { test: (*test).to_owned(), outcome: *outcome };
        Table::new(&PRODUCTS, tests.iter().map(ended).collect())
    }

    #[test]
    fn rows_follow_the_numbers_and_not_the_alphabet() {
        let passed = Outcome::Passed(0.5);
        let tests = [
            ("cd_11_last", passed),
            ("cd_1_first", passed),
            ("cd_1_too", Outcome::Failed),
            ("ab_1_a", passed),
        ];
        let text = table(&tests).to_string();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[1], "AB-1   ab_1_a                 passed (0.50 s)");
        assert_eq!(
            lines[2..4],
            ["CD-1   cd_1_first             passed (0.50 s)", "CD-1   cd_1_too               FAILED"]
        );
        assert_eq!(lines[4], "CD-2   cd_2_… of process_cd   MISSING");
        assert_eq!(lines[13..], ["CD-11  cd_11_last             passed (0.50 s)", "2 of 12 checks pass"]);
    }

    #[test]
    fn nothing_less_than_a_test_for_each_and_a_pass_for_all_is_enough() {
        let numbers = (1..=11).map(|number| format!("cd_{number}_x")).collect::<Vec<_>>();
        let all = |further: (&'static str, Outcome)| {
            let passed = numbers.iter().map(|test| (test.as_str(), Outcome::Passed(0.1)));
            table(&passed.chain([further]).collect::<Vec<_>>()).is_all_passed()
        };
        assert!(all(("ab_1_x", Outcome::Passed(0.1))));
        assert!(!all(("ab_2_is_of_no_check", Outcome::Passed(0.1))), "AB-1 is missing");
        for outcome in [Outcome::Failed, Outcome::Ignored, Outcome::Unfinished] {
            assert!(!all(("ab_1_x", outcome)), "{outcome}");
        }
    }
}
