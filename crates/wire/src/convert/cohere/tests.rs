//! What is particular to Cohere: documents beside the conversation, numbers within bounds, sources by ids.

use bytes::Bytes;
use serde_json::{Value as Json, json};

use crate::convert::{
    ChatMembers, ClientContext, Format, Objection, Strictness, Target, Translation, translate,
};
use crate::framing::{Framing, Splitter};
use crate::json::Value;

const TARGET: Target<'_> = Target {
    model: "command-a-03-2025",
    output_tokens_max: None,
    chat: ChatMembers { of_openai: true, takes_stream_options: true, takes_reasoning_details: false },
};

fn sent(request: &Json, from: Format, strictness: Strictness) -> Result<(Json, Vec<String>), Objection> {
    let bytes = request.to_string();
    let value = Value::parse(bytes.as_bytes()).unwrap();
    let translation =
        translate(&value, from, &[Format::Cohere], &TARGET, strictness, ClientContext::default())?;
    let lost = translation.losses.iter().map(|loss| loss.member.to_string()).collect();
    Ok((serde_json::from_slice(&translation.body).unwrap(), lost))
}

fn of_chat(request: &Json) -> (Json, Vec<String>) {
    sent(request, Format::Chat, Strictness::Lenient).unwrap()
}

fn file(media_type: &str) -> Json {
    let data = format!("data:{media_type};base64,aGVsbG8=");
    json!({"type": "file", "file": {"filename": "a.txt", "file_data": data}})
}

fn asked(parts: &Json) -> Json {
    json!({"model": "m", "messages": [{"role": "user", "content": parts}]})
}

#[test]
fn a_file_of_text_becomes_a_document_beside_the_conversation() {
    let parts = json!([file("text/plain"), {"type": "text", "text": "Sum up."}]);
    let (request, lost) = of_chat(&asked(&parts));
    assert_eq!(request["documents"], json!([{"id": "doc:0", "data": {"title": "a.txt", "text": "hello"}}]));
    assert_eq!(request["citation_options"], json!({"mode": "OFF"}));
    assert_eq!(request["messages"], json!([{"role": "user", "content": "Sum up."}]));
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn any_other_file_is_refused() {
    let parts = json!([file("text/plain"), file("application/pdf")]);
    let refused = sent(&asked(&parts), Format::Chat, Strictness::Lenient).unwrap_err();
    assert_eq!(refused.path, "messages[].content[].file.file_data");
}

#[test]
fn a_document_stays_where_nothing_else_is_said_or_the_answer_is_json() {
    let in_turn = json!([{"role": "user", "content": [
        {"type": "text", "text": "a.txt"}, {"type": "text", "text": "hello"}]}]);
    let (alone, _) = of_chat(&asked(&json!([file("text/plain")])));
    assert_eq!((&alone["messages"], alone.get("documents")), (&in_turn, None));
    let mut request = asked(&json!([file("text/plain"), {"type": "text", "text": "In JSON."}]));
    request["response_format"] = json!({"type": "json_object"});
    let (json, _) = of_chat(&request);
    assert_eq!(json.get("documents"), None);
    assert_eq!(json["messages"][0]["content"][2]["text"], "In JSON.");
}

#[test]
fn a_document_that_a_tool_gave_stays_with_the_tool() {
    let request = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "Read."},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "read", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [
            {"type": "text", "text": "here"},
            {"type": "document", "title": "T", "source": {"type": "text", "media_type": "text/plain", "data": "hello"}}]}]}]});
    let (request, lost) = sent(&request, Format::Messages, Strictness::Strict).unwrap();
    assert_eq!(
        request["messages"][2]["content"][1],
        json!({"type": "document", "document": {"data": {"title": "T", "text": "hello"}}})
    );
    assert_eq!(request.get("documents"), None);
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn numbers_within_the_bounds_of_cohere_are_carried_by_a_strict_route() {
    let mut request = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}],
        "temperature": 1, "top_p": 0.99, "top_k": 500, "frequency_penalty": 0.5, "presence_penalty": 0,
        "stop": ["1", "2", "3", "4", "5"], "logprobs": true});
    let (sent_request, _) = sent(&request, Format::Chat, Strictness::Strict).unwrap();
    assert_eq!(sent_request["p"], 0.99);
    assert_eq!(
        (&sent_request["frequency_penalty"], sent_request.get("presence_penalty")),
        (&json!(0.5), None)
    );
    for (member, value) in [
        ("top_p", json!(1)),
        ("top_k", json!(501)),
        ("presence_penalty", json!(0.1)),
        ("top_logprobs", json!(2)),
    ] {
        let before = request[member].take();
        request[member] = value;
        let refused = sent(&request, Format::Chat, Strictness::Strict).unwrap_err();
        assert!(member.starts_with(&refused.path) || member.ends_with(&refused.path), "{refused}");
        request[member] = before;
    }
}

#[test]
fn thinking_leaves_room_for_the_answer() {
    for (limit, budget) in [(40_000, 25_600), (20_000, 19_000), (1_024, 512), (1, 1)] {
        let request = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}],
            "max_tokens": limit, "reasoning_effort": "high"});
        assert_eq!(of_chat(&request).0["thinking"]["token_budget"], budget, "{limit}");
    }
}

/// A Cohere client's request with documents, on its way to Anthropic.
fn with_documents() -> Translation {
    let request = json!({"model": "m", "messages": [{"role": "user", "content": "Which?"}],
        "documents": ["first", {"id": "mine", "data": {"title": "T", "text": "second", "id": "inner"}}]});
    let bytes = request.to_string();
    let value = Value::parse(bytes.as_bytes()).unwrap();
    let (client, provider) = (Format::Cohere, Format::Messages);
    translate(&value, client, &[provider], &TARGET, Strictness::Lenient, ClientContext::default()).unwrap()
}

const SOURCE: &str =
    r#"{"type":"document","id":"mine","document":{"id":"mine","text":"second","title":"T"}}"#;
const CITATION: &str = r#"{"type":"char_location","cited_text":"sec","document_index":1,"document_title":"T","start_char_index":0,"end_char_index":3}"#;

#[test]
fn a_citation_names_the_clients_own_document() {
    let answer = format!(
        r#"{{"content":[{{"type":"text","text":"Zwölf."}},{{"type":"text","text":" Bö","citations":[{CITATION}]}}],"stop_reason":"end_turn"}}"#
    );
    let (answer, _) = with_documents().answer(answer.as_bytes()).unwrap();
    let answer: Json = serde_json::from_slice(&answer).unwrap();
    let source: Json = serde_json::from_str(SOURCE).unwrap();
    assert_eq!(
        answer["message"]["citations"],
        json!([{"start": 0, "end": 3, "text": " Bö", "sources": [source], "content_index": 1, "type": "TEXT_CONTENT"}])
    );
}

#[test]
fn a_streamed_citation_reaches_up_to_what_was_said() {
    let frames = format!(
        "data: {{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{{\"type\":\"text\",\"text\":\"\"}}}}\n\n\
         data: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\" Bö\"}}}}\n\n\
         data: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"citations_delta\",\"citation\":{CITATION}}}}}\n\n"
    );
    let mut stream = with_documents().stream();
    let mut out = Vec::new();
    let mut splitter = Splitter::new(Framing::ServerSentEvents, 1 << 20);
    for frame in splitter.push(Bytes::from(frames)).unwrap().frames() {
        stream.frame(frame, &mut out);
    }
    let out = String::from_utf8(out).unwrap();
    let expected = format!(
        "event: citation-start\ndata: {{\"type\":\"citation-start\",\"index\":0,\"delta\":{{\"message\":{{\"citations\":\
         {{\"start\":0,\"end\":3,\"sources\":[{SOURCE}],\"content_index\":0,\"type\":\"TEXT_CONTENT\"}}}}}}}}\n\n"
    );
    assert!(out.contains(&expected), "{out}");
}
