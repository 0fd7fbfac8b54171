//! One content type and the layout of its body.

use super::{
    Parameter, Rendering, Style,
    envelope::{self, Envelope},
    parameters,
};
use crate::{
    error::RenderError,
    reader::Section,
    template::{Compiler, Scope, Template, Variable},
};

/// A content type that a subscription can have.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    /// The value of the header.
    pub(crate) content_type: String,
    layout: Layout,
    /// Its templates read what is of all events of a delivery.
    wraps_events: bool,
}

/// How a body is written.
#[derive(Clone, Debug)]
enum Layout {
    /// As the template prints it: JSON, XML, text.
    Template(Template),
    /// A JSON object with declared members.
    Envelope(Envelope),
    /// `name=value&name=value`.
    Form(Vec<Parameter>),
}

impl Content {
    /// Appends the body.
    pub(crate) fn render(&self, rendering: &Rendering<'_>, body: &mut String) -> Result<(), RenderError> {
        match &self.layout {
            Layout::Template(template) => template.render(rendering.environment, rendering.facts, body)?,
            Layout::Envelope(envelope) => envelope.render(rendering, body)?,
            Layout::Form(fields) => parameters::render(fields, Style::Form, rendering, body)?,
        }
        Ok(())
    }

    /// Whether its one body holds all events of a delivery, as its templates say.
    pub(crate) fn wraps_events(&self) -> bool {
        self.wraps_events
    }

    /// Whether it is made with such a variable.
    pub(crate) fn reads(&self, is_meant: impl Fn(&Variable) -> bool) -> bool {
        self.layout.reads(is_meant)
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

impl Layout {
    fn reads(&self, is_meant: impl Fn(&Variable) -> bool) -> bool {
        match self {
            Self::Template(template) => template.reads_where(is_meant),
            Self::Envelope(envelope) => envelope.reads_where(is_meant),
            Self::Form(fields) => fields.iter().any(|field| field.reads_where(&is_meant)),
        }
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
    let wraps_events = layout.reads(Variable::is_of_events);
    Some(Content { content_type: content_type?, layout, wraps_events })
}
