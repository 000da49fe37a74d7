//! Laws of media in other words than OpenAI's.

use bytes::Bytes;

use super::{MediaBody, MediaFormat, MediaRequest, MediaTranslation, Unanswered, translate};
use crate::convert::codec::Objection;
use crate::convert::translation::Strictness;
use crate::form::{Boundary, Form, FormLimits};
use crate::formats::Usage;
use crate::json::Value;

const FORM: &str = "multipart/form-data; boundary=b";

fn form(fields: &str) -> Form {
    let file = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\ncontent-type: audio/wav\r\n\r\nRIFF\r\n";
    let image =
        file.replace("file\"; ", "image\"; ").replace("a.wav", "a.png").replace("audio/wav", "image/png");
    let boundary = Boundary::of_content_type(FORM).unwrap();
    let body = Bytes::from(format!("{fields}{file}{image}--b--"));
    Form::parse(body, boundary, FormLimits::default()).unwrap()
}

fn with(
    members: &str,
    form: Option<&Form>,
    format: MediaFormat,
    strictness: Strictness,
) -> Result<Sent, Objection> {
    let members = Value::parse(members.as_bytes()).unwrap();
    translate(MediaRequest { members: &members, form, model: "m", created: 7 }, format, strictness)
        .map(Sent::from)
}

/// A translation whose body was written.
struct Sent {
    bodies: Vec<String>,
    media_type: String,
    whole: MediaTranslation<'static>,
}

impl From<MediaTranslation<'_>> for Sent {
    fn from(translation: MediaTranslation<'_>) -> Self {
        let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        let (bodies, media_type) = match translation.body {
            MediaBody::Json(bodies) => {
                (bodies.into_iter().map(text).collect(), "application/json".to_owned())
            }
            MediaBody::Form(edit) => (vec![text(edit.apply().into_bytes())], FORM.to_owned()),
            MediaBody::File { content, media_type } => (vec![text(content.concat().into())], media_type),
        };
        let whole = MediaTranslation { body: MediaBody::Json(Vec::new()), ..translation };
        Self { bodies, media_type, whole }
    }
}

impl Sent {
    /// The only body.
    fn body(&self) -> &str {
        assert_eq!(self.bodies.len(), 1);
        &self.bodies[0]
    }

    fn query(&self) -> &str {
        self.whole.query.as_deref().unwrap_or_default()
    }

    fn lost(&self) -> Vec<&str> {
        self.whole.losses.iter().map(|loss| loss.member.as_ref()).collect()
    }

    fn reads(&self, answers: &[&str]) -> Result<(String, Usage), Unanswered> {
        let answers: Vec<&[u8]> = answers.iter().map(|answer| answer.as_bytes()).collect();
        let (body, usage) = self.whole.reader.answer(&answers)?;
        Ok((String::from_utf8(body).unwrap(), usage))
    }
}

fn sent(format: MediaFormat, members: &str) -> Sent {
    with(members, None, format, Strictness::Lenient).unwrap()
}

fn heard(format: MediaFormat, members: &str) -> Sent {
    with(members, Some(&form("")), format, Strictness::Lenient).unwrap()
}

#[test]
fn gemini_draws_from_text_and_pictures() {
    let asked =
        sent(MediaFormat::GeminiImages, r#"{"prompt":"a cat","size":"1024x1536","response_format":"url"}"#);
    assert_eq!(
        asked.body(),
        r#"{"contents":[{"role":"user","parts":[{"text":"a cat"}]}],"generationConfig":{"responseModalities":["TEXT","IMAGE"],"imageConfig":{"aspectRatio":"2:3"}}}"#
    );
    let answer = r#"{"candidates":[{"content":{"parts":[{"text":"Here."},{"inlineData":{"mimeType":"image/png","data":"QQ=="}}]}}],
        "usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":1290,
            "candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":1290}]}}"#;
    let (text, used) = asked.reads(&[answer]).unwrap();
    assert!(text.contains(r#""data":[{"url":"data:image/png;base64,QQ=="}]"#), "{text}");
    assert!(text.contains(r#""output_tokens":1290,"total_tokens":1293"#), "{text}");
    assert_eq!((used.output_image_tokens, used.images), (Some(1290), Some(1)));
    let edited = heard(MediaFormat::GeminiImages, r#"{"prompt":"a hat"}"#);
    assert!(
        edited.body().contains(
            r#""parts":[{"inlineData":{"mimeType":"image/png","data":"UklGRg=="}},{"text":"a hat"}]"#
        ),
        "{}",
        edited.body()
    );
    let by_json = sent(
        MediaFormat::GeminiImages,
        r#"{"prompt":"a hat","images":[{"image_url":"data:image/webp;base64,QQ=="}]}"#,
    );
    assert!(by_json.body().contains(r#"{"mimeType":"image/webp","data":"QQ=="}"#), "{}", by_json.body());
}

#[test]
fn an_image_that_a_provider_does_not_want_to_draw_is_refused_with_its_reason() {
    for (format, answer, why) in [
        (
            MediaFormat::GeminiImages,
            r#"{"candidates":[{"content":{"parts":[{"text":"I will not."}]}}]}"#,
            "I will not.",
        ),
        (MediaFormat::GeminiImages, r#"{"candidates":[{"finishReason":"IMAGE_SAFETY"}]}"#, "IMAGE_SAFETY"),
        (MediaFormat::GeminiImages, r#"{"promptFeedback":{"blockReason":"OTHER"}}"#, "OTHER"),
        (
            MediaFormat::StabilityImages,
            r#"{"finish_reasons":["Filter reason: prompt"]}"#,
            "Filter reason: prompt",
        ),
        (
            MediaFormat::FireworksImages,
            r#"{"base64":["QQ=="],"finishReason":"CONTENT_FILTERED"}"#,
            "CONTENT_FILTERED",
        ),
        (MediaFormat::KontextImages, r#"{"id":"i","status":"Content Moderated"}"#, "Content Moderated"),
        (
            MediaFormat::ReplicateImages,
            r#"{"id":"i","status":"failed","error":"NSFW content detected."}"#,
            "NSFW content detected.",
        ),
    ] {
        let refused = sent(format, r#"{"prompt":"a cat"}"#).reads(&[answer]).unwrap_err();
        assert_eq!(refused, Unanswered::Refused(format!("no image was drawn: {why}")));
    }
}

#[test]
fn a_provider_that_fails_to_draw_is_not_one_that_refuses() {
    for (format, answer) in [
        (MediaFormat::StabilityImages, r#"{"finish_reasons":["Inference error"]}"#),
        (MediaFormat::KontextImages, r#"{"id":"i","status":"Error"}"#),
        (MediaFormat::KontextImages, r#"{"id":"i","status":"Ready","result":{}}"#),
        (MediaFormat::ReplicateImages, r#"{"id":"i","status":"failed","error":"CUDA out of memory"}"#),
        (MediaFormat::ReplicateImages, r#"{"id":"i","status":"canceled"}"#),
        (MediaFormat::ReplicateImages, r#"{"id":"i","status":"succeeded","output":{"text":"a"}}"#),
        (MediaFormat::FireworksImages, r#"{"base64":[],"finishReason":"SUCCESS"}"#),
        (MediaFormat::FireworksImages, "{}"),
    ] {
        let failed = sent(format, r#"{"prompt":"a cat"}"#).reads(&[answer]);
        assert!(matches!(failed, Err(Unanswered::Malformed(_))), "{answer}: {failed:?}");
    }
}

#[test]
fn fireworks_draws_at_once_with_the_ratio_and_its_own_members() {
    let asked = sent(
        MediaFormat::FireworksImages,
        r#"{"prompt":"a cat","size":"1536x1024","n":2,"seed":5,"guidance_scale":3.5,"quality":"high"}"#,
    );
    let body =
        |seed: u8| format!(r#"{{"prompt":"a cat","aspect_ratio":"3:2","seed":{seed},"guidance_scale":3.5}}"#);
    assert_eq!(asked.bodies, [body(5), body(6)]);
    assert_eq!(asked.lost(), ["size", "quality"]);
    assert!(!asked.whole.reader.may_be_unfinished());
    let (answer, used) = asked
        .reads(&[
            r#"{"id":"1","base64":["data:image/png;base64,QQ=="],"finishReason":"SUCCESS","seed":5}"#,
            r#"{"id":"2","base64":["Qg=="],"finishReason":"SUCCESS","seed":6}"#,
        ])
        .unwrap();
    assert_eq!(
        answer,
        r#"{"created":7,"data":[{"b64_json":"QQ=="},{"b64_json":"Qg=="}],"output_format":"png"}"#
    );
    assert_eq!(used.images, Some(2));
}

#[test]
fn kontext_changes_one_image_and_is_asked_until_it_is_there() {
    let asked = heard(MediaFormat::KontextImages, r#"{"prompt":"a hat","output_format":"jpeg"}"#);
    assert_eq!(
        asked.body(),
        r#"{"prompt":"a hat","input_image":"data:image/png;base64,UklGRg==","output_format":"jpeg"}"#
    );
    let reader = &asked.whole.reader;
    assert!(reader.may_be_unfinished());
    for answer in [
        r#"{"request_id":"r\"1"}"#,
        r#"{"id":"r\"1","status":"Pending","result":null}"#,
        r#"{"id":"r\"1","status":"Queued"}"#,
    ] {
        let again = reader.unfinished(answer.as_bytes()).unwrap_or_else(|| panic!("{answer}"));
        assert_eq!((again.in_path, again.body.as_deref()), (None, Some(&br#"{"id":"r\"1"}"#[..])));
    }
    let ready = r#"{"id":"r","status":"Ready","result":{"sample":"https://i/1.png"}}"#;
    for answer in [ready, r#"{"id":"r","status":"Error"}"#, "{}", "no JSON", r#"{"request_id":1}"#] {
        assert_eq!(reader.unfinished(answer.as_bytes()), None, "{answer}");
    }
    assert_eq!(asked.reads(&[ready]).unwrap().0, r#"{"created":7,"data":[{"url":"https://i/1.png"}]}"#);
    let two = r#"{"prompt":"a","images":[{"image_url":"data:image/png;base64,QQ=="},{"image_url":"data:image/png;base64,Qg=="}]}"#;
    let refused = with(two, None, MediaFormat::KontextImages, Strictness::Lenient).map(|_| ()).unwrap_err();
    assert_eq!(refused.path, "image");
    let base64 = sent(MediaFormat::KontextImages, r#"{"prompt":"a","response_format":"b64_json"}"#);
    assert_eq!(base64.lost(), ["response_format"]);
}

#[test]
fn replicate_predicts_an_image_with_the_models_own_members() {
    let asked = sent(
        MediaFormat::ReplicateImages,
        r#"{"model":"x","prompt":"a cat","size":"1024x1792","output_format":"jpeg","go_fast":true,"user":"u"}"#,
    );
    assert_eq!(
        asked.body(),
        r#"{"version":"m","input":{"prompt":"a cat","aspect_ratio":"9:16","output_format":"jpg","go_fast":true}}"#
    );
    assert_eq!(asked.lost(), ["size", "user"]);
    let reader = &asked.whole.reader;
    for status in ["starting", "processing"] {
        let answer = format!(r#"{{"id":"p1","status":"{status}","output":null}}"#);
        let again = reader.unfinished(answer.as_bytes()).unwrap();
        assert_eq!((again.in_path.as_deref(), again.body), (Some("p1"), None));
    }
    let done = |output: &str| format!(r#"{{"id":"p1","status":"succeeded","error":null,"output":{output}}}"#);
    assert_eq!(reader.unfinished(done("[]").as_bytes()), None);
    for (output, data) in [
        (r#""https://i/1.webp""#, r#"[{"url":"https://i/1.webp"}]"#),
        (r#"["https://i/1.webp"]"#, r#"[{"url":"https://i/1.webp"}]"#),
        (r#"["data:image/webp;base64,QQ=="]"#, r#"[{"b64_json":"QQ=="}],"output_format":"webp""#),
    ] {
        let (answer, _) = asked.reads(&[&done(output)]).unwrap();
        assert_eq!(answer, format!(r#"{{"created":7,"data":{data}}}"#));
    }
}

#[test]
fn several_images_are_asked_for_one_by_one_where_a_provider_makes_one_at_a_time() {
    let drawn = |tokens: u64| {
        format!(
            r#"{{"candidates":[{{"content":{{"parts":[{{"inlineData":{{"data":"Q{tokens}=="}}}}]}}}}],
            "usageMetadata":{{"promptTokenCount":3,"candidatesTokenCount":{tokens}}}}}"#
        )
    };
    let asked = sent(MediaFormat::GeminiImages, r#"{"prompt":"a cat","n":3}"#);
    assert_eq!((asked.bodies.len(), asked.lost().len()), (3, 0));
    let refused = r#"{"candidates":[{"finishReason":"IMAGE_SAFETY"}]}"#;
    let (text, used) = asked.reads(&[&drawn(1), refused, &drawn(2)]).unwrap();
    assert!(text.contains(r#""data":[{"b64_json":"Q1=="},{"b64_json":"Q2=="}]"#), "{text}");
    assert_eq!((used.images, used.input_tokens, used.output_tokens), (Some(2), Some(6), Some(3)));
    assert!(matches!(asked.reads(&[refused, refused]), Err(Unanswered::Refused(_))));
    assert!(matches!(asked.reads(&[&drawn(1), "{}"]), Err(Unanswered::Malformed(_))));
    let MediaBody::Json(bodies) = translate(
        MediaRequest {
            members: &Value::parse(br#"{"prompt":"a","n":10}"#).unwrap(),
            form: None,
            model: "m",
            created: 7,
        },
        MediaFormat::GeminiImages,
        Strictness::Lenient,
    )
    .unwrap()
    .body
    else {
        panic!("it is JSON")
    };
    assert!(bodies.iter().all(|body| body.as_ptr() == bodies[0].as_ptr()), "what is the same is held once");
    // The same seed would draw the same again.
    let seeded = sent(MediaFormat::StabilityImages, r#"{"prompt":"a cat","n":2,"seed":5}"#);
    assert_eq!(seeded.bodies, [r#"{"prompt":"a cat","seed":5}"#, r#"{"prompt":"a cat","seed":6}"#]);
}

#[test]
fn stability_is_asked_through_bedrock() {
    let asked = sent(
        MediaFormat::StabilityImages,
        r#"{"prompt":"a cat","size":"1024x1024","output_format":"jpeg","seed":5,"negative_prompt":"dogs"}"#,
    );
    assert_eq!(
        asked.body(),
        r#"{"prompt":"a cat","aspect_ratio":"1:1","output_format":"jpeg","seed":5,"negative_prompt":"dogs"}"#
    );
    assert_eq!(asked.lost(), ["size"]);
    let (answer, used) =
        asked.reads(&[r#"{"seeds":[5],"finish_reasons":[null],"images":["QQ=="]}"#]).unwrap();
    assert_eq!((answer.as_str(), used.images), (r#"{"created":7,"data":[{"b64_json":"QQ=="}]}"#, Some(1)));
}

#[test]
fn together_has_sides_for_sizes_and_members_of_its_own() {
    let asked = sent(
        MediaFormat::TogetherImages,
        r#"{"model":"x","prompt":"a cat","size":"512x256","steps":4,"quality":"high","user":"u"}"#,
    );
    assert_eq!(
        asked.body(),
        r#"{"model":"m","prompt":"a cat","n":1,"width":512,"height":256,"response_format":"base64","steps":4}"#
    );
    assert_eq!(asked.lost(), ["quality", "user"]);
    let (answer, _) =
        asked.reads(&[r#"{"id":"i","data":[{"index":0,"b64_json":"QQ=="},{"index":1,"url":"u"}]}"#]).unwrap();
    assert_eq!(answer, r#"{"created":7,"data":[{"b64_json":"QQ=="},{"url":"u"}]}"#);
    let by_url = sent(MediaFormat::TogetherImages, r#"{"prompt":"a cat","response_format":"url"}"#);
    assert!(by_url.body().contains(r#""response_format":"url""#));
}

#[test]
fn eleven_labs_speaks_in_a_voice_that_its_path_names() {
    let asked = sent(
        MediaFormat::ElevenLabsSpeech,
        r#"{"model":"x","input":"Hi","voice":{"id":"v 1"},"speed":1.1,"seed":3,"instructions":"softly","response_format":"pcm"}"#,
    );
    assert_eq!(asked.body(), r#"{"text":"Hi","model_id":"m","voice_settings":{"speed":1.1},"seed":3}"#);
    assert_eq!((asked.whole.voice.as_deref(), asked.query()), (Some("v 1"), "output_format=pcm_24000"));
    assert!(asked.whole.is_streamed);
    let file = r#"{"input":"Hi","voice":"v","response_format":"wav"}"#;
    assert!(!sent(MediaFormat::ElevenLabsSpeech, file).whole.is_streamed);
    assert_eq!(asked.lost(), ["instructions"]);
    assert!(matches!(asked.reads(&["{}"]), Err(Unanswered::Malformed(_))));
}

#[test]
fn deepgram_speaks_in_a_voice_that_is_its_model() {
    let query = |members: &str, model: &str| {
        let value = Value::parse(members.as_bytes()).unwrap();
        let request = MediaRequest { members: &value, form: None, model, created: 7 };
        let asked = translate(request, MediaFormat::DeepgramSpeech, Strictness::Lenient).map(Sent::from);
        let asked = asked.unwrap();
        assert_eq!(asked.body(), r#"{"text":"Hi"}"#);
        (asked.query().to_owned(), asked.lost().join(","))
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
    assert_eq!((asked.body(), asked.media_type.as_str()), ("RIFF", "audio/wav"));
    assert_eq!(asked.query(), "model=m&detect_language=true&diarize=true&smart_format=true");
    assert_eq!(asked.lost(), ["prompt", "temperature"]);
    let (answer, used) = asked.reads(&[DEEPGRAM]).unwrap();
    assert_eq!(
        (answer.as_str(), used.audio_milliseconds),
        (r#"{"text":"Hello there. Bye!","usage":{"type":"duration","seconds":3.25}}"#, Some(3_250))
    );
    let spoken = heard(
        MediaFormat::DeepgramTranscription,
        r#"{"language":"de ü","smart_format":false,"keyterm":["a","b"]}"#,
    );
    assert_eq!(spoken.query(), "model=m&language=de%20%C3%BC&smart_format=false&keyterm=a&keyterm=b");
    assert!(matches!(asked.reads(&[r#"{"results":{}}"#]), Err(Unanswered::Malformed(_))));
}

#[test]
fn a_transcript_has_the_form_that_is_asked_for() {
    let as_form = |members: &str| {
        let asked = heard(MediaFormat::DeepgramTranscription, members);
        (asked.reads(&[DEEPGRAM]).unwrap().0, asked.whole.reader.content_type())
    };
    assert_eq!(as_form(r#"{"response_format":"text"}"#).0, "Hello there. Bye!\n");
    let (srt, _) = as_form(r#"{"response_format":"srt"}"#);
    let expected =
        "1\n00:00:00,500 --> 00:00:01,500\nHello there.\n\n2\n00:00:02,000 --> 00:00:03,000\nBye!\n\n";
    assert_eq!(srt, expected);
    let (vtt, content_type) = as_form(r#"{"response_format":"vtt"}"#);
    assert!(vtt.starts_with("WEBVTT\n\n00:00:00.500 --> 00:00:01.500\nHello there.\n\n"), "{vtt}");
    assert_eq!(content_type, "text/vtt; charset=utf-8");
    let (verbose, _) = as_form(r#"{"response_format":"verbose_json","timestamp_granularities[]":"word"}"#);
    assert_eq!(
        verbose,
        concat!(
            r#"{"task":"transcribe","language":"en","duration":3.25,"text":"Hello there. Bye!","segments":["#,
            r#"{"id":0,"start":0.5,"end":1.5,"text":"Hello there."},{"id":1,"start":2,"end":3,"text":"Bye!"}],"words":["#,
            r#"{"word":"Hello","start":0.5,"end":1},{"word":"there.","start":1,"end":1.5},{"word":"Bye!","start":2,"end":3}],"usage":{"type":"duration","seconds":3.25}}"#
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
    let boundary = Boundary::of_content_type(&asked.media_type).unwrap();
    let sent = Form::parse(Bytes::from(asked.body().to_owned()), boundary, FormLimits::default());
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
    let (answer, used) = asked
        .reads(&[r#"{"language_code":"eng","text":"Hi you","audio_duration_secs":1.5,"words":[{"text":"Hi","start":0,"end":1,"type":"word"},
            {"text":" ","start":1,"end":1,"type":"spacing"},{"text":"you","start":1,"end":1.5,"type":"word"}]}"#])
        .unwrap();
    assert_eq!(
        (answer.as_str(), used.audio_milliseconds),
        (r#"{"text":"Hi you","usage":{"type":"duration","seconds":1.5}}"#, Some(1_500))
    );
}

#[test]
fn what_a_provider_cannot_do_is_refused_with_the_member() {
    for (format, members, member) in [
        (MediaFormat::GeminiImages, r#"{}"#, "prompt"),
        (MediaFormat::GeminiImages, r#"{"prompt":"a","stream":true}"#, "stream"),
        (MediaFormat::GeminiImages, r#"{"prompt":"a","n":0}"#, "n"),
        (MediaFormat::TogetherImages, r#"{"prompt":"a","n":11}"#, "n"),
        (MediaFormat::TogetherImages, r#"{"prompt":"a","size":"big"}"#, "size"),
        (MediaFormat::StabilityImages, r#"{"prompt":"a","seed":"+x"}"#, "seed"),
        (MediaFormat::GeminiImages, r#"{"prompt":"a","images":[{"file_id":"f"}]}"#, "images"),
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
        let refused = with(members, None, format, Strictness::Lenient).err().unwrap();
        assert_eq!(refused.path, member, "{format:?} {members}: {}", refused.message);
    }
    let streamed =
        with(r#"{"stream":true}"#, Some(&form("")), MediaFormat::DeepgramTranscription, Strictness::Lenient);
    assert_eq!(streamed.err().unwrap().path, "stream");
    let strict =
        with(r#"{"prompt":"a","quality":"high"}"#, None, MediaFormat::GeminiImages, Strictness::Strict);
    assert_eq!(strict.err().unwrap().path, "quality");
    assert!(
        with(r#"{"prompt":"a","quality":"auto"}"#, None, MediaFormat::GeminiImages, Strictness::Strict)
            .is_ok()
    );
}

proptest::proptest! {
    #[test]
    fn any_answer_is_read_or_malformed_and_never_a_panic(answer in "[{}\\[\\]\":,a-z0-9.]{0,60}") {
        for format in MediaFormat::ALL {
            let members = r#"{"prompt":"a","input":"a","voice":"v"}"#;
            let asked = with(members, Some(&form("")), format, Strictness::Lenient).unwrap();
            let _ = asked.reads(&[&answer]);
        }
    }
}
