//! Parameters of an address: what there is not is told, not passed over.

use axum::http::Method;
use serde_json::{Value, json};
use tisheng_testkit::story;

use super::schema::document;
use super::{Place, Scope, body, problem};

/// The parameters that the document has for a call, in their order.
fn documented(document: &Value, call: &Value) -> Vec<String> {
    let resolved = |parameter: &Value| match parameter["$ref"].as_str() {
        Some(name) => {
            document["components"]["parameters"][name.rsplit('/').next().unwrap_or_default()].clone()
        }
        None => parameter.clone(),
    };
    let all = call["parameters"].as_array().cloned().unwrap_or_default();
    let queries = all.iter().map(resolved).filter(|one| one["in"] == "query");
    queries.map(|one| one["name"].as_str().expect("a name").to_owned()).collect()
}

story!(a_parameter_that_there_is_not_is_told_with_those_that_there_are, |engine| async move {
    let place = Place::begin(engine).await;
    let own = place.reporter().await;
    let scopes = [Scope::RosterRead, Scope::ProgressRead, Scope::HoursRead];
    let reader = place.token(&place.town.county, None, &scopes).await;
    let teacher = place.town.school().teachers[0].person.to_string();
    let document = document();
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let machine = if ["/hours", "/courses"].contains(&path.as_str()) { &own } else { &reader };
        let address = path.replace("{id}", &teacher);
        for (method, call) in methods.as_object().expect("methods") {
            let method: Method = method.to_uppercase().parse().expect("a method");
            let sent = if method == Method::POST { b"{}".to_vec() } else { Vec::new() };
            let seen = machine.send(method, &format!("{address}?limit=2&organisatoin=1"), &[], sent).await;
            problem(&seen, 400, "malformed");
            let said = body(&seen);
            let detail = said["detail"].as_str().expect("a sentence");
            let known = documented(&document, call);
            // The first that there is not: of a call that knows no pages, `limit`.
            let strange = if known.contains(&"limit".to_owned()) { "organisatoin" } else { "limit" };
            assert!(detail.contains(strange), "{path}: {detail}");
            assert_eq!(said["errors"][0]["field"], json!(strange));
            let named = detail.rsplit('：').next().expect("names");
            let named: Vec<&str> = named.split('、').collect();
            if known.is_empty() {
                assert!(detail.contains("不接受参数"), "{path}: {detail}");
            } else {
                assert_eq!(named, known, "{path}");
            }
            asked += 1;
        }
    }
    assert!(asked > 6, "{asked}");
    // Twice is once too often, and what is known is taken.
    problem(&reader.get("/people?limit=2&limit=3").await, 400, "malformed");
    reader.get("/people?limit=2&after=").await.is(200);
    own.get("/hours?from=2020-01-01&until=2030-01-01&limit=5").await.is(200);
    own.get("/hours?from=2020-01-01&until=2020-01-01").await.is(200);
    let seen = own.get("/hours?from=2021-12-31&until=2021-01-01").await;
    problem(&seen, 400, "malformed");
    assert!(
        body(&seen)["detail"]
            .as_str()
            .expect("a sentence")
            .contains("from（2021-12-31）在 until（2021-01-01）之后")
    );
});
