//! Compiling the templates of one profile and complaining about those that are wrong.

use minijinja::Environment;

use super::{
    Form, Placeholder, Template, engine,
    facts::Facts,
    scope::Scope,
    simple::{self, Segment},
    variable::{Names, Variable},
};
use crate::{
    problem::{ProblemKind, nearest},
    reader::{Document, Located},
    template::TemplateError,
};

/// Compiles templates into one environment.
pub(crate) struct Compiler<'d> {
    document: &'d Document<'d>,
    names: Names,
    environment: Environment<'static>,
    compiled: usize,
}

/// A condition: an expression that is true or false.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    /// One variable, perhaps behind filters.
    Simple { place: String, placeholder: Placeholder },
    /// Any expression, as a template that prints something when it holds.
    Engine(Template),
}

impl<'d> Compiler<'d> {
    pub(crate) fn new(document: &'d Document<'d>, names: Names) -> Self {
        Self { document, names, environment: engine::environment(), compiled: 0 }
    }

    /// The environment with everything that was compiled.
    pub(crate) fn into_environment(self) -> Environment<'static> {
        self.environment
    }

    /// A template, or `None` when it is wrong, which is reported.
    pub(crate) fn template(&mut self, text: Located<&str>, scope: Scope) -> Option<Template> {
        // The line break before the closing quotes of a multi-line text is no part of what is meant.
        let source = text.value.strip_suffix('\n').unwrap_or(text.value);
        let place = self.place(text);
        let form = match simple::parse(source, &self.names) {
            Some(segments) => self.check_segments(segments, text, scope)?,
            None => self.compile(source, text, scope)?,
        };
        Some(Template { place, form })
    }

    /// A condition, or `None` when it is wrong, which is reported.
    pub(crate) fn condition(&mut self, text: Located<&str>, scope: Scope) -> Option<Condition> {
        if let Some(placeholder) = simple::parse_expression(text.value, &self.names) {
            let segments = vec![Segment::Placeholder(placeholder.clone())];
            self.check_segments(segments, text, scope)?;
            return Some(Condition::Simple { place: self.place(text), placeholder });
        }
        let source = format!("{{% if ({}) %}}1{{% endif %}}", text.value);
        let form = self.compile(&source, text, scope)?;
        Some(Condition::Engine(Template { place: self.place(text), form }))
    }

    fn place(&self, text: Located<&str>) -> String {
        format!("{}:{}", self.document.file, text.line)
    }

    fn check_segments(&self, segments: Vec<Segment>, text: Located<&str>, scope: Scope) -> Option<Form> {
        let mut is_right = true;
        for segment in &segments {
            if let Segment::Placeholder(placeholder) = segment {
                for variable in placeholder.variables() {
                    is_right &= self.check_scope(variable, text.line, scope);
                }
            }
        }
        is_right.then_some(Form::Segments(segments))
    }

    /// The template as MiniJinja runs it.
    pub(super) fn compile(&mut self, source: &str, text: Located<&str>, scope: Scope) -> Option<Form> {
        self.compiled += 1;
        let name = format!("{}:{}#{}", self.document.file, text.line, self.compiled);
        if let Err(error) = self.environment.add_template_owned(name.clone(), source.to_owned()) {
            let line = text.line + error.line().unwrap_or(1) - 1;
            let why = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
            self.document.report(Some(line), ProblemKind::Template(why));
            return None;
        }
        let template = self.environment.get_template(&name).expect("it was added just now");
        let mut paths: Vec<_> = template.undeclared_variables(true).into_iter().collect();
        paths.sort_unstable();
        let variables = self.check_variables(&paths, source, text, scope)?;
        Some(Form::Engine { name, variables })
    }

    /// The variables behind the paths that a template reads; a wrong one is reported on its own line.
    fn check_variables(
        &self,
        paths: &[String],
        source: &str,
        text: Located<&str>,
        scope: Scope,
    ) -> Option<Vec<(String, Variable)>> {
        let mut variables: Vec<(String, Variable)> = Vec::new();
        let mut is_right = true;
        for path in paths {
            let line = text.line + line_within(source, path);
            let Some((name, variable)) = self.names.find_beginning(path) else {
                if !self.is_global(path) {
                    self.report_undefined(path, line);
                    is_right = false;
                }
                continue;
            };
            is_right &= self.check_scope(&variable, line, scope);
            if !variables.iter().any(|(known, _)| *known == name) {
                variables.push((name, variable));
            }
        }
        is_right.then_some(variables)
    }

    fn is_global(&self, path: &str) -> bool {
        let root = path.split('.').next().unwrap_or(path);
        self.environment.globals().any(|(name, _)| name == root)
    }

    fn report_undefined(&self, path: &str, line: usize) {
        let all = self.names.all();
        let nearest = nearest(path, all.iter().map(String::as_str));
        self.document.report(Some(line), ProblemKind::UndefinedVariable { name: path.to_owned(), nearest });
    }

    fn check_scope(&self, variable: &Variable, line: usize, scope: Scope) -> bool {
        let Some(why) = variable.absent_in(scope) else { return true };
        let name = self.names.name_of(variable);
        self.document.report(Some(line), ProblemKind::VariableOutOfScope { name, why });
        false
    }
}

impl Condition {
    /// Whether one of its variables is such a one.
    pub(crate) fn reads_where(&self, is_meant: impl Fn(&Variable) -> bool) -> bool {
        match self {
            Self::Simple { placeholder, .. } => placeholder.variables().any(is_meant),
            Self::Engine(template) => template.reads_where(is_meant),
        }
    }

    /// Whether it holds.
    pub(crate) fn holds(
        &self,
        environment: &Environment<'_>,
        facts: &Facts<'_>,
    ) -> Result<bool, TemplateError> {
        match self {
            Self::Simple { place, placeholder } => placeholder
                .evaluate(facts)
                .map(|fact| fact.is_true())
                .map_err(|why| TemplateError { place: place.clone(), why: why.into() }),
            Self::Engine(template) => template.to_text(environment, facts).map(|text| !text.is_empty()),
        }
    }
}

/// How many lines of the source stand before the first use of the path.
fn line_within(source: &str, path: &str) -> usize {
    let before = source.find(path).map_or("", |offset| &source[..offset]);
    before.bytes().filter(|byte| *byte == b'\n').count()
}
