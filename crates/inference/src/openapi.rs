//! The description of what clients may ask for (OpenAPI 3.1), made from the list of what is served. Committed as `openapi/gateway.json`.
//!
//! Bodies are those of the vendors whose formats they are, described by them; what is Tollgate's own is which paths there are, how a key is
//! sent, and what a key must have.

use serde_json::{Map, Value, json};

use crate::ingress::{Needs, SERVED, Served};

/// The whole description.
#[must_use]
pub fn openapi() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for served in SERVED {
        let path = paths.entry(served.path).or_insert_with(|| json!({}));
        path[served.method.to_ascii_lowercase()] = operation(served);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tollgate gateway",
            "version": "1",
            "description": "What applications ask for, in the formats of the vendors that made them.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"key": []}],
        "paths": paths,
        "components": {"securitySchemes": {"key": {
            "type": "http",
            "scheme": "bearer",
            "description": "A key, `tg-…`, or a token of an issuer. Also in `x-api-key`, `api-key`, `x-goog-api-key` and `x-tollgate-api-key`.",
        }}},
    })
}

fn operation(served: &Served) -> Value {
    let names = served.path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let parameters: Vec<Value> = names
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    let mut operation = json!({
        "operationId": operation_id(served),
        "summary": served.about,
        "parameters": parameters,
        "responses": {
            "200": {"description": "It is done."},
            "default": {"description": "It is not done: an error in the form of the client's format, with `x-tollgate-error`."},
        },
    });
    match served.needs {
        Needs::Nothing => operation["security"] = json!([]),
        Needs::Key => {}
        Needs::Endpoint(endpoint) => operation["x-tollgate-endpoint"] = endpoint.name().into(),
        Needs::Passthrough => operation["x-tollgate-permission"] = "passthrough".into(),
        Needs::Explain => operation["x-tollgate-permission"] = "explain".into(),
    }
    operation
}

/// `post_v1_chat_completions`: unique, since method and path are.
fn operation_id(served: &Served) -> String {
    let path = served.path.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words = path.filter(|word| !word.is_empty());
    std::iter::once(served.method.to_ascii_lowercase())
        .chain(words.map(str::to_owned))
        .collect::<Vec<_>>()
        .join("_")
}

#[cfg(test)]
mod tests {
    use super::{SERVED, openapi, operation_id};
    use std::collections::BTreeSet;

    #[test]
    fn every_operation_is_described_once_by_a_name_of_its_own() {
        let document = openapi();
        let names: BTreeSet<String> = SERVED.iter().map(operation_id).collect();
        assert_eq!(names.len(), SERVED.len());
        for served in SERVED {
            let described = &document["paths"][served.path][served.method.to_ascii_lowercase()];
            assert_eq!(described["operationId"], operation_id(served), "{}", served.path);
        }
    }
}
