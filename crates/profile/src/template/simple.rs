//! The fast path: a template of literal text and `{{ variable | filter }}` only becomes a list of segments.
//!
//! **Invariant:** what is taken here renders to the same text as in MiniJinja. Whatever is not understood here, white
//! space control and escapes in texts included, is left to MiniJinja.

use super::{
    fact::Fact,
    facts::Facts,
    filter::{FILTERS, Filter},
    filter_error::FilterError,
    variable::{Names, Variable},
};

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Segment {
    Literal(String),
    Placeholder(Placeholder),
}

/// `{{ variable | filter(argument) }}`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Placeholder {
    pub(crate) variable: Variable,
    pub(crate) filters: Vec<FilterCall>,
}

/// A filter with its arguments.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FilterCall {
    filter: Filter,
    arguments: Vec<Argument>,
}

/// An argument of a filter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Argument {
    Integer(i64),
    Text(String),
    Variable(Variable),
}

impl Placeholder {
    /// The value behind all filters.
    pub(crate) fn evaluate<'a>(&self, facts: &'a Facts<'_>) -> Result<Fact<'a>, FilterError> {
        let mut fact = facts.get(&self.variable)?;
        for call in &self.filters {
            let arguments = call.arguments.iter().map(|argument| match argument {
                Argument::Integer(number) => Ok(Fact::Integer(*number)),
                Argument::Text(text) => Ok(Fact::text(text)),
                Argument::Variable(variable) => facts.get(variable),
            });
            fact = call.filter.apply(fact, &arguments.collect::<Result<Vec<_>, _>>()?)?;
        }
        Ok(fact)
    }

    /// Every variable that is read.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &Variable> {
        let arguments = self.filters.iter().flat_map(|call| &call.arguments);
        let in_arguments = arguments.filter_map(|argument| match argument {
            Argument::Variable(variable) => Some(variable),
            Argument::Integer(_) | Argument::Text(_) => None,
        });
        std::iter::once(&self.variable).chain(in_arguments)
    }
}

/// The segments of a template, or `None` when it needs MiniJinja.
pub(crate) fn parse(source: &str, names: &Names) -> Option<Vec<Segment>> {
    if source.contains("{%") || source.contains("{#") {
        return None;
    }
    let mut segments = Vec::new();
    let mut rest = source;
    while let Some((literal, behind)) = rest.split_once("{{") {
        push_literal(&mut segments, literal);
        let (inside, behind) = behind.split_once("}}")?;
        segments.push(Segment::Placeholder(parse_expression(inside, names)?));
        rest = behind;
    }
    push_literal(&mut segments, rest);
    Some(segments)
}

/// `variable | filter | filter(arguments)`.
pub(crate) fn parse_expression(text: &str, names: &Names) -> Option<Placeholder> {
    let mut parts = text.split('|').map(str::trim);
    let variable = names.find(parts.next()?)?;
    let filters = parts.map(|part| parse_filter(part, names)).collect::<Option<_>>()?;
    Some(Placeholder { variable, filters })
}

fn push_literal(segments: &mut Vec<Segment>, text: &str) {
    if !text.is_empty() {
        segments.push(Segment::Literal(text.to_owned()));
    }
}

fn parse_filter(text: &str, names: &Names) -> Option<FilterCall> {
    let (name, arguments) = match text.split_once('(') {
        None => (text, None),
        Some((name, rest)) => (name.trim_end(), Some(rest.strip_suffix(')')?)),
    };
    let filter = FILTERS.iter().find(|(candidate, _)| *candidate == name)?.1;
    let arguments = match arguments.map(str::trim) {
        None | Some("") => Vec::new(),
        Some(list) => {
            list.split(',').map(|item| parse_argument(item.trim(), names)).collect::<Option<_>>()?
        }
    };
    Some(FilterCall { filter, arguments })
}

fn parse_argument(text: &str, names: &Names) -> Option<Argument> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(Argument::Integer);
    }
    if let Some(quote) = text.chars().next().filter(|first| matches!(first, '"' | '\'')) {
        let inside = text.strip_prefix(quote)?.strip_suffix(quote)?;
        return (!inside.contains(['\\', quote])).then(|| Argument::Text(inside.to_owned()));
    }
    names.find(text).map(Argument::Variable)
}
