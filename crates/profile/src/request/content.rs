//! One content type and the layout of its body.

use super::{
    Parameter, Rendering, Style,
    envelope::{self, Envelope},
    parameters,
};
use crate::{
    error::RenderError,
    reader::Section,
    template::{Compiler, Scope, Template},
};

/// A content type that a subscription can have.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    /// The value of the header.
    pub(crate) content_type: String,
    pub(crate) layout: Layout,
}

/// How a body is written.
#[derive(Clone, Debug)]
pub(crate) enum Layout {
    /// As the template prints it: JSON, XML, text.
    Template(Template),
    /// A JSON object with declared members.
    Envelope(Envelope),
    /// `name=value&name=value`.
    Form(Vec<Parameter>),
}

impl Content {
    /// The body.
    pub(crate) fn render(&self, rendering: &Rendering<'_>) -> Result<String, RenderError> {
        let mut body = String::with_capacity(rendering.facts.input.event.data.len() + 256);
        match &self.layout {
            Layout::Template(template) => {
                template.render(rendering.environment, rendering.facts, &mut body)?
            }
            Layout::Envelope(envelope) => envelope.render(rendering, &mut body)?,
            Layout::Form(fields) => parameters::render(fields, Style::Form, rendering, &mut body)?,
        }
        Ok(body)
    }

    /// Whether its bodies must be JSON.
    pub(crate) fn is_json(&self) -> bool {
        let media_type = self.content_type.split(';').next().unwrap_or_default().trim();
        media_type == "application/json" || media_type.ends_with("+json")
    }

    /// Whether a subscription that names this content type means it.
    pub(crate) fn is_called(&self, content_type: &str) -> bool {
        self.content_type.eq_ignore_ascii_case(content_type)
    }
}

/// Reads one of `[[request.content]]`, or the content of a handshake.
pub(crate) fn read(section: &Section<'_>, compiler: &mut Compiler<'_>, scope: Scope) -> Option<Content> {
    let content_type = section.required_text("type").map(|text| text.value.to_owned());
    let body = section.text("body").and_then(|text| compiler.template(text, scope));
    let envelope = section.has("envelope").then(|| envelope::read(section, compiler, scope));
    let form = section.has("form").then(|| parameters::read(section, "form", compiler, scope));
    // Asked for here too, so that they are known keys where they are absent.
    for absent in ["envelope", "form"].into_iter().filter(|key| !section.has(key)) {
        section.sections(absent);
    }
    let given = ["body", "envelope", "form"].into_iter().filter(|key| section.has(key)).count();
    if given != 1 {
        section.invalid("type", "needs exactly one of `body`, `envelope` and `form` beside it");
    }
    let layout = match (body, envelope, form) {
        (Some(template), _, _) => Layout::Template(template),
        (None, Some(envelope), _) => Layout::Envelope(envelope),
        (None, None, form) => Layout::Form(form?),
    };
    Some(Content { content_type: content_type?, layout })
}
