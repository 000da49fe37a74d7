//! A stream that breaks off and is gone on with is one stream, wherever it broke off.

use proptest::prelude::*;

use super::*;
use crate::convert::form::Stop;
use crate::convert::seam::given;
use crate::framing::{Batch, Splitter};

const PLACE: Place = Place { choice: 0, part: 0 };
const SAID_BYTES_MAX: usize = 1 << 16;

fn context() -> ClientContext {
    ClientContext { token: "0123".to_owned(), stream_usage: true, ..ClientContext::default() }
}

fn usage(input: u64, output: u64) -> Usage {
    Usage { input_tokens: Some(input), output_tokens: Some(output), ..Usage::default() }
}

/// The whole stream of an answer in a format.
fn stream(format: Format, id: &str, pieces: &[String], used: Usage) -> Batch {
    let mut out = Vec::new();
    let mut writer = format.codec().stream_writer(&context());
    writer.write(Step::Begin { id: Some(id.into()), model: Some("m".into()), created: Some(7) }, &mut out);
    writer.write(Step::Open(PLACE, Opening::Text), &mut out);
    for piece in pieces {
        writer.write(Step::Delta(PLACE, Delta::Text(piece.as_str().into())), &mut out);
    }
    writer.write(Step::Close(PLACE), &mut out);
    writer.write(Step::Finish { choice: 0, stop: Stop::Complete }, &mut out);
    writer.write(Step::Usage(used), &mut out);
    writer.end(&mut out);
    batch(format, out)
}

fn batch(format: Format, bytes: Vec<u8>) -> Batch {
    Splitter::new(format.event_stream().framing(), 1 << 20).push(bytes.into()).unwrap()
}

/// What a client makes of a stream: its text, what happens in it, and what it used.
fn read(format: Format, batch: &Batch) -> (String, Vec<&'static str>, Usage) {
    let (mut text, mut told, mut usage) = (String::new(), Vec::new(), Usage::default());
    let mut reader = format.codec().stream_reader();
    for frame in batch.frames() {
        let kind = reader.read(frame, &mut |step| match step {
            Step::Delta(_, Delta::Text(said)) => text.push_str(&said.plain()),
            Step::Begin { .. } => told.push("begin"),
            Step::Open(..) => told.push("open"),
            Step::Close(_) => told.push("close"),
            Step::Finish { .. } => told.push("finish"),
            Step::Usage(reported) => usage.merge(&reported),
            _ => {}
        });
        if kind == EventKind::End {
            told.push("end");
        }
    }
    (text, told, usage)
}

/// What a client gets of a stream of which `broken_at` frames came, when another provider goes on with it; none where nobody can.
fn resumed(client: Format, provider: Format, pieces: &[String], broken_at: usize) -> Option<Vec<u8>> {
    let whole = stream(client, "first", pieces, usage(10, 20));
    let mut following = StreamTranslation::following(client, &context(), SAID_BYTES_MAX);
    let (mut told, mut unheard) = (Vec::new(), Vec::new());
    for frame in whole.frames().take(broken_at) {
        told.extend_from_slice(frame.bytes());
        following.follow(frame, &mut unheard);
    }
    let text = pieces.concat();
    let rest = text.get(given(following.said()?).len()..).unwrap().to_owned();
    following.go_on(StreamSource::of(provider), false, &Usage::default());
    for frame in stream(provider, "second", &[rest], usage(3, 4)).frames() {
        following.frame(frame, &mut told);
    }
    following.end(&mut told);
    Some(told)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn wherever_a_stream_breaks_off_the_client_gets_one_whole_stream(
        pieces in prop::collection::vec("[a-z \\n]{1,6}", 1..5),
        client in prop::sample::select(Format::ALL.to_vec()),
        provider in prop::sample::select(Format::ALL.to_vec()),
        broken_at in 0_usize..12,
    ) {
        let whole = stream(client, "first", &pieces, usage(3, 4));
        let (_, undisturbed, _) = read(client, &whole);
        if let Some(told) = resumed(client, provider, &pieces, broken_at) {
            let (text, happened, used) = read(client, &batch(client, told));
            prop_assert_eq!(text, pieces.concat());
            prop_assert_eq!(happened, undisturbed, "once each, and in order");
            prop_assert_eq!((used.input_tokens, used.output_tokens), (Some(3), Some(4)));
        }
    }
}

#[test]
fn a_stream_can_be_gone_on_with_from_its_first_words_to_its_last() {
    let pieces = ["one ".to_owned(), "two".to_owned()];
    for client in Format::ALL {
        let frames = stream(client, "first", &pieces, usage(1, 1)).frames().count();
        let possible = (0..=frames).filter(|at| resumed(client, Format::Chat, &pieces, *at).is_some());
        assert!(possible.count() >= 2, "{client:?}");
    }
}

#[test]
fn what_providers_reported_adds_up_and_the_ids_are_the_first_ones() {
    let said = stream(Format::Messages, "msg_first", &["so far ".to_owned()], Usage::default());
    let mut following = StreamTranslation::following(Format::Messages, &context(), SAID_BYTES_MAX);
    let mut told = Vec::new();
    for frame in said.frames().take(3) {
        told.extend_from_slice(frame.bytes());
        following.follow(frame, &mut Vec::new());
    }
    assert_eq!(following.said(), Some("so far "));
    following.go_on(StreamSource::of(Format::Chat), false, &usage(10, 1));
    assert_eq!(following.usage(), &Usage::default(), "what the second reports is its own");
    for frame in stream(Format::Chat, "second", &["and on".to_owned()], usage(3, 4)).frames() {
        following.frame(frame, &mut told);
    }
    following.end(&mut told);
    let reported = following.usage();
    assert_eq!((reported.input_tokens, reported.output_tokens), (Some(3), Some(4)));
    let text = String::from_utf8(told.clone()).unwrap();
    assert!(text.contains("msg_first") && !text.contains("second"), "{text}");
    let (said, _, used) = read(Format::Messages, &batch(Format::Messages, told));
    assert_eq!((said.as_str(), used.input_tokens, used.output_tokens), ("so far and on", Some(13), Some(5)));
}
