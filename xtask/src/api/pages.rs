//! Pages of Markdown: one for each tag of the document, one with all shapes, and one that lists the calls.

use serde_json::Value;

use super::{
    Pages,
    schemas::{self, cell, text},
};

/// Methods in the order in which one meets them.
const METHODS: [&str; 5] = ["post", "get", "put", "patch", "delete"];
const GENERATED: &str =
    "<!-- Written by `cargo xtask api`; change the comments in crates/server instead. -->\n";
/// What the examples take from the environment, as everywhere in the book.
const VARIABLES: &str = "
The examples say where the server is and bring a key by two variables, which `postroad send` and its like read too:

```sh
export POSTROAD_SERVER=http://127.0.0.1:8080 POSTROAD_KEY=my-secret-admin-key
```
";

struct Operation<'a> {
    method: &'static str,
    path: &'a str,
    about: &'a Value,
    /// Answers that operations share.
    shared: &'a Value,
}

/// Every page of this document.
pub(super) fn all(document: &Value) -> Pages {
    let operations = operations(document);
    let mut pages = Pages::new();
    let mut index = format!(
        "# API\n\n{GENERATED}\n{}\n\nThe document itself: `GET /openapi.json`. The shapes of bodies: [Shapes](shapes.md).\n{VARIABLES}",
        text(&document["info"], "description"),
    );
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = text(tag, "name");
        let tagged: Vec<_> = operations.iter().filter(|operation| operation.has_tag(name)).collect();
        let file = format!("{}.md", name.replace(' ', "-"));
        let title = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
        let about = text(tag, "description");
        index += &format!("\n## {title}\n\n{about}\n\n| call | |\n|---|---|\n");
        let mut page = format!("# {title}\n\n{GENERATED}\n{about}\n");
        for operation in tagged {
            index += &format!(
                "| `{}` | [{}]({file}#{}) |\n",
                operation.call(),
                operation.summary(),
                operation.anchor()
            );
            page += &operation.section();
        }
        pages.insert(file, page);
    }
    pages.insert("index.md".to_owned(), index);
    pages.insert("shapes.md".to_owned(), format!("# Shapes\n\n{GENERATED}{}", schemas::sections(document)));
    pages
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut paths: Vec<_> = document["paths"].as_object().into_iter().flatten().collect();
    paths.sort_by_key(|(path, _)| *path);
    let mut operations = Vec::new();
    for (path, methods) in paths {
        for method in METHODS {
            if methods[method].is_object() {
                let (about, shared) = (&methods[method], &document["components"]["responses"]);
                operations.push(Operation { method, path, about, shared });
            }
        }
    }
    operations
}

impl Operation<'_> {
    fn has_tag(&self, name: &str) -> bool {
        self.about["tags"].as_array().is_some_and(|tags| tags.iter().any(|tag| tag == name))
    }

    /// `POST /v1/tenants/{tenant}/events`.
    fn call(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }

    fn summary(&self) -> &str {
        text(self.about, "summary")
    }

    fn anchor(&self) -> String {
        crate::tidy::anchor_of(self.summary())
    }

    fn section(&self) -> String {
        let mut section = format!("\n## {}\n\n`{}`{}\n", self.summary(), self.call(), self.key());
        let description = text(self.about, "description");
        if !description.is_empty() {
            section += &format!("\n{description}\n");
        }
        section += &format!("\n```sh\n{}\n```\n", self.curl());
        section += &self.parameters();
        section += &self.body();
        section += &self.answers();
        section
    }

    /// The call as one types it, with the examples of the document.
    fn curl(&self) -> String {
        let body = self.about["requestBody"]["content"].as_object().into_iter().flatten();
        let body = body.filter_map(|(_, about)| example_of(about)).next();
        let method = match (self.method, &body) {
            ("get", _) | ("post", Some(_)) => String::new(),
            (method, _) => format!(" -X {}", method.to_uppercase()),
        };
        let key = if self.takes_a_key() { " -H \"Authorization: Bearer $POSTROAD_KEY\"" } else { "" };
        let body =
            body.map(|body| format!(" \\\n  -d '{}'", body.replace('\'', "'\\''"))).unwrap_or_default();
        let accept = if self.shows_people_pages() { " -H 'Accept: application/json'" } else { "" };
        format!("curl{method} \"$POSTROAD_SERVER{}\"{key}{accept}{body}", self.example_path())
    }

    /// Whether a caller that does not ask for JSON gets what a browser wants.
    fn shows_people_pages(&self) -> bool {
        let answers = || self.about["responses"].as_object().into_iter().flatten();
        let is_json = |(_, answer): (&String, &Value)| answer["content"]["application/json"].is_object();
        let is_page = |(status, answer): (&String, &Value)| {
            status == "303" || answer["content"]["text/html"].is_object()
        };
        answers().any(is_json) && answers().any(is_page)
    }

    fn example_path(&self) -> String {
        let parameters = self.about["parameters"].as_array().into_iter().flatten();
        let in_path = parameters.filter(|parameter| parameter["in"] == "path");
        in_path.fold(self.path.to_owned(), |path, parameter| {
            path.replace(&format!("{{{}}}", text(parameter, "name")), text(parameter, "example"))
        })
    }

    /// Without a word about keys, that of the whole document holds: any key.
    fn takes_a_key(&self) -> bool {
        let Some(ways) = self.about["security"].as_array() else { return true };
        ways.iter().any(|way| way["key"].is_array())
    }

    /// What key it takes, in words.
    fn key(&self) -> String {
        let Some(security) = self.about["security"].as_array() else { return " · any key".to_owned() };
        let scopes: Vec<_> = security
            .iter()
            .filter_map(|way| way["key"].as_array())
            .map(|scopes| match scopes.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("` and `") {
                none if none.is_empty() => "any key".to_owned(),
                admin if admin == "admin" => "admin key".to_owned(),
                scopes => format!("scope `{scopes}`"),
            })
            .collect();
        if scopes.is_empty() { " · no key".to_owned() } else { format!(" · {}", scopes.join(" or ")) }
    }

    fn parameters(&self) -> String {
        let parameters: Vec<_> = self.about["parameters"].as_array().into_iter().flatten().collect();
        if parameters.is_empty() {
            return String::new();
        }
        let rows = parameters.iter().map(|parameter| {
            let required = if parameter["required"] == true { ", **required**" } else { "" };
            let (name, place) = (text(parameter, "name"), text(parameter, "in"));
            let kind = schemas::kind(&parameter["schema"]);
            format!("| `{name}` | {place}{required} | {kind} | {} |\n", cell(text(parameter, "description")))
        });
        format!("\n| parameter | in | | |\n|---|---|---|---|\n{}", rows.collect::<String>())
    }

    fn body(&self) -> String {
        let content = &self.about["requestBody"]["content"];
        let bodies = content.as_object().into_iter().flatten().map(|(media, about)| {
            format!("\nBody (`{media}`): {}\n{}", schemas::kind(&about["schema"]), example(about))
        });
        bodies.collect()
    }

    fn answers(&self) -> String {
        let mut answers: Vec<_> = self.about["responses"].as_object().into_iter().flatten().collect();
        answers.sort_by_key(|(status, _)| *status);
        let mut table = "\n| status | | body |\n|---|---|---|\n".to_owned();
        let mut examples = String::new();
        for (status, about) in answers {
            let name = text(about, "$ref").strip_prefix("#/components/responses/");
            let about = name.map_or(about, |name| &self.shared[name]);
            let content: Vec<_> = about["content"].as_object().into_iter().flatten().collect();
            let kinds: Vec<_> = content.iter().map(|(_, about)| schemas::kind(&about["schema"])).collect();
            table +=
                &format!("| {status} | {} | {} |\n", cell(text(about, "description")), kinds.join(" or "));
            if status.starts_with('2') {
                examples.extend(content.iter().map(|(_, about)| example(about)));
            }
        }
        table + &examples
    }
}

/// The first example of a body, as a block.
fn example(about: &Value) -> String {
    example_of(about).map(|shown| format!("\n```json\n{shown}\n```\n")).unwrap_or_default()
}

/// The first example of a body.
fn example_of(about: &Value) -> Option<String> {
    let first = || about["examples"].as_object()?.values().next().map(|named| &named["value"]);
    let example = about.get("example").or_else(first)?;
    Some(example.as_str().map_or_else(|| schemas::sorted(example), str::to_owned))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_call_is_shown_as_it_is_typed() {
        let body = |example: Value| json!({"content": {"application/json": {"example": example}}});
        let tenant =
            json!([{"name": "tenant", "in": "path", "example": "acme"}, {"name": "limit", "in": "query"}]);
        for (method, path, about, typed) in [
            (
                "put",
                "/v1/tenants/{tenant}",
                json!({"parameters": tenant, "requestBody": body(json!({"name": "O'Hara"}))}),
                r#"curl -X PUT "$POSTROAD_SERVER/v1/tenants/acme" -H "Authorization: Bearer $POSTROAD_KEY" \
  -d '{"name": "O'\''Hara"}'"#,
            ),
            ("get", "/health/live", json!({"security": [{}]}), r#"curl "$POSTROAD_SERVER/health/live""#),
            (
                "post",
                "/v1/tenants/{tenant}/x",
                json!({"parameters": tenant, "security": [{"key": ["admin"]}], "requestBody": body(json!({"a": 1}))}),
                r#"curl "$POSTROAD_SERVER/v1/tenants/acme/x" -H "Authorization: Bearer $POSTROAD_KEY" \
  -d '{"a": 1}'"#,
            ),
            (
                "post",
                "/v1/y",
                json!({}),
                r#"curl -X POST "$POSTROAD_SERVER/v1/y" -H "Authorization: Bearer $POSTROAD_KEY""#,
            ),
            (
                "get",
                "/z",
                json!({"security": [{}], "responses": {"200": {"content": {"text/html": {}, "application/json": {}}}}}),
                r#"curl "$POSTROAD_SERVER/z" -H 'Accept: application/json'"#,
            ),
            (
                "get",
                "/page",
                json!({"security": [{}], "responses": {"200": {"content": {"text/html": {}}}}}),
                r#"curl "$POSTROAD_SERVER/page""#,
            ),
        ] {
            let operation = Operation { method, path, about: &about, shared: &Value::Null };
            assert_eq!(operation.curl(), typed);
        }
    }
}
