//! What people and scripts read: whole lines on standard output, one sentence of trouble on standard error.
//!
//! **Invariant:** a reader that went away is an error here and not a panic, as it would be with `println!`.

use std::{
    fmt,
    io::{self, Write},
};

/// Writes one line to standard output and makes it visible at once, also to a pipe.
///
/// Errors: nobody reads any more, or the disk behind it is full.
pub fn line(text: impl fmt::Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// Writes one line to standard error. When nobody reads that either, there is nobody left to tell.
pub fn note(text: impl fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// `1 event`, `2 events`.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// Says on standard error what went wrong.
pub fn complain(error: &dyn fmt::Display) {
    note(format_args!("error: {error}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_told_as_one() {
        let told = [0, 1, 2].map(|count| counted(count, "delivery", "deliveries"));
        assert_eq!(told, ["0 deliveries", "1 delivery", "2 deliveries"]);
    }
}
