//! Laws of Anthropic messages.

use serde_json::{Value, json};

use super::{events, ok, post, refused};

const MESSAGES: &str = "/v1/messages";

fn message(mut extra: Value) -> Value {
    let mut body = json!({
        "model": "echo", "max_tokens": 100, "messages": [{ "role": "user", "content": "hello you" }],
    });
    body.as_object_mut().unwrap().append(extra.as_object_mut().unwrap());
    body
}

fn tools() -> Value {
    json!([{ "name": "weather", "input_schema": {
        "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"],
    } }])
}

#[test]
fn a_message_echoes_and_counts() {
    let answer = ok(MESSAGES, &message(json!({ "system": "be kind" })));
    assert_eq!((answer["type"].as_str(), answer["role"].as_str()), (Some("message"), Some("assistant")));
    assert!(answer["id"].as_str().unwrap().starts_with("msg_"));
    assert_eq!(answer["content"][0]["text"], "echo: hello you");
    assert_eq!(answer["stop_reason"], "end_turn");
    assert_eq!(
        (answer["usage"]["input_tokens"].as_u64(), answer["usage"]["output_tokens"].as_u64()),
        (Some(4), Some(3))
    );
}

#[test]
fn a_stream_has_its_events_in_order_each_named_as_its_type() {
    let events = events(&post(MESSAGES, &message(json!({ "stream": true }))));
    assert!(events.iter().all(|(name, data)| data["type"] == name.as_str()));
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "message_start",
            "content_block_start",
            "ping",
            "content_block_delta",
            "content_block_delta",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop",
        ]
    );
    let start = &events[0].1["message"];
    assert_eq!((start["content"].clone(), start["stop_reason"].clone()), (json!([]), Value::Null));
    assert_eq!(start["usage"]["input_tokens"], 2);
    let text: String = events.iter().filter_map(|(_, data)| data.pointer("/delta/text")?.as_str()).collect();
    assert_eq!(text, "echo: hello you");
    let delta = &events[7].1;
    assert_eq!(
        (delta["delta"]["stop_reason"].as_str(), delta["usage"]["output_tokens"].as_u64()),
        (Some("end_turn"), Some(3))
    );
}

#[test]
fn a_tool_is_used_and_its_input_streamed_in_pieces() {
    for choice in [json!({ "type": "any" }), json!({ "type": "tool", "name": "weather" })] {
        let body = message(json!({ "tools": tools(), "tool_choice": choice }));
        let answer = ok(MESSAGES, &body);
        assert_eq!(answer["stop_reason"], "tool_use");
        assert_eq!(answer["content"][0]["input"], json!({ "city": "text" }));
        assert!(answer["content"][0]["id"].as_str().unwrap().starts_with("toolu_"));

        let mut streamed = body;
        streamed["stream"] = json!(true);
        let events = events(&post(MESSAGES, &streamed));
        let json: String =
            events.iter().filter_map(|(_, data)| data.pointer("/delta/partial_json")?.as_str()).collect();
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), json!({ "city": "text" }));
        assert_eq!(events[1].1["content_block"]["input"], json!({}));
    }
}

#[test]
fn after_a_tools_result_comes_text() {
    let messages = json!([
        { "role": "user", "content": "call the tool" },
        { "role": "assistant", "content": [{ "type": "tool_use", "id": "toolu_1", "name": "weather", "input": {} }] },
        { "role": "user", "content": [
            { "type": "tool_result", "tool_use_id": "toolu_1", "content": [{ "type": "text", "text": "rain" }] },
        ] },
    ]);
    let answer = ok(MESSAGES, &message(json!({ "messages": messages, "tools": tools() })));
    assert_eq!(answer["content"][0]["text"], "the tool answered: rain");
}

#[test]
fn the_longest_allowed_length_cuts_the_text_and_must_be_given() {
    let answer = ok(MESSAGES, &message(json!({ "max_tokens": 1 })));
    assert_eq!(
        (answer["content"][0]["text"].as_str(), answer["stop_reason"].as_str()),
        (Some("echo: "), Some("max_tokens"))
    );
    let (status, error) =
        refused(MESSAGES, &json!({ "model": "echo", "messages": [{ "role": "user", "content": "x" }] }));
    assert_eq!((status, error["error"]["type"].as_str()), (400, Some("invalid_request_error")));
}

#[test]
fn counted_tokens_are_those_that_are_used() {
    let image =
        json!({ "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "AA==" } });
    let content = json!([{ "type": "text", "text": "look here" }, image]);
    let body = message(json!({ "messages": [{ "role": "user", "content": content }] }));
    let counted = ok("/v1/messages/count_tokens", &body);
    assert_eq!(counted, json!({ "input_tokens": 87 }));
    let answer = ok(MESSAGES, &body);
    assert_eq!(answer["usage"]["input_tokens"], counted["input_tokens"]);
    assert_eq!(answer["content"][0]["text"], "echo: look here (1 image)");
}

#[test]
fn structured_output_fits_its_schema() {
    let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] });
    let body = message(json!({ "output_config": { "format": { "type": "json_schema", "schema": schema } } }));
    assert_eq!(ok(MESSAGES, &body)["content"][0]["text"], r#"{"n":1}"#);
}
