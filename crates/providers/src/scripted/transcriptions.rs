//! OpenAI transcriptions and translations of audio (`platform.openai.com/docs/api-reference/audio`): the text names the
//! file that was heard.

use bytes::Bytes;
use serde_json::{Value, json};

use super::failure::{BROKEN_OFF, Refusal, open_ai};
use super::fingerprint::{count, tokens};
use super::frames::{Answer, Events, Frame, Media};
use super::upload::{Upload, UploadedFile};

/// Bytes of a second, which any file is taken for: 16-bit samples at 16 kHz.
const SECOND_BYTES: usize = 32_000;

/// Audio tokens of a second.
const SECOND_TOKENS: usize = 10;

/// What is done with what is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    Transcribe,
    Translate,
}

/// Writes down what is heard.
pub(super) fn transcribe(upload: &Upload) -> Result<Answer, Refusal> {
    answer(upload, Task::Transcribe)
}

/// Writes down what is heard in English.
pub(super) fn translate(upload: &Upload) -> Result<Answer, Refusal> {
    answer(upload, Task::Translate)
}

fn answer(upload: &Upload, task: Task) -> Result<Answer, Refusal> {
    let file = upload.files.iter().find(|file| file.field == "file");
    let file = file.ok_or_else(|| Refusal::field("file", "`file` is missing"))?;
    let said = |field: &str| upload.fields.get(field).and_then(Value::as_str);
    let text = text(file, task, said("language"));
    let seconds = file.bytes.div_ceil(SECOND_BYTES).max(1);
    if upload.fields.get("stream").and_then(Value::as_bool) == Some(true) {
        return Ok(Answer::Stream(events(&text, seconds)));
    }
    let usage = json!({ "type": "duration", "seconds": seconds });
    Ok(match said("response_format").unwrap_or("json") {
        "json" => Answer::Whole(json!({ "text": text, "usage": usage })),
        "verbose_json" => Answer::Whole(json!({
            "task": if task == Task::Translate { "translate" } else { "transcribe" },
            "language": said("language").unwrap_or("english"),
            "duration": seconds,
            "text": text,
            "segments": [segment(&text, seconds)],
            "usage": usage,
        })),
        "text" => plain("text/plain; charset=utf-8", format!("{text}\n")),
        "srt" => plain(
            "text/plain; charset=utf-8",
            format!("1\n{} --> {}\n{text}\n\n", clock(0, ','), clock(seconds, ',')),
        ),
        "vtt" => plain(
            "text/vtt; charset=utf-8",
            format!("WEBVTT\n\n{} --> {}\n{text}\n\n", clock(0, '.'), clock(seconds, '.')),
        ),
        other => {
            let message = format!("`{other}` is not one of json, verbose_json, text, srt and vtt");
            return Err(Refusal::field("response_format", message));
        }
    })
}

fn text(file: &UploadedFile, task: Task, language: Option<&str>) -> String {
    let language = match (task, language) {
        (Task::Translate, _) => " in English".to_owned(),
        (Task::Transcribe, Some(language)) => format!(" in {language}"),
        (Task::Transcribe, None) => String::new(),
    };
    format!("echo: {} bytes of {}{language}", file.bytes, file.name)
}

fn segment(text: &str, seconds: usize) -> Value {
    json!({
        "id": 0,
        "seek": 0,
        "start": 0.0,
        "end": seconds,
        "text": text,
        "tokens": (0..count(text)).collect::<Vec<_>>(),
        "temperature": 0.0,
        "avg_logprob": -0.1,
        "compression_ratio": 1.0,
        "no_speech_prob": 0.0,
    })
}

fn plain(content_type: &'static str, text: String) -> Answer {
    Answer::Media(Media { content_type, pieces: vec![Bytes::from(text)] })
}

/// A time of a subtitle.
fn clock(seconds: usize, separator: char) -> String {
    format!("{:02}:{:02}:{:02}{separator}000", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

fn events(text: &str, seconds: usize) -> Events {
    let delta = |token: &&str| {
        let event = json!({ "type": "transcript.text.delta", "delta": token });
        Frame::named("transcript.text.delta", &event).into_token()
    };
    let mut frames: Vec<Frame> = tokens(text).iter().map(delta).collect();
    let (heard, written) = (seconds * SECOND_TOKENS, count(text));
    let usage = json!({
        "type": "tokens",
        "input_tokens": heard,
        "input_token_details": { "text_tokens": 0, "audio_tokens": heard },
        "output_tokens": written,
        "total_tokens": heard + written,
    });
    let done = json!({ "type": "transcript.text.done", "text": text, "usage": usage });
    frames.push(Frame::named("transcript.text.done", &done));
    Events { frames, error: Frame::data(&open_ai("server_error", BROKEN_OFF, None, None)) }
}
