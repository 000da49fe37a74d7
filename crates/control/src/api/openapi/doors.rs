//! The doors by which people come in, as the description has them.

use serde_json::{Map, Value as Json, json};

use super::{answers, body, header, query};
use crate::api::sign_in::SIGN_IN_ROOT;

/// What is below `/auth/`.
pub(super) fn paths() -> Map<String, Json> {
    let mut paths = Map::new();
    let credentials = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["name", "password", "code"],
        "properties": {
            "name": {"type": "string"},
            "password": {"type": "string"},
            "code": {"type": "string", "description": "What the authenticator shows."},
        },
    });
    let session = session();
    let log_in = json!({
        "post": {
            "operationId": "log_in",
            "summary": "Signs a local administrator in. The answer sets the cookie of the session.",
            "security": [],
            "requestBody": body(&credentials),
            "responses": answers(&[("200", "They are signed in.", Some(&session))]),
        },
    });
    let log_out = json!({
        "post": {
            "operationId": "log_out",
            "summary": "Ends the session.",
            "security": [{"session": []}],
            "parameters": [header("x-csrf-token", "The session's token.")],
            "responses": answers(&[("204", "It has ended.", None)]),
        },
    });
    let who = json!({
        "get": {
            "operationId": "get_session",
            "summary": "Says who somebody is, and what they may do.",
            "security": [{"session": []}],
            "responses": answers(&[("200", "The session.", Some(&session))]),
        },
    });
    let [to_provider, from_provider] = provider_doors();
    let doors = [
        ("login", log_in),
        ("logout", log_out),
        ("session", who),
        ("oidc/login", to_provider),
        ("oidc/callback", from_provider),
    ];
    for (name, path) in doors {
        paths.insert(format!("{SIGN_IN_ROOT}{name}"), path);
    }
    paths
}

/// To the identity provider, and back.
fn provider_doors() -> [Json; 2] {
    let to_provider = json!({
        "get": {
            "operationId": "go_to_provider",
            "summary": "Sends a browser to the identity provider.",
            "security": [],
            "parameters": [query("return_to", "The path of this gateway that it is led to afterwards.", &json!({"type": "string", "maxLength": 1024}))],
            "responses": answers(&[("303", "To the provider.", None)]),
        },
    });
    let text = json!({"type": "string"});
    let from_provider = json!({
        "get": {
            "operationId": "come_back_from_provider",
            "summary": "Takes a browser back from the identity provider, and begins a session.",
            "security": [],
            "parameters": [
                query("code", "What the provider says who signed in by.", &text),
                query("state", "What was sent along.", &text),
                query("iss", "Whose answer it is (RFC 9207).", &text),
                query("error", "Why nobody signed in.", &text),
            ],
            "responses": answers(&[("303", "To where it wanted to go.", None)]),
        },
    });
    [to_provider, from_provider]
}

fn session() -> Json {
    let role = json!({
        "type": "object",
        "required": ["role"],
        "properties": {
            "role": {"type": "string"},
            "workspace": {"type": "string"},
            "environment": {"type": "string"},
        },
    });
    json!({
        "type": "object",
        "required": ["who", "roles", "csrf_token", "ends_at", "idle_seconds"],
        "properties": {
            "who": {"type": "object", "description": "Such as `{\"local_admin\": \"ada\"}`, as in the audit log."},
            "user": {"type": "string", "description": "Who that is among the users."},
            "roles": {"type": "array", "items": role},
            "csrf_token": {"type": "string"},
            "ends_at": {"type": "string", "format": "date-time"},
            "idle_seconds": {"type": "integer", "description": "After how long without a request it ends."},
        },
    })
}
