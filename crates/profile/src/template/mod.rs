//! Templates: MiniJinja 3 as the language, and a fast path for those that are only text and placeholders.
//!
//! **Invariant:** a template whose variables are all known and in scope; both ways of rendering print the same text.
//!
//! What it lacks on purpose: automatic escaping. A profile writes JSON, XML, forms and URLs, and says itself with
//! `json`, `xml`, `form` or `url` where a text must be made safe for its surroundings.

mod compiler;
mod context;
mod engine;
pub(crate) mod escape;
mod fact;
mod facts;
mod filter;
mod filter_error;
mod json_object;
mod moment;
mod scope;
mod simple;
mod variable;

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use minijinja::Environment;
use thiserror::Error;

pub(crate) use compiler::{Compiler, Condition};
pub(crate) use fact::Fact;
pub(crate) use facts::Facts;
pub use filter_error::FilterError;
pub(crate) use scope::Scope;
pub(crate) use simple::{Placeholder, Segment};
pub(crate) use variable::{Names, Variable};

/// Room for what most templates of a header or a member print.
const TEXT_BYTES: usize = 64;

/// A checked template.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    /// Where it stands, for a complaint at a rendering: `profile.toml:12`.
    place: String,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    /// Text and placeholders.
    Segments(Vec<Segment>),
    /// A template of the environment with the variables that it reads.
    Engine { name: String, variables: Vec<(String, Variable)> },
}

/// A template that did not render.
#[derive(Debug, Error)]
#[error("{place}: {why}")]
pub struct TemplateError {
    /// File and line.
    pub place: String,
    /// What failed.
    pub why: TemplateFault,
}

/// Why a template did not render.
#[derive(Debug, Error)]
pub enum TemplateFault {
    /// A filter could not take its value.
    #[error("{0}")]
    Filter(#[from] FilterError),
    /// MiniJinja refused.
    #[error("{0}")]
    Engine(#[from] minijinja::Error),
}

impl Template {
    /// Appends the rendered text.
    pub(crate) fn render(
        &self,
        environment: &Environment<'_>,
        facts: &Facts<'_>,
        out: &mut String,
    ) -> Result<(), TemplateError> {
        let rendered = match &self.form {
            Form::Segments(segments) => render_segments(segments, facts, out).map_err(TemplateFault::from),
            Form::Engine { name, variables } => render_engine(environment, name, variables, facts, out),
        };
        rendered.map_err(|why| TemplateError { place: self.place.clone(), why })
    }

    /// The rendered text.
    pub(crate) fn to_text(
        &self,
        environment: &Environment<'_>,
        facts: &Facts<'_>,
    ) -> Result<String, TemplateError> {
        let mut text = String::with_capacity(TEXT_BYTES);
        self.render(environment, facts, &mut text)?;
        Ok(text)
    }

    /// Whether one of its variables is the given one.
    pub(crate) fn reads(&self, variable: &Variable) -> bool {
        self.reads_where(|read| read == variable)
    }

    /// Whether one of its variables is such a one.
    pub(crate) fn reads_where(&self, is_meant: impl Fn(&Variable) -> bool) -> bool {
        match &self.form {
            Form::Segments(segments) => segments.iter().any(|segment| match segment {
                Segment::Literal(_) => false,
                Segment::Placeholder(placeholder) => placeholder.variables().any(&is_meant),
            }),
            Form::Engine { variables, .. } => variables.iter().any(|(_, read)| is_meant(read)),
        }
    }

    /// The only placeholder of a template that is nothing else.
    pub(crate) fn as_placeholder(&self) -> Option<&Placeholder> {
        match &self.form {
            Form::Segments(segments) => match segments.as_slice() {
                [Segment::Placeholder(placeholder)] => Some(placeholder),
                _ => None,
            },
            Form::Engine { .. } => None,
        }
    }
}

fn render_segments(segments: &[Segment], facts: &Facts<'_>, out: &mut String) -> Result<(), FilterError> {
    for segment in segments {
        match segment {
            Segment::Literal(text) => out.push_str(text),
            Segment::Placeholder(placeholder) => match placeholder.evaluate(facts)? {
                Fact::Text(text) | Fact::Json(text) => out.push_str(&text),
                other => write!(out, "{other}").expect("a String takes every text"),
            },
        }
    }
    Ok(())
}

fn render_engine(
    environment: &Environment<'_>,
    name: &str,
    variables: &[(String, Variable)],
    facts: &Facts<'_>,
    out: &mut String,
) -> Result<(), TemplateFault> {
    let context = context::of(variables, facts)?;
    out.push_str(&environment.get_template(name)?.render(context)?);
    Ok(())
}
