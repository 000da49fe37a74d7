//! Laws of Amazon Bedrock Converse.

use bytes::Bytes;
use serde_json::{Value, json};
use wire::framing::{Framing, Splitter};

use super::{joined, ok, part, post, refused};
use crate::scripted::{Script, Step};

const WHOLE: &str = "/model/echo/converse";
const STREAM: &str = "/v1/model/echo/converse-stream";

fn user(content: &Value) -> Value {
    json!({ "role": "user", "content": content })
}

fn converse(mut extra: Value) -> Value {
    let mut body = json!({ "messages": [user(&json!([{ "text": "hello you" }]))] });
    body.as_object_mut().unwrap().append(extra.as_object_mut().unwrap());
    body
}

fn tools(choice: &Value) -> Value {
    let schema = json!({
        "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"],
    });
    let spec = json!({ "name": "weather", "inputSchema": { "json": schema } });
    json!({ "tools": [{ "toolSpec": spec }, { "cachePoint": { "type": "default" } }], "toolChoice": choice })
}

fn content(body: &Value) -> Value {
    ok(WHOLE, body)["output"]["message"]["content"].clone()
}

/// The messages of a stream: type and payload.
fn messages(script: &Script) -> Vec<(String, Value)> {
    let Some(Step::Head { headers, .. }) = script.steps.first() else { panic!("no head: {script:?}") };
    assert_eq!(headers["content-type"], "application/vnd.amazon.eventstream");
    let bytes: Vec<u8> = script.steps.iter().filter_map(part).flatten().collect();
    let mut splitter = Splitter::new(Framing::AmazonEventStream, 1 << 20);
    let batch = splitter.push(Bytes::from(bytes)).unwrap();
    assert!(splitter.finish().bytes.is_empty(), "half a message");
    let message = |frame: wire::framing::Frame<'_>| {
        let name = String::from_utf8(frame.event().unwrap().to_vec()).unwrap();
        let payload = frame.data();
        let text = || Value::from(String::from_utf8_lossy(&payload).into_owned());
        (name, serde_json::from_slice(&payload).unwrap_or_else(|_| text()))
    };
    batch.frames().map(message).collect()
}

#[test]
fn a_message_echoes_and_counts_its_tokens() {
    let answer = ok(WHOLE, &converse(json!({ "system": [{ "text": "be brief" }] })));
    assert_eq!(
        answer["output"],
        json!({ "message": { "role": "assistant", "content": [{ "text": "echo: hello you" }] } })
    );
    assert_eq!(answer["stopReason"], "end_turn");
    assert_eq!(answer["usage"], json!({ "inputTokens": 4, "outputTokens": 3, "totalTokens": 7 }));
    assert!(answer["metrics"]["latencyMs"].is_u64());
}

#[test]
fn a_stream_has_its_events_in_order_and_ends_with_its_usage() {
    let events = messages(&post(STREAM, &converse(json!({}))));
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    let deltas = ["contentBlockDelta"; 3];
    assert_eq!(
        names,
        [&["messageStart"], deltas.as_slice(), &["contentBlockStop", "messageStop", "metadata"]].concat()
    );
    assert_eq!(joined(&events, "/delta/text"), "echo: hello you");
    assert_eq!(events[5].1, json!({ "stopReason": "end_turn" }));
    assert_eq!(events[6].1["usage"], ok(WHOLE, &converse(json!({})))["usage"]);
}

#[test]
fn an_answer_ends_at_the_limit_of_tokens() {
    let answer = ok(WHOLE, &converse(json!({ "inferenceConfig": { "maxTokens": 2 } })));
    assert_eq!(answer["stopReason"], "max_tokens");
    assert_eq!(answer["usage"]["outputTokens"], 2);
}

#[test]
fn a_tool_is_called_whole_and_its_input_streamed_in_pieces() {
    for choice in [json!({ "any": {} }), json!({ "tool": { "name": "weather" } })] {
        let body = converse(json!({ "toolConfig": tools(&choice) }));
        let answer = ok(WHOLE, &body);
        assert_eq!(answer["stopReason"], "tool_use");
        let call = &answer["output"]["message"]["content"][0]["toolUse"];
        assert_eq!((&call["name"], &call["input"]), (&json!("weather"), &json!({ "city": "text" })));
        let events = messages(&post(STREAM, &body));
        assert_eq!(events[1].0, "contentBlockStart");
        assert_eq!(events[1].1["start"]["toolUse"]["name"], "weather");
        assert!(events[1].1["start"]["toolUse"]["toolUseId"].is_string());
        assert_eq!(joined(&events, "/delta/toolUse/input"), r#"{"city":"text"}"#);
    }
    let body = converse(json!({ "toolConfig": tools(&json!({ "auto": {} })) }));
    assert_eq!(content(&body)[0]["text"], "echo: hello you");
}

#[test]
fn after_a_tools_result_comes_text_whether_it_is_text_or_json() {
    for (result, said) in [(json!({ "text": "rain" }), "rain"), (json!({ "json": { "a": 1 } }), r#"{"a":1}"#)]
    {
        let turns = json!([
            user(&json!([{ "text": "call the tool" }])),
            { "role": "assistant",
              "content": [{ "toolUse": { "toolUseId": "t", "name": "weather", "input": {} } }] },
            user(&json!([{ "toolResult": { "toolUseId": "t", "content": [result] } }])),
        ]);
        let body = json!({ "messages": turns, "toolConfig": tools(&json!({ "auto": {} })) });
        assert_eq!(content(&body)[0]["text"], format!("the tool answered: {said}"));
    }
}

#[test]
fn it_thinks_when_a_model_of_any_family_is_asked_to_and_signs_it() {
    for fields in [
        json!({ "thinking": { "type": "adaptive" } }),
        json!({ "reasoning_config": { "type": "enabled", "budget_tokens": 2000 } }),
        json!({ "reasoningConfig": { "type": "enabled", "maxReasoningEffort": "low" } }),
        json!({ "reasoning_effort": "low" }),
    ] {
        let body = converse(json!({ "additionalModelRequestFields": fields }));
        let answer = content(&body);
        let thought = &answer[0]["reasoningContent"]["reasoningText"];
        assert_eq!(thought["text"], "They said something, so I repeat it.");
        assert!(thought["signature"].as_str().unwrap().starts_with("signed-"));
        let events = messages(&post(STREAM, &body));
        assert_eq!(joined(&events, "/delta/reasoningContent/text"), thought["text"].as_str().unwrap());
        assert_eq!(joined(&events, "/delta/reasoningContent/signature").get(..7), Some("signed-"));
        assert_eq!(joined(&events, "/delta/text"), "echo: hello you");
    }
    let short = json!({ "thinking": { "type": "enabled", "budget_tokens": 2 } });
    let answer = content(&converse(json!({ "additionalModelRequestFields": short })));
    assert_eq!(answer[0]["reasoningContent"]["reasoningText"]["text"], "They said ");
    let off = json!({ "thinking": { "type": "disabled" } });
    let answer = content(&converse(json!({ "additionalModelRequestFields": off })));
    assert_eq!(answer[0], json!({ "text": "echo: hello you" }));
}

#[test]
fn structured_output_fits_the_schema_that_is_a_text() {
    let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] });
    let format = |schema: &str| {
        let structure = json!({ "jsonSchema": { "schema": schema } });
        converse(
            json!({ "outputConfig": { "textFormat": { "type": "json_schema", "structure": structure } } }),
        )
    };
    assert_eq!(content(&format(&schema.to_string()))[0]["text"], r#"{"n":1}"#);
    assert_eq!(refused(WHOLE, &format("{")).0, 400);
}

#[test]
fn images_are_counted_guarded_or_not() {
    let image = json!({ "image": { "format": "png", "source": { "bytes": "aGk=" } } });
    let blocks = json!([
        { "text": "look here" },
        image,
        { "guardContent": image },
        { "guardContent": { "text": { "text": "closely" } } },
        { "cachePoint": { "type": "default" } },
    ]);
    let answer = ok(WHOLE, &json!({ "messages": [user(&blocks)] }));
    assert_eq!(answer["output"]["message"]["content"][0]["text"], "echo: look here\nclosely (2 images)");
    assert_eq!(answer["usage"]["inputTokens"], 2 + 2 * 85);
}

#[test]
fn what_bedrock_refuses_is_refused_in_its_words() {
    let assistant = json!({ "role": "assistant", "content": [{ "text": "hi" }] });
    let hello = user(&json!([{ "text": "hello" }]));
    let call = json!({ "toolUse": { "toolUseId": "t", "name": "f", "input": {} } });
    for (messages, words) in [
        (json!([]), "start with a user message"),
        (json!([assistant]), "start with a user message"),
        (json!([hello, hello]), "must alternate"),
        (json!([user(&json!([]))]), "is empty"),
        (json!([user(&json!([{ "text": " \n" }]))]), "is blank"),
        (json!([hello, { "role": "assistant", "content": [call] }]), "toolConfig field must be defined"),
    ] {
        let (status, error) = refused(WHOLE, &json!({ "messages": messages }));
        assert!(status == 400 && error["message"].as_str().unwrap().contains(words), "{error}");
    }
}

#[test]
fn a_failure_has_amazons_name_in_its_head() {
    for (model, name) in [("fail-429", "ThrottlingException"), ("fail-503", "ServiceUnavailableException")] {
        let script = post(&format!("/model/{model}/converse"), &converse(json!({})));
        let Some(Step::Head { headers, .. }) = script.steps.first() else { panic!("no head: {script:?}") };
        assert_eq!(headers["x-amzn-errortype"], name);
    }
    let script = post(WHOLE, &json!({}));
    let Some(Step::Head { headers, .. }) = script.steps.first() else { panic!("no head: {script:?}") };
    assert_eq!(headers["x-amzn-errortype"], "ValidationException");
}

#[test]
fn a_broken_stream_breaks_within_whole_messages() {
    let good = messages(&post(STREAM, &converse(json!({}))));
    let broken = messages(&post("/model/malformed-json/converse-stream", &converse(json!({}))));
    let (name, payload) = broken.last().unwrap();
    assert!(*name == good[broken.len() - 1].0 && payload.is_string(), "{name} {payload}");
    let failed = messages(&post("/model/error-midstream/converse-stream", &converse(json!({}))));
    let (name, payload) = failed.last().unwrap();
    assert_eq!(
        (name.as_str(), payload["originalStatusCode"].as_u64()),
        ("modelStreamErrorException", Some(500))
    );
}

#[test]
fn tokens_are_counted_as_the_answer_would_count_them() {
    let request = converse(json!({}));
    let counted = ok("/model/echo/count-tokens", &json!({"input": {"converse": request}}));
    assert_eq!(counted["inputTokens"], ok(WHOLE, &request)["usage"]["inputTokens"]);
    assert_eq!(refused("/model/echo/count-tokens", &request).0, 400);
}
