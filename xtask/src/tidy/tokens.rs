//! The words and signs of Rust code, without comments, texts and `#[cfg(test)]` modules.

/// A word, `::`, or a single sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    /// From 1.
    pub(super) line: usize,
}

/// All of a file.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (source, 1);
    while let Some(first) = rest.chars().next() {
        let length = skipped(rest).unwrap_or_else(|| {
            let length = token_length(rest, first);
            if !first.is_whitespace() {
                tokens.push(Token { text: &rest[..length], line });
            }
            length
        });
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    without_tests(tokens)
}

fn token_length(rest: &str, first: char) -> usize {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    if is_part(first) {
        rest.find(|c: char| !is_part(c)).unwrap_or(rest.len())
    } else if rest.starts_with("::") {
        2
    } else {
        first.len_utf8()
    }
}

/// How long the comment, text or character is that begins here.
fn skipped(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(rest.find("*/").map_or(rest.len(), |end| end + 2));
    }
    let text = rest.strip_prefix('b').unwrap_or(rest);
    let begins = rest.len() - text.len();
    if let Some(raw) = text.strip_prefix('r') {
        let signs = raw.len() - raw.trim_start_matches('#').len();
        if raw[signs..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(signs));
            let length = raw[signs + 1..].find(&end).map_or(raw.len(), |at| signs + 1 + at + end.len());
            return Some(begins + 1 + length);
        }
    }
    if text.starts_with('"') {
        return Some(begins + quoted_length(text, '"'));
    }
    // A lifetime has no closing sign behind its first character.
    let character = text.strip_prefix('\'')?;
    let is_character = character.starts_with('\\') || character.chars().nth(1) == Some('\'');
    is_character.then(|| begins + quoted_length(text, '\''))
}

fn quoted_length(text: &str, sign: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == sign && !is_escaped {
            return at + 1;
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    text.len()
}

fn without_tests(tokens: Vec<Token<'_>>) -> Vec<Token<'_>> {
    const TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::with_capacity(tokens.len());
    let mut index = 0;
    while index < tokens.len() {
        let is_test = TEST
            .iter()
            .enumerate()
            .all(|(offset, text)| tokens.get(index + offset).is_some_and(|token| token.text == *text));
        let behind = index + TEST.len();
        let opens = tokens.get(behind + 2).is_some_and(|token| token.text == "{");
        if is_test && opens && tokens[behind].text == "mod" {
            let mut depth = 0;
            index = behind + 2;
            while let Some(token) = tokens.get(index) {
                depth += i32::from(token.text == "{") - i32::from(token.text == "}");
                index += 1;
                if depth == 0 {
                    break;
                }
            }
        } else {
            kept.push(tokens[index]);
            index += 1;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<&str> {
        tokens(source).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn comments_texts_and_tests_are_left_out() {
        let source = "// use a;\nlet b = \"use \\\" c\"; /* d */ r#\"e \" \"# b\"f\" '\"' 'g' &'h i::j\n\
                      #[cfg(test)]\nmod tests { fn k() { l } }\nm";
        assert_eq!(words(source), ["let", "b", "=", ";", "&", "'", "h", "i", "::", "j", "m"]);
    }

    #[test]
    fn each_token_knows_its_line() {
        let lines: Vec<_> = tokens("a\n\"x\ny\" b\nc").into_iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 3, 4]);
    }
}
