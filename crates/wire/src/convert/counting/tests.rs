//! Laws of counting requests, between any two formats.

use super::{CountFormat, Counting, NotEstimated, estimate, translate};
use crate::convert::codec::Objection;
use crate::convert::{ChatMembers, Strictness, Target};
use crate::json::Value;
use crate::tokens::Tokenizer;

const TEXT: &str = "The quick brown fox jumps over the lazy dog.";

fn counted(request: &str, client: CountFormat, provider: CountFormat) -> Result<Counting, Objection> {
    let target = Target { model: "claude-sonnet-4-5", output_tokens_max: None, chat: ChatMembers::default() };
    let value = Value::parse(request.as_bytes()).unwrap();
    translate(&value, client, &[provider], &target, Strictness::Lenient)
}

fn body(request: &str, client: CountFormat, provider: CountFormat) -> serde_json::Value {
    serde_json::from_slice(&counted(request, client, provider).unwrap().body).unwrap()
}

fn estimated(request: &str, client: CountFormat) -> Result<u64, NotEstimated> {
    estimate(&Value::parse(request.as_bytes()).unwrap(), client)
}

/// A question with instructions and a tool, as each format says it.
fn question(client: CountFormat) -> String {
    match client {
        CountFormat::Messages => format!(
            r#"{{"model":"m","system":"Be brief.","messages":[{{"role":"user","content":"{TEXT}"}}],
            "tools":[{{"name":"look","input_schema":{{"type":"object"}}}}]}}"#
        ),
        CountFormat::Responses => format!(
            r#"{{"model":"m","instructions":"Be brief.","input":"{TEXT}",
            "tools":[{{"type":"function","name":"look","parameters":{{"type":"object"}},"strict":false}}]}}"#
        ),
        CountFormat::Converse => format!(
            r#"{{"input":{{"converse":{{"system":[{{"text":"Be brief."}}],"messages":[{{"role":"user","content":[{{"text":"{TEXT}"}}]}}],
            "toolConfig":{{"tools":[{{"toolSpec":{{"name":"look","inputSchema":{{"json":{{"type":"object"}}}}}}}}]}}}}}}}}"#
        ),
        CountFormat::Gemini | CountFormat::Vertex => String::new(),
    }
}

#[test]
fn a_question_reaches_any_provider_with_nothing_that_its_counting_refuses() {
    for client in [CountFormat::Messages, CountFormat::Responses, CountFormat::Converse] {
        let question = question(client);
        let messages = body(&question, client, CountFormat::Messages);
        assert_eq!(messages["model"], "claude-sonnet-4-5");
        assert!(messages.get("max_tokens").is_none(), "{client:?}: {messages}");
        assert!(messages["messages"].to_string().contains(TEXT), "{messages}");
        assert!(messages["system"].to_string().contains("Be brief."), "{messages}");
        assert_eq!(messages["tools"][0]["name"], "look");
        let responses = body(&question, client, CountFormat::Responses);
        for left_out in ["store", "stream", "max_output_tokens", "include"] {
            assert!(responses.get(left_out).is_none(), "{client:?}: {responses}");
        }
        assert!(
            responses.to_string().contains(TEXT) && responses.to_string().contains("look"),
            "{responses}"
        );
        let converse = body(&question, client, CountFormat::Converse);
        assert!(converse.get("messages").is_none());
        let inner = &converse["input"]["converse"];
        assert_eq!(inner["messages"][0]["content"][0]["text"], TEXT, "{client:?}: {converse}");
        assert_eq!(inner["system"][0]["text"], "Be brief.");
        assert!(inner.get("inferenceConfig").is_none() && inner["toolConfig"].is_object());
    }
}

#[test]
fn a_provider_of_the_same_format_gets_the_members_as_they_stood() {
    let conversation = r#"{"contents":[ {"parts":[{"text":"\u0068i", "new":1.50}]} ],"safetySettings":[]}"#;
    let members = conversation.trim_start_matches('{');
    let wrapped = format!(r#"{{"generateContentRequest":{{"model":"models/other",{members}}}"#);
    for request in [conversation, wrapped.as_str()] {
        let gemini = counted(request, CountFormat::Gemini, CountFormat::Gemini).unwrap();
        let expected =
            format!(r#"{{"generateContentRequest":{{"model":"models/claude-sonnet-4-5",{members}}}"#);
        assert_eq!(String::from_utf8(gemini.body).unwrap(), expected);
        let vertex = counted(request, CountFormat::Gemini, CountFormat::Vertex).unwrap();
        let expected = r#"{"contents":[ {"parts":[{"text":"\u0068i", "new":1.50}]} ]}"#;
        assert_eq!(String::from_utf8(vertex.body).unwrap(), expected);
    }
}

#[test]
fn every_client_gets_the_number_in_its_own_words() {
    let counting =
        |client| Counting { body: Vec::new(), losses: Vec::new(), client, provider: CountFormat::Converse };
    for (client, expected) in [
        (CountFormat::Messages, r#"{"input_tokens":12}"#),
        (CountFormat::Responses, r#"{"object":"response.input_tokens","input_tokens":12}"#),
        (CountFormat::Gemini, r#"{"totalTokens":12}"#),
        (CountFormat::Vertex, r#"{"totalTokens":12}"#),
        (CountFormat::Converse, r#"{"inputTokens":12}"#),
    ] {
        let answer = counting(client).answer(br#"{"inputTokens": 12, "more": true}"#).unwrap();
        assert_eq!(String::from_utf8(answer).unwrap(), expected);
    }
    for malformed in [&br#"{"input_tokens":12}"#[..], br#"{"inputTokens":-1}"#, b"12", b"{"] {
        assert!(counting(CountFormat::Messages).answer(malformed).is_err());
    }
}

#[test]
fn what_cannot_be_seen_from_here_is_refused_not_left_out() {
    let stored = r#"{"model":"m","input":"hi","previous_response_id":"resp_1"}"#;
    let refused = counted(stored, CountFormat::Responses, CountFormat::Messages).unwrap_err();
    assert_eq!(refused.path, "previous_response_id");
    assert!(matches!(estimated(stored, CountFormat::Responses), Err(NotEstimated::Request(_))));
    let raw = r#"{"input":{"invokeModel":{"body":"e30="}}}"#;
    let refused = counted(raw, CountFormat::Converse, CountFormat::Messages).unwrap_err();
    assert_eq!(refused.path, "input.converse");
}

#[test]
fn an_estimate_is_the_text_and_a_little_around_it() {
    let text = Tokenizer::o200k().unwrap().count(TEXT);
    let alone = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{TEXT}"}}]}}"#);
    assert_eq!(estimated(&alone, CountFormat::Messages).unwrap(), text + 3 + 3);
    // Two turns and a function: its name is a token, its schema four and a frame.
    let with_tool: Vec<u64> = [CountFormat::Messages, CountFormat::Responses, CountFormat::Converse]
        .map(|client| estimated(&question(client), client).unwrap())
        .to_vec();
    assert!(with_tool.iter().all(|tokens| *tokens == with_tool[0]), "{with_tool:?}");
    assert!(with_tool[0] > text + 20 && with_tool[0] < text + 50, "{with_tool:?}");
}

#[test]
fn pictures_and_documents_count_though_they_are_no_text() {
    let with = |block: &str| {
        let request = format!(r#"{{"model":"m","messages":[{{"role":"user","content":[{block}]}}]}}"#);
        estimated(&request, CountFormat::Messages).unwrap() - 6
    };
    let picture = r#"{"type":"image","source":{"type":"url","url":"https://example.com/a.png"}}"#;
    assert_eq!(with(picture), 765);
    let document =
        r#"{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AAAA"}}"#;
    assert_eq!(with(document), 2_250);
    assert_eq!(with(&format!("{picture},{document}")), 765 + 2_250);
}
