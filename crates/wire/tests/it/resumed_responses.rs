//! A response that one provider begins and another goes on with is one response: the events before, as they came, and those behind them
//! agree as OpenAI's own do (API reference, "Streaming events").

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use wire::convert::{ClientContext, Format, StreamSource, StreamTranslation};
use wire::formats::{EventKind, Usage};
use wire::framing::{Frame, Framing};

use crate::{convert, recordings, translation_laws};

/// The members of a response that its end decides.
const OF_THE_END: [&str; 6] = ["status", "error", "incomplete_details", "output", "usage", "service_tier"];
/// How many events of the recorded response its client has, of which two are of its text.
const BROKEN_AT: usize = 9;

/// A stream of chat completions that says the rest.
const REST: &str = concat!(
    "data: {\"id\":\"chatcmpl-2\",\"model\":\"second\",\"created\":8,\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
    "data: {\"id\":\"chatcmpl-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\\\"thr\\u00e9\"}}]}\n\n",
    "data: {\"id\":\"chatcmpl-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"e.\"}}]}\n\n",
    "data: {\"id\":\"chatcmpl-2\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"id\":\"chatcmpl-2\",\"choices\":[],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":3,\"total_tokens\":23}}\n\n",
    "data: [DONE]\n\n",
);
/// One that says a word more and calls a tool.
const CALL: &str = concat!(
    "data: {\"id\":\"chatcmpl-2\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"so\"}}]}\n\n",
    "data: {\"id\":\"chatcmpl-2\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"weather\",\"arguments\":\"\"}}]}}]}\n\n",
    "data: {\"id\":\"chatcmpl-2\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"city\\\":1}\"}}]}}]}\n\n",
    "data: {\"id\":\"chatcmpl-2\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n",
    "data: [DONE]\n\n",
);
/// One that ends at the most tokens, having said nothing more.
const LIMITED: &str = concat!(
    "data: {\"id\":\"chatcmpl-2\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n",
    "data: [DONE]\n\n",
);

fn recorded() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/resumed/responses.sse");
    fs::read(path).expect("the case can be read")
}

fn frames(stream: &[u8]) -> Vec<Vec<u8>> {
    recordings::frames(Framing::ServerSentEvents, &[stream])
}

/// The same stream as a provider of a format writes it.
fn spoken(provider: Format, chat: &str) -> Vec<u8> {
    match provider {
        Format::Chat => chat.as_bytes().to_vec(),
        provider => {
            translation_laws::relayed(&translation_laws::plain(provider, Format::Chat), [chat.as_bytes()])
        }
    }
}

/// What a client gets of which it has these events, when a provider goes on with these chunks; none where nobody can.
fn resumed(before: &[Vec<u8>], provider: Format, chunks: &[&[u8]]) -> Option<Vec<u8>> {
    let context = ClientContext { token: "0123".to_owned(), ..ClientContext::default() };
    let mut stream = StreamTranslation::following(Format::Responses, &context, 1 << 16);
    let mut unheard = Vec::new();
    for frame in before {
        stream.follow(Frame::of(Framing::ServerSentEvents, frame), &mut unheard);
    }
    stream.said()?;
    let mut told = before.concat();
    stream.go_on(StreamSource::of(provider), false, &Usage::default());
    let framing = provider.event_stream().framing();
    for frame in recordings::frames(framing, chunks) {
        let kind = stream.frame(Frame::of(framing, &frame), &mut told).kind;
        assert!(!matches!(kind, EventKind::Error(_) | EventKind::Malformed), "{kind:?}");
    }
    stream.end(&mut told);
    Some(told)
}

fn events(stream: &[u8]) -> Vec<Value> {
    let frames = frames(stream);
    let data = frames.iter().map(|frame| Frame::of(Framing::ServerSentEvents, frame).data().into_owned());
    data.filter_map(|data| serde_json::from_slice(&data).ok()).collect()
}

/// What a client that adds up the events holds at each place of the output.
#[derive(Default)]
struct Client {
    number: Option<u64>,
    begun: Option<Value>,
    items: Vec<Value>,
    is_done: Vec<bool>,
    texts: Vec<String>,
    ended: Option<Value>,
}

impl Client {
    fn of(events: &[Value]) -> Self {
        let mut client = Self::default();
        events.iter().for_each(|event| client.hear(event));
        client
    }

    fn hear(&mut self, event: &Value) {
        assert!(self.ended.is_none(), "{event} is behind the end");
        if let Some(number) = event["sequence_number"].as_u64() {
            assert!(self.number.is_none_or(|last| last < number), "{event} is behind {:?}", self.number);
            self.number = Some(number);
        }
        let place = usize::try_from(event["output_index"].as_u64().unwrap_or(0)).expect("a small number");
        match event["type"].as_str().unwrap_or_default() {
            "response.created" | "response.queued" | "response.in_progress" => {
                self.begun = Some(event["response"].clone())
            }
            "response.output_item.added" => {
                assert_eq!(place, self.items.len(), "{event}");
                self.items.push(event["item"].clone());
                self.is_done.push(false);
                self.texts.push(String::new());
            }
            "response.output_text.delta" => {
                if place == self.items.len() {
                    // Some servers announce no item, and some do not name it.
                    self.items.push(json!({}));
                    self.is_done.push(false);
                    self.texts.push(String::new());
                }
                self.is_called(place, &event["item_id"]);
                assert!(!self.is_done[place], "{event}");
                self.texts[place].push_str(event["delta"].as_str().expect("a text"));
            }
            "response.output_text.done" => assert_eq!(event["text"], json!(self.texts[place])),
            "response.output_item.done" => {
                self.is_called(place, &event["item"]["id"]);
                assert!(!std::mem::replace(&mut self.is_done[place], true), "{event} comes twice");
                self.items[place] = event["item"].clone();
            }
            "response.completed" | "response.incomplete" => self.ended = Some(event["response"].clone()),
            _ => {}
        }
    }

    fn is_called(&self, place: usize, id: &Value) {
        assert!(self.items[place].get("id").is_none_or(|known| known == id), "{id} at {place}");
    }

    /// The response as it ended, which says again what was told.
    fn response(&self) -> &Value {
        let response = self.ended.as_ref().expect("the response ends");
        assert!(self.is_done.iter().all(|done| *done), "an item stays open: {response}");
        assert_eq!(response["output"], json!(self.items));
        let others = |response: &Value| -> Map<String, Value> {
            let members = response.as_object().expect("an object").clone().into_iter();
            members.filter(|(name, _)| !OF_THE_END.contains(&name.as_str())).collect()
        };
        if let Some(begun) = &self.begun {
            assert_eq!(others(response), others(begun));
        }
        response
    }

    fn text(&self) -> String {
        let contents = self.items.iter().filter_map(|item| item["content"].as_array()).flatten();
        contents.filter_map(|content| content["text"].as_str()).collect()
    }
}

#[test]
fn what_a_client_gets_of_a_response_that_another_goes_on_with() {
    let before = &frames(&recorded())[..BROKEN_AT];
    for (name, provider, rest) in [
        ("chat", Format::Chat, REST),
        ("messages_with_call", Format::Messages, CALL),
        ("responses", Format::Responses, REST),
        ("gemini_limited", Format::Gemini, LIMITED),
    ] {
        let told = resumed(before, provider, &[&spoken(provider, rest)]).expect("its text is open");
        let told = String::from_utf8(told).expect("an event stream is text");
        insta::with_settings!({ snapshot_path => "../golden/snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("resumed__{name}"), told);
        });
    }
}

#[test]
fn the_recorded_response_can_be_gone_on_with_between_its_first_words_and_their_end() {
    let frames = frames(&recorded());
    let rest = spoken(Format::Chat, REST);
    let possible: Vec<usize> =
        (0..=frames.len()).filter(|at| resumed(&frames[..*at], Format::Chat, &[&rest]).is_some()).collect();
    assert_eq!(possible, [8, 9, 10], "behind each of its three pieces");
    let told = resumed(&frames[..BROKEN_AT], Format::Chat, &[&rest]).expect("its text is open");
    let client = Client::of(&events(&told));
    let response = client.response();
    assert_eq!(client.text(), "One \"two\" \"thrée.");
    assert_eq!((&response["id"], &response["status"]), (&json!("resp_0b1c"), &json!("completed")));
    assert_eq!(response["output"][1]["phase"], "final_answer", "the item keeps what only its provider knows");
    assert_eq!(response["output"][1]["content"][0]["logprobs"].as_array().map(Vec::len), Some(2));
    assert_eq!(response["usage"]["total_tokens"], 23);
}

#[test]
fn wherever_a_recorded_response_breaks_off_its_client_gets_one_response() {
    let mut recordings = convert::cases(Format::Responses, "streams");
    recordings.push(("resumed".to_owned(), recorded()));
    let rests: Vec<(Format, Vec<u8>)> = convert::FORMATS
        .into_iter()
        .flat_map(|provider| [REST, CALL, LIMITED].map(|rest| (provider, spoken(provider, rest))))
        .collect();
    let mut tried = 0;
    for (name, recording) in &recordings {
        let frames = frames(recording);
        for at in 0..=frames.len() {
            for (provider, rest) in &rests {
                let Some(told) = resumed(&frames[..at], *provider, &[rest]) else { continue };
                let client = Client::of(&events(&told));
                client.response();
                let said: String = Client::of(&events(&frames[..at].concat())).texts.concat();
                assert!(
                    !said.is_empty() && client.text().starts_with(&said),
                    "{name} broken at {at}, then {provider:?}"
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "{tried}");
}

#[test]
fn a_resumed_response_does_not_depend_on_how_the_rest_is_cut() {
    let before = &frames(&recorded())[..BROKEN_AT];
    for provider in [Format::Chat, Format::Converse] {
        let rest = spoken(provider, REST);
        let whole = resumed(before, provider, &[&rest]).expect("its text is open");
        for cut in 0..=rest.len() {
            let (head, tail) = rest.split_at(cut);
            assert_eq!(
                resumed(before, provider, &[head, tail]).as_ref(),
                Some(&whole),
                "{provider:?} cut at {cut}"
            );
        }
    }
}

#[test]
fn who_goes_on_may_break_off_as_well_or_fail() {
    let first = &frames(&recorded())[..BROKEN_AT];
    let context = ClientContext { token: "0123".to_owned(), ..ClientContext::default() };
    let mut stream = StreamTranslation::following(Format::Responses, &context, 1 << 16);
    let (mut told, mut unheard) = (first.concat(), Vec::new());
    first.iter().for_each(|frame| stream.follow(Frame::of(Framing::ServerSentEvents, frame), &mut unheard));
    let used = Usage { input_tokens: Some(4), output_tokens: Some(2), ..Usage::default() };
    for (begun, used) in [(3, used), (usize::MAX, Usage::default())] {
        stream.go_on(StreamSource::of(Format::Chat), false, &used);
        for frame in frames(REST.as_bytes()).iter().take(begun) {
            stream.frame(Frame::of(Framing::ServerSentEvents, frame), &mut told);
        }
    }
    let mut failed = told.clone();
    stream.end(&mut told);
    let client = Client::of(&events(&told));
    let usage = &client.response()["usage"];
    assert_eq!(client.text(), "One \"two\" \"thrée.\"thrée.");
    assert_eq!((&usage["input_tokens"], &usage["output_tokens"]), (&json!(24), &json!(5)), "of all of them");

    let mut stream = StreamTranslation::following(Format::Responses, &context, 1 << 16);
    first.iter().for_each(|frame| stream.follow(Frame::of(Framing::ServerSentEvents, frame), &mut unheard));
    stream.go_on(StreamSource::of(Format::Chat), false, &Usage::default());
    failed.truncate(first.concat().len());
    stream.error(&translation_laws::FAILURE, &mut failed);
    let told = events(&failed);
    let [.., error, last] = &told[..] else { panic!("an error is told") };
    assert_eq!((&error["type"], &error["sequence_number"]), (&json!("error"), &json!(BROKEN_AT)));
    assert_eq!((&last["type"], &last["response"]["id"]), (&json!("response.failed"), &json!("resp_0b1c")));
}
