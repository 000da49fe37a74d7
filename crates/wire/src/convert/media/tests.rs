//! Laws of media in other words than OpenAI's.

use bytes::Bytes;

use super::{MediaAnswer, MediaFormat, MediaRequest, MediaTranslation, translate};
use crate::convert::codec::Objection;
use crate::convert::translation::Strictness;
use crate::form::{Boundary, Form, FormLimits};
use crate::json::Value;

const ALL: [MediaFormat; 8] = [
    MediaFormat::Imagen,
    MediaFormat::GeminiImages,
    MediaFormat::StabilityImages,
    MediaFormat::TogetherImages,
    MediaFormat::ElevenLabsSpeech,
    MediaFormat::DeepgramSpeech,
    MediaFormat::ElevenLabsTranscription,
    MediaFormat::DeepgramTranscription,
];

fn form(fields: &str) -> Form {
    let file = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\ncontent-type: audio/wav\r\n\r\nRIFF\r\n";
    let image =
        file.replace("file\"; ", "image\"; ").replace("a.wav", "a.png").replace("audio/wav", "image/png");
    let boundary = Boundary::of_content_type("multipart/form-data; boundary=b").unwrap();
    let body = Bytes::from(format!("{fields}{file}{image}--b--"));
    Form::parse(body, boundary, FormLimits::default()).unwrap()
}

fn with(
    members: &str,
    form: Option<&Form>,
    format: MediaFormat,
    strictness: Strictness,
) -> Result<MediaTranslation, Objection> {
    let members = Value::parse(members.as_bytes()).unwrap();
    translate(MediaRequest { members: &members, form, model: "m" }, format, strictness)
}

fn sent(format: MediaFormat, members: &str) -> MediaTranslation {
    with(members, None, format, Strictness::Lenient).unwrap()
}

fn heard(format: MediaFormat, members: &str) -> MediaTranslation {
    with(members, Some(&form("")), format, Strictness::Lenient).unwrap()
}

fn body(translation: &MediaTranslation) -> String {
    String::from_utf8(translation.body.concat()).unwrap()
}

fn lost(translation: &MediaTranslation) -> Vec<&str> {
    translation.losses.iter().map(|loss| loss.member.as_ref()).collect()
}

fn answered(translation: &MediaTranslation, answer: &str) -> (String, MediaAnswer) {
    let answer = translation.answer(answer.as_bytes(), 7).unwrap();
    (String::from_utf8(answer.body.clone()).unwrap(), answer)
}

#[test]
fn imagen_is_asked_for_a_prediction() {
    let asked = sent(
        MediaFormat::Imagen,
        r#"{"model":"x","prompt":"a \"cat\"","n":2,"size":"1792x1024","output_format":"jpeg","output_compression":80,"quality":"high"}"#,
    );
    assert_eq!(
        body(&asked),
        r#"{"instances":[{"prompt":"a \"cat\""}],"parameters":{"sampleCount":2,"aspectRatio":"16:9","outputOptions":{"mimeType":"image/jpeg","compressionQuality":80}}}"#
    );
    assert_eq!(lost(&asked), ["size", "quality"]);
    let (answer, whole) = answered(
        &asked,
        r#"{"predictions":[{"bytesBase64Encoded":"QQ==","mimeType":"image/jpeg","prompt":"a grey cat"}]}"#,
    );
    assert_eq!(
        answer,
        r#"{"created":7,"data":[{"b64_json":"QQ==","revised_prompt":"a grey cat"}],"output_format":"jpeg"}"#
    );
    assert_eq!(whole.usage.images, Some(1));
    assert!(asked.answer(br#"{"predictions":[{"raiFilteredReason":"r"}]}"#, 0).is_err());
}

#[test]
fn gemini_draws_from_text_and_pictures() {
    let asked =
        sent(MediaFormat::GeminiImages, r#"{"prompt":"a cat","size":"1024x1536","response_format":"url"}"#);
    assert_eq!(
        body(&asked),
        r#"{"contents":[{"role":"user","parts":[{"text":"a cat"}]}],"generationConfig":{"responseModalities":["TEXT","IMAGE"],"imageConfig":{"aspectRatio":"2:3"}}}"#
    );
    let answer = r#"{"candidates":[{"content":{"parts":[{"text":"Here."},{"inlineData":{"mimeType":"image/png","data":"QQ=="}}]}}],
        "usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":1290,
            "candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":1290}]}}"#;
    let (text, whole) = answered(&asked, answer);
    assert!(text.contains(r#""data":[{"url":"data:image/png;base64,QQ=="}]"#), "{text}");
    assert!(text.contains(r#""output_tokens":1290,"total_tokens":1293"#), "{text}");
    assert_eq!((whole.usage.output_image_tokens, whole.usage.images), (Some(1290), Some(1)));
    let edited = heard(MediaFormat::GeminiImages, r#"{"prompt":"a hat"}"#);
    assert!(
        body(&edited).contains(
            r#""parts":[{"inlineData":{"mimeType":"image/png","data":"UklGRg=="}},{"text":"a hat"}]"#
        ),
        "{}",
        body(&edited)
    );
    let by_json = sent(
        MediaFormat::GeminiImages,
        r#"{"prompt":"a hat","images":[{"image_url":"data:image/webp;base64,QQ=="}]}"#,
    );
    assert!(body(&by_json).contains(r#"{"mimeType":"image/webp","data":"QQ=="}"#), "{}", body(&by_json));
    let refused = asked.answer(br#"{"candidates":[{"content":{"parts":[{"text":"I will not."}]}}]}"#, 0);
    assert!(refused.unwrap_err().0.ends_with("I will not."));
}

#[test]
fn stability_is_asked_through_bedrock() {
    let asked = sent(
        MediaFormat::StabilityImages,
        r#"{"prompt":"a cat","size":"1024x1024","output_format":"webp","seed":5,"negative_prompt":"dogs"}"#,
    );
    assert_eq!(
        body(&asked),
        r#"{"prompt":"a cat","aspect_ratio":"1:1","output_format":"webp","seed":5,"negative_prompt":"dogs"}"#
    );
    let (answer, _) = answered(&asked, r#"{"seeds":[5],"finish_reasons":[null],"images":["QQ=="]}"#);
    assert_eq!(answer, r#"{"created":7,"data":[{"b64_json":"QQ=="}]}"#);
    let filtered = asked.answer(br#"{"seeds":[],"finish_reasons":["Filter reason: prompt"],"images":[]}"#, 0);
    assert!(filtered.unwrap_err().0.ends_with("Filter reason: prompt"));
}

#[test]
fn together_has_sides_for_sizes_and_members_of_its_own() {
    let asked = sent(
        MediaFormat::TogetherImages,
        r#"{"model":"x","prompt":"a cat","size":"512x256","steps":4,"quality":"high","user":"u"}"#,
    );
    assert_eq!(
        body(&asked),
        r#"{"model":"m","prompt":"a cat","n":1,"width":512,"height":256,"response_format":"base64","steps":4}"#
    );
    assert_eq!(lost(&asked), ["quality"]);
    let (answer, _) =
        answered(&asked, r#"{"id":"i","data":[{"index":0,"b64_json":"QQ=="},{"index":1,"url":"u"}]}"#);
    assert_eq!(answer, r#"{"created":7,"data":[{"b64_json":"QQ=="},{"url":"u"}]}"#);
    let by_url = sent(MediaFormat::TogetherImages, r#"{"prompt":"a cat","response_format":"url"}"#);
    assert!(body(&by_url).contains(r#""response_format":"url""#));
}

#[test]
fn eleven_labs_speaks_in_a_voice_that_its_path_names() {
    let asked = sent(
        MediaFormat::ElevenLabsSpeech,
        r#"{"model":"x","input":"Hi","voice":{"id":"v 1"},"speed":1.1,"seed":3,"instructions":"softly","response_format":"pcm"}"#,
    );
    assert_eq!(body(&asked), r#"{"text":"Hi","model_id":"m","voice_settings":{"speed":1.1},"seed":3}"#);
    assert_eq!(
        (asked.segment.as_deref(), asked.query.as_deref()),
        (Some("v 1"), Some("output_format=pcm_24000"))
    );
    assert_eq!(lost(&asked), ["instructions"]);
    assert!(!asked.is_read() && asked.answer(b"{}", 0).is_err());
}

#[test]
fn deepgram_speaks_in_a_voice_that_is_its_model() {
    let query = |members: &str, model: &str| {
        let value = Value::parse(members.as_bytes()).unwrap();
        let request = MediaRequest { members: &value, form: None, model };
        let asked = translate(request, MediaFormat::DeepgramSpeech, Strictness::Lenient).unwrap();
        assert_eq!(body(&asked), r#"{"text":"Hi"}"#);
        (asked.query.clone().unwrap(), lost(&asked).join(","))
    };
    let named = query(r#"{"input":"Hi","voice":"thalia"}"#, "aura-2");
    assert_eq!(named, ("model=aura-2-thalia-en&encoding=mp3".to_owned(), String::new()));
    let whole =
        query(r#"{"input":"Hi","voice":"alloy","speed":1.2,"response_format":"wav"}"#, "aura-2-luna-en");
    let expected = "model=aura-2-luna-en&encoding=linear16&container=wav&sample_rate=24000&speed=1.2";
    assert_eq!(whole, (expected.to_owned(), "voice".to_owned()));
    assert_eq!(
        query(r#"{"input":"Hi","voice":"aura-2-zeus-en"}"#, "aura-2").0,
        "model=aura-2-zeus-en&encoding=mp3"
    );
}

const DEEPGRAM: &str = r#"{"metadata":{"duration":3.25},"results":{"channels":[{"detected_language":"en","alternatives":[
    {"transcript":"Hello there. Bye!","words":[
        {"word":"hello","punctuated_word":"Hello","start":0.5,"end":1.0},
        {"word":"there","punctuated_word":"there.","start":1.0,"end":1.5},
        {"word":"bye","punctuated_word":"Bye!","start":2.0,"end":3.0}]}]}]}}"#;

#[test]
fn deepgram_hears_the_file_alone() {
    let asked =
        heard(MediaFormat::DeepgramTranscription, r#"{"prompt":"p","diarize":"true","temperature":"0"}"#);
    assert_eq!((body(&asked).as_str(), asked.content_type.as_str()), ("RIFF", "audio/wav"));
    let query = asked.query.clone().unwrap();
    assert_eq!(query, "model=m&detect_language=true&smart_format=true&diarize=true");
    assert_eq!(lost(&asked), ["prompt", "temperature"]);
    let (answer, whole) = answered(&asked, DEEPGRAM);
    assert_eq!(
        (answer.as_str(), whole.usage.audio_milliseconds),
        (r#"{"text":"Hello there. Bye!"}"#, Some(3_250))
    );
    let spoken = heard(MediaFormat::DeepgramTranscription, r#"{"language":"de ü"}"#);
    assert_eq!(spoken.query.unwrap(), "model=m&language=de%20%C3%BC&smart_format=true");
    assert!(asked.answer(br#"{"results":{}}"#, 0).is_err());
}

#[test]
fn a_transcript_has_the_form_that_is_asked_for() {
    let as_form = |members: &str| answered(&heard(MediaFormat::DeepgramTranscription, members), DEEPGRAM);
    assert_eq!(as_form(r#"{"response_format":"text"}"#).0, "Hello there. Bye!\n");
    let (srt, _) = as_form(r#"{"response_format":"srt"}"#);
    let expected =
        "1\n00:00:00,500 --> 00:00:01,500\nHello there.\n\n2\n00:00:02,000 --> 00:00:03,000\nBye!\n\n";
    assert_eq!(srt, expected);
    let (vtt, whole) = as_form(r#"{"response_format":"vtt"}"#);
    assert!(vtt.starts_with("WEBVTT\n\n00:00:00.500 --> 00:00:01.500\nHello there.\n\n"), "{vtt}");
    assert_eq!(whole.content_type, "text/vtt; charset=utf-8");
    let (verbose, _) = as_form(r#"{"response_format":"verbose_json","timestamp_granularities[]":"word"}"#);
    assert_eq!(
        verbose,
        concat!(
            r#"{"task":"transcribe","language":"en","duration":3.25,"text":"Hello there. Bye!","segments":["#,
            r#"{"id":0,"start":0.5,"end":1.5,"text":"Hello there."},{"id":1,"start":2,"end":3,"text":"Bye!"}],"words":["#,
            r#"{"word":"Hello","start":0.5,"end":1},{"word":"there.","start":1,"end":1.5},{"word":"Bye!","start":2,"end":3}]}"#
        )
    );
}

#[test]
fn eleven_labs_gets_the_clients_form_with_its_own_names() {
    let model = "--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nx\r\n";
    let asked = with(
        r#"{"model":"x","language":"en","temperature":"0.2"}"#,
        Some(&form(model)),
        MediaFormat::ElevenLabsTranscription,
        Strictness::Strict,
    );
    let asked = asked.unwrap();
    assert_eq!(asked.content_type, "multipart/form-data; boundary=\"b\"");
    let sent = Form::parse(
        Bytes::from(body(&asked)),
        Boundary::of_content_type(&asked.content_type).unwrap(),
        FormLimits::default(),
    );
    let sent = sent.unwrap();
    let parts: Vec<(&str, String)> = sent
        .parts()
        .iter()
        .map(|part| (part.name.as_str(), String::from_utf8_lossy(&sent.value(part)).into_owned()))
        .collect();
    let text = |text: &str| text.to_owned();
    assert_eq!(
        parts,
        [
            ("file", text("RIFF")),
            ("model_id", text("m")),
            ("language_code", text("en")),
            ("temperature", text("0.2"))
        ]
    );
    let (answer, whole) = answered(
        &asked,
        r#"{"language_code":"eng","text":"Hi you","audio_duration_secs":1.5,"words":[{"text":"Hi","start":0,"end":1,"type":"word"},
            {"text":" ","start":1,"end":1,"type":"spacing"},{"text":"you","start":1,"end":1.5,"type":"word"}]}"#,
    );
    assert_eq!((answer.as_str(), whole.usage.audio_milliseconds), (r#"{"text":"Hi you"}"#, Some(1_500)));
}

#[test]
fn what_a_provider_cannot_do_is_refused_with_the_member() {
    for (format, members, member) in [
        (MediaFormat::Imagen, r#"{}"#, "prompt"),
        (MediaFormat::Imagen, r#"{"prompt":"a","stream":true}"#, "stream"),
        (MediaFormat::Imagen, r#"{"prompt":"a","n":0}"#, "n"),
        (MediaFormat::Imagen, r#"{"prompt":"a","size":"big"}"#, "size"),
        (MediaFormat::GeminiImages, r#"{"prompt":"a","n":2}"#, "n"),
        (MediaFormat::GeminiImages, r#"{"prompt":"a","images":[{"file_id":"f"}]}"#, "images"),
        (MediaFormat::StabilityImages, r#"{"prompt":"a","n":2}"#, "n"),
        (MediaFormat::ElevenLabsSpeech, r#"{"input":"a"}"#, "voice"),
        (
            MediaFormat::ElevenLabsSpeech,
            r#"{"input":"a","voice":"v","response_format":"flac"}"#,
            "response_format",
        ),
        (MediaFormat::DeepgramSpeech, r#"{"input":"a","voice":"v","stream_format":"sse"}"#, "stream_format"),
        (MediaFormat::DeepgramTranscription, r#"{}"#, "file"),
        (MediaFormat::ElevenLabsTranscription, r#"{}"#, "file"),
    ] {
        let refused = with(members, None, format, Strictness::Lenient).unwrap_err();
        assert_eq!(refused.path, member, "{format:?} {members}: {}", refused.message);
    }
    let streamed =
        with(r#"{"stream":true}"#, Some(&form("")), MediaFormat::DeepgramTranscription, Strictness::Lenient);
    assert_eq!(streamed.unwrap_err().path, "stream");
    let strict = with(r#"{"prompt":"a","quality":"high"}"#, None, MediaFormat::Imagen, Strictness::Strict);
    assert_eq!(strict.unwrap_err().path, "quality");
    assert!(
        with(r#"{"prompt":"a","quality":"auto"}"#, None, MediaFormat::Imagen, Strictness::Strict).is_ok()
    );
}

proptest::proptest! {
    #[test]
    fn any_answer_is_read_or_malformed_and_never_a_panic(answer in "[{}\\[\\]\":,a-z0-9.]{0,60}") {
        for format in ALL {
            let members = r#"{"prompt":"a","input":"a","voice":"v"}"#;
            let asked = with(members, Some(&form("")), format, Strictness::Lenient).unwrap();
            let _ = asked.answer(answer.as_bytes(), 0);
        }
    }
}
