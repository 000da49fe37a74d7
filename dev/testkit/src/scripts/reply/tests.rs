//! The scripts, read as the gateway reads a provider.

use wire::formats::{EventKind, EventStream, Inspection, RequestKind, Usage, usage_of_answer};
use wire::framing::Frame;
use wire::json::{Document, ScanLimits};

use super::super::situations::CONVERSATIONS;
use super::super::{EventScript, situations};
use super::{CALL_ID, Counts, Reply, SIGNATURE};

const COUNTS: Counts = Counts { input: 100, cached: 60, output: 40, reasoning: 30 };

fn inspected(format: EventStream, script: &EventScript) -> Vec<Inspection> {
    let inspect = |frame: &bytes::Bytes| format.format().inspect(Frame::of(format.framing(), frame));
    script.frames().iter().map(inspect).collect()
}

/// Everything that a reply can hold, in every order that models have.
fn replies() -> Vec<Reply<'static>> {
    let all = || {
        Reply::new()
            .thinking(&["I ", "see."])
            .text(&["So ", "I ask."])
            .call("get_weather", &["{\"ci", "ty\":1}"])
    };
    vec![
        Reply::new(),
        Reply::new().text(&["One."]),
        Reply::new().refusal(&["I ", "can't."]),
        Reply::new().thinking(&["Hm."]).call("f", &["{}"]).call("g", &["{\"a\"", ":1}"]),
        all(),
        all().limited(),
        all().filtered(),
        all().counting(COUNTS),
    ]
}

#[test]
fn content_begins_after_the_preamble_and_ends_once() {
    for format in CONVERSATIONS {
        for reply in replies() {
            let script = reply.stream(format);
            let preamble = script.before_content().frames().len();
            let inspected = inspected(format, &script);
            let first = inspected.iter().position(|it| it.kind == EventKind::Content);
            assert_eq!(first.unwrap_or(preamble), preamble, "{format:?} {reply:?}");
            let allowed = |kind: &EventKind| {
                matches!(kind, EventKind::Preamble | EventKind::Content | EventKind::Usage | EventKind::End)
            };
            assert!(inspected.iter().all(|it| allowed(&it.kind)), "{format:?} {inspected:?}");
            let last = inspected.last().unwrap();
            // Gemini has no last event but the reason.
            assert!(last.kind == EventKind::End || format == EventStream::Gemini, "{format:?} {last:?}");
            assert!(inspected.iter().any(|it| it.finished), "{format:?}");
        }
    }
}

#[test]
fn a_failing_stream_ends_with_its_error() {
    for format in CONVERSATIONS {
        let inspected = inspected(format, &situations::stream_failing(format, &["So "], "overloaded"));
        let (last, before) = inspected.split_last().unwrap();
        let EventKind::Error(error) = &last.kind else { panic!("{format:?} {last:?}") };
        assert_eq!(error.message.as_deref(), Some("overloaded"), "{format:?}");
        assert!(before.iter().all(|it| !it.finished), "{format:?}");
        assert!(before.iter().any(|it| it.kind == EventKind::Content), "{format:?}");
    }
}

#[test]
fn counts_are_read_as_they_were_given() {
    for format in CONVERSATIONS {
        let streamed = situations::stream_counted(format, &["One."], COUNTS);
        let mut merged = Usage::default();
        for usage in inspected(format, &streamed).iter().filter_map(|it| it.usage.as_ref()) {
            merged.merge(usage);
        }
        let answer = situations::answer_counted(format, "One.", COUNTS);
        let answer = Document::parse(answer.to_string().into(), ScanLimits::default()).unwrap();
        let whole = usage_of_answer(kind_of(format), &answer).unwrap();
        let counts_reasoning = !matches!(format, EventStream::Converse | EventStream::Cohere);
        for usage in [merged, whole] {
            assert_eq!(usage.input_tokens, Some(COUNTS.input), "{format:?}");
            assert_eq!(usage.cached_input_tokens, Some(COUNTS.cached), "{format:?}");
            assert_eq!(usage.output_tokens, Some(COUNTS.output), "{format:?}");
            assert_eq!(usage.reasoning_tokens, counts_reasoning.then_some(COUNTS.reasoning), "{format:?}");
        }
    }
}

#[test]
fn calls_and_seals_are_in_every_form() {
    let reply = Reply::new().thinking(&["Hm."]).call("get_weather", &["{\"city\":", "\"Rome\"}"]);
    for format in CONVERSATIONS {
        let streamed = String::from_utf8_lossy(&reply.stream(format).bytes()).into_owned();
        for text in [streamed, reply.answer(format).to_string()] {
            for said in ["Hm.", CALL_ID, "get_weather"] {
                assert!(text.contains(said), "{format:?} {said} {text}");
            }
            assert_eq!(text.contains(SIGNATURE), format != EventStream::Cohere, "{format:?} {text}");
        }
    }
}

/// The reason that each format gives for each end.
#[test]
fn ends_are_named_as_the_format_names_them() {
    let reasons = |format: EventStream| match format {
        EventStream::Chat => ["tool_calls", "\"stop\"", "content_filter", "length"],
        EventStream::Responses => ["completed", "completed", "content_filter", "max_output_tokens"],
        EventStream::Messages => ["tool_use", "refusal", "refusal", "max_tokens"],
        EventStream::Gemini => ["STOP", "SAFETY", "SAFETY", "MAX_TOKENS"],
        EventStream::Converse => ["tool_use", "content_filtered", "guardrail_intervened", "max_tokens"],
        EventStream::Cohere => ["TOOL_CALL", "COMPLETE", "COMPLETE", "MAX_TOKENS"],
        other => panic!("{other:?} is no conversation"),
    };
    for format in CONVERSATIONS {
        let [tool, refused, filtered, limited] = reasons(format);
        for (reason, answer, stream) in [
            (
                tool,
                situations::answer_with_tool(format, "f", "{}"),
                situations::stream_with_tool(format, "f", &["{", "}"]),
            ),
            (
                refused,
                situations::answer_refused(format, "No."),
                situations::stream_refused(format, &["No."]),
            ),
            (
                filtered,
                situations::answer_filtered(format, "So"),
                situations::stream_filtered(format, &["So"]),
            ),
            (limited, situations::answer_limited(format, "So"), situations::stream_limited(format, &["So"])),
        ] {
            assert!(answer.to_string().contains(reason), "{format:?} {reason} {answer}");
            let stream = String::from_utf8_lossy(&stream.bytes()).into_owned();
            assert!(stream.contains(reason), "{format:?} {reason} {stream}");
        }
    }
}

fn kind_of(format: EventStream) -> RequestKind {
    match format {
        EventStream::Chat => RequestKind::Chat,
        EventStream::Completions => RequestKind::Completions,
        EventStream::Responses => RequestKind::Responses,
        EventStream::Messages => RequestKind::Messages,
        EventStream::Gemini => RequestKind::Gemini,
        EventStream::Converse => RequestKind::Converse,
        EventStream::Cohere => RequestKind::Cohere,
        EventStream::Images => RequestKind::Images,
        EventStream::Speech => RequestKind::Speech,
        EventStream::Transcription => RequestKind::Transcription,
    }
}
