//! A JSON object whose members are declared in their order, each with the type that its value has.

use super::{Rendering, read_when};
use crate::{
    error::RenderError,
    json,
    reader::Section,
    template::{Compiler, Condition, Scope, Template, Variable, escape},
};

/// The members in their order.
#[derive(Clone, Debug)]
pub(crate) struct Envelope(Vec<Member>);

#[derive(Clone, Debug)]
struct Member {
    /// `"name":`, ready to be written; empty for a spread.
    opening: String,
    kind: Kind,
    value: Template,
    when: Option<Condition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The rendered text as a JSON string.
    String,
    /// The rendered text is a JSON number.
    Number,
    /// The rendered text is JSON of any type, byte for byte.
    Json,
    /// The rendered text is a JSON object whose members stand here; nothing when it is empty.
    Spread,
}

const KINDS: [(&str, Kind); 4] =
    [("string", Kind::String), ("number", Kind::Number), ("json", Kind::Json), ("spread", Kind::Spread)];

impl Envelope {
    /// Whether one of its members is made with such a variable.
    pub(crate) fn reads_where(&self, is_meant: impl Fn(&Variable) -> bool) -> bool {
        self.0.iter().any(|member| member.reads_where(&is_meant))
    }

    /// Appends the object.
    pub(crate) fn render(&self, rendering: &Rendering<'_>, out: &mut String) -> Result<(), RenderError> {
        out.push('{');
        let mut is_first = true;
        for member in &self.0 {
            if rendering.wants(member.when.as_ref())? {
                let before = out.len();
                if !is_first {
                    out.push(',');
                }
                let start = out.len();
                out.push_str(&member.opening);
                member.render(rendering, out)?;
                if out.len() == start {
                    out.truncate(before);
                } else {
                    is_first = false;
                }
            }
        }
        out.push('}');
        Ok(())
    }
}

impl Member {
    fn reads_where(&self, is_meant: impl Fn(&Variable) -> bool) -> bool {
        let when = self.when.as_ref();
        self.value.reads_where(&is_meant) || when.is_some_and(|when| when.reads_where(&is_meant))
    }

    fn render(&self, rendering: &Rendering<'_>, out: &mut String) -> Result<(), RenderError> {
        let start = out.len();
        if self.kind == Kind::Json && self.is_raw_json() {
            return Ok(self.value.render(rendering.environment, rendering.facts, out)?);
        }
        let text = self.value.to_text(rendering.environment, rendering.facts)?;
        match self.kind {
            Kind::String => escape::push_json_text(out, &text),
            Kind::Number if json::is_number(&text) => out.push_str(&text),
            Kind::Number => return Err(self.refuse("is not a JSON number", &text)),
            Kind::Json => {
                json::check(&text).map_err(|_| self.refuse("is not JSON", &text))?;
                out.push_str(&text);
            }
            Kind::Spread => {
                let members = text.trim();
                if !members.is_empty() {
                    json::members(members).map_err(|_| self.refuse("is not a JSON object", &text))?;
                    out.push_str(members[1..members.len() - 1].trim());
                }
            }
        }
        debug_assert!(out.len() >= start, "members only append");
        Ok(())
    }

    /// What the caller sent was checked when it came in and need not be read again.
    fn is_raw_json(&self) -> bool {
        self.value.as_placeholder().is_some_and(|placeholder| {
            placeholder.filters.is_empty()
                && matches!(
                    placeholder.variable,
                    Variable::EventData | Variable::EventsData | Variable::EventAttributes
                )
        })
    }

    fn refuse(&self, why: &'static str, text: &str) -> RenderError {
        let member = self.opening.trim_end_matches(':').to_owned();
        RenderError::Member { member, why, text: text.chars().take(80).collect() }
    }
}

/// Reads `envelope`.
pub(crate) fn read(section: &Section<'_>, compiler: &mut Compiler<'_>, scope: Scope) -> Envelope {
    let members = section.sections("envelope");
    Envelope(members.iter().filter_map(|member| read_member(member, compiler, scope)).collect())
}

fn read_member(section: &Section<'_>, compiler: &mut Compiler<'_>, scope: Scope) -> Option<Member> {
    let values = KINDS.map(|(key, kind)| (section.text(key), kind));
    let name = section.text("name");
    let when = read_when(section, compiler, scope);
    let mut given = values.into_iter().filter_map(|(text, kind)| Some((text?, kind)));
    let (Some((text, kind)), None) = (given.next(), given.next()) else {
        section.invalid("name", "needs exactly one of `string`, `number`, `json` and `spread` beside it");
        return None;
    };
    let opening = match name {
        Some(name) if kind != Kind::Spread => format!("{}:", escape::json_text(name.value)),
        None if kind == Kind::Spread => String::new(),
        _ => {
            section.invalid("name", "belongs to every member but a `spread`");
            return None;
        }
    };
    Some(Member { opening, kind, value: compiler.template(text, scope)?, when })
}
