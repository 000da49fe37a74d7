//! Laws of translation that hold for every pair of formats.

use std::collections::BTreeSet;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::framing::Splitter;
use crate::json::Value;

const TARGET: Target<'_> = Target {
    model: "some-model",
    output_tokens_max: None,
    chat: ChatMembers { of_openai: true, takes_stream_options: true, takes_reasoning_details: false },
};

/// The formats that are translated.
const FORMATS: [Format; 6] = Format::ALL;

fn pairs() -> impl Iterator<Item = (Format, Format)> {
    FORMATS.into_iter().flat_map(|client| FORMATS.into_iter().map(move |provider| (client, provider)))
}

/// The smallest request of a format.
fn smallest(format: Format) -> &'static [u8] {
    match format {
        Format::Chat | Format::Cohere => br#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#,
        Format::Responses => br#"{"model":"m","input":"hi"}"#,
        Format::Messages => br#"{"model":"m","max_tokens":90,"messages":[{"role":"user","content":"hi"}]}"#,
        Format::Gemini => br#"{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}"#,
        Format::Converse => br#"{"messages":[{"role":"user","content":[{"text":"hi"}]}]}"#,
    }
}

fn translation(client: Format, provider: Format) -> Translation {
    let value = Value::parse(smallest(client)).unwrap();
    translate(&value, client, &[provider], &TARGET, Strictness::Strict, ClientContext::default()).unwrap()
}

#[test]
fn a_table_says_each_thing_once() {
    for format in FORMATS {
        let features: Vec<Feature> = format.codec().features().iter().map(|entry| entry.feature).collect();
        let once: BTreeSet<Feature> = features.iter().copied().collect();
        assert_eq!(once.len(), features.len(), "{format:?}");
    }
}

#[test]
fn the_smallest_request_reaches_every_provider_whole_and_is_one_there() {
    for (client, provider) in pairs() {
        let translation = translation(client, provider);
        assert!(translation.losses.is_empty(), "{client:?} to {provider:?}: {:?}", translation.losses);
        let value = Value::parse(&translation.body).unwrap();
        let prompt = read_prompt(&value, provider).unwrap();
        assert_eq!(prompt.turns.len(), 1, "{client:?} to {provider:?}");
    }
}

#[test]
fn a_prompt_survives_its_own_format() {
    for (client, provider) in pairs() {
        let there = translation(client, provider);
        let value = Value::parse(&there.body).unwrap();
        let first = read_prompt(&value, provider).unwrap();
        let again = provider.codec().write_prompt(&first, &TARGET);
        let value = Value::parse(&again).unwrap();
        assert_eq!(read_prompt(&value, provider).unwrap(), first, "{client:?} to {provider:?}");
    }
}

#[test]
fn the_reference_has_a_row_for_every_feature() {
    let page = reference();
    for feature in Feature::ALL {
        assert!(page.contains(feature.about()), "{feature:?}");
    }
}

fn any_json() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "type",
        "text",
        "content",
        "role",
        "parts",
        "tool_calls",
        "function",
        "arguments",
        "delta",
        "index",
        "choices",
        "message",
        "messages",
        "contents",
        "input",
        "output",
        "item",
        "usage",
        "candidates",
        "functionCall",
        "toolUse",
        "content_block",
        "response",
        "name",
        "id",
        "finish_reason",
        "stopReason",
        "part",
        "output_index",
        "call_id",
        "summary",
        "toolResult",
        "reasoningContent",
        "document",
        "image",
        "source",
        "start",
    ]);
    let texts = prop::sample::select(vec![
        "text",
        "tool_use",
        "message_start",
        "content_block_delta",
        "response.output_text.delta",
        "user",
        "assistant",
        "message-end",
        "content-delta",
        "response.output_item.added",
        "response.output_item.done",
        "response.completed",
        "message",
        "function_call",
        "reasoning",
        "function",
        "",
    ]);
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        texts.prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec((words.clone(), inner), 0..5).prop_map(|members| {
                let members: Vec<_> =
                    members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

fn is_json(bytes: &[u8]) -> bool {
    Value::parse(bytes).is_ok()
}

proptest! {
    #[test]
    fn any_request_is_translated_or_refused_and_never_a_panic(request in any_json()) {
        let value = Value::parse(request.as_bytes()).unwrap();
        for (client, provider) in pairs() {
            let result = translate(&value, client, &[provider], &TARGET, Strictness::Lenient, ClientContext::default());
            if let Ok(translation) = result {
                prop_assert!(is_json(&translation.body), "{}", String::from_utf8_lossy(&translation.body));
            }
        }
    }

    #[test]
    fn any_answer_is_translated_or_malformed_and_never_a_panic(answer in any_json()) {
        for (client, provider) in pairs() {
            if let Ok((body, _)) = translation(client, provider).answer(answer.as_bytes()) {
                prop_assert!(is_json(&body), "{}", String::from_utf8_lossy(&body));
            }
        }
    }

    #[test]
    fn any_stream_of_events_gives_whole_events(events in prop::collection::vec(any_json(), 0..6)) {
        for (client, provider) in pairs() {
            let mut stream = translation(client, provider).stream();
            let mut out = Vec::new();
            for event in &events {
                let mut bytes = Vec::new();
                match provider.event_stream().framing() {
                    crate::framing::Framing::ServerSentEvents => bytes.extend_from_slice(format!("data: {event}\n\n").as_bytes()),
                    crate::framing::Framing::AmazonEventStream => crate::amazon::event(&mut bytes, "contentBlockDelta", event.as_bytes()),
                }
                let mut splitter = Splitter::new(provider.event_stream().framing(), 1 << 20);
                for frame in splitter.push(Bytes::from(bytes)).unwrap().frames() {
                    stream.frame(frame, &mut out);
                }
            }
            stream.end(&mut out);
            let mut splitter = Splitter::new(client.event_stream().framing(), 1 << 20);
            splitter.push(Bytes::from(out)).unwrap();
            prop_assert!(splitter.finish().bytes.is_empty());
        }
    }
}
