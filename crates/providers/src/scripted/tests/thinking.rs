//! What was thought, in each format's own way: Converse and Cohere have theirs in their own files.

use serde_json::{Value, json};

use super::{events, joined, ok, post};

const THOUGHT: &str = "They said something, so I repeat it.";
const THOUGHT_TOKENS: u64 = 7;

fn chat(stream: bool, effort: &Value) -> Value {
    json!({
        "model": "echo",
        "stream": stream,
        "stream_options": { "include_usage": true },
        "reasoning_effort": effort,
        "messages": [{ "role": "user", "content": "hello you" }],
    })
}

#[test]
fn chat_has_it_beside_the_content() {
    let path = "/v1/chat/completions";
    let answer = ok(path, &chat(false, &json!("low")));
    let message = &answer["choices"][0]["message"];
    assert_eq!(
        (&message["reasoning_content"], &message["content"]),
        (&json!(THOUGHT), &json!("echo: hello you"))
    );
    let details = &answer["usage"]["completion_tokens_details"];
    assert_eq!(
        (details["reasoning_tokens"].as_u64(), answer["usage"]["completion_tokens"].as_u64()),
        (Some(THOUGHT_TOKENS), Some(THOUGHT_TOKENS + 3))
    );

    let events = events(&post(path, &chat(true, &json!("low"))));
    assert_eq!(joined(&events, "/choices/0/delta/reasoning_content"), THOUGHT);
    assert_eq!(joined(&events, "/choices/0/delta/content"), "echo: hello you");
    assert_eq!(events[events.len() - 2].1["usage"], answer["usage"]);
    for silent in [json!("none"), Value::Null] {
        let answer = ok(path, &chat(false, &silent));
        assert_eq!(answer["choices"][0]["message"].get("reasoning_content"), None);
    }
}

fn message(stream: bool, thinking: &Value) -> Value {
    let tool = json!({ "name": "weather", "input_schema": { "type": "object" } });
    json!({
        "model": "echo",
        "stream": stream,
        "max_tokens": 100,
        "thinking": thinking,
        "tools": [tool],
        "messages": [{ "role": "user", "content": "call the tool" }],
    })
}

#[test]
fn messages_have_it_as_a_signed_block_before_the_others() {
    let path = "/v1/messages";
    for thinking in [json!({ "type": "enabled", "budget_tokens": 1024 }), json!({ "type": "adaptive" })] {
        let answer = ok(path, &message(false, &thinking));
        let block = &answer["content"][0];
        assert_eq!((block["type"].as_str(), block["thinking"].as_str()), (Some("thinking"), Some(THOUGHT)));
        assert!(block["signature"].as_str().unwrap().starts_with("signed-"));
        assert_eq!(answer["content"][1]["type"], "tool_use");

        let events = events(&post(path, &message(true, &thinking)));
        assert_eq!(joined(&events, "/delta/thinking"), THOUGHT);
        assert!(joined(&events, "/delta/signature").starts_with("signed-"));
        let starts: Vec<_> = events
            .iter()
            .filter(|(name, _)| name == "content_block_start")
            .map(|(_, data)| (data["index"].as_u64(), data["content_block"]["type"].as_str()))
            .collect();
        assert_eq!(starts, [(Some(0), Some("thinking")), (Some(1), Some("tool_use"))]);
        let end = &events[events.len() - 2].1;
        assert_eq!(end["usage"]["output_tokens"], answer["usage"]["output_tokens"]);
    }
    let silent = ok(path, &message(false, &json!({ "type": "disabled" })));
    assert_eq!(silent["content"][0]["type"], "tool_use");
}

fn response(stream: bool, extra: &Value) -> Value {
    let mut body = json!({ "model": "echo", "stream": stream, "input": "hello you", "store": false });
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    body
}

#[test]
fn responses_have_it_as_an_item_that_tells_what_it_was_asked_to_tell() {
    let path = "/v1/responses";
    let asked = json!({ "reasoning": { "effort": "low", "summary": "auto" }, "include": ["reasoning.encrypted_content"] });
    let answer = ok(path, &response(false, &asked));
    let item = &answer["output"][0];
    assert_eq!(item["summary"], json!([{ "type": "summary_text", "text": THOUGHT }]));
    assert!(item["encrypted_content"].as_str().unwrap().starts_with("sealed-"));
    assert_eq!(answer["output"][1]["content"][0]["text"], "echo: hello you");
    assert_eq!(answer["usage"]["output_tokens_details"]["reasoning_tokens"].as_u64(), Some(THOUGHT_TOKENS));

    let quiet = ok(path, &response(false, &json!({ "reasoning": { "effort": "low" } })));
    assert_eq!(
        (&quiet["output"][0]["summary"], quiet["output"][0].get("encrypted_content")),
        (&json!([]), None)
    );
    let silent = ok(path, &response(false, &json!({ "reasoning": { "effort": "none", "summary": "auto" } })));
    assert_eq!(silent["output"][0]["type"], "message");
}

#[test]
fn a_streamed_response_tells_it_before_its_message_and_numbers_both() {
    let asked = json!({ "reasoning": { "summary": "auto" } });
    let events = events(&post("/v1/responses", &response(true, &asked)));
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[2..4], ["response.output_item.added", "response.reasoning_summary_part.added"]);
    let deltas = events.iter().filter(|(name, _)| name == "response.reasoning_summary_text.delta");
    let told: String = deltas.filter_map(|(_, data)| data["delta"].as_str()).collect();
    assert_eq!(told, THOUGHT);
    let places = |wanted: &str| -> Vec<u64> {
        let named = events.iter().filter(|(name, _)| name == wanted);
        named.filter_map(|(_, data)| data["output_index"].as_u64()).collect()
    };
    assert_eq!(places("response.output_item.done"), [0, 1]);
    assert_eq!(places("response.output_text.done"), [1]);
    let numbers: Vec<_> = events.iter().filter_map(|(_, data)| data["sequence_number"].as_u64()).collect();
    assert_eq!(numbers, (0..events.len() as u64).collect::<Vec<_>>());
}
