//! The description of the API (OpenAPI 3.1), made from the types of the configuration file and the kinds of objects, so that it cannot say
//! anything else. Committed as `openapi/control.json`.

mod doors;
mod spend;

use serde_json::{Map, Value as Json, json};

use super::operation::API_ROOT;
use crate::authority::{Action, Kind};
use crate::objects::ObjectKind;
use crate::schema::config_schema;

/// Where definitions are in the schema of the configuration, and where they are here.
const DEFINITIONS: (&str, &str) = ("#/$defs/", "#/components/schemas/");

/// Where an operation says what has to be permitted.
const PERMISSION: &str = "x-tollgate-permission";

/// The whole description.
#[must_use]
pub fn openapi() -> Json {
    let mut schema = config_schema();
    let entries = ObjectKind::ALL.map(|kind| (kind, entry_schema(&schema, kind)));
    let mut paths = Map::new();
    for (kind, entry) in &entries {
        paths.insert(format!("{API_ROOT}{}", kind.section()), all_of_a_kind(*kind, entry));
        paths.insert(format!("{API_ROOT}{}/{{name}}", kind.section()), one(*kind, entry));
    }
    paths.insert(format!("{API_ROOT}keys/{{name}}/rotate"), rotate());
    paths.insert(format!("{API_ROOT}changes"), changes());
    paths.insert(format!("{API_ROOT}secrets/rewrap"), rewrap());
    paths.insert(format!("{API_ROOT}audit"), audit());
    paths.insert(format!("{API_ROOT}openapi.json"), description());
    paths.extend(spend::paths());
    paths.extend(doors::paths());
    let mut schemas = match schema["$defs"].take() {
        Json::Object(definitions) => definitions,
        _ => Map::new(),
    };
    schemas.insert("Problem".to_owned(), problem());
    schemas.insert("Change".to_owned(), change());
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tollgate control API",
            "version": "1",
            "description": "Objects beside the configuration file, each in the form of an entry of it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"controlKey": []}, {"session": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "controlKey": {"type": "http", "scheme": "bearer", "description": "A control key, `tga-…`."},
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-tollgate", "description": "A person's session. What changes something has to send its token in `x-csrf-token` as well, and come from a page of the gateway."},
            },
            "schemas": schemas,
        },
    });
    point_here(&mut document);
    document
}

/// What has to be permitted for an operation: one of the actions, by whether there is such an object, to things of a kind.
fn permission(actions: &[Action], kind: impl Into<Kind>) -> Json {
    let actions: Vec<&str> = actions.iter().map(|action| action.name()).collect();
    json!({"actions": actions, "resource": kind.into().name()})
}

/// The schema of an entry of a section.
fn entry_schema(schema: &Json, kind: ObjectKind) -> Json {
    let section = &schema["properties"][kind.section()];
    section[if kind.is_listed() { "items" } else { "additionalProperties" }].clone()
}

/// References to definitions where they are here.
fn point_here(json: &mut Json) {
    match json {
        Json::Object(members) => {
            if let Some(Json::String(reference)) = members.get_mut("$ref")
                && let Some(name) = reference.strip_prefix(DEFINITIONS.0)
            {
                *reference = format!("{}{name}", DEFINITIONS.1);
            }
            members.values_mut().for_each(point_here);
        }
        Json::Array(items) => items.iter_mut().for_each(point_here),
        _ => {}
    }
}

fn all_of_a_kind(kind: ObjectKind, entry: &Json) -> Json {
    let section = kind.section();
    let page = json!({
        "type": "object",
        "required": ["objects"],
        "properties": {
            "objects": {"type": "array", "items": shown(entry)},
            "next": {"type": "string", "description": "The `after` of the next page; there is none when absent."},
        },
    });
    let mut path = json!({
        "get": {
            "operationId": format!("list_{section}"),
            "summary": format!("Lists {section} by name, those that may be seen."),
            PERMISSION: permission(&[Action::Read], kind),
            "parameters": [
                query("after", "The name behind which the page begins.", &json!({"type": "string"})),
                query("limit", "Most objects on the page.", &json!({"type": "integer", "minimum": 1, "maximum": 100})),
                hashes(),
            ],
            "responses": answers(&[("200", "A page.", Some(&page))]),
        },
    });
    if kind == ObjectKind::Key {
        path["post"] = json!({
            "operationId": "create_key",
            PERMISSION: permission(&[Action::Create], kind),
            "summary": "Makes a key, whose text is made here and told this once.",
            "parameters": [idempotency_key(), applied_from()],
            "requestBody": body(entry),
            "responses": answers(&[("201", "The key, with its text as `key`.", Some(&with_text(entry)))]),
        });
    }
    path
}

fn one(kind: ObjectKind, entry: &Json) -> Json {
    let section = kind.section();
    let noun = kind.noun();
    let object = shown(entry);
    let of = |verb: &str| format!("{verb}_{}", section.trim_end_matches('s'));
    json!({
        "parameters": [name()],
        "get": {
            "operationId": of("get"),
            PERMISSION: permission(&[Action::Read], kind),
            "summary": format!("Shows a {noun}."),
            "parameters": [hashes()],
            "responses": answers(&[("200", "The object.", Some(&object))]),
        },
        "put": {
            "operationId": of("put"),
            PERMISSION: permission(&[Action::Create, Action::Update], kind),
            "summary": format!("Makes a {noun}, or replaces it."),
            "parameters": [if_match(), if_none_match(), applied_from()],
            "requestBody": body(entry),
            "responses": answers(&[("200", "It is replaced.", Some(&object)), ("201", "It is made.", Some(&object))]),
        },
        "patch": {
            "operationId": of("patch"),
            PERMISSION: permission(&[Action::Update], kind),
            "summary": format!("Changes what the body names of a {noun} (RFC 7396)."),
            "parameters": [if_match(), applied_from()],
            "requestBody": {"required": true, "content": {"application/merge-patch+json": {"schema": {"type": "object"}}}},
            "responses": answers(&[("200", "It is changed.", Some(&object))]),
        },
        "delete": {
            "operationId": of("delete"),
            PERMISSION: permission(&[Action::Delete], kind),
            "summary": format!("Takes a {noun} away."),
            "parameters": [if_match()],
            "responses": answers(&[("204", "It is gone.", None)]),
        },
    })
}

fn rotate() -> Json {
    let overlap = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {"overlap": {"type": "string", "description": "How long the text before is good as well, such as `1h`."}},
    });
    json!({
        "parameters": [name()],
        "post": {
            "operationId": "rotate_key",
            PERMISSION: permission(&[Action::Rotate], ObjectKind::Key),
            "summary": "Gives a key another text, which is told this once.",
            "parameters": [if_match(), idempotency_key()],
            "requestBody": body(&overlap),
            "responses": answers(&[("200", "The key, with its text as `key`.", Some(&with_text(&json!({"$ref": "#/$defs/KeySection"}))))]),
        },
    })
}

fn audit() -> Json {
    let record = json!({
        "type": "object",
        "required": ["sequence", "hash", "entry"],
        "properties": {
            "sequence": {"type": "integer", "minimum": 1},
            "hash": {"type": "string"},
            "entry": {"type": "object"},
        },
    });
    let page = json!({
        "type": "object",
        "required": ["records"],
        "properties": {
            "records": {"type": "array", "items": record},
            "next": {"type": "integer", "description": "The `after` of the next page; there is none when absent."},
        },
    });
    let text = |name: &str, about: &str| query(name, about, &json!({"type": "string"}));
    json!({
        "get": {
            "operationId": "list_audit_records",
            PERMISSION: permission(&[Action::ReadAudit], Kind::Organization),
            "summary": "Reads who did what, and who was refused, in the order in which it was written down.",
            "parameters": [
                query("after", "The number behind which the page begins.", &json!({"type": "integer", "minimum": 0})),
                query("limit", "Most records on the page.", &json!({"type": "integer", "minimum": 1, "maximum": 100})),
                text("who", "A control key, a key or a network, by its name."),
                text("act", "What was done, such as `update`."),
                text("kind", "The kind of thing that it was done to, such as `Key`."),
                text("name", "The name of that thing."),
                text("workspace", "The workspace of that thing."),
                text("since", "From this time on, such as `2026-12-31T00:00:00Z`."),
                text("until", "Before this time."),
            ],
            "responses": answers(&[("200", "A page.", Some(&page))]),
        },
    })
}

fn changes() -> Json {
    let batch = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["changes"],
        "properties": {
            "changes": {"type": "array", "maxItems": 10_000, "items": {"$ref": "#/$defs/Change"}},
            "dry_run": {"type": "boolean", "description": "Whether it is only found out what would come of them."},
        },
    });
    let made = json!({"type": "object", "properties": {"changed": {"type": "integer"}, "dry_run": {"type": "boolean"}}});
    json!({
        "post": {
            "operationId": "change_many",
            "summary": "Makes many changes as one: all of them, or none. Each needs what it would need alone.",
            "parameters": [idempotency_key(), applied_from()],
            "requestBody": body(&batch),
            "responses": answers(&[("200", "They are made, or could be.", Some(&made))]),
        },
    })
}

fn rewrap() -> Json {
    let done = json!({
        "type": "object",
        "required": ["rewrapped", "key"],
        "properties": {
            "rewrapped": {"type": "integer", "description": "How many objects were sealed with another key, or not at all."},
            "key": {"type": ["string", "null"], "description": "The id of the key that secrets are sealed with."},
        },
    });
    json!({
        "post": {
            "operationId": "rewrap_secrets",
            PERMISSION: permission(&[Action::Update], Kind::Provider),
            "summary": "Seals the secrets of all objects with the key of now. Each has to be permitted to be updated.",
            "responses": answers(&[("200", "They are.", Some(&done))]),
        },
    })
}

fn description() -> Json {
    json!({
        "get": {
            "operationId": "describe",
            "summary": "This description, for everybody.",
            "security": [],
            "responses": {"200": {"description": "OpenAPI 3.1.", "content": {"application/json": {"schema": {"type": "object"}}}}},
        },
    })
}

/// An object as it is shown, around its entry.
fn shown(entry: &Json) -> Json {
    json!({
        "type": "object",
        "required": ["kind", "name", "managed_by", "body"],
        "properties": {
            "kind": {"type": "string"},
            "name": {"type": "string"},
            "managed_by": {"enum": ["api", "file"]},
            "body": entry,
            "version": {"type": "integer", "description": "Of objects of the API; the `etag`."},
            "changed_at": {"type": "string", "format": "date-time"},
            "applied_from": {"type": "string"},
            "line": {"type": "integer", "description": "Of entries of the file."},
        },
    })
}

fn with_text(entry: &Json) -> Json {
    let mut object = shown(entry);
    object["properties"]["key"] = json!({"type": "string", "description": "The text, told this once."});
    object
}

fn change() -> Json {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["kind", "name", "body"],
        "properties": {
            "kind": {"enum": ObjectKind::ALL.map(ObjectKind::section)},
            "name": {"type": "string"},
            "version": {"type": ["integer", "null"], "description": "Which version has been seen; 0 where there was none. Any when absent."},
            "body": {"type": ["object", "null"], "description": "What it says from now on; null takes it away."},
        },
    })
}

/// Problem details (RFC 9457).
fn problem() -> Json {
    let mistake = json!({
        "type": "object",
        "required": ["path", "message"],
        "properties": {"path": {"type": "string"}, "message": {"type": "string"}, "line": {"type": "integer"}},
    });
    json!({
        "type": "object",
        "required": ["type", "status", "code", "detail", "page"],
        "properties": {
            "type": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"type": "string", "description": "As `TG2016`."},
            "detail": {"type": "string"},
            "page": {"type": "string", "description": "The page about the code."},
            "errors": {"type": "array", "items": mistake},
        },
    })
}

/// The answers when it is done, and the one for everything else.
fn answers(done: &[(&str, &str, Option<&Json>)]) -> Json {
    let mut answers = Map::new();
    for (status, what, schema) in done {
        let mut answer = json!({"description": what});
        if let Some(schema) = schema {
            answer["content"] = json!({"application/json": {"schema": schema}});
        }
        answers.insert((*status).to_owned(), answer);
    }
    let problem = json!({"application/problem+json": {"schema": {"$ref": "#/$defs/Problem"}}});
    answers.insert("default".to_owned(), json!({"description": "It is not done.", "content": problem}));
    Json::Object(answers)
}

fn body(schema: &Json) -> Json {
    json!({"required": true, "content": {"application/json": {"schema": schema}}})
}

fn name() -> Json {
    json!({"name": "name", "in": "path", "required": true, "schema": {"type": "string", "maxLength": 320}})
}

fn query(name: &str, about: &str, schema: &Json) -> Json {
    json!({"name": name, "in": "query", "description": about, "schema": schema})
}

fn hashes() -> Json {
    query("hashes", "Shows the hashes of keys whole to who may change them.", &json!({"enum": ["whole"]}))
}

fn applied_from() -> Json {
    query("applied_from", "The file that it is applied from.", &json!({"type": "string", "maxLength": 256}))
}

fn header(name: &str, about: &str) -> Json {
    json!({"name": name, "in": "header", "description": about, "schema": {"type": "string"}})
}

fn if_match() -> Json {
    header("if-match", "The `etag` of the version that has been seen, or `*`.")
}

fn if_none_match() -> Json {
    header("if-none-match", "`*`: only where there is none yet.")
}

fn idempotency_key() -> Json {
    header("idempotency-key", "By which the answer is found again when the request comes again within a day.")
}

#[cfg(test)]
mod tests {
    use super::{API_ROOT, Json, openapi};
    use crate::api::operation::match_path;
    use crate::api::sign_in::{Door, SIGN_IN_ROOT};
    use http::Method;

    fn references(json: &Json, found: &mut Vec<String>) {
        match json {
            Json::Object(members) => {
                found.extend(members.get("$ref").and_then(Json::as_str).map(str::to_owned));
                members.values().for_each(|json| references(json, found));
            }
            Json::Array(items) => items.iter().for_each(|json| references(json, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = openapi();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 100);
        for reference in found {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
    }

    fn is_there(method: &Method, path: &str) -> bool {
        if path.starts_with(SIGN_IN_ROOT) {
            Door::of(method, path).is_ok()
        } else {
            match_path(method, path).is_ok()
        }
    }

    #[test]
    fn what_is_described_is_there_and_what_is_not_is_not() {
        let document = openapi();
        for (path, item) in document["paths"].as_object().unwrap() {
            let path = path.replace("{name}", "n");
            for method in ["GET", "PUT", "PATCH", "DELETE", "POST"] {
                let is_described = item.get(method.to_ascii_lowercase()).is_some();
                let is_there = is_there(&Method::from_bytes(method.as_bytes()).unwrap(), &path);
                assert_eq!(is_described, is_there, "{method} {path}");
            }
        }
        assert!(document["paths"].get(format!("{API_ROOT}keys")).is_some());
    }
}
