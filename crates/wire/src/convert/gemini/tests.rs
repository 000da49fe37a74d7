//! What is particular to Gemini: proofs of thinking wherever they have to be, calls without ids, models of three generations.

use bytes::Bytes;
use serde_json::{Value as Json, json};

use crate::convert::{
    ChatMembers, ClientContext, Format, Objection, Strictness, Target, Translation, translate,
};
use crate::framing::{Framing, Splitter};
use crate::json::Value;

const OLD: &str = "gemini-2.5-flash";
const NEW: &str = "gemini-3-flash-preview";
const NEWEST: &str = "gemini-3.8-flash";

fn translation(
    request: &Json,
    from: Format,
    to: Format,
    model: &str,
    strictness: Strictness,
) -> Result<Translation, Objection> {
    let bytes = request.to_string();
    let value = Value::parse(bytes.as_bytes()).unwrap();
    let target = Target { model, output_tokens_max: None, chat: ChatMembers::default() };
    translate(&value, from, &[to], &target, strictness, ClientContext::default())
}

fn sent(request: &Json, from: Format, model: &str) -> Json {
    let translation = translation(request, from, Format::Gemini, model, Strictness::Lenient).unwrap();
    serde_json::from_slice(&translation.body).unwrap()
}

fn lost(request: &Json, model: &str) -> Vec<String> {
    let translation = translation(request, Format::Chat, Format::Gemini, model, Strictness::Lenient).unwrap();
    translation.losses.iter().map(|loss| loss.member.to_string()).collect()
}

fn asked(mut members: Json) -> Json {
    let mut request = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    request.as_object_mut().unwrap().append(members.as_object_mut().unwrap());
    request
}

fn is_refused(request: &Json, model: &str, strictness: Strictness) -> bool {
    translation(request, Format::Chat, Format::Gemini, model, strictness).is_err()
}

#[test]
fn an_effort_becomes_tokens_or_a_level_as_the_model_takes_it() {
    let thinking = |model, effort| {
        sent(&asked(json!({"reasoning_effort": effort})), Format::Chat, model)["generationConfig"]["thinkingConfig"].take()
    };
    assert_eq!(thinking(OLD, "low"), json!({"includeThoughts": true, "thinkingBudget": 6400}));
    assert_eq!(thinking(OLD, "none"), json!({"thinkingBudget": 0}));
    assert_eq!(thinking("gemini-2.5-pro", "none"), json!({"thinkingBudget": 128}));
    assert_eq!(thinking(NEW, "minimal"), json!({"includeThoughts": true, "thinkingLevel": "MINIMAL"}));
    assert_eq!(thinking(NEWEST, "minimal"), json!({"includeThoughts": true, "thinkingLevel": "LOW"}));
    assert_eq!(thinking("gemini-2.0-flash", "high"), Json::Null);
    assert!(lost(&asked(json!({"reasoning_effort": "high"})), NEW).is_empty());
    assert_eq!(lost(&asked(json!({"reasoning_effort": "minimal"})), NEWEST), ["reasoning_effort"]);
}

#[test]
fn thinking_that_is_left_to_the_model_is_shown() {
    let request = json!({"max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], "thinking": {"type": "adaptive"}});
    let thinking =
        |model| sent(&request, Format::Messages, model)["generationConfig"]["thinkingConfig"].take();
    assert_eq!(thinking(OLD), json!({"includeThoughts": true, "thinkingBudget": -1}));
    assert_eq!(thinking(NEW), json!({"includeThoughts": true}));
}

#[test]
fn sampling_is_sent_to_models_that_take_it_and_named_for_others() {
    let request = asked(json!({"temperature": 0.5, "top_p": 0.9}));
    assert_eq!(
        sent(&request, Format::Chat, NEW)["generationConfig"],
        json!({"temperature": 0.5, "topP": 0.9})
    );
    assert_eq!(sent(&request, Format::Chat, NEWEST).get("generationConfig"), None);
    assert_eq!(
        (lost(&request, NEW).len(), lost(&request, NEWEST)),
        (0, vec!["temperature".into(), "top_p".into()])
    );
}

#[test]
fn several_answers_are_given_by_old_models_and_refused_for_new_ones() {
    let request = asked(json!({"n": 2}));
    assert_eq!(sent(&request, Format::Chat, OLD)["generationConfig"]["candidateCount"], 2);
    assert!(is_refused(&request, NEW, Strictness::Lenient));
}

#[test]
fn a_long_seed_becomes_a_short_one_and_is_named() {
    let seed =
        |seed: i64| sent(&asked(json!({"seed": seed})), Format::Chat, OLD)["generationConfig"]["seed"].take();
    assert_eq!((seed(7), seed(-7), seed(i64::from(i32::MAX) + 5)), (json!(7), json!(-7), json!(5)));
    assert!(is_refused(&asked(json!({"seed": 1_i64 << 40})), OLD, Strictness::Strict));
    assert!(!is_refused(&asked(json!({"seed": 7})), OLD, Strictness::Strict));
}

#[test]
fn only_what_google_can_say_is_spoken() {
    let spoken = |voice: &str, format: &str| {
        asked(json!({"modalities": ["text", "audio"], "audio": {"voice": voice, "format": format}}))
    };
    let request = sent(&spoken("Kore", "pcm16"), Format::Chat, "gemini-2.5-flash-preview-tts");
    assert_eq!(request["generationConfig"]["responseModalities"], json!(["AUDIO"]));
    let voice =
        &request["generationConfig"]["speechConfig"]["voiceConfig"]["prebuiltVoiceConfig"]["voiceName"];
    assert_eq!(voice, "Kore");
    assert!(is_refused(&spoken("alloy", "pcm16"), OLD, Strictness::Lenient));
    assert!(is_refused(&spoken("Kore", "mp3"), OLD, Strictness::Lenient));
}

fn call(id: &str, name: &str) -> Json {
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": "{}"}})
}

fn after_calls() -> Json {
    json!({"model": "m", "messages": [
        {"role": "user", "content": "first"},
        {"role": "assistant", "tool_calls": [call("a", "f")]},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "assistant", "content": "Done."},
        {"role": "user", "content": "again"},
        {"role": "assistant", "tool_calls": [call("b", "f"), call("c", "f")]},
        {"role": "tool", "tool_call_id": "c", "content": "3"},
        {"role": "tool", "tool_call_id": "b", "content": "{\"two\":2}"}]})
}

#[test]
fn a_call_that_no_gemini_has_made_gets_the_word_for_no_proof_since_the_user_last_spoke() {
    let request = sent(&after_calls(), Format::Chat, NEW);
    let calls = |content: usize| request["contents"][content]["parts"].clone();
    assert_eq!(calls(1), json!([{"functionCall": {"name": "f", "args": {}}}]));
    assert_eq!(
        calls(5),
        json!([
            {"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "skip_thought_signature_validator"},
            {"functionCall": {"name": "f", "args": {}}}
        ])
    );
    assert!(!sent(&after_calls(), Format::Chat, OLD).to_string().contains("thoughtSignature"));
}

#[test]
fn results_stand_in_the_order_of_their_calls() {
    let request = sent(&after_calls(), Format::Chat, NEW);
    assert_eq!(
        request["contents"][6]["parts"],
        json!([
            {"functionResponse": {"name": "f", "response": {"two": 2}}},
            {"functionResponse": {"name": "f", "response": {"output": "3"}}}
        ])
    );
}

#[test]
fn instructions_alone_are_said_by_the_user() {
    let request = json!({"model": "m", "messages": [{"role": "system", "content": "Greet."}]});
    let request = sent(&request, Format::Chat, NEW);
    assert_eq!(request["contents"], json!([{"role": "user", "parts": [{"text": "Greet."}]}]));
    assert_eq!(request.get("systemInstruction"), None);
}

const SIGNED_CALLS: &str = r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Look.","thought":true},{"functionCall":{"name":"f","args":{"a":1}},"thoughtSignature":"c2ln"},{"functionCall":{"name":"g","args":{}}}]},"finishReason":"STOP"}],"responseId":"r"}"#;

/// What a client of a format sends back of an answer, as the model's part of a request.
fn replay(format: Format, answer: &Json) -> Json {
    match format {
        Format::Chat => {
            json!({"model": "m", "messages": [{"role": "user", "content": "hi"}, answer["choices"][0]["message"]]})
        }
        Format::Responses => {
            let mut input = vec![json!({"role": "user", "content": "hi"})];
            input.extend(answer["output"].as_array().unwrap().clone());
            json!({"model": "m", "input": input})
        }
        Format::Messages => json!({"max_tokens": 9, "messages": [
            {"role": "user", "content": "hi"}, {"role": "assistant", "content": answer["content"]}]}),
        Format::Gemini => {
            json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}, answer["candidates"][0]["content"]]})
        }
        Format::Converse => {
            json!({"messages": [{"role": "user", "content": [{"text": "hi"}]}, answer["output"]["message"]]})
        }
        Format::Cohere => {
            json!({"model": "m", "messages": [{"role": "user", "content": "hi"}, answer["message"]]})
        }
    }
}

fn plain(client: Format) -> Translation {
    let request = match client {
        Format::Gemini => json!({"contents": [{"parts": [{"text": "hi"}]}]}),
        Format::Converse => json!({"messages": [{"role": "user", "content": [{"text": "hi"}]}]}),
        Format::Responses => json!({"model": "m", "input": "hi"}),
        Format::Chat | Format::Messages | Format::Cohere => {
            json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]})
        }
    };
    translation(&request, client, Format::Gemini, NEW, Strictness::Lenient).unwrap()
}

#[test]
fn the_proof_of_a_call_comes_back_to_its_call_through_a_client_of_any_format() {
    for client in Format::ALL {
        let (answer, _) = plain(client).answer(SIGNED_CALLS.as_bytes()).unwrap();
        let request = sent(&replay(client, &serde_json::from_slice(&answer).unwrap()), client, NEW);
        let parts = request["contents"][1]["parts"].as_array().unwrap();
        let calls: Vec<&Json> = parts.iter().filter(|part| part.get("functionCall").is_some()).collect();
        let signed = json!({"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"});
        assert_eq!(calls, [&signed, &json!({"functionCall": {"name": "g", "args": {}}})], "{client:?}");
    }
}

fn streamed(translation: &Translation, stream: &str) -> Vec<u8> {
    let mut relay = translation.stream();
    let mut out = Vec::new();
    let batch =
        Splitter::new(Framing::ServerSentEvents, 1 << 20).push(Bytes::from(stream.to_owned())).unwrap();
    batch.frames().for_each(|frame| drop(relay.frame(frame, &mut out)));
    relay.end(&mut out);
    out
}

#[test]
fn the_proof_of_a_streamed_call_follows_it_where_a_format_has_no_place_at_calls() {
    let out = streamed(&plain(Format::Messages), &format!("data: {SIGNED_CALLS}\n\n"));
    let out = String::from_utf8(out).unwrap();
    let places: Vec<Option<usize>> =
        [r#""name":"f""#, "content_block_stop", "tg-seal:gemini:c2ln", r#""name":"g""#]
            .iter()
            .scan(0, |from, wanted| {
                let found = out.get(*from..)?.find(wanted).map(|at| at + *from);
                *from = found.unwrap_or(out.len());
                Some(found)
            })
            .collect();
    assert!(places.iter().all(Option::is_some), "{places:?} in {out}");
}

#[test]
fn a_stream_of_calls_of_another_format_brings_each_call_whole() {
    let request = json!({"contents": [{"parts": [{"text": "hi"}]}]});
    let translation =
        translation(&request, Format::Gemini, Format::Chat, "gpt-5", Strictness::Lenient).unwrap();
    let chunk = |call: Json| {
        format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}))
    };
    let stream = [
        chunk(json!({"index": 0, "id": "c", "function": {"name": "f", "arguments": "{\"a\""}})),
        chunk(json!({"index": 0, "function": {"arguments": ":\"\\u00e9\"}"}})),
        chunk(json!({"index": 1, "id": "d", "type": "custom", "custom": {"name": "g", "input": "x\"y"}})),
    ];
    let out = String::from_utf8(streamed(&translation, &stream.concat())).unwrap();
    let events: Vec<Json> =
        out.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect();
    let part = |event: usize| events[event]["candidates"][0]["content"]["parts"][0].clone();
    assert_eq!(part(0), json!({"functionCall": {"id": "c", "name": "f", "args": {"a": "é"}}}));
    assert_eq!(part(1), json!({"functionCall": {"id": "d", "name": "g", "args": {"input": "x\"y"}}}));
    assert_eq!((events.len(), &events[2]["candidates"][0]["finishReason"]), (3, &json!("STOP")));
}

#[test]
fn a_request_that_builds_on_what_google_keeps_goes_to_nobody_else() {
    let request = json!({"cachedContent": "cachedContents/a", "contents": [{"parts": [{"text": "hi"}]}]});
    for provider in Format::ALL.into_iter().filter(|provider| *provider != Format::Gemini) {
        let refused = translation(&request, Format::Gemini, provider, "m", Strictness::Lenient).unwrap_err();
        assert!(refused.message.contains("cachedContent"), "{refused}");
    }
    assert_eq!(sent(&request, Format::Gemini, NEW)["cachedContent"], "cachedContents/a");
}

#[test]
fn pictures_that_tools_give_stand_in_the_result_or_after_it() {
    let request = json!({"max_tokens": 9, "messages": [
        {"role": "user", "content": "Draw."},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "draw", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [
            {"type": "text", "text": "done"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}]}]}]});
    let picture = json!({"inlineData": {"mimeType": "image/png", "data": "aGk="}});
    let result = json!({"name": "draw", "response": {"output": "done"}});
    let parts = |model| sent(&request, Format::Messages, model)["contents"][2]["parts"].take();
    assert_eq!(parts(OLD), json!([{"functionResponse": result}, picture]));
    let mut with_picture = result;
    with_picture["parts"] = json!([picture]);
    assert_eq!(parts(NEW), json!([{"functionResponse": with_picture}]));
}
