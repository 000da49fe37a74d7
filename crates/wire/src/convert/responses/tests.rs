//! Laws of Responses that no single recorded case shows.

use super::*;
use crate::convert::form::{
    Choice, Delta, Media, Opening, Part, Place, Seal, Source, Step, Stop, Thought, ToolCall,
};
use crate::convert::{ChatMembers, Format, Loss, Strictness, Translation, losses, translate};
use crate::formats::{Usage, WireError};
use crate::framing::{Framing, Splitter};
use crate::json::{Kind, Text};

const CHAT: ChatMembers =
    ChatMembers { of_openai: true, takes_stream_options: true, takes_reasoning_details: false };
const PLACE: Place = Place { choice: 0, part: 0 };

fn context(echoed: &str) -> ClientContext {
    let echoed = response_object::echo(&Value::parse(echoed.as_bytes()).unwrap());
    ClientContext {
        token: "t".to_owned(),
        created: 7,
        model: "m".to_owned(),
        stream_usage: true,
        echoed,
        ..ClientContext::default()
    }
}

fn translated(request: &str, (client, provider): (Format, Format), model: &str) -> Translation {
    let target = Target { model, output_tokens_max: None, chat: CHAT };
    let value = Value::parse(request.as_bytes()).unwrap();
    let context = ClientContext { token: "t".to_owned(), ..ClientContext::default() };
    translate(&value, client, &[provider], &target, Strictness::Lenient, context).unwrap()
}

/// The client's stream of these steps, event by event: name and data.
fn streamed(context: &ClientContext, steps: Vec<Step<'_>>) -> Vec<(String, String)> {
    let mut writer = Responses.stream_writer(context);
    let mut out = Vec::new();
    steps.into_iter().for_each(|step| writer.write(step, &mut out));
    writer.end(&mut out);
    events(out)
}

fn events(stream: Vec<u8>) -> Vec<(String, String)> {
    let mut splitter = Splitter::new(Framing::ServerSentEvents, 256 << 20);
    let batch = splitter.push(stream.into()).unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    batch.frames().map(|frame| (text(frame.event().unwrap()), text(&frame.data()))).collect()
}

/// A member of the response that the last event holds.
fn last(events: &[(String, String)], path: &[&str]) -> String {
    let (_, data) = events.last().unwrap();
    Value::parse(data.as_bytes()).unwrap().get("response").unwrap().at(path).unwrap().raw().to_owned()
}

fn written(answer: &Answer<'_>, context: &ClientContext) -> String {
    let json = Responses.write_answer(answer, context);
    Value::parse(&json).unwrap().get("output").unwrap().raw().to_owned()
}

fn of_parts(parts: Vec<Part<'_>>) -> Answer<'_> {
    Answer {
        choices: vec![Choice { parts, stop: Some(Stop::Complete), logprobs: Vec::new() }],
        ..Answer::default()
    }
}

fn seal(format: Format) -> Seal<'static> {
    Seal { format, data: Text::from("c2ln"), is_redacted: false }
}

fn sealed_call() -> ToolCall<'static> {
    ToolCall {
        id: Text::from("call_1"),
        name: Text::from("f"),
        input: Text::from("{}"),
        is_free_text: false,
        seal: Some(seal(Format::Gemini)),
        cache: None,
    }
}

#[test]
fn a_tool_of_a_namespace_is_called_by_its_namespace_again() {
    let request = r#"{"model":"m","input":"hi","tools":[{"type":"namespace","name":"mcp__a.very.long.name.of.a.server.that.does.not.fit",
        "description":"","tools":[{"type":"function","name":"log","parameters":{"type":"object"}}]}]}"#;
    let translation = translated(request, (Format::Responses, Format::Messages), "claude-opus-4-6");
    let sent = Value::parse(&translation.body).unwrap();
    let name = sent.get("tools").unwrap().elements()[0].get("name").unwrap().as_str().unwrap();
    assert!(name.starts_with("mcp__a_very_long"), "{name}");
    let answer = format!(
        r#"{{"content":[{{"type":"tool_use","id":"t","name":"{name}","input":{{}}}}],"stop_reason":"tool_use"}}"#
    );
    let (answer, _) = translation.answer(answer.as_bytes()).unwrap();
    let stream = format!(
        "data: {{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"{name}\"}}}}\n\n"
    );
    let mut out = Vec::new();
    let mut streamed = translation.stream();
    let mut splitter = Splitter::new(Framing::ServerSentEvents, 1 << 20);
    for frame in splitter.push(stream.into()).unwrap().frames() {
        streamed.frame(frame, &mut out);
    }
    streamed.end(&mut out);
    for told in [answer, out] {
        let told = String::from_utf8(told).unwrap();
        let expected = r#""name":"log","namespace":"mcp__a.very.long.name.of.a.server.that.does.not.fit""#;
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn whoever_asks_for_a_summary_gets_the_thinking_as_one() {
    let thought =
        Thought { text: Some(Text::from("Hm.")), seal: Some(seal(Format::Messages)), ..Thought::default() };
    let answer = of_parts(vec![Part::Thought(thought)]);
    let asked = context(r#"{"reasoning":{"effort":"low","summary":"auto"}}"#);
    assert_eq!(
        written(&answer, &asked),
        r#"[{"id":"rs_t_0","type":"reasoning","summary":[{"type":"summary_text","text":"Hm."}],"encrypted_content":"tg-seal:messages:c2ln"}]"#
    );
    assert_eq!(
        written(&answer, &context("{}")),
        r#"[{"id":"rs_t_0","type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"Hm."}],"encrypted_content":"tg-seal:messages:c2ln"}]"#
    );
    let steps = || {
        vec![
            Step::Open(PLACE, Opening::Thought { id: None }),
            Step::Delta(PLACE, Delta::Thinking(Text::from("H"))),
            Step::Delta(PLACE, Delta::Thinking(Text::from("m."))),
            Step::Delta(PLACE, Delta::Seal(seal(Format::Messages))),
            Step::Close(PLACE),
        ]
    };
    for context in [asked, context("{}")] {
        let events = streamed(&context, steps());
        assert_eq!(last(&events, &["output"]), written(&answer, &context));
    }
}

#[test]
fn the_proof_of_a_call_follows_it_and_finds_back() {
    let answer = of_parts(vec![Part::ToolCall(sealed_call())]);
    let items = written(&answer, &context("{}"));
    let proof =
        r#"{"id":"rs_t_1","type":"reasoning","summary":[],"encrypted_content":"tg-seal:gemini:c2ln"}"#;
    assert!(items.ends_with(&format!(",{proof}]")), "{items}");
    let events = streamed(
        &context("{}"),
        vec![
            Step::Open(
                PLACE,
                Opening::ToolCall { id: Text::from("call_1"), name: Text::from("f"), is_free_text: false },
            ),
            Step::Delta(PLACE, Delta::Seal(seal(Format::Gemini))),
            Step::Close(PLACE),
        ],
    );
    assert_eq!(last(&events, &["output"]), items);
    let again = format!(r#"{{"input":{items}}}"#);
    let value = Value::parse(again.as_bytes()).unwrap();
    let prompt = Responses.read_prompt(&value).unwrap();
    assert_eq!(prompt.turns.len(), 1);
    assert_eq!(prompt.turns[0].parts.len(), 1);
    let Part::ToolCall(call) = &prompt.turns[0].parts[0] else { panic!("a call") };
    assert_eq!(call.seal, Some(seal(Format::Gemini)));
}

#[test]
fn a_seal_comes_back_through_every_client() {
    for client in [Format::Chat, Format::Messages, Format::Responses] {
        let thought = Thought {
            id: Some(Text::from("rs_1")),
            summary: vec![Text::from("They greet.")],
            seal: Some(Seal { format: Format::Responses, data: Text::from("gAAA"), is_redacted: true }),
            ..Thought::default()
        };
        let answer = client.codec().write_answer(&of_parts(vec![Part::Thought(thought)]), &context("{}"));
        let answer = Value::parse(&answer).unwrap();
        let said = match client {
            Format::Chat => {
                answer.get("choices").unwrap().elements()[0].get("message").unwrap().raw().to_owned()
            }
            Format::Messages => {
                format!(r#"{{"role":"assistant","content":{}}}"#, answer.get("content").unwrap().raw())
            }
            _ => answer.get("output").unwrap().elements()[0].raw().to_owned(),
        };
        let member = if client == Format::Responses { "input" } else { "messages" };
        let request = format!(r#"{{"max_tokens":99,"{member}":[{said}]}}"#);
        let sent = translated(&request, (client, Format::Responses), "gpt-5").body;
        let sent = Value::parse(&sent).unwrap();
        let item = &sent.get("input").unwrap().elements()[0];
        let of = |key: &str| item.get(key).and_then(Value::as_str);
        assert_eq!(of("type").as_deref(), Some("reasoning"), "{client:?}");
        assert_eq!(of("encrypted_content").as_deref(), Some("gAAA"), "{client:?}");
        // The id is checked against the seal: it is the right one or none.
        assert!(of("id").is_none_or(|id| id == "rs_1"), "{client:?}");
    }
}

#[test]
fn what_is_beyond_the_bound_is_not_sent_and_the_response_says_that_it_is_cut() {
    let call = Opening::ToolCall { id: Text::from("c"), name: Text::from("f"), is_free_text: true };
    for (opening, delta, content) in [
        (Opening::Text, Delta::Text(Text::from("0123456789")), "text"),
        (Opening::Refusal, Delta::Text(Text::from("0123456789")), "refusal"),
        (Opening::Thought { id: None }, Delta::Thinking(Text::from("0123456789")), "text"),
        (call, Delta::Input(Text::from("0123456789")), "input"),
    ] {
        let mut writer = stream_writer::Writer::keeping(&context("{}"), 100);
        let mut out = Vec::new();
        writer.write(Step::Open(PLACE, opening), &mut out);
        (0..40).for_each(|_| writer.write(Step::Delta(PLACE, delta.clone()), &mut out));
        writer.write(Step::Close(PLACE), &mut out);
        writer.write(Step::Open(Place { choice: 0, part: 1 }, Opening::Text), &mut out);
        writer.write(Step::Finish { choice: 0, stop: Stop::Complete }, &mut out);
        writer.end(&mut out);
        let events = events(out);
        let deltas = events.iter().filter(|(name, _)| name.ends_with(".delta"));
        let heard: Vec<String> = deltas
            .map(|(_, data)| {
                Value::parse(data.as_bytes()).unwrap().get("delta").unwrap().as_str().unwrap().into_owned()
            })
            .collect();
        assert_eq!(heard.len(), 11, "the piece that crosses the bound is the last");
        assert_eq!(events.last().unwrap().0, "response.incomplete");
        assert_eq!(last(&events, &["incomplete_details"]), r#"{"reason":"max_output_tokens"}"#);
        let held = last(&events, &["output"]);
        assert!(held.contains(&format!(r#""{content}":"{}""#, heard.concat())), "{held}");
        assert_eq!(Value::parse(held.as_bytes()).unwrap().elements().len(), 1);
    }
}

#[test]
fn a_picture_is_an_item_of_its_own() {
    let media = |source| {
        Part::Image(Media { source, media_type: Some(Text::from("image/png")), detail: None, cache: None })
    };
    let drawn = of_parts(vec![media(Source::Inline(Text::from("aGk=")))]);
    let events = streamed(
        &context("{}"),
        vec![Step::Open(
            PLACE,
            Opening::Image { media_type: Some(Text::from("image/png")), base64: Text::from("aGk=") },
        )],
    );
    assert_eq!(last(&events, &["output"]), written(&drawn, &context("{}")));
    assert_eq!(
        written(&drawn, &context("{}")),
        r#"[{"id":"ig_t_0","type":"image_generation_call","status":"completed","result":"aGk=","output_format":"png"}]"#
    );
    let linked = of_parts(vec![media(Source::Url(Text::from("https://example.com/a.png")))]);
    assert!(written(&linked, &context("{}")).contains(r#""text":"https://example.com/a.png""#));
}

#[test]
fn a_call_without_input_is_called_with_an_empty_object() {
    let call = |is_free_text| {
        vec![
            Step::Open(PLACE, Opening::ToolCall { id: Text::from("c"), name: Text::from("f"), is_free_text }),
            Step::Close(PLACE),
            // Whatever comes later would make the input another one.
            Step::Delta(PLACE, Delta::Input(Text::from("late"))),
        ]
    };
    let function = streamed(&context("{}"), call(false));
    assert!(last(&function, &["output"]).contains(r#""arguments":"{}""#));
    assert!(
        function
            .iter()
            .any(|(name, data)| name.ends_with("arguments.delta") && data.contains(r#""delta":"{}""#))
    );
    let free_text = streamed(&context("{}"), call(true));
    assert!(last(&free_text, &["output"]).contains(r#""input":"""#));
}

#[test]
fn a_failed_stream_tells_what_was_used_only_when_it_is_known() {
    let error = WireError {
        status: 502,
        code: "TG3004",
        kind: "server_error",
        message: "gone",
        param: None,
        request_id: None,
        retry_after: None,
    };
    let used = Usage { input_tokens: Some(3), ..Usage::default() };
    for (usage, expected) in [(None, Kind::Null), (Some(used), Kind::Object)] {
        let mut writer = Responses.stream_writer(&context("{}"));
        let mut out = Vec::new();
        usage.into_iter().for_each(|usage| writer.write(Step::Usage(usage), &mut out));
        writer.error(&error, &mut out);
        let events = events(out);
        let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["response.created", "response.in_progress", "error", "response.failed"]);
        assert_eq!(Value::parse(last(&events, &["usage"]).as_bytes()).unwrap().kind(), expected);
        assert_eq!(last(&events, &["error"]), r#"{"code":"server_error","message":"gone"}"#);
    }
}

fn lost(request: &str, client: Format, model: &str) -> Vec<Loss> {
    let value = Value::parse(request.as_bytes()).unwrap();
    let prompt = client.codec().read_prompt(&value).unwrap();
    let target = Target { model, output_tokens_max: None, chat: CHAT };
    losses(&prompt, (client, Format::Responses), &target, Strictness::Lenient).unwrap()
}

#[test]
fn a_mark_of_a_cached_prompt_reaches_models_that_take_it() {
    let marked = |ttl: &str| {
        format!(
            r#"{{"max_tokens":99,"system":[{{"type":"text","text":"a","cache_control":{{"type":"ephemeral"{ttl}}}}}],
            "messages":[{{"role":"user","content":"hi"}}]}}"#
        )
    };
    assert_eq!(lost(&marked(""), Format::Messages, "gpt-5.5").len(), 1);
    assert_eq!(lost(&marked(""), Format::Messages, "gpt-5.6-sol"), []);
    let body = translated(&marked(""), (Format::Messages, Format::Responses), "gpt-5.6-sol").body;
    let body = String::from_utf8(body).unwrap();
    assert!(body.contains(r#""text":"a","prompt_cache_breakpoint":{"mode":"explicit"}"#), "{body}");
    let hour = lost(&marked(r#","ttl":"1h""#), Format::Messages, "gpt-5.6-sol");
    assert_eq!(hour.len(), 1, "OpenAI has no lifetime of an hour: {hour:?}");
    let of_tool = r#"{"max_tokens":99,"messages":[{"role":"user","content":"hi"}],
        "tools":[{"name":"f","input_schema":{},"cache_control":{"type":"ephemeral"}}]}"#;
    assert_eq!(lost(of_tool, Format::Messages, "gpt-6").len(), 1, "a function takes no mark");
}

#[test]
fn a_lifetime_that_openai_has_is_kept() {
    let request = r#"{"input":[{"role":"user","content":[{"type":"input_text","text":"a",
        "prompt_cache_breakpoint":{"mode":"explicit","ttl":"12h"}}]}]}"#;
    assert_eq!(lost(request, Format::Responses, "gpt-6-astra"), []);
    let body = translated(request, (Format::Responses, Format::Responses), "gpt-6-astra").body;
    let expected = r#""prompt_cache_breakpoint":{"mode":"explicit","ttl":"12h"}"#;
    assert!(String::from_utf8(body).unwrap().contains(expected));
}

#[test]
fn what_only_another_format_knows_is_named_when_it_is_refused() {
    let target = Target { model: "m", output_tokens_max: None, chat: CHAT };
    for (request, named) in [
        (r#"{"input":[{"type":"web_search_call","id":"ws_1"}]}"#, "web_search_call"),
        (r#"{"prompt":{"id":"pmpt_1"}}"#, "prompt"),
        (r#"{"input":"hi","tools":[{"type":"mcp","server_label":"a"}]}"#, "mcp"),
        (
            r#"{"input":[{"type":"function_call_output","call_id":"c","output":[{"type":"input_video"}]}]}"#,
            "input_video",
        ),
    ] {
        let value = Value::parse(request.as_bytes()).unwrap();
        let prompt = Responses.read_prompt(&value).unwrap();
        let pair = (Format::Responses, Format::Chat);
        let refused = losses(&prompt, pair, &target, Strictness::Lenient).unwrap_err();
        assert!(refused.message.contains(&format!(": `{named}`)")), "{}", refused.message);
        assert_eq!(
            losses(&prompt, (Format::Responses, Format::Responses), &target, Strictness::Strict),
            Ok(vec![])
        );
    }
}
