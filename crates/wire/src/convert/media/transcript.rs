//! What was heard, in the forms that OpenAI's clients ask for: JSON, text and subtitles.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::JSON;
use super::said::Said;
use crate::convert::codec::Objection;
use crate::formats::{Usage, milliseconds_of};
use crate::json::{ObjectWriter, Value, object};

/// How the client wants its transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    form: Form,
    words: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    VerboseJson,
    Text,
    Srt,
    Vtt,
}

/// A transcript.
#[derive(Debug, PartialEq)]
pub(super) struct Heard<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) language: Option<Cow<'a, str>>,
    /// How long the audio is, in seconds, as the provider wrote it.
    pub(super) duration: Option<&'a str>,
    pub(super) words: Vec<Word<'a>>,
}

/// A word and when it was said, in seconds from the beginning.
#[derive(Debug, PartialEq)]
pub(super) struct Word<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) start: f64,
    pub(super) end: f64,
}

/// A few words that are shown together.
#[derive(Debug, PartialEq)]
struct Segment {
    text: String,
    start: f64,
    end: f64,
}

/// The longest subtitle, as broadcasters have it: two lines (BBC subtitle guidelines).
const SEGMENT_CHARS_MAX: usize = 74;

impl<'a> Word<'a> {
    /// A word with the times that stand beside it.
    pub(super) fn of(text: &Value<'a>, times: &Value<'_>) -> Option<Self> {
        let time = |key: &str| times.get(key)?.as_f64();
        Some(Self { text: text.as_str()?, start: time("start")?, end: time("end")? })
    }
}

impl Wanted {
    /// Takes what of a request is about the form of the answer.
    pub(super) fn take(said: &mut Said<'_, '_>) -> Result<Self, Objection> {
        said.refuse("stream", "a streamed transcript")?;
        let form = match said.text("response_format")?.as_deref().unwrap_or("json") {
            "json" => Form::Json,
            "verbose_json" => Form::VerboseJson,
            "text" => Form::Text,
            "srt" => Form::Srt,
            "vtt" => Form::Vtt,
            _ => {
                let message = "`response_format` must be json, verbose_json, text, srt or vtt";
                return Err(Objection::new("response_format", message));
            }
        };
        let words = said.labels("timestamp_granularities").iter().any(|kind| kind == "word");
        Ok(Self { form, words })
    }

    /// The type of the answer.
    pub(super) fn content_type(self) -> &'static str {
        match self.form {
            Form::Json | Form::VerboseJson => JSON,
            Form::Text | Form::Srt => "text/plain; charset=utf-8",
            Form::Vtt => "text/vtt; charset=utf-8",
        }
    }
}

/// Writes OpenAI's answer.
pub(super) fn write(heard: &Heard<'_>, wanted: &Wanted) -> (Vec<u8>, Usage) {
    let body = match wanted.form {
        Form::Json => json(|body| {
            body.str("text", &heard.text);
            write_usage(body, heard);
        }),
        Form::VerboseJson => verbose(heard, wanted),
        Form::Text => format!("{}\n", heard.text).into_bytes(),
        Form::Srt => subtitles(&segments(heard), ',', true).into_bytes(),
        Form::Vtt => format!("WEBVTT\n\n{}", subtitles(&segments(heard), '.', false)).into_bytes(),
    };
    let audio_milliseconds = heard.duration.and_then(milliseconds_of);
    (body, Usage { audio_milliseconds, ..Usage::default() })
}

fn write_usage(body: &mut ObjectWriter<'_>, heard: &Heard<'_>) {
    let Some(duration) = heard.duration else { return };
    body.object("usage", |usage| {
        usage.str("type", "duration");
        usage.raw("seconds", duration);
    });
}

fn json(write: impl FnOnce(&mut ObjectWriter<'_>)) -> Vec<u8> {
    let mut body = Vec::new();
    object(&mut body, write);
    body
}

fn verbose(heard: &Heard<'_>, wanted: &Wanted) -> Vec<u8> {
    json(|body| {
        body.str("task", "transcribe");
        if let Some(language) = &heard.language {
            body.str("language", language);
        }
        body.raw_if("duration", heard.duration);
        body.str("text", &heard.text);
        body.array("segments", |all| {
            for (id, segment) in (0_u64..).zip(segments(heard)) {
                all.object(|entry| {
                    entry.number("id", id);
                    write_time(entry, segment.start, segment.end);
                    entry.str("text", &segment.text);
                });
            }
        });
        if wanted.words {
            body.array("words", |all| {
                for word in &heard.words {
                    all.object(|entry| {
                        entry.str("word", word.text.trim());
                        write_time(entry, word.start, word.end);
                    });
                }
            });
        }
        write_usage(body, heard);
    })
}

fn write_time(entry: &mut ObjectWriter<'_>, start: f64, end: f64) {
    entry.raw("start", &start.to_string());
    entry.raw("end", &end.to_string());
}

/// Sentences, and parts of those that are too long to be read at once.
fn segments(heard: &Heard<'_>) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    let mut is_open = false;
    for word in &heard.words {
        let text = word.text.trim();
        let fits = |segment: &&mut Segment| segment.text.len() + text.len() < SEGMENT_CHARS_MAX;
        match segments.last_mut().filter(|_| is_open).filter(fits) {
            Some(segment) => {
                segment.text.push(' ');
                segment.text.push_str(text);
                segment.end = word.end;
            }
            None => segments.push(Segment { text: text.to_owned(), start: word.start, end: word.end }),
        }
        is_open = !text.ends_with(['.', '!', '?', '。', '！', '？']);
    }
    segments
}

/// SubRip, or the cues of WebVTT (W3C, section 4.1).
fn subtitles(segments: &[Segment], separator: char, numbered: bool) -> String {
    let mut text = String::new();
    for (number, segment) in (1..).zip(segments) {
        if numbered {
            let _ = writeln!(text, "{number}");
        }
        let (start, end) = (clock(segment.start, separator), clock(segment.end, separator));
        let _ = writeln!(text, "{start} --> {end}\n{}\n", segment.text);
    }
    text
}

/// `01:02:03,456`.
fn clock(seconds: f64, separator: char) -> String {
    let whole = std::time::Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default();
    let (hours, minutes) = (whole.as_secs() / 3_600, whole.as_secs() / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}{separator}{:03}", whole.as_secs() % 60, whole.subsec_millis())
}
