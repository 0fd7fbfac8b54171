//! Names with values, for a query and for a form.

use super::{Rendering, read_when};
use crate::{
    error::RenderError,
    json,
    reader::Section,
    template::{Compiler, Condition, Scope, Template, Variable, escape},
};

/// One declared name and value, or all members of an object.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    kind: Kind,
    when: Option<Condition>,
}

#[derive(Clone, Debug)]
enum Kind {
    Pair {
        name: String,
        value: Template,
    },
    /// The template prints a JSON object; each member becomes a pair: a text without its quotes, null as nothing, the
    /// rest as its JSON.
    Fields(Template),
    /// The template prints what is sent, already encoded.
    Raw(Template),
}

impl Parameter {
    /// Whether what it sends is made with one of these variables.
    pub(crate) fn reads_any(&self, mut variables: impl Iterator<Item = Variable>) -> bool {
        variables.any(|variable| self.template().reads(&variable))
    }

    /// Whether what it sends, or its condition, is made with such a variable.
    pub(crate) fn reads_where(&self, is_meant: impl Fn(&Variable) -> bool) -> bool {
        let when = self.when.as_ref();
        self.template().reads_where(&is_meant) || when.is_some_and(|when| when.reads_where(&is_meant))
    }

    fn template(&self) -> &Template {
        let (Kind::Pair { value: template, .. } | Kind::Fields(template) | Kind::Raw(template)) = &self.kind;
        template
    }

    /// The name of its only pair as it stands in a query; `None` where there may be several.
    pub(crate) fn name_in_query(&self) -> Option<String> {
        match &self.kind {
            Kind::Pair { name, .. } => Some(Style::Query.encode(name)),
            Kind::Fields(_) | Kind::Raw(_) => None,
        }
    }
}

/// How characters outside the alphabet are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// In a URL: a space is `%20`.
    Query,
    /// In a body: a space is `+`.
    Form,
}

impl Style {
    fn encode(self, text: &str) -> String {
        match self {
            Self::Query => escape::url(text),
            Self::Form => escape::form(text),
        }
    }
}

/// Appends the pairs, joined by `&`.
pub(crate) fn render<'a>(
    parameters: impl IntoIterator<Item = &'a Parameter>,
    style: Style,
    rendering: &Rendering<'_>,
    out: &mut String,
) -> Result<(), RenderError> {
    let start = out.len();
    for parameter in parameters {
        if !rendering.wants(parameter.when.as_ref())? {
            continue;
        }
        match &parameter.kind {
            Kind::Pair { name, value } => {
                let value = value.to_text(rendering.environment, rendering.facts)?;
                push_pair(out, start, style, name, &value);
            }
            Kind::Fields(object) => {
                let object = object.to_text(rendering.environment, rendering.facts)?;
                push_fields(out, start, style, &object)?;
            }
            Kind::Raw(text) => {
                push_joint(out, start);
                text.render(rendering.environment, rendering.facts, out)?;
            }
        }
    }
    Ok(())
}

fn push_pair(out: &mut String, start: usize, style: Style, name: &str, value: &str) {
    push_joint(out, start);
    out.push_str(&style.encode(name));
    out.push('=');
    out.push_str(&style.encode(value));
}

fn push_joint(out: &mut String, start: usize) {
    if out.len() > start {
        out.push('&');
    }
}

fn push_fields(out: &mut String, start: usize, style: Style, object: &str) -> Result<(), RenderError> {
    let refuse = |_| RenderError::Member {
        member: "fields".to_owned(),
        why: "is not a JSON object",
        text: object.chars().take(80).collect(),
    };
    for (name, value) in json::members(object).map_err(refuse)? {
        let json = value.get();
        match json.as_bytes().first() {
            Some(b'n') => push_pair(out, start, style, &name, ""),
            Some(b'"') => {
                let text: String = serde_json::from_str(json).unwrap_or_else(|_| json.to_owned());
                push_pair(out, start, style, &name, &text);
            }
            _ => push_pair(out, start, style, &name, json),
        }
    }
    Ok(())
}

/// Reads `query` or `form`.
pub(crate) fn read(
    section: &Section<'_>,
    key: &'static str,
    compiler: &mut Compiler<'_>,
    scope: Scope,
) -> Vec<Parameter> {
    let parameters = section.sections(key);
    parameters.iter().filter_map(|parameter| read_one(parameter, compiler, scope)).collect()
}

fn read_one(section: &Section<'_>, compiler: &mut Compiler<'_>, scope: Scope) -> Option<Parameter> {
    let [name, value] = ["name", "value"].map(|key| section.text(key));
    let [fields, raw] = ["fields", "raw"].map(|key| section.text(key));
    let when = read_when(section, compiler, scope);
    let kind = match (name, value, fields, raw) {
        (Some(name), Some(value), None, None) => {
            Kind::Pair { name: name.value.to_owned(), value: compiler.template(value, scope)? }
        }
        (None, None, Some(fields), None) => Kind::Fields(compiler.template(fields, scope)?),
        (None, None, None, Some(raw)) => Kind::Raw(compiler.template(raw, scope)?),
        _ => {
            section.invalid("name", "needs a `value` beside it, or `fields` or `raw` in its place");
            return None;
        }
    };
    Some(Parameter { kind, when })
}
