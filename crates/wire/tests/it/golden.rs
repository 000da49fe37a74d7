//! Streams and bodies of each format, written after the providers' documentation and public recordings, and what is
//! read from them.
//!
//! A new case is a new file in `tests/golden/<format>/`: `*.sse` is a stream (of Converse `*.jsonl`, as `recordings.rs` has
//! them), `*.json` the body of an answer or error.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use wire::formats::{
    EventFormat, EventKind, EventStream, Inspection, ProviderError, RequestKind, Usage, usage_of_body,
};
use wire::framing::{Frame, Splitter};
use wire::json::{Document, ScanLimits};

use crate::recordings;

const FRAME_BYTES_MAX: usize = 1 << 20;

/// How much of a frame's start and of its end a snapshot shows.
const EXCERPT_CHARS: usize = 56;

/// Files of a format with this extension, by name.
fn cases(format: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format);
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the format has a folder")
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no {extension} case for {format}");
    files
}

fn name_of(format: &str, case: &Path) -> String {
    format!("{format}__{}", case.file_name().expect("a case has a name").to_string_lossy())
}

fn assert_snapshot(format: &str, case: &Path, text: &str) {
    insta::with_settings!({ snapshot_path => "../golden/snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name_of(format, case), text);
    });
}

/// What a stream that came in these chunks says, frame by frame.
fn inspections(stream: EventStream, chunks: &[&[u8]]) -> Vec<(Vec<u8>, Inspection)> {
    let format = stream.format();
    let mut splitter = Splitter::new(stream.framing(), FRAME_BYTES_MAX);
    let mut seen = Vec::new();
    for chunk in chunks {
        let batch = splitter.push(Bytes::copy_from_slice(chunk)).expect("no frame is too large");
        seen.extend(batch.frames().map(|frame| (frame.bytes().to_vec(), format.inspect(frame))));
    }
    seen
}

fn check_streams(folder: &str, stream: EventStream) {
    let format = stream.format();
    for case in cases(folder, recordings::extension(stream.framing())) {
        let recording = fs::read(&case).expect("a case can be read");
        let recorded = recordings::bytes_of(stream.framing(), &recording);
        let whole = inspections(stream, &[&recorded]);
        assert_snapshot(folder, &case, &rendered(stream, &whole));
        for cut in 0..=recorded.len() {
            let (head, tail) = recorded.split_at(cut);
            assert_eq!(inspections(stream, &[head, tail]), whole, "{} cut at {cut}", case.display());
        }
        for (frame, inspection) in &whole {
            assert_glance_agrees(format, Frame::of(stream.framing(), frame), inspection);
        }
    }
}

/// A glance may call anything content that does not matter for metering; the rest must agree.
fn assert_glance_agrees(format: &dyn EventFormat, frame: Frame<'_>, inspection: &Inspection) {
    let glance = format.glance(frame);
    match &inspection.kind {
        EventKind::Preamble | EventKind::Content | EventKind::Other | EventKind::Malformed => {
            assert_eq!(glance.kind, EventKind::Content);
        }
        exact => assert_eq!(&glance.kind, exact),
    }
    assert_eq!(glance.finished, inspection.finished);
    assert_eq!(glance.usage, inspection.usage);
}

fn check_bodies(folder: &str, kind: RequestKind) {
    for case in cases(folder, "json") {
        let body = fs::read(&case).expect("a case can be read");
        let usage = usage_of_answer(kind, &body);
        let usage = usage.map_or_else(|| "none".to_owned(), |usage| rendered_usage(&usage));
        let error = ProviderError::parse(&body);
        let error = if error.message.is_some() { rendered_error(&error) } else { "none".to_owned() };
        assert_snapshot(folder, &case, &format!("usage: {usage}\nerror: {error}"));
    }
}

/// Every kind of answer has its usage in the member of this name.
fn usage_of_answer(kind: RequestKind, body: &[u8]) -> Option<Usage> {
    let answer =
        Document::parse(Bytes::copy_from_slice(body), ScanLimits::default()).expect("an answer is JSON");
    let usage = answer.member("usage").expect("an answer has one usage")?;
    usage_of_body(kind, &usage.raw())
}

fn rendered(stream: EventStream, seen: &[(Vec<u8>, Inspection)]) -> String {
    let mut text = String::new();
    for (frame, inspection) in seen {
        let kind = match &inspection.kind {
            EventKind::Error(error) => format!("Error({})", rendered_error(error)),
            kind => format!("{kind:?}"),
        };
        let finished = if inspection.finished { " finished" } else { "" };
        let usage = inspection.usage.map(|usage| format!(" {}", rendered_usage(&usage))).unwrap_or_default();
        let frame = recordings::shown(Frame::of(stream.framing(), frame));
        writeln!(text, "{kind}{finished}{usage}\n    {}", excerpt(&frame)).expect("a string takes all text");
    }
    text
}

fn excerpt(frame: &str) -> String {
    let text: Vec<char> = frame.trim_end().replace('\n', "⏎").replace('\r', "␍").chars().collect();
    if text.len() <= 2 * EXCERPT_CHARS {
        return text.iter().collect();
    }
    let (start, end) = (&text[..EXCERPT_CHARS], &text[text.len() - EXCERPT_CHARS..]);
    start.iter().chain(&['…']).chain(end).collect()
}

fn rendered_usage(usage: &Usage) -> String {
    let counts = [
        ("input", usage.input_tokens),
        ("output", usage.output_tokens),
        ("cached", usage.cached_input_tokens),
        ("cache_write", usage.cache_write_tokens),
        ("cache_write_1h", usage.cache_write_1h_tokens),
        ("reasoning", usage.reasoning_tokens),
        ("audio_in", usage.input_audio_tokens),
        ("audio_out", usage.output_audio_tokens),
        ("image_in", usage.input_image_tokens),
        ("image_out", usage.output_image_tokens),
        ("images", usage.images),
        ("audio_ms", usage.audio_milliseconds),
    ];
    let known = counts.iter().filter_map(|(name, count)| Some(format!("{name}={}", (*count)?)));
    format!("[{}]", known.collect::<Vec<_>>().join(" "))
}

fn rendered_error(error: &ProviderError) -> String {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    format!(
        "kind {}, code {}, message {}",
        or_dash(&error.kind),
        or_dash(&error.code),
        or_dash(&error.message)
    )
}

#[test]
fn chat_streams_are_read_as_recorded() {
    check_streams("chat", EventStream::Chat);
}

#[test]
fn completions_streams_are_read_as_recorded() {
    check_streams("completions", EventStream::Completions);
}

#[test]
fn responses_streams_are_read_as_recorded() {
    check_streams("responses", EventStream::Responses);
}

#[test]
fn messages_streams_are_read_as_recorded() {
    check_streams("messages", EventStream::Messages);
}

#[test]
fn cohere_streams_are_read_as_recorded() {
    check_streams("cohere", EventStream::Cohere);
}

#[test]
fn converse_streams_are_read_as_recorded() {
    check_streams("converse", EventStream::Converse);
}

#[test]
fn streams_of_media_are_read_as_recorded() {
    check_streams("images", EventStream::Images);
    check_streams("speech", EventStream::Speech);
    check_streams("transcription", EventStream::Transcription);
}

#[test]
fn whole_answers_are_read_as_recorded() {
    check_bodies("images", RequestKind::Images);
    check_bodies("transcription", RequestKind::Transcription);
    check_bodies("chat", RequestKind::Chat);
    check_bodies("completions", RequestKind::Completions);
    check_bodies("responses", RequestKind::Responses);
    check_bodies("messages", RequestKind::Messages);
    check_bodies("converse", RequestKind::Converse);
    check_bodies("embeddings", RequestKind::Embeddings);
    check_bodies("cohere", RequestKind::Cohere);
}
