//! The document of the interface (OpenAPI 3.1), for machines and as a page for people.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::Value;
use tisheng_platform::App;
use tisheng_platform::web::layout::show;
use tisheng_platform::web::{Answer, Failure, Page};

/// The document, kept by hand; a test holds it against the answers.
pub(super) const TEXT: &str = include_str!("openapi.json");

/// `GET /api/v1/openapi.json`
pub async fn json() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], TEXT)
}

/// A call as the page shows it.
struct Shown {
    method: String,
    path: String,
    summary: String,
    description: String,
    parameters: Vec<Field>,
    /// The schema of what is sent; empty for nothing.
    sent: String,
    answered: String,
}

/// A parameter or a field as the page shows it.
struct Field {
    name: String,
    kind: String,
    required: bool,
    description: String,
}

/// A schema as the page shows it.
struct Schema {
    name: String,
    description: String,
    fields: Vec<Field>,
}

#[derive(Template)]
#[template(path = "api/pages/docs.html")]
struct DocsPage {
    page: Page,
    address: String,
    description: String,
    calls: Vec<Shown>,
    schemas: Vec<Schema>,
    /// Codes of problems.
    problems: Vec<String>,
}

/// `GET /api/v1/docs`: for whoever is going to write a program, signed in or not.
pub async fn page(State(app): State<Arc<App>>) -> Answer {
    let document: Value =
        serde_json::from_str(TEXT).map_err(|error| Failure::Internal(format!("openapi.json: {error}")))?;
    let schemas = entries(&document["components"]["schemas"]);
    let codes = &document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"];
    show(&DocsPage {
        page: Page::bare("数据接口说明"),
        address: format!("{}/api/v1", app.config.public_url.trim_end_matches('/')),
        description: text(&document["info"]["description"]),
        calls: entries(&document["paths"])
            .flat_map(|(path, methods)| calls(&document, path, methods))
            .collect(),
        schemas: schemas.map(|(name, schema)| of_schema(name, schema)).collect(),
        problems: codes.as_array().into_iter().flatten().map(text).collect(),
    })
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn calls(document: &Value, path: &str, methods: &Value) -> Vec<Shown> {
    let one = |(method, call): (&String, &Value)| Shown {
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&call["summary"]),
        description: text(&call["description"]),
        parameters: call["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|parameter| of_parameter(document, parameter))
            .collect(),
        sent: named(&call["requestBody"]["content"]["application/json"]["schema"]),
        answered: named(&call["responses"]["200"]["content"]["application/json"]["schema"]),
    };
    entries(methods).map(one).collect()
}

/// The name of the schema that is referred to.
fn named(schema: &Value) -> String {
    text(&schema["$ref"]).rsplit('/').next().unwrap_or_default().to_owned()
}

fn of_parameter(document: &Value, parameter: &Value) -> Field {
    let found = match named(parameter) {
        name if name.is_empty() => parameter,
        name => &document["components"]["parameters"][name.as_str()],
    };
    Field {
        name: text(&found["name"]),
        kind: text(&found["schema"]["type"]),
        required: found["required"] == true,
        description: text(&found["description"]),
    }
}

fn of_schema(name: &str, schema: &Value) -> Schema {
    let required = |field: &str| {
        schema["required"].as_array().is_some_and(|names| names.iter().any(|name| name == field))
    };
    let fields = entries(&schema["properties"]).map(|(field, about)| Field {
        name: field.clone(),
        kind: kind(about),
        required: required(field),
        description: text(&about["description"]),
    });
    Schema { name: name.to_owned(), description: text(&schema["description"]), fields: fields.collect() }
}

/// The kind of a field in a word.
fn kind(about: &Value) -> String {
    match (&about["type"], &about["anyOf"]) {
        (Value::String(kind), _) if kind == "array" => match named(&about["items"]) {
            name if !name.is_empty() => format!("array of {name}"),
            _ => match about["items"]["anyOf"].as_array() {
                Some(kinds) => {
                    format!("array of {}", kinds.iter().map(named).collect::<Vec<_>>().join(" / "))
                }
                None => "array".to_owned(),
            },
        },
        (Value::String(kind), _) => kind.clone(),
        (Value::Array(kinds), _) => kinds.iter().map(text).collect::<Vec<_>>().join(" / "),
        (_, Value::Array(kinds)) => kinds.first().map(named).unwrap_or_default(),
        _ => named(about),
    }
}
