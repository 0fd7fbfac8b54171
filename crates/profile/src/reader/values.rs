//! The values that a key may have: texts, numbers, switches, spans of time, lists, words of a fixed set.

use std::time::Duration;

use toml::{Spanned, de::DeValue};

use super::Section;

/// A value with the place that a complaint about it names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Located<T> {
    pub(crate) value: T,
    pub(crate) line: usize,
}

/// A value that is fixed, or a text that says what decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Switch<'a> {
    Fixed(bool),
    Text(&'a str),
}

impl<'a> Section<'a> {
    pub(crate) fn text(&self, key: &'static str) -> Option<Located<&'a str>> {
        let value = self.value(key)?;
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(key, value, "a text");
            return None;
        };
        Some(Located { value: text, line: self.document.content_line(&value.span()) })
    }

    /// A text or nothing, owned.
    pub(crate) fn owned_text(&self, key: &'static str) -> Option<String> {
        self.text(key).map(|text| text.value.to_owned())
    }

    /// A text that must be there.
    pub(crate) fn required_text(&self, key: &'static str) -> Option<Located<&'a str>> {
        if !self.has(key) {
            self.missing(key);
        }
        self.text(key)
    }

    pub(crate) fn boolean(&self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        let boolean = value.get_ref().as_bool();
        if boolean.is_none() {
            self.wrong_type(key, value, "true or false");
        }
        boolean
    }

    /// True, false or a text.
    pub(crate) fn switch_or_text(&self, key: &'static str) -> Option<Switch<'a>> {
        let value = self.value(key)?;
        let inner = value.get_ref();
        let switch = inner.as_bool().map(Switch::Fixed).or_else(|| inner.as_str().map(Switch::Text));
        if switch.is_none() {
            self.wrong_type(key, value, "true, false or a text");
        }
        switch
    }

    /// A whole number that is not negative and at most `max`.
    pub(crate) fn count(&self, key: &'static str, max: u64) -> Option<u64> {
        let value = self.value(key)?;
        let Some(integer) = value.get_ref().as_integer() else {
            self.wrong_type(key, value, "a whole number");
            return None;
        };
        let count = u64::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|count| *count <= max);
        if count.is_none() {
            self.invalid(key, format!("must be a whole number from 0 to {max}"));
        }
        count
    }

    /// A number with or without a fraction.
    pub(crate) fn number(&self, key: &'static str) -> Option<f64> {
        let value = self.value(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(integer) => integer.as_str().parse().ok(),
            DeValue::Float(float) => float.as_str().parse().ok(),
            _ => None,
        };
        if number.is_none() {
            self.wrong_type(key, value, "a number");
        }
        number
    }

    /// Whole numbers and texts as their texts: `["2xx", 304]`.
    pub(crate) fn texts(&self, key: &'static str) -> Option<Vec<Located<String>>> {
        let value = self.value(key)?;
        let Some(items) = value.get_ref().as_array() else {
            self.wrong_type(key, value, "a list of texts");
            return None;
        };
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            let text = match item.get_ref() {
                DeValue::String(text) => text.to_string(),
                DeValue::Integer(integer) => integer.as_str().to_owned(),
                _ => {
                    self.wrong_type(key, item, "a list of texts");
                    return None;
                }
            };
            texts.push(Located { value: text, line: self.document.line_of(item.span().start) });
        }
        Some(texts)
    }

    /// The texts of a table whose keys are names that the profile chooses, in the order they were written. Each is a text, or a list
    /// of texts.
    pub(crate) fn named_texts(&self, key: &'static str) -> Vec<(&'a str, Vec<Located<&'a str>>)> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(key, value, "a table");
            return Vec::new();
        };
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        let named = entries.into_iter().map(|(name, value)| {
            let name: &'a str = name.get_ref();
            (name, self.text_or_texts(&format!("{key}.{name}"), value))
        });
        named.collect()
    }

    /// A text, or a list of texts of which each will do.
    pub(crate) fn alternatives(&self, key: &'static str) -> Vec<Located<&'a str>> {
        self.value(key).map_or_else(Vec::new, |value| self.text_or_texts(key, value))
    }

    fn text_or_texts(&self, key: &str, value: &'a Spanned<DeValue<'a>>) -> Vec<Located<&'a str>> {
        let items = match value.get_ref().as_array() {
            Some(items) if !items.is_empty() => items.iter().collect(),
            _ => vec![value],
        };
        let text = |item: &'a Spanned<DeValue<'a>>| {
            let text = item.get_ref().as_str();
            if text.is_none() {
                self.wrong_type(key, item, "a text or a list of texts");
            }
            Some(Located { value: text?, line: self.document.content_line(&item.span()) })
        };
        items.into_iter().filter_map(text).collect()
    }

    /// A span of time: `10s`, `5m`, `1h30m`.
    pub(crate) fn duration(&self, key: &'static str) -> Option<Duration> {
        let text = self.text(key)?;
        let duration = parse_duration(text.value);
        if duration.is_none() {
            self.invalid(key, "must be a span of time such as 500ms, 10s, 5m, 2h or 1d");
        }
        duration
    }

    /// One word of a fixed set.
    pub(crate) fn choice<T: Copy>(&self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let chosen = choices.iter().find(|(word, _)| *word == text.value).map(|(_, chosen)| *chosen);
        if chosen.is_none() {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            self.invalid(key, format!("must be one of {}", words.join(", ")));
        }
        chosen
    }

    /// Any value of TOML as JSON text; times are not JSON and are refused.
    pub(crate) fn json(&self, key: &'static str) -> Option<serde_json::Value> {
        let value = self.value(key)?;
        let json = to_json(value.get_ref());
        if json.is_none() {
            self.wrong_type(key, value, "a value that JSON has too");
        }
        json
    }
}

fn to_json(value: &DeValue<'_>) -> Option<serde_json::Value> {
    use serde_json::Value;
    Some(match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(integer) => {
            Value::from(i64::from_str_radix(integer.as_str(), integer.radix()).ok()?)
        }
        DeValue::Float(float) => Value::from(float.as_str().parse::<f64>().ok()?),
        DeValue::Boolean(boolean) => Value::from(*boolean),
        DeValue::Datetime(_) => return None,
        DeValue::Array(items) => {
            items.iter().map(|item| to_json(item.get_ref())).collect::<Option<Vec<_>>>()?.into()
        }
        DeValue::Table(table) => {
            let member = |(name, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
                let name: &toml::de::DeString<'_> = name.get_ref();
                Some((name.to_string(), to_json(value.get_ref())?))
            };
            Value::Object(table.iter().map(member).collect::<Option<_>>()?)
        }
    })
}

/// Reads `1h30m`: numbers with their units, one after the other.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit_ms = match &rest[..letters] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        total = total.checked_add(Duration::from_millis(number.checked_mul(unit_ms)?))?;
        rest = &rest[letters..];
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_of_time_is_numbers_with_their_units() {
        for (text, expected_ms) in [
            ("500ms", 500),
            ("0s", 0),
            ("10s", 10_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("7d", 604_800_000),
        ] {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(expected_ms)), "{text}");
        }
        for text in
            ["", "10", "s", "-1s", "1.5s", "1 s", "1y", "99999999999999999999s", "18446744073709551615d"]
        {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
