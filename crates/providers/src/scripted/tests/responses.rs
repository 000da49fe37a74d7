//! Laws of OpenAI Responses: made, streamed and asked for again.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{events, ok, post, request, whole};
use crate::scripted::{ResponseStore, answer};

const RESPONSES: &str = "/v1/responses";

fn tools() -> Value {
    json!([{ "type": "function", "name": "weather", "parameters": {
        "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"],
    } }])
}

#[test]
fn a_response_echoes_counts_and_repeats_what_was_asked() {
    let body =
        json!({ "model": "echo", "input": "hello you", "instructions": "be kind", "metadata": { "a": "b" } });
    let response = ok(RESPONSES, &body);
    assert_eq!(
        (response["object"].as_str(), response["status"].as_str()),
        (Some("response"), Some("completed"))
    );
    let item = &response["output"][0];
    assert_eq!((item["type"].as_str(), item["role"].as_str()), (Some("message"), Some("assistant")));
    assert_eq!(item["content"][0]["type"], "output_text");
    assert_eq!(item["content"][0]["text"], "echo: hello you");
    assert_eq!(response["usage"]["input_tokens"], 4);
    assert_eq!(response["usage"]["output_tokens"], 3);
    assert_eq!(response["usage"]["total_tokens"], 7);
    assert_eq!(response["metadata"], json!({ "a": "b" }));
    assert_eq!(response["parallel_tool_calls"], true);
    assert_eq!(response["text"], json!({ "format": { "type": "text" } }));
}

#[test]
fn a_stream_has_its_events_in_order_and_numbered() {
    let events = events(&post(RESPONSES, &json!({ "model": "echo", "input": "hi", "stream": true })));
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
    );
    for (number, (name, data)) in events.iter().enumerate() {
        assert_eq!(
            (data["type"].as_str(), data["sequence_number"].as_u64()),
            (Some(name.as_str()), Some(number as u64))
        );
    }
    let running = &events[0].1["response"];
    assert_eq!((running["status"].as_str(), running["usage"].clone()), (Some("in_progress"), Value::Null));
    let text: String = events.iter().filter_map(|(_, data)| data.get("delta")?.as_str()).collect();
    assert_eq!(text, "echo: hi");
    assert_eq!(events[9].1["response"]["output"][0]["content"][0]["text"], "echo: hi");
}

#[test]
fn a_call_of_a_tool_is_an_item_with_streamed_arguments() {
    let body =
        json!({ "model": "echo", "input": "x", "tools": tools(), "tool_choice": "required", "stream": true });
    let events = events(&post(RESPONSES, &body));
    let added = &events[2].1["item"];
    assert_eq!((added["type"].as_str(), added["arguments"].as_str()), (Some("function_call"), Some("")));
    let delta: String = events
        .iter()
        .filter(|(name, _)| name == "response.function_call_arguments.delta")
        .filter_map(|(_, data)| data["delta"].as_str())
        .collect();
    let done = events.iter().find(|(name, _)| name == "response.function_call_arguments.done").unwrap();
    assert_eq!(
        (done.1["arguments"].as_str(), done.1["name"].as_str()),
        (Some(delta.as_str()), Some("weather"))
    );
    assert_eq!(delta, r#"{"city":"text"}"#);
    let last = &events.last().unwrap().1["response"]["output"][0];
    assert_eq!(
        (last["status"].as_str(), last["call_id"].clone()),
        (Some("completed"), added["call_id"].clone())
    );
}

#[test]
fn after_a_tools_result_comes_text() {
    let input = json!([
        { "role": "user", "content": "call the tool" },
        { "type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{}" },
        { "type": "function_call_output", "call_id": "call_1", "output": "rain" },
    ]);
    let response = ok(RESPONSES, &json!({ "model": "echo", "input": input, "tools": tools() }));
    assert_eq!(response["output"][0]["content"][0]["text"], "the tool answered: rain");
}

#[test]
fn a_cut_text_makes_the_response_incomplete() {
    let body = json!({ "model": "echo", "input": "hello you", "max_output_tokens": 1 });
    let response = ok(RESPONSES, &body);
    assert_eq!(response["status"], "incomplete");
    assert_eq!(response["incomplete_details"], json!({ "reason": "max_output_tokens" }));
    let mut streamed = body;
    streamed["stream"] = json!(true);
    assert_eq!(events(&post(RESPONSES, &streamed)).last().unwrap().0, "response.incomplete");
}

#[test]
fn structured_output_fits_its_schema() {
    let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] });
    let text = json!({ "format": { "type": "json_schema", "name": "n", "schema": schema } });
    let response = ok(RESPONSES, &json!({ "model": "echo", "input": "x", "text": text }));
    assert_eq!(response["output"][0]["content"][0]["text"], r#"{"n":1}"#);
}

/// A store, and a way to ask it.
#[derive(Default)]
struct Client(ResponseStore);

impl Client {
    fn ask(&mut self, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        whole(&answer(&request(method, path, body), &mut self.0))
    }

    fn make(&mut self, body: &Value) -> Value {
        self.ask(Method::POST, RESPONSES, body).1
    }
}

#[test]
fn a_response_can_be_got_and_deleted() {
    let mut client = Client::default();
    let made = client.make(&json!({ "model": "echo", "input": "hi" }));
    let path = format!("{RESPONSES}/{}", made["id"].as_str().unwrap());
    assert_eq!(client.ask(Method::GET, &path, &Value::Null), (StatusCode::OK, made.clone()));
    let (_, deleted) = client.ask(Method::DELETE, &path, &Value::Null);
    assert_eq!((deleted["id"].clone(), deleted["deleted"].clone()), (made["id"].clone(), json!(true)));
    assert_eq!(client.ask(Method::GET, &path, &Value::Null).0, StatusCode::NOT_FOUND);
    assert_eq!(client.ask(Method::DELETE, &path, &Value::Null).0, StatusCode::NOT_FOUND);
}

#[test]
fn input_items_are_listed_with_ids() {
    let mut client = Client::default();
    let made = client.make(&json!({ "model": "echo", "input": [
        { "role": "user", "content": "hi" },
        { "type": "function_call_output", "call_id": "c", "output": "x" },
    ] }));
    let path = format!("{RESPONSES}/{}/input_items", made["id"].as_str().unwrap());
    let (_, list) = client.ask(Method::GET, &path, &Value::Null);
    assert_eq!(list["data"][0]["content"], json!([{ "type": "input_text", "text": "hi" }]));
    assert_eq!(
        (list["first_id"].clone(), list["last_id"].clone()),
        (list["data"][0]["id"].clone(), list["data"][1]["id"].clone())
    );
    assert_eq!(list["has_more"], false);
}

#[test]
fn only_a_background_response_is_cancelled() {
    let mut client = Client::default();
    let plain = client.make(&json!({ "model": "echo", "input": "hi" }));
    let background = client.make(&json!({ "model": "echo", "input": "hi", "background": true }));
    let path = |made: &Value| format!("{RESPONSES}/{}/cancel", made["id"].as_str().unwrap());
    assert_eq!(client.ask(Method::POST, &path(&plain), &json!({})).0, StatusCode::BAD_REQUEST);
    assert_eq!(client.ask(Method::POST, &path(&background), &json!({})).1["status"], "cancelled");
}

#[test]
fn what_must_not_be_stored_is_not() {
    let mut client = Client::default();
    let made = client.make(&json!({ "model": "echo", "input": "hi", "store": false }));
    let path = format!("{RESPONSES}/{}", made["id"].as_str().unwrap());
    assert_eq!(client.ask(Method::GET, &path, &Value::Null).0, StatusCode::NOT_FOUND);
}

#[test]
fn a_previous_response_must_be_known() {
    let mut client = Client::default();
    let (status, error) = client.ask(
        Method::POST,
        RESPONSES,
        &json!({ "model": "echo", "input": "x", "previous_response_id": "resp_0" }),
    );
    assert_eq!(
        (status, error["error"]["code"].as_str()),
        (StatusCode::BAD_REQUEST, Some("previous_response_not_found"))
    );
    let first = client.make(&json!({ "model": "echo", "input": "hi" }));
    let second = client.make(&json!({ "model": "echo", "input": "x", "previous_response_id": first["id"] }));
    assert_eq!(second["previous_response_id"], first["id"]);
}

#[test]
fn input_tokens_are_counted_without_a_response() {
    let counted = ok("/v1/responses/input_tokens", &json!({ "input": "hello you" }));
    assert_eq!(counted, json!({ "object": "response.input_tokens", "input_tokens": 2 }));
}
