//! JSON with line breaks, for people: every number, key and escape stays as it was written.

use serde::de::IgnoredAny;

const INDENT: &str = "  ";
/// Deeper lines begin here: nobody reads further to the right.
const DEPTH_MAX: usize = 40;

/// The same JSON over several lines; `None` for what is not JSON.
pub(super) fn pretty(text: &str) -> Option<String> {
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    let mut out = String::with_capacity(text.len() * 2);
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    // White space outside of strings is ours to set.
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if in_string {
            out.push(letter);
            in_string = is_escaped || letter != '"';
            is_escaped = !is_escaped && letter == '\\';
            continue;
        }
        match letter {
            ' ' | '\t' | '\r' | '\n' => {}
            '{' | '[' => {
                out.push(letter);
                while letters.next_if(|next| next.is_ascii_whitespace()).is_some() {}
                if let Some(end) = letters.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    new_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(letter);
            }
            ',' => {
                out.push(letter);
                new_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            _ => {
                in_string = letter == '"';
                out.push(letter);
            }
        }
    }
    Some(out)
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.push_str(&INDENT.repeat(depth.min(DEPTH_MAX)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_broken_into_lines_and_nothing_else_of_it_changes() {
        let text = r#" {"b": 1.50,"a":[1e400 ,"x,\"]}\\"],"e":{ },"l":[ ], "u":"\u00e9"}"#;
        let expected = "{\n  \"b\": 1.50,\n  \"a\": [\n    1e400,\n    \"x,\\\"]}\\\\\"\n  ],\n  \"e\": {},\n  \"l\": \
                        [],\n  \"u\": \"\\u00e9\"\n}";
        assert_eq!(pretty(text).as_deref(), Some(expected));
    }

    #[test]
    fn a_value_alone_stays_as_it_is_and_other_text_is_not_json() {
        for text in ["1.0", "\"a b\"", "true", "null"] {
            assert_eq!(pretty(text).as_deref(), Some(text));
        }
        for text in ["", "a=b", "{", "{\"a\":1}}"] {
            assert_eq!(pretty(text), None, "{text}");
        }
    }
}
