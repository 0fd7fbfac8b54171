//! What somebody most likely meant: the known name that is spelt almost like the one that nobody knows.

/// Names below it share some letters by chance, as `foo` and `log-format` do. 1 is the same word.
const LIKENESS_MIN: f64 = 0.85;

/// The known name that is spelt most like `wrong`; `None` where none is near, since a far one only misleads. Case counts
/// for nothing.
pub(crate) fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    let rated = known.into_iter().map(|name| (strsim::jaro_winkler(&wrong, &name.to_lowercase()), name));
    let near = rated.filter(|(likeness, _)| *likeness >= LIKENESS_MIN);
    near.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognised_and_another_word_is_not() {
        let known = ["listen", "data-dir", "log-level", "log-format", "profiles"];
        for (wrong, expected) in [
            ("listn", Some("listen")),
            ("Listen", Some("listen")),
            ("listen-addr", Some("listen")),
            ("data_dir", Some("data-dir")),
            ("loglevel", Some("log-level")),
            ("foo", None),
            ("database", None),
            ("proxy", None),
            ("", None),
        ] {
            assert_eq!(nearest(wrong, known), expected, "{wrong}");
        }
    }
}
