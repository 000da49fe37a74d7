//! Translation, case by case: one input, one snapshot for each format that it can become.
//!
//! A new case is a new file in `tests/golden/convert/<format>/`: `requests/*.json` and `answers/*.json` are bodies,
//! `streams/*.sse` streams (of Converse `streams/*.jsonl`, as `recordings.rs` has them).

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::Value as Json;
use wire::convert::{ChatMembers, ClientContext, Format, Strictness, Target, Translation, translate};
use wire::formats::{EventKind, WireError};
use wire::framing::Splitter;
use wire::json::Value;

use crate::recordings;

const FRAME_BYTES_MAX: usize = 1 << 20;

/// The formats that are translated.
pub(crate) const FORMATS: [Format; 6] = Format::ALL;

/// The model of every target; its name decides what Claude of that generation takes.
fn model_of(format: Format) -> &'static str {
    match format {
        Format::Chat | Format::Responses => "gpt-5",
        Format::Messages => "claude-opus-4-6",
        Format::Gemini => "gemini-2.5-pro",
        Format::Converse => "anthropic.claude-opus-4-6-v1:0",
        Format::Cohere => "command-a-03-2025",
    }
}

fn target(format: Format) -> Target<'static> {
    let chat = ChatMembers { of_openai: true, takes_stream_options: true, takes_reasoning_details: false };
    Target { model: model_of(format), output_tokens_max: Some(32_000), chat }
}

fn context() -> ClientContext {
    ClientContext {
        token: "0123456789abcdef".to_owned(),
        created: 1_790_000_000,
        model: "asked-for".to_owned(),
        stream: false,
        stream_usage: true,
        echoed: Vec::new(),
    }
}

fn folder(format: Format, kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/convert").join(format.name()).join(kind)
}

/// The cases of a format, by name. Streams that are recorded for same-format relays are cases here too.
pub(crate) fn cases(format: Format, kind: &str) -> Vec<(String, Vec<u8>)> {
    let mut folders = vec![folder(format, kind)];
    if kind == "streams" {
        folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format.name()));
    }
    let files = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    let mut cases: Vec<(String, Vec<u8>)> = files
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| kind != "streams" || path.extension().is_none_or(|extension| extension != "json"))
        .map(|path| {
            let name = path.file_stem().expect("a case has a name").to_string_lossy().into_owned();
            (name, fs::read(&path).expect("a case can be read"))
        })
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "no {kind} of {}", format.name());
    cases
}

fn assert_snapshot(kind: &str, from: Format, case: &str, to: Format, text: &str) {
    let name = format!("{kind}__{}__{case}__{}", from.name(), to.name());
    let folder = format!("../golden/convert/snapshots/{}", to.name());
    insta::with_settings!({ snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

fn translated(request: &[u8], from: Format, to: Format) -> Result<Translation, wire::convert::Objection> {
    let value = Value::parse(request).expect("a case is JSON");
    translate(&value, from, &[to], &target(to), Strictness::Lenient, context())
}

fn pretty(json: &[u8]) -> String {
    let value: Json = serde_json::from_slice(json)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(json)));
    serde_json::to_string_pretty(&value).expect("a value can be written")
}

fn rendered(result: &Result<Translation, wire::convert::Objection>) -> String {
    match result {
        Ok(translation) => {
            let mut text = pretty(&translation.body);
            for loss in &translation.losses {
                let _ = write!(text, "\n- {}: {}", loss.member, loss.what);
            }
            text
        }
        Err(objection) => format!("refused at `{}`: {}", objection.path, objection.message),
    }
}

#[test]
fn requests_become_requests_of_every_format() {
    for from in FORMATS {
        for (case, request) in cases(from, "requests") {
            for to in FORMATS {
                assert_snapshot("request", from, &case, to, &rendered(&translated(&request, from, to)));
            }
        }
    }
}

/// A translation whose request says nothing special, for the way back.
fn plain(client: Format, provider: Format) -> Translation {
    let request: &[u8] = match client {
        Format::Chat | Format::Cohere => br#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#,
        Format::Responses => br#"{"model":"m","input":"hi","temperature":0.5}"#,
        Format::Messages => br#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#,
        Format::Gemini => br#"{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}"#,
        Format::Converse => br#"{"messages":[{"role":"user","content":[{"text":"hi"}]}]}"#,
    };
    translated(request, client, provider).expect("it can be carried")
}

#[test]
fn answers_become_answers_of_every_format() {
    for from in FORMATS {
        for (case, answer) in cases(from, "answers") {
            for to in FORMATS {
                let text = match plain(to, from).answer(&answer) {
                    Ok((body, usage)) => format!("{}\n- {usage:?}", pretty(&body)),
                    Err(malformed) => format!("malformed: {malformed}"),
                };
                assert_snapshot("answer", from, &case, to, &text);
            }
        }
    }
}

/// What the client gets of a stream that came in these chunks.
fn relayed(translation: &Translation, chunks: &[&[u8]]) -> (Vec<u8>, String) {
    let mut stream = translation.stream();
    let mut splitter = Splitter::new(translation.provider().event_stream().framing(), FRAME_BYTES_MAX);
    let mut out = Vec::new();
    let mut failed = None;
    for chunk in chunks {
        let batch = splitter.push(Bytes::copy_from_slice(chunk)).expect("no frame is too large");
        for frame in batch.frames() {
            match stream.frame(frame, &mut out).kind {
                EventKind::Error(error) => failed = error.message.or(Some("no message".to_owned())),
                EventKind::Malformed => failed = Some("malformed".to_owned()),
                _ => {}
            }
        }
    }
    match failed {
        Some(message) => {
            let error = WireError {
                status: 502,
                code: "TG3004",
                kind: "server_error",
                message: &message,
                param: None,
                request_id: None,
                retry_after: None,
            };
            stream.error(&error, &mut out);
        }
        None => stream.end(&mut out),
    }
    (out, format!("{:?}", stream.usage()))
}

#[test]
fn streams_become_streams_of_every_format_wherever_they_are_cut() {
    for from in FORMATS {
        for (case, stream) in cases(from, "streams") {
            let stream = recordings::bytes_of(from.event_stream().framing(), &stream);
            for to in FORMATS {
                let translation = plain(to, from);
                let (whole, usage) = relayed(&translation, &[&stream]);
                let shown = recordings::shown_stream(to.event_stream().framing(), &whole);
                assert_snapshot("stream", from, &case, to, &format!("{shown}- {usage}"));
            }
            let framing = from.event_stream().framing();
            let whole = recordings::frames(framing, &[&stream]);
            for cut in 0..=stream.len() {
                let (head, tail) = stream.split_at(cut);
                assert_eq!(recordings::frames(framing, &[head, tail]), whole, "{case} cut at {cut}");
            }
        }
    }
}

#[test]
fn nothing_is_lost_where_the_route_is_strict() {
    let request = br#"{"model":"m","messages":[{"role":"user","content":"hi"}],"seed":7}"#;
    let value = Value::parse(request).expect("it is JSON");
    let target = target(Format::Messages);
    let refused =
        translate(&value, Format::Chat, &[Format::Messages], &target, Strictness::Strict, context());
    let objection = refused.expect_err("a seed is lost");
    assert_eq!(objection.path, "seed");
    assert!(objection.message.contains("Anthropic Messages") && objection.message.contains("strict"));
}

#[test]
fn of_the_formats_of_a_target_the_one_that_loses_least_is_taken() {
    let chosen = |request: &str| {
        let value = Value::parse(request.as_bytes()).expect("it is JSON");
        let formats = [Format::Chat, Format::Messages];
        let translation =
            translate(&value, Format::Chat, &formats, &target(Format::Chat), Strictness::Lenient, context());
        translation.expect("it can be carried").provider()
    };
    assert_eq!(chosen(r#"{"messages":[{"role":"user","content":"hi"}],"seed":7}"#), Format::Chat);
    let with_mark = r#"{"messages":[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]}]}"#;
    assert_eq!(chosen(with_mark), Format::Messages);
}

#[test]
fn a_renamed_tool_has_its_own_name_again_in_the_answer() {
    let request = br#"{"model":"m","messages":[{"role":"user","content":"hi"}],
        "tools":[{"type":"function","function":{"name":"clock.now","parameters":{"type":"object"}}}]}"#;
    let translation = translated(request, Format::Chat, Format::Messages).expect("it can be carried");
    let sent: Json = serde_json::from_slice(&translation.body).expect("it is JSON");
    let name = sent["tools"][0]["name"].as_str().expect("a name");
    assert!(name != "clock.now" && name.starts_with("clock_now_"), "{name}");
    let call = format!(
        r#"{{"content":[{{"type":"tool_use","id":"t","name":"{name}","input":{{}}}}],"stop_reason":"tool_use"}}"#
    );
    let (answer, _) = translation.answer(call.as_bytes()).expect("it is an answer");
    let answer: Json = serde_json::from_slice(&answer).expect("it is JSON");
    assert_eq!(answer["choices"][0]["message"]["tool_calls"][0]["function"]["name"], "clock.now");
    let start = format!(
        "data: {{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"{name}\"}}}}\n\n"
    );
    let (out, _) = relayed(&translation, &[start.as_bytes()]);
    assert!(String::from_utf8_lossy(&out).contains("\"name\":\"clock.now\""));
}

/// The page for people is made from the tables; `TOLLGATE_BLESS=1` writes it.
#[test]
fn the_reference_page_is_what_the_code_does() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/translation.md");
    #[expect(clippy::disallowed_methods, reason = "a test reads how it was started")]
    if std::env::var_os("TOLLGATE_BLESS").is_some() {
        fs::write(&page, wire::convert::reference()).expect("the page can be written");
    }
    let written = fs::read_to_string(&page).unwrap_or_default();
    assert!(
        written == wire::convert::reference(),
        "run `TOLLGATE_BLESS=1 cargo nextest run -p wire` and review the page"
    );
}
