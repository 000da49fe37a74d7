//! Laws of chat completions and of legacy completions.

use serde_json::{Value, json};

use super::{events, ok, post, refused};

const CHAT: &str = "/v1/chat/completions";

fn chat(mut extra: Value) -> Value {
    let mut body = json!({ "model": "echo", "messages": [{ "role": "user", "content": "hello you" }] });
    body.as_object_mut().unwrap().append(extra.as_object_mut().unwrap());
    body
}

fn tools() -> Value {
    json!([
        { "type": "function", "function": {
            "name": "weather",
            "parameters": {
                "type": "object",
                "properties": { "city": { "type": "string" }, "days": { "type": "integer" } },
                "required": ["city", "days"],
            },
        } },
        { "type": "function", "function": { "name": "clock", "parameters": { "type": "object", "properties": {} } } },
    ])
}

#[test]
fn an_answer_echoes_the_last_user_text_and_counts_its_tokens() {
    let answer = ok(CHAT, &chat(json!({})));
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["model"], "echo");
    assert!(answer["id"].as_str().unwrap().starts_with("chatcmpl-"));
    let choice = &answer["choices"][0];
    assert_eq!(choice["message"]["content"], "echo: hello you");
    assert_eq!(
        (choice["message"]["role"].as_str(), choice["finish_reason"].as_str()),
        (Some("assistant"), Some("stop"))
    );
    let usage = &answer["usage"];
    assert_eq!((usage["prompt_tokens"].as_u64(), usage["completion_tokens"].as_u64()), (Some(2), Some(3)));
    assert_eq!(usage["total_tokens"], 5);
}

#[test]
fn a_stream_says_what_the_whole_answer_says() {
    let events = events(&post(CHAT, &chat(json!({ "stream": true }))));
    assert_eq!(events.last().unwrap().1, "[DONE]");
    let chunks: Vec<&Value> = events.iter().map(|(_, data)| data).filter(|data| data.is_object()).collect();
    assert!(
        chunks.iter().all(|chunk| chunk["object"] == "chat.completion.chunk" && chunk.get("usage").is_none())
    );
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    let text: String =
        chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(text, "echo: hello you");
    assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "stop");
}

#[test]
fn usage_comes_in_a_chunk_of_its_own_when_asked_for() {
    let body = chat(json!({ "stream": true, "stream_options": { "include_usage": true } }));
    let events = events(&post(CHAT, &body));
    let [.., (_, usage), (_, done)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(done, "[DONE]");
    assert_eq!(usage["choices"], json!([]));
    assert_eq!(usage["usage"]["total_tokens"], 5);
    let others = events.iter().rev().skip(2);
    assert!(others.clone().count() > 3);
    assert!(
        others.map(|(_, chunk)| chunk).all(|chunk| chunk["usage"].is_null() && chunk.get("usage").is_some())
    );
}

#[test]
fn the_longest_allowed_length_cuts_the_text() {
    for name in ["max_tokens", "max_completion_tokens"] {
        let answer = ok(CHAT, &chat(json!({ name: 2 })));
        assert_eq!(answer["choices"][0]["message"]["content"], "echo: hello ");
        assert_eq!(answer["choices"][0]["finish_reason"], "length");
        assert_eq!(answer["usage"]["completion_tokens"], 2);
    }
}

#[test]
fn as_many_choices_are_given_as_are_asked_for() {
    let answer = ok(CHAT, &chat(json!({ "n": 3 })));
    assert_eq!(answer["choices"].as_array().unwrap().len(), 3);
    assert_eq!(answer["choices"][2]["index"], 2);
    assert_eq!(answer["usage"]["completion_tokens"], 9);
}

#[test]
fn images_are_acknowledged_and_counted() {
    let image = json!({ "type": "image_url", "image_url": { "url": "data:image/png;base64,AA==" } });
    let content = json!([{ "type": "text", "text": "look" }, image]);
    let answer = ok(CHAT, &chat(json!({ "messages": [{ "role": "user", "content": content }] })));
    assert_eq!(answer["choices"][0]["message"]["content"], "echo: look (1 image)");
    assert_eq!(answer["usage"]["prompt_tokens"], 86);
}

#[test]
fn a_tool_is_called_when_required_named_or_asked_for_and_only_then() {
    let say = |text: &str| json!([{ "role": "user", "content": text }]);
    let named = json!({ "type": "function", "function": { "name": "clock" } });
    for (extra, expected) in [
        (json!({ "tool_choice": "required" }), vec!["weather"]),
        (json!({ "tool_choice": named }), vec!["clock"]),
        (json!({ "messages": say("please Call the tool") }), vec!["weather"]),
        (json!({ "messages": say("call the tools") }), vec!["weather", "clock"]),
        (json!({ "messages": say("call the tool"), "tool_choice": "none" }), vec![]),
        (json!({}), vec![]),
    ] {
        let mut body = chat(extra);
        body["tools"] = tools();
        let choice = &ok(CHAT, &body)["choices"][0];
        let calls = choice["message"]["tool_calls"].as_array().cloned().unwrap_or_default();
        let names: Vec<&str> = calls.iter().map(|call| call["function"]["name"].as_str().unwrap()).collect();
        assert_eq!(names, expected, "{body}");
        let reason = if expected.is_empty() { "stop" } else { "tool_calls" };
        assert_eq!(choice["finish_reason"], reason);
    }
}

#[test]
fn streamed_arguments_come_in_pieces_that_make_a_document() {
    let body = chat(json!({ "tools": tools(), "tool_choice": "required", "stream": true }));
    let events = events(&post(CHAT, &body));
    let calls: Vec<&Value> =
        events.iter().filter_map(|(_, chunk)| chunk.pointer("/choices/0/delta/tool_calls/0")).collect();
    assert!(calls[0]["id"].as_str().unwrap().starts_with("call_"));
    assert_eq!(calls[0]["function"]["name"], "weather");
    assert!(calls.len() > 2, "{calls:?}");
    let arguments: String =
        calls.iter().map(|call| call["function"]["arguments"].as_str().unwrap()).collect();
    assert_eq!(serde_json::from_str::<Value>(&arguments).unwrap(), json!({ "city": "text", "days": 1 }));
}

#[test]
fn after_a_tools_result_comes_text() {
    let messages = json!([
        { "role": "user", "content": "call the tool" },
        { "role": "assistant", "content": null, "tool_calls": [] },
        { "role": "tool", "tool_call_id": "call_1", "content": "rain" },
    ]);
    let body = chat(json!({ "messages": messages, "tools": tools(), "tool_choice": "required" }));
    assert_eq!(ok(CHAT, &body)["choices"][0]["message"]["content"], "the tool answered: rain");
}

#[test]
fn structured_output_fits_its_schema() {
    let schema =
        json!({ "type": "object", "properties": { "a": { "enum": ["x", "y"] } }, "required": ["a"] });
    let format = json!({ "type": "json_schema", "json_schema": { "name": "n", "schema": schema } });
    let answer = ok(CHAT, &chat(json!({ "response_format": format })));
    assert_eq!(answer["choices"][0]["message"]["content"], r#"{"a":"x"}"#);
}

#[test]
fn a_request_without_messages_is_refused() {
    let (status, error) = refused(CHAT, &json!({ "model": "echo", "messages": [] }));
    assert_eq!((status, error["error"]["param"].as_str()), (400, Some("messages")));
}

#[test]
fn legacy_completions_answer_each_prompt() {
    let answer = ok("/v1/completions", &json!({ "model": "echo", "prompt": ["one", "two"] }));
    assert_eq!(answer["object"], "text_completion");
    assert_eq!(answer["choices"][1]["text"], "echo: two");
    assert_eq!(answer["usage"]["total_tokens"], 6);
    let (status, _) = refused("/v1/completions", &json!({ "model": "echo" }));
    assert_eq!(status, 400);
}

#[test]
fn streamed_legacy_completions_say_the_same() {
    let body = json!({
        "model": "echo", "prompt": [1, 2], "stream": true, "stream_options": { "include_usage": true },
    });
    let events = events(&post("/v1/completions", &body));
    let text: String =
        events.iter().filter_map(|(_, chunk)| chunk.pointer("/choices/0/text")?.as_str()).collect();
    assert_eq!(text, "echo: 1 2");
    let [.., (_, usage), (_, done)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((usage["usage"]["completion_tokens"].as_u64(), done.as_str()), (Some(3), Some("[DONE]")));
}

#[test]
fn a_text_that_is_begun_is_gone_on_with() {
    let asked = |begun: &str| {
        let messages =
            json!([{"role": "user", "content": "hello you"}, {"role": "assistant", "content": begun}]);
        ok(CHAT, &json!({"model": "echo", "messages": messages}))["choices"][0]["message"]["content"].clone()
    };
    assert_eq!(asked("echo: hello"), " you");
    assert_eq!(asked("something else"), "echo: hello you");
}
