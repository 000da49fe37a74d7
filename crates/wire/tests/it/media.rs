//! The page that says what images and audio lose before providers of other formats, made by translating requests.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use bytes::Bytes;
use serde_json::{Value as Json, json};
use wire::convert::Strictness;
use wire::convert::media::{self, MediaFormat, MediaRequest};
use wire::form::{Boundary, Form, FormLimits};
use wire::json::Value;

const HEAD: &str = "\
# What images and audio carry

A request in OpenAI's format, before providers that have another. This page is made by translating requests that say one thing each
(`crates/wire/tests/it/media.rs`), so it is what the code does. `as it is` is carried, if under another name; what is left out or changed is named in
the answer's header `x-tollgate-dropped`, or refused with 400 when the route says `strict: true`; what is refused is refused on every route.

";

const FORM: &str = "multipart/form-data; boundary=b";

/// What clients say of images (OpenAI API reference, "Create image").
fn images() -> Vec<(&'static str, Json)> {
    vec![
        ("n", json!(2)),
        ("size", json!("1536x1024")),
        ("quality", json!("high")),
        ("background", json!("transparent")),
        ("moderation", json!("low")),
        ("style", json!("vivid")),
        ("output_format", json!("png")),
        ("output_format", json!("webp")),
        ("output_compression", json!(80)),
        ("response_format", json!("url")),
        ("response_format", json!("b64_json")),
        ("stream", json!(true)),
        ("user", json!("u")),
        ("seed", json!(5)),
    ]
}

/// What they say of speech ("Create speech").
fn speech() -> Vec<(&'static str, Json)> {
    let format = |format: &str| ("response_format", json!(format));
    vec![
        format("mp3"),
        format("opus"),
        format("aac"),
        format("flac"),
        format("wav"),
        format("pcm"),
        ("speed", json!(1.2)),
        ("instructions", json!("softly")),
        ("stream_format", json!("sse")),
    ]
}

/// And of transcriptions ("Create transcription").
fn transcriptions() -> Vec<(&'static str, Json)> {
    vec![
        ("language", json!("en")),
        ("prompt", json!("names")),
        ("temperature", json!("0.2")),
        ("response_format", json!("verbose_json")),
        ("response_format", json!("srt")),
        ("response_format", json!("diarized_json")),
        ("timestamp_granularities[]", json!("word")),
        ("include[]", json!("logprobs")),
        ("chunking_strategy", json!("auto")),
        ("stream", json!("true")),
        ("diarize", json!("true")),
    ]
}

/// What becomes of a request that says this.
fn outcome(format: MediaFormat, member: &str, said: &Json) -> String {
    let request = json!({"model": "m", "prompt": "a cat", "input": "hello", "voice": "v"});
    let mut request = match format {
        MediaFormat::ElevenLabsTranscription | MediaFormat::DeepgramTranscription => json!({"model": "m"}),
        MediaFormat::ElevenLabsSpeech | MediaFormat::DeepgramSpeech => {
            json!({"model": "m", "input": request["input"], "voice": request["voice"]})
        }
        _ => json!({"model": "m", "prompt": request["prompt"]}),
    };
    request[member] = said.clone();
    let text = request.to_string();
    let members = Value::parse(text.as_bytes()).expect("a request is JSON");
    let model = if format == MediaFormat::DeepgramSpeech { "aura-2" } else { "m" };
    let form = form();
    let asked = MediaRequest { members: &members, form: Some(&form), model, created: 0 };
    match media::translate(asked, format, Strictness::Lenient) {
        Ok(translation) => {
            let bare = member.trim_end_matches("[]");
            match translation.losses.iter().find(|loss| loss.member == bare) {
                Some(loss) => loss.what.to_string(),
                None => "as it is".to_owned(),
            }
        }
        Err(_) => "refused".to_owned(),
    }
}

fn form() -> Form {
    let body =
        "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\nRIFF\r\n--b--";
    let boundary = Boundary::of_content_type(FORM).expect("it has a boundary");
    Form::parse(Bytes::from(body), boundary, FormLimits::default()).expect("it is a form")
}

fn table(page: &mut String, title: &str, formats: &[MediaFormat], members: &[(&str, Json)]) {
    let titles: Vec<&str> = formats.iter().map(|format| format.title()).collect();
    let _ = writeln!(page, "## {title}\n\n| | {} |", titles.join(" | "));
    let _ = writeln!(page, "|---{}|", "|---".repeat(formats.len()));
    for (member, said) in members {
        let outcomes: Vec<String> = formats.iter().map(|format| outcome(*format, member, said)).collect();
        let member = member.trim_end_matches("[]");
        let said = said.to_string();
        let _ = writeln!(page, "| `{member}`: `{}` | {} |", said.trim_matches('"'), outcomes.join(" | "));
    }
    page.push('\n');
}

fn page() -> String {
    use MediaFormat::{
        DeepgramSpeech, DeepgramTranscription, ElevenLabsSpeech, ElevenLabsTranscription, FireworksImages,
        GeminiImages, KontextImages, ReplicateImages, StabilityImages, TogetherImages,
    };
    let mut page = HEAD.to_owned();
    let drawing =
        [GeminiImages, StabilityImages, TogetherImages, FireworksImages, KontextImages, ReplicateImages];
    table(&mut page, "Images", &drawing, &images());
    table(&mut page, "Speech", &[ElevenLabsSpeech, DeepgramSpeech], &speech());
    let transcribing = [ElevenLabsTranscription, DeepgramTranscription];
    table(&mut page, "Transcriptions", &transcribing, &transcriptions());
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

/// `TOLLGATE_BLESS=1` writes it.
#[test]
fn the_page_of_what_media_carry_is_what_the_code_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/media.md");
    #[expect(clippy::disallowed_methods, reason = "a test reads how it was started")]
    if std::env::var_os("TOLLGATE_BLESS").is_some() {
        fs::write(&path, page()).expect("the page can be written");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page(), "run `TOLLGATE_BLESS=1 cargo nextest run -p wire` and review the page");
}
