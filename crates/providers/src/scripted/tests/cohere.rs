//! Laws of Cohere chat.

use serde_json::{Value, json};

use super::{events, joined, ok, post, refused};

const CHAT: &str = "/v2/chat";

fn chat(mut extra: Value) -> Value {
    let mut body = json!({ "model": "echo", "messages": [{ "role": "user", "content": "hello you" }] });
    body.as_object_mut().unwrap().append(extra.as_object_mut().unwrap());
    body
}

fn tools() -> Value {
    json!([{ "type": "function", "function": { "name": "weather", "parameters": {
        "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"],
    } } }])
}

#[test]
fn a_message_echoes_and_counts_what_is_charged_and_what_is_seen() {
    let answer = ok(CHAT, &chat(json!({})));
    assert_eq!(answer["message"]["content"], json!([{ "type": "text", "text": "echo: hello you" }]));
    assert_eq!(
        (answer["message"]["role"].as_str(), answer["finish_reason"].as_str()),
        (Some("assistant"), Some("COMPLETE"))
    );
    assert_eq!(answer["usage"]["billed_units"], json!({ "input_tokens": 2, "output_tokens": 3 }));
    assert_eq!(answer["usage"]["tokens"], json!({ "input_tokens": 66, "output_tokens": 3 }));
    assert!(!answer["id"].as_str().unwrap().is_empty());
}

#[test]
fn a_stream_has_its_events_in_order_each_named_as_its_type() {
    let events = events(&post(CHAT, &chat(json!({ "stream": true }))));
    let (last, named) = events.split_last().unwrap();
    assert_eq!(last.1, "[DONE]");
    assert!(named.iter().all(|(name, data)| data["type"] == name.as_str()));
    let names: Vec<&str> = named.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "message-start",
            "content-start",
            "content-delta",
            "content-delta",
            "content-delta",
            "content-end",
            "message-end",
        ]
    );
    assert_eq!(joined(&events, "/delta/message/content/text"), "echo: hello you");
    assert_eq!(named[0].1["delta"]["message"]["role"], "assistant");
    assert_eq!(named[6].1["delta"]["finish_reason"], "COMPLETE");
    assert_eq!(named[6].1["delta"]["usage"]["billed_units"]["output_tokens"], 3);
}

#[test]
fn a_tool_is_called_after_a_plan_and_its_arguments_streamed_in_pieces() {
    let body = chat(json!({ "tools": tools(), "tool_choice": "REQUIRED" }));
    let answer = ok(CHAT, &body);
    let message = &answer["message"];
    assert_eq!(answer["finish_reason"], "TOOL_CALL");
    assert_eq!((&message["tool_plan"], message.get("content")), (&json!("I will call weather."), None));
    let call = &message["tool_calls"][0];
    assert!(call["id"].as_str().unwrap().starts_with("weather_"));
    assert_eq!(call["function"], json!({ "name": "weather", "arguments": r#"{"city":"text"}"# }));

    let mut streamed = body;
    streamed["stream"] = json!(true);
    let events = events(&post(CHAT, &streamed));
    assert_eq!(joined(&events, "/delta/message/tool_plan"), "I will call weather.");
    assert_eq!(joined(&events, "/delta/message/tool_calls/function/arguments"), r#"{"city":"text"}"#);
    assert!(!joined(&events, "/delta/message/tool_calls/id").is_empty());
    assert_eq!(
        events[events.len() - 2].1["delta"]["usage"],
        ok(CHAT, &chat(json!({ "tools": tools(), "tool_choice": "REQUIRED" })))["usage"]
    );
}

#[test]
fn no_tool_is_called_that_may_not_be() {
    let messages = json!([{ "role": "user", "content": "call the tool" }]);
    let body = chat(json!({ "messages": messages, "tools": tools(), "tool_choice": "NONE" }));
    assert_eq!(ok(CHAT, &body)["message"]["content"][0]["text"], "echo: call the tool");
}

#[test]
fn after_a_tools_result_comes_text_whether_it_is_a_string_or_a_document() {
    for result in [
        json!("rain"),
        json!([{ "type": "text", "text": "rain" }]),
        json!([{ "type": "document", "document": { "data": "rain" } }]),
    ] {
        let messages = json!([
            { "role": "user", "content": "call the tool" },
            { "role": "assistant", "tool_plan": "I will.", "tool_calls": [
                { "id": "w1", "type": "function", "function": { "name": "weather", "arguments": "{}" } }] },
            { "role": "tool", "tool_call_id": "w1", "content": result },
        ]);
        let answer = ok(CHAT, &chat(json!({ "messages": messages, "tools": tools() })));
        assert_eq!(answer["message"]["content"][0]["text"], "the tool answered: rain");
    }
}

#[test]
fn it_thinks_when_it_is_asked_to_and_no_longer_than_it_may() {
    let body = chat(json!({ "thinking": { "type": "enabled" } }));
    let answer = ok(CHAT, &body);
    assert_eq!(answer["message"]["content"][0]["thinking"], "They said something, so I repeat it.");
    assert_eq!(answer["message"]["content"][1]["text"], "echo: hello you");
    assert_eq!(answer["usage"]["billed_units"]["output_tokens"], 10);
    let short =
        ok(CHAT, &chat(json!({ "thinking": { "type": "enabled", "token_budget": 2 }, "max_tokens": 3 })));
    assert_eq!(short["message"]["content"][0]["thinking"], "They said ");
    assert_eq!(
        (short["message"]["content"][1]["text"].as_str(), short["finish_reason"].as_str()),
        (Some("echo: "), Some("MAX_TOKENS"))
    );
    assert_eq!(
        ok(CHAT, &chat(json!({ "thinking": { "type": "disabled" } })))["message"]["content"][0]["type"],
        "text"
    );

    let streamed = chat(json!({ "thinking": { "type": "enabled" }, "stream": true }));
    let events = events(&post(CHAT, &streamed));
    assert_eq!(joined(&events, "/delta/message/content/thinking"), "They said something, so I repeat it.");
    let indices: Vec<_> = events
        .iter()
        .filter(|(name, _)| name == "content-start")
        .map(|(_, data)| data["index"].as_u64())
        .collect();
    assert_eq!(indices, [Some(0), Some(1)]);
}

#[test]
fn structured_output_fits_its_schema_and_needs_none() {
    let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] });
    let format = json!({ "type": "json_object", "json_schema": schema });
    let text = |format: Value| {
        ok(CHAT, &chat(json!({ "response_format": format })))["message"]["content"][0]["text"].clone()
    };
    assert_eq!(text(format), r#"{"n":1}"#);
    assert!(
        serde_json::from_str::<Value>(text(json!({ "type": "json_object" })).as_str().unwrap())
            .unwrap()
            .is_object()
    );
    assert_eq!(text(json!({ "type": "text" })), "echo: hello you");
}

#[test]
fn images_and_documents_are_counted() {
    let content = json!([
        { "type": "text", "text": "look here" },
        { "type": "image_url", "image_url": { "url": "https://example.com/a.png" } },
    ]);
    let documents = json!(["a b c", { "data": { "text": "d" } }]);
    let body = chat(json!({ "messages": [{ "role": "user", "content": content }], "documents": documents }));
    let answer = ok(CHAT, &body);
    assert_eq!(answer["message"]["content"][0]["text"], "echo: look here (1 image)");
    assert_eq!(answer["usage"]["billed_units"]["input_tokens"], 2 + 85 + 3 + 1);
}

#[test]
fn what_cannot_be_answered_is_refused_in_coheres_shape() {
    for body in
        [json!({ "model": "echo" }), json!({ "messages": [] }), json!({ "model": "echo", "messages": [{}] })]
    {
        let (status, error) = refused(CHAT, &body);
        assert_eq!((status, error["message"].is_string()), (400, true), "{error}");
    }
    assert_eq!(
        refused("/v1/v2/chat", &json!({ "model": "fail-429", "messages": [{ "role": "user" }] })).0,
        429
    );
}
