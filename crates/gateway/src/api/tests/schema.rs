//! Holds an answer against the document of the interface: as much of JSON Schema as it uses.

use serde_json::Value;

use super::super::document::TEXT;

/// The document.
pub fn document() -> Value {
    serde_json::from_str(TEXT).expect("the document is JSON")
}

/// The call that the document has for a method and a path, whatever stands in place of its names.
pub fn call(document: &Value, method: &str, path: &str) -> Option<Value> {
    let asked: Vec<&str> = path.trim_matches('/').split('/').collect();
    let paths = document["paths"].as_object().expect("paths");
    let fits = |known: &str| {
        let known: Vec<&str> = known.trim_matches('/').split('/').collect();
        known.len() == asked.len() && known.iter().zip(&asked).all(|(k, a)| k.starts_with('{') || k == a)
    };
    let (_, methods) = paths.iter().find(|(known, _)| fits(known))?;
    methods.get(method.to_lowercase()).cloned()
}

/// What of `value` is not as `schema` says.
pub fn breaches(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    check(document, schema, value, "$", &mut wrong);
    wrong
}

fn check(document: &Value, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.strip_prefix("#/components/schemas/").expect("a schema of the document");
        let found = &document["components"]["schemas"][name];
        assert!(found.is_object(), "there is no schema {name}");
        return check(document, found, value, at, wrong);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        if !any.iter().any(|one| breaches(document, one, value).is_empty()) {
            wrong.push(format!("{at} is none of what it may be"));
        }
        return;
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => panic!("{at}: a schema without a type"),
    };
    if !kinds.iter().any(|kind| is(kind, value)) {
        wrong.push(format!("{at} is not {}: {value}", kinds.join(" or ")));
        return;
    }
    if let Some(known) = schema["enum"].as_array().filter(|known| !known.contains(value)) {
        wrong.push(format!("{at} is none of {known:?}: {value}"));
    }
    if let Some(items) = value.as_array() {
        for (place, item) in items.iter().enumerate() {
            check(document, &schema["items"], item, &format!("{at}[{place}]"), wrong);
        }
    }
    if let Some(fields) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                wrong.push(format!("{at}.{name} is missing"));
            }
        }
        for (name, field) in fields {
            match schema["properties"].get(name) {
                Some(known) => check(document, known, field, &format!("{at}.{name}"), wrong),
                None => wrong.push(format!("{at}.{name} is not in the document")),
            }
        }
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("no kind of JSON: {other}"),
    }
}
