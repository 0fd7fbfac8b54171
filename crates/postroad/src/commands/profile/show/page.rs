//! A page of words for a terminal: headings, and entries with their labels in a column. No colours, so that it can be
//! kept in a file.

/// Where lines are broken, in characters.
const WIDTH: usize = 100;
/// A longer label has a line of its own.
const LABEL_CHARS_MAX: usize = 28;
/// Between a label and its text.
const GAP: usize = 2;

/// One entry: a label and what there is to say.
pub(super) type Entry = (String, String);

/// The page as far as it is written.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
}

impl Page {
    /// The page as text; the last line has no end.
    pub(super) fn into_text(self) -> String {
        self.text.trim_end().to_owned()
    }

    /// A paragraph from the left edge.
    pub(super) fn paragraph(&mut self, text: &str) {
        self.write("", text, 0);
    }

    /// A heading with a line free above it.
    pub(super) fn heading(&mut self, indent: usize, text: &str) {
        self.text.push('\n');
        self.write(&" ".repeat(indent), text, indent);
    }

    /// Entries below each other, their texts in one column.
    pub(super) fn entries(&mut self, indent: usize, entries: &[Entry]) {
        let lengths = entries.iter().map(|(label, _)| label.chars().count());
        let column = lengths.filter(|length| *length <= LABEL_CHARS_MAX).max().unwrap_or(LABEL_CHARS_MAX);
        for (label, text) in entries {
            let (margin, hang) = (" ".repeat(indent), indent + column + GAP);
            if label.chars().count() > column {
                self.text.push_str(&format!("{margin}{label}\n"));
                self.write(&" ".repeat(hang), text, hang);
            } else {
                self.write(&format!("{margin}{label:column$}{}", " ".repeat(GAP)), text, hang);
            }
        }
    }

    /// A heading and its entries, where there are any.
    pub(super) fn section(&mut self, heading: &str, entries: &[Entry]) {
        if !entries.is_empty() {
            self.heading(0, heading);
            self.entries(2, entries);
        }
    }

    /// Writes a text behind `start`; the lines that follow begin at `hang`.
    fn write(&mut self, start: &str, text: &str, hang: usize) {
        let mut line = start.to_owned();
        let mut length = line.chars().count();
        let mut is_fresh = true;
        for word in text.split_whitespace() {
            let word_length = word.chars().count();
            if !is_fresh && length + 1 + word_length > WIDTH {
                self.end_line(&line);
                line = " ".repeat(hang);
                length = hang;
                is_fresh = true;
            }
            if !is_fresh {
                line.push(' ');
                length += 1;
            }
            line.push_str(word);
            length += word_length;
            is_fresh = false;
        }
        self.end_line(&line);
    }

    fn end_line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

/// An entry of a label that is known.
pub(super) fn entry(label: &str, text: impl Into<String>) -> Entry {
    (label.to_owned(), text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stand_in_a_column_and_are_broken_before_the_edge() {
        let mut page = Page::default();
        let long = "word ".repeat(30);
        page.section(
            "Heading",
            &[entry("ä", "short"), entry("label", long), entry(&"x".repeat(40), "below")],
        );
        let text = page.into_text();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[..3], ["", "Heading", "  ä      short"]);
        assert!(lines[3].starts_with("  label  word word"), "{text}");
        assert!(lines[4].starts_with("         word"), "{text}");
        assert_eq!(lines[lines.len() - 2..], [format!("  {}", "x".repeat(40)), "         below".to_owned()]);
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn nothing_to_say_has_no_heading() {
        let mut page = Page::default();
        page.section("Heading", &[]);
        page.paragraph("A.");
        assert_eq!(page.into_text(), "A.");
    }
}
