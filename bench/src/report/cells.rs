//! Numbers and columns as a table has them.

use std::fmt::Write;

/// A number with as many places as say something: three digits at least, thousands in groups.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if size == 0.0 || value.fract() == 0.0 && size < 1e15 => grouped(value, 0),
        _ if size >= 100.0 => grouped(value, 0),
        _ if size >= 10.0 => grouped(value, 1),
        _ if size >= 0.01 => grouped(value, 2),
        _ => grouped(value, 4),
    }
}

fn grouped(value: f64, places: usize) -> String {
    let text = format!("{:.places$}", value.abs());
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::new();
    if value < 0.0 {
        out.push('-');
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !rest.is_empty() {
        let _ = write!(out, ".{rest}");
    }
    out
}

/// Rows with columns as wide as their widest cell: words begin, and numbers end, where those above do.
pub(super) fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cell_chars =
        |row: &Vec<String>, column: usize| row.get(column).map_or(0, |cell| cell.chars().count());
    let width = |column| rows.iter().map(|row| cell_chars(row, column)).max().unwrap_or(0);
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let is_number =
                cell.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '≥' || c == '≤');
            let _ = if column > 0 && is_number {
                write!(text, "  {cell:>width$}")
            } else {
                write!(text, "  {cell:<width$}")
            };
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_shows_what_it_can_mean() {
        let expected = [
            (0.0, "0"),
            (0.173_4, "0.17"),
            (0.004_2, "0.0042"),
            (4.56, "4.56"),
            (45.67, "45.7"),
            (456.7, "457"),
            (21_432.6, "21,433"),
            (1_000_000.0, "1,000,000"),
            (-0.25, "-0.25"),
        ];
        for (value, text) in expected {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn columns_stand_below_each_other() {
        let rows = [vec!["a".to_owned(), "1".to_owned()], vec!["long".to_owned(), "1,000".to_owned()]];
        assert_eq!(aligned(&rows), "  a         1\n  long  1,000\n");
    }
}
