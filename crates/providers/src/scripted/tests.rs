//! Laws of the scripted provider, a file for each format and one for the behaviours.

mod behaviours;
mod chat;
mod cohere;
mod converse;
mod gemini;
mod media;
mod messages;
mod others;
mod responses;
mod retrieval;
mod thinking;

use bytes::Bytes;
use http::header::HeaderMap;
use http::{HeaderValue, Method, StatusCode};
use serde_json::Value;

use super::{ResponseStore, Script, ScriptedRequest, Step, answer, definition};
use crate::compile::{Compiled, compile};
use crate::sign_in::SignIns;

fn request(method: Method, path: &str, body: &Value) -> ScriptedRequest {
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    ScriptedRequest { method, path: path.to_owned(), query: String::new(), headers: HeaderMap::new(), body }
}

fn post(path: &str, body: &Value) -> Script {
    answer(&request(Method::POST, path, body), &mut ResponseStore::default())
}

/// The status and the JSON of an answer that is whole.
fn whole(script: &Script) -> (StatusCode, Value) {
    let [Step::Head { status, headers }, Step::Bytes(body)] = script.steps.as_slice() else {
        panic!("not a whole answer: {script:?}");
    };
    assert_eq!(headers["content-type"], "application/json");
    (*status, serde_json::from_slice(body).unwrap())
}

fn ok(path: &str, body: &Value) -> Value {
    let (status, json) = whole(&post(path, body));
    assert_eq!(status, StatusCode::OK, "{json}");
    json
}

fn refused(path: &str, body: &Value) -> (u16, Value) {
    let (status, json) = whole(&post(path, body));
    (status.as_u16(), json)
}

/// The events of a stream: name and data, the end mark as text.
fn events(script: &Script) -> Vec<(String, Value)> {
    let bytes: Vec<u8> = script.steps.iter().filter_map(part).flatten().collect();
    let text = String::from_utf8(bytes).unwrap();
    let Some(Step::Head { headers, .. }) = script.steps.first() else { panic!("no head: {script:?}") };
    assert_eq!(headers["content-type"], "text/event-stream; charset=utf-8");
    assert!(text.ends_with("\n\n"), "{text}");
    text.split_terminator("\n\n").map(event).collect()
}

fn part(step: &Step) -> Option<Bytes> {
    match step {
        Step::Bytes(bytes) => Some(bytes.clone()),
        _ => None,
    }
}

fn event(block: &str) -> (String, Value) {
    let mut name = String::new();
    let mut data = Value::Null;
    for line in block.lines() {
        let (field, value) = line.split_once(": ").unwrap();
        match field {
            "event" => name = value.to_owned(),
            "data" => data = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value)),
            other => panic!("unknown field {other}"),
        }
    }
    (name, data)
}

/// The text of a stream's events at this place.
fn joined(events: &[(String, Value)], pointer: &str) -> String {
    events.iter().filter_map(|(_, data)| data.pointer(pointer)?.as_str()).collect()
}

#[test]
fn its_definition_compiles_to_a_live_provider_without_a_secret() {
    let address = "127.0.0.1:4000".parse().unwrap();
    let Ok(Compiled::Live(provider)) =
        compile(super::NAME, &definition(address), &|_| None, &SignIns::default())
    else {
        panic!("it must be live");
    };
    assert_eq!(provider.base.to_string(), "http://127.0.0.1:4000/v1");
    assert!(super::ENDPOINTS.iter().all(|(endpoint, _)| provider.serves(*endpoint)));
    assert!(provider.knows_model("fail-503") && provider.knows_model("echo"));
    assert!(provider.credentials[0].secret.is_none());
}

#[test]
fn the_same_request_gives_the_same_answer() {
    let body = serde_json::json!({ "model": "echo", "messages": [{ "role": "user", "content": "hi" }] });
    assert_eq!(ok("/v1/chat/completions", &body), ok("/v1/chat/completions", &body));
}

#[test]
fn paths_are_taken_with_and_without_their_version() {
    let body = serde_json::json!({ "model": "echo", "messages": [{ "role": "user", "content": "hi" }] });
    assert_eq!(ok("/chat/completions", &body)["choices"], ok("/v1/chat/completions", &body)["choices"]);
}

#[test]
fn what_is_not_there_is_refused_in_the_clients_shape() {
    let (status, open_ai) = refused("/v1/nothing", &Value::Null);
    assert_eq!((status, open_ai["error"]["type"].as_str()), (404, Some("invalid_request_error")));

    let mut asked = request(Method::POST, "/v1/nothing", &Value::Null);
    asked.headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
    let (_, anthropic) = whole(&answer(&asked, &mut ResponseStore::default()));
    assert_eq!(
        (anthropic["type"].as_str(), anthropic["error"]["type"].as_str()),
        (Some("error"), Some("not_found_error"))
    );

    let get = request(Method::GET, "/v1/chat/completions", &Value::Null);
    assert_eq!(whole(&answer(&get, &mut ResponseStore::default())).0, StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn a_body_that_is_no_object_or_has_no_model_is_refused() {
    for body in [Bytes::from_static(b"{"), Bytes::from_static(b"[]"), Bytes::from_static(b"{}")] {
        let asked = ScriptedRequest { body, ..request(Method::POST, "/v1/chat/completions", &Value::Null) };
        assert_eq!(whole(&answer(&asked, &mut ResponseStore::default())).0, StatusCode::BAD_REQUEST);
    }
}
