//! Laws of Converse that the golden cases, which are for Claude, do not show: what other makers' models take, and how the
//! conversation is laid out.

use bytes::Bytes;
use serde_json::{Value as Json, json};

use crate::amazon;
use crate::convert::{
    ChatMembers, ClientContext, Format, Objection, Strictness, Target, Translation, translate,
};
use crate::formats::EventKind;
use crate::framing::{Framing, Splitter};
use crate::json::Value;

const CLAUDE: &str = "us.anthropic.claude-opus-4-6-v1";
const NOVA: &str = "us.amazon.nova-2-lite-v1:0";
const GPT_OSS: &str = "openai.gpt-oss-120b-1:0";
const MISTRAL: &str = "mistral.mistral-large-2407-v1:0";

fn translated(request: &Json, client: Format, model: &str) -> Result<Translation, Objection> {
    let bytes = request.to_string();
    let value = Value::parse(bytes.as_bytes()).unwrap();
    let target = Target { model, output_tokens_max: None, chat: ChatMembers::default() };
    translate(&value, client, &[Format::Converse], &target, Strictness::Lenient, ClientContext::default())
}

/// The request that a model on Bedrock gets, and what of the client's was lost.
fn sent(request: &Json, client: Format, model: &str) -> (Json, Vec<String>) {
    let translation = translated(request, client, model).unwrap();
    let losses = translation.losses.iter().map(|loss| loss.member.to_string()).collect();
    (serde_json::from_slice(&translation.body).unwrap(), losses)
}

fn chat(extra: Json) -> Json {
    let mut request = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    if let (Some(request), Json::Object(extra)) = (request.as_object_mut(), extra) {
        request.extend(extra);
    }
    request
}

fn tools() -> Json {
    json!([{"type": "function", "function": {"name": "clock", "parameters": {"type": "object"}}}])
}

/// A conversation in which a tool was used.
fn used_tool() -> Json {
    json!([
        {"role": "user", "content": "time?"},
        {"role": "assistant", "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "clock", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "noon"},
    ])
}

#[test]
fn each_maker_is_asked_for_an_effort_in_its_own_words() {
    let asked = chat(json!({"reasoning_effort": "high", "top_k": 5}));
    let (nova, losses) = sent(&asked, Format::Chat, NOVA);
    // With anything else said, Nova does not think as much.
    let fields = json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "medium"},
        "inferenceConfig": {"topK": 5}});
    assert_eq!(
        (nova["additionalModelRequestFields"].clone(), losses),
        (fields, vec!["reasoning_effort".to_owned()])
    );

    let (nova, losses) = sent(&chat(json!({"reasoning_effort": "high"})), Format::Chat, NOVA);
    assert_eq!(nova["additionalModelRequestFields"]["reasoningConfig"]["maxReasoningEffort"], "high");
    assert!(losses.is_empty(), "{losses:?}");

    let (oss, losses) = sent(&asked, Format::Chat, GPT_OSS);
    assert_eq!(oss["additionalModelRequestFields"], json!({"reasoning_effort": "high"}));
    assert_eq!(losses, ["top_k"]);

    let (other, losses) = sent(&asked, Format::Chat, MISTRAL);
    assert_eq!((other.get("additionalModelRequestFields"), other.get("outputConfig")), (None, None));
    assert_eq!(losses, ["top_k", "reasoning_effort"]);
}

#[test]
fn models_that_do_not_think_unasked_lose_nothing_by_not_being_asked() {
    let (nova, losses) = sent(&chat(json!({"reasoning_effort": "none"})), Format::Chat, NOVA);
    assert_eq!(nova.get("additionalModelRequestFields"), None);
    assert!(losses.is_empty(), "{losses:?}");
    let (_, losses) = sent(&chat(json!({"reasoning_effort": "none"})), Format::Chat, GPT_OSS);
    assert_eq!(losses, ["reasoning_effort"]);
}

#[test]
fn only_claude_takes_one_of_temperature_and_top_p() {
    let asked = chat(json!({"temperature": 0.5, "top_p": 0.25}));
    let (other, losses) = sent(&asked, Format::Chat, MISTRAL);
    assert_eq!(other["inferenceConfig"], json!({"temperature": 0.5, "topP": 0.25}));
    assert!(losses.is_empty(), "{losses:?}");
    let (claude, losses) = sent(&asked, Format::Chat, CLAUDE);
    assert_eq!(
        (claude["inferenceConfig"].clone(), losses),
        (json!({"temperature": 0.5}), vec!["top_p".to_owned()])
    );
}

#[test]
fn marks_of_cached_prompts_reach_those_who_know_them() {
    let mark = json!({"type": "ephemeral", "ttl": "1h"});
    let request = json!({
        "model": "m", "max_tokens": 9,
        "tools": [{"name": "clock", "input_schema": {"type": "object"}, "cache_control": mark}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi", "cache_control": mark}]}],
    });
    let point = |request: &Json, pointer: &str| request.pointer(pointer).cloned().unwrap_or_default();
    let (claude, losses) = sent(&request, Format::Messages, CLAUDE);
    let an_hour = json!({"type": "default", "ttl": "1h"});
    assert_eq!(point(&claude, "/messages/0/content/1/cachePoint"), an_hour);
    assert_eq!(point(&claude, "/toolConfig/tools/1/cachePoint"), an_hour);
    assert!(losses.is_empty(), "{losses:?}");

    let (nova, losses) = sent(&request, Format::Messages, NOVA);
    assert_eq!(point(&nova, "/messages/0/content/1/cachePoint"), json!({"type": "default"}));
    assert_eq!(point(&nova, "/toolConfig/tools/1"), Json::Null);
    assert_eq!(losses.len(), 2, "{losses:?}");

    let (other, losses) = sent(&request, Format::Messages, MISTRAL);
    assert_eq!(point(&other, "/messages/0/content/1"), Json::Null);
    assert_eq!(losses.len(), 2, "{losses:?}");
}

#[test]
fn a_mark_stands_before_documents_and_never_before_anything_else() {
    let document = |mark: bool| {
        let source = json!({"type": "text", "media_type": "text/plain", "data": "x"});
        match mark {
            true => json!({"type": "document", "source": source, "cache_control": {"type": "ephemeral"}}),
            false => json!({"type": "document", "source": source}),
        }
    };
    let text = json!({"type": "text", "text": "hi"});
    let kinds = |content: Json| -> Vec<String> {
        let request =
            json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": content}]});
        let (body, _) = sent(&request, Format::Messages, CLAUDE);
        let blocks = body["messages"][0]["content"].as_array().unwrap();
        blocks.iter().map(|block| block.as_object().unwrap().keys().next().unwrap().clone()).collect()
    };
    assert_eq!(
        kinds(json!([text, document(false), document(true), text])),
        ["text", "cachePoint", "document", "document", "text"]
    );
    assert_eq!(kinds(json!([document(true), text])), ["document", "text"]);
}

#[test]
fn a_document_without_a_text_gets_its_name_as_one() {
    let file = json!({"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a plan"}});
    let (body, losses) =
        sent(&chat(json!({"messages": [{"role": "user", "content": [file]}]})), Format::Chat, CLAUDE);
    assert_eq!(body["messages"][0]["content"][0]["document"]["name"], "a plan");
    assert_eq!(body["messages"][0]["content"][1], json!({"text": "a plan"}));
    assert!(losses.is_empty(), "{losses:?}");
}

#[test]
fn sides_alternate_though_a_turn_between_them_said_nothing() {
    let messages = json!([
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": " \n"},
        {"role": "user", "content": "again"},
        {"role": "user", "content": ""},
    ]);
    let (body, _) = sent(&chat(json!({"messages": messages})), Format::Chat, CLAUDE);
    assert_eq!(body["messages"], json!([{"role": "user", "content": [{"text": "hi"}, {"text": "again"}]}]));
}

#[test]
fn tools_that_were_used_are_told_even_where_none_may_be_used_now() {
    let (body, _) = sent(&chat(json!({"messages": used_tool()})), Format::Chat, MISTRAL);
    let spec =
        json!({"toolSpec": {"name": "clock", "inputSchema": {"json": {"type": "object", "properties": {}}}}});
    assert_eq!(body["toolConfig"], json!({"tools": [spec]}));

    let none = json!({"messages": used_tool(), "tools": tools(), "tool_choice": "none"});
    let (body, losses) = sent(&chat(none.clone()), Format::Chat, MISTRAL);
    assert_eq!(body["toolConfig"]["tools"][0]["toolSpec"]["name"], "clock");
    assert_eq!(losses, ["tool_choice"]);
    let (body, losses) = sent(&chat(none), Format::Chat, CLAUDE);
    assert_eq!(body["additionalModelRequestFields"]["tool_choice"], json!({"type": "none"}));
    assert_eq!((body["toolConfig"].get("toolChoice"), losses.len()), (None, 0));
}

#[test]
fn tools_that_may_not_be_used_are_left_out_where_none_was() {
    let (body, losses) = sent(&chat(json!({"tools": tools(), "tool_choice": "none"})), Format::Chat, MISTRAL);
    assert_eq!((body.get("toolConfig"), losses), (None, vec!["tool_choice".to_owned()]));
}

#[test]
fn one_tool_at_a_time_is_said_to_claude_and_never_beside_bedrocks_own_choice() {
    let request = chat(json!({"tools": tools(), "tool_choice": "required", "parallel_tool_calls": false}));
    let (claude, losses) = sent(&request, Format::Chat, CLAUDE);
    assert_eq!(claude["toolConfig"].get("toolChoice"), None);
    let choice = json!({"type": "any", "disable_parallel_tool_use": true});
    assert_eq!(claude["additionalModelRequestFields"]["tool_choice"], choice);
    assert!(losses.is_empty(), "{losses:?}");
    let (other, losses) = sent(&request, Format::Chat, MISTRAL);
    assert_eq!(other["toolConfig"]["toolChoice"], json!({"any": {}}));
    assert_eq!(losses, ["parallel_tool_calls"]);
    // Without tools there is no choice.
    let (claude, _) = sent(&chat(json!({"parallel_tool_calls": false})), Format::Chat, CLAUDE);
    assert_eq!(claude.get("additionalModelRequestFields"), None);
}

#[test]
fn tools_are_strict_for_those_who_do_not_refuse_the_word() {
    let mut tools = tools();
    tools[0]["function"]["strict"] = json!(true);
    let request = chat(json!({"tools": tools}));
    for (model, is_strict) in
        [(CLAUDE, true), (GPT_OSS, true), ("us.anthropic.claude-opus-4-7", false), (NOVA, false)]
    {
        let (body, losses) = sent(&request, Format::Chat, model);
        let spec = &body["toolConfig"]["tools"][0]["toolSpec"];
        assert_eq!((spec.get("strict").is_some(), losses.is_empty()), (is_strict, is_strict), "{model}");
    }
}

#[test]
fn a_blank_text_of_a_tool_is_nothing() {
    let mut turns = used_tool();
    turns[2]["content"] = json!([{"type": "text", "text": " \n"}, {"type": "text", "text": "noon"}]);
    let (body, _) = sent(&chat(json!({"messages": turns})), Format::Chat, CLAUDE);
    assert_eq!(body["messages"][2]["content"][0]["toolResult"]["content"], json!([{"text": "noon"}]));
}

#[test]
fn a_failure_is_told_to_those_who_know_the_word() {
    let request = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "time?"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "clock", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "is_error": true}]},
    ]});
    for (model, status, lost) in [(NOVA, json!("error"), 0), (MISTRAL, Json::Null, 1)] {
        let (body, losses) = sent(&request, Format::Messages, model);
        let result = &body["messages"][2]["content"][0]["toolResult"];
        assert_eq!((result["status"].clone(), losses.len()), (status, lost), "{model}");
        assert_eq!(result["content"], json!([]));
    }
}

#[test]
fn what_lies_in_s3_is_sent_and_nothing_else_that_is_elsewhere() {
    let with = |url: &str| {
        chat(
            json!({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]}),
        )
    };
    let (body, _) = sent(&with("s3://bucket/a.png"), Format::Chat, CLAUDE);
    let source = &body["messages"][0]["content"][0]["image"]["source"];
    assert_eq!(source, &json!({"s3Location": {"uri": "s3://bucket/a.png"}}));
    let refused = translated(&with("https://example.com/a.png"), Format::Chat, CLAUDE).unwrap_err();
    assert!(refused.message.contains("pictures by address"), "{refused}");
}

#[test]
fn anthropics_signatures_are_taken_by_claude_alone() {
    let request = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "hm", "signature": "c2ln"}, {"type": "text", "text": "ho"}]},
        {"role": "user", "content": "so?"},
    ]});
    let (claude, losses) = sent(&request, Format::Messages, CLAUDE);
    let words = json!({"reasoningText": {"text": "hm", "signature": "c2ln"}});
    assert_eq!(claude["messages"][1]["content"][0]["reasoningContent"], words);
    assert!(losses.is_empty(), "{losses:?}");
    let (nova, losses) = sent(&request, Format::Messages, NOVA);
    assert_eq!(nova["messages"][1]["content"], json!([{"text": "ho"}]));
    assert_eq!(losses, ["messages[].content[].signature"]);
}

#[test]
fn a_tier_that_bedrock_has_not_is_left_out_and_told() {
    for (tier, sent_tier, lost) in
        [("flex", json!({"type": "flex"}), 0), ("auto", Json::Null, 0), ("scale", Json::Null, 1)]
    {
        let (body, losses) = sent(&chat(json!({"service_tier": tier})), Format::Chat, CLAUDE);
        assert_eq!((body["serviceTier"].clone(), losses.len()), (sent_tier, lost), "{tier}");
    }
}

#[test]
fn a_stream_asks_claude_for_the_stop_sequence_where_streams_have_it() {
    for (stream, path) in [(false, "/stop_sequence"), (true, "/delta/stop_sequence")] {
        let (body, _) = sent(&chat(json!({"stop": "END", "stream": stream})), Format::Chat, CLAUDE);
        assert_eq!(body["additionalModelResponseFieldPaths"], json!([path]));
    }
    let (other, _) = sent(&chat(json!({"stop": "END"})), Format::Chat, MISTRAL);
    assert_eq!(other.get("additionalModelResponseFieldPaths"), None);
}

// === the way back to a client of Bedrock ===

/// What a client of Bedrock gets of an answer of Anthropic.
fn back(request: &Json, answer: &Json) -> Json {
    let translation = to_messages(request);
    let (body, _) = translation.answer(answer.to_string().as_bytes()).unwrap();
    serde_json::from_slice(&body).unwrap()
}

fn to_messages(request: &Json) -> Translation {
    let bytes = request.to_string();
    let value = Value::parse(bytes.as_bytes()).unwrap();
    let target = Target { model: "claude-opus-4-6", output_tokens_max: None, chat: ChatMembers::default() };
    let context = ClientContext::default();
    translate(&value, Format::Converse, &[Format::Messages], &target, Strictness::Lenient, context).unwrap()
}

#[test]
fn the_stop_sequence_is_told_to_those_who_ask() {
    let answer = json!({"content": [], "stop_reason": "stop_sequence", "stop_sequence": "END"});
    let silent = json!({"messages": [{"role": "user", "content": [{"text": "hi"}]}]});
    let mut asking = silent.clone();
    asking["additionalModelResponseFieldPaths"] = json!(["/stop_sequence"]);
    assert_eq!(back(&silent, &answer).get("additionalModelResponseFields"), None);
    assert_eq!(back(&asking, &answer)["additionalModelResponseFields"], json!({"stop_sequence": "END"}));

    let event = |event: Json| format!("data: {event}\n\n");
    let stream = [
        event(json!({"type": "message_start", "message": {}})),
        event(
            json!({"type": "message_delta", "delta": {"stop_reason": "stop_sequence", "stop_sequence": "END"}}),
        ),
        event(json!({"type": "message_stop"})),
    ];
    asking["additionalModelResponseFieldPaths"] = json!(["/delta/stop_sequence"]);
    let messages = streamed(&to_messages(&asking), Framing::ServerSentEvents, stream.concat().into_bytes());
    let stop = messages.iter().find(|(name, _)| name == "messageStop").unwrap();
    assert_eq!(stop.1["additionalModelResponseFields"], json!({"delta": {"stop_sequence": "END"}}));
}

/// The messages that a client of Bedrock gets of a provider's stream.
fn streamed(translation: &Translation, framing: Framing, bytes: Vec<u8>) -> Vec<(String, Json)> {
    let mut stream = translation.stream();
    let mut out = Vec::new();
    for frame in Splitter::new(framing, 1 << 20).push(Bytes::from(bytes)).unwrap().frames() {
        stream.frame(frame, &mut out);
    }
    stream.end(&mut out);
    let batch = Splitter::new(Framing::AmazonEventStream, 1 << 20).push(Bytes::from(out)).unwrap();
    let message = |frame: crate::framing::Frame<'_>| {
        let name = String::from_utf8(frame.event().unwrap().to_vec()).unwrap();
        (name, serde_json::from_slice(&frame.data()).unwrap())
    };
    batch.frames().map(message).collect()
}

#[test]
fn free_text_for_a_tool_becomes_json_wherever_its_pieces_end() {
    let request = json!({"messages": [{"role": "user", "content": [{"text": "hi"}]}]});
    let bytes = request.to_string();
    let value = Value::parse(bytes.as_bytes()).unwrap();
    let target = Target { model: "gpt-5", output_tokens_max: None, chat: ChatMembers::default() };
    let context = ClientContext::default();
    let translation =
        translate(&value, Format::Converse, &[Format::Chat], &target, Strictness::Lenient, context).unwrap();
    let chunk = |call: Json| {
        let chunk = json!({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]});
        format!("data: {chunk}\n\n")
    };
    let stream = [
        chunk(json!({"index": 0, "id": "c", "type": "custom", "custom": {"name": "sql", "input": ""}})),
        chunk(json!({"index": 0, "custom": {"input": "select \"a\""}})),
        chunk(json!({"index": 0, "custom": {"input": "\n-- \\"}})),
    ];
    let messages = streamed(&translation, Framing::ServerSentEvents, stream.concat().into_bytes());
    let input: String = messages
        .iter()
        .filter_map(|(_, payload)| payload.pointer("/delta/toolUse/input")?.as_str())
        .collect();
    assert_eq!(serde_json::from_str::<Json>(&input).unwrap(), json!({"input": "select \"a\"\n-- \\"}));
    assert_eq!(messages.last().unwrap().0, "metadata");
}

// === a provider's stream ===

fn kinds(events: &[(&str, Json)]) -> Vec<EventKind> {
    let translation = translated(&chat(json!({})), Format::Chat, CLAUDE).unwrap();
    let mut stream = translation.stream();
    let mut bytes = Vec::new();
    for (name, payload) in events {
        amazon::event(&mut bytes, name, payload.to_string().as_bytes());
    }
    let batch = Splitter::new(Framing::AmazonEventStream, 1 << 26).push(Bytes::from(bytes)).unwrap();
    let mut out = Vec::new();
    batch.frames().map(|frame| stream.frame(frame, &mut out).kind).collect()
}

#[test]
fn a_stream_ends_with_the_later_of_its_last_two_messages() {
    let stop = ("messageStop", json!({"stopReason": "end_turn"}));
    let metadata = ("metadata", json!({"usage": {"inputTokens": 1, "outputTokens": 1}}));
    assert_eq!(kinds(&[stop.clone(), metadata.clone()]), [EventKind::Content, EventKind::End]);
    assert_eq!(kinds(&[metadata, stop.clone()]), [EventKind::Preamble, EventKind::End]);
    assert_eq!(kinds(&[stop.clone(), stop]), [EventKind::Content, EventKind::Other]);
}

#[test]
fn blocks_without_an_end_are_bounded() {
    let call = |index: usize| {
        let start = json!({"toolUse": {"toolUseId": format!("t{index}"), "name": "f"}});
        ("contentBlockStart", json!({"contentBlockIndex": index, "start": start}))
    };
    let calls: Vec<(&str, Json)> = (0..257).map(call).collect();
    let kinds = kinds(&calls);
    assert_eq!((kinds.first(), kinds.get(255)), (Some(&EventKind::Content), Some(&EventKind::Content)));
    assert_eq!(kinds.last(), Some(&EventKind::Malformed));
}

#[test]
fn a_picture_that_grows_without_end_is_malformed() {
    let start = ("contentBlockStart", json!({"contentBlockIndex": 0, "start": {"image": {"format": "png"}}}));
    let piece = "A".repeat(8 << 20);
    let delta = (
        "contentBlockDelta",
        json!({"contentBlockIndex": 0, "delta": {"image": {"source": {"bytes": piece}}}}),
    );
    let kinds = kinds(&[vec![start], vec![delta; 5]].concat());
    assert_eq!((kinds.get(4), kinds.last()), (Some(&EventKind::Preamble), Some(&EventKind::Malformed)));
}
