//! Laws of images, speech and transcriptions.

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use super::{events, ok, part, post, refused, request, whole};
use crate::scripted::{ResponseStore, Script, ScriptedRequest, Step, answer};

/// A form of texts and files.
fn form(path: &str, texts: &[(&str, &str)], files: &[(&str, &str, &str)]) -> ScriptedRequest {
    let mut body = String::new();
    for (name, text) in texts {
        body.push_str(&format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n"));
    }
    for (name, file, text) in files {
        let head = format!("content-disposition: form-data; name=\"{name}\"; filename=\"{file}\"");
        body.push_str(&format!("--b\r\n{head}\r\n\r\n{text}\r\n"));
    }
    let mut asked = request(Method::POST, path, &Value::Null);
    asked.headers.insert("content-type", HeaderValue::from_static("multipart/form-data; boundary=b"));
    ScriptedRequest { body: Bytes::from(format!("{body}--b--\r\n")), ..asked }
}

fn played(request: &ScriptedRequest) -> Script {
    answer(request, &mut ResponseStore::default())
}

/// The type and the bytes of an answer that is no JSON.
fn media(script: &Script) -> (String, Vec<u8>) {
    let Some(Step::Head { status, headers }) = script.steps.first() else { panic!("no head: {script:?}") };
    assert_eq!(*status, StatusCode::OK);
    let bytes = script.steps.iter().filter_map(part).flatten().collect();
    (headers["content-type"].to_str().unwrap().to_owned(), bytes)
}

#[test]
fn an_image_is_a_png_that_says_what_it_was_made_of() {
    let body = json!({ "model": "echo", "prompt": "a cat", "n": 2 });
    let drawn = ok("/v1/images/generations", &body);
    assert_eq!(drawn["data"].as_array().unwrap().len(), 2);
    assert_eq!(drawn["data"][0]["revised_prompt"], "echo: a cat");
    assert!(drawn["data"][0]["b64_json"].as_str().unwrap().starts_with("iVBORw0KGgo"));
    assert_eq!(drawn["usage"]["output_tokens_details"]["image_tokens"], 544);
    let url = json!({ "model": "echo", "prompt": "a cat", "response_format": "url" });
    let drawn = ok("/v1/images/generations", &url);
    assert!(drawn["data"][0]["url"].as_str().unwrap().starts_with("data:image/png;base64,"));
    for body in [json!({ "model": "echo" }), json!({ "model": "echo", "prompt": "a", "n": 11 })] {
        assert_eq!(refused("/v1/images/generations", &body).0, 400);
    }
}

#[test]
fn a_streamed_image_is_drawn_in_parts() {
    let body = json!({ "model": "echo", "prompt": "a cat", "stream": true, "partial_images": 2 });
    let events = events(&post("/v1/images/generations", &body));
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    let partial = "image_generation.partial_image";
    assert_eq!(names, [partial, partial, "image_generation.completed"]);
    assert_eq!(
        (&events[1].1["partial_image_index"], &events[2].1["usage"]["input_tokens"]),
        (&json!(1), &json!(2))
    );
}

#[test]
fn edits_and_variations_take_files() {
    let edit = form(
        "/v1/images/edits",
        &[("model", "echo"), ("prompt", "a hat")],
        &[("image[]", "a.png", "x"), ("image[]", "b.png", "y"), ("mask", "m.png", "z")],
    );
    let drawn = whole(&played(&edit)).1;
    assert_eq!(drawn["data"][0]["revised_prompt"], "echo: a hat (2 images, masked)");
    let json = json!({ "model": "echo", "prompt": "a hat", "images": [{ "file_id": "f" }] });
    assert_eq!(ok("/v1/images/edits", &json)["data"][0]["revised_prompt"], "echo: a hat (1 image)");
    let vary = form("/v1/images/variations", &[("model", "echo")], &[("image", "a.png", "x")]);
    assert_eq!(whole(&played(&vary)).1["data"][0]["revised_prompt"], "echo: a.png varied");
    let nothing = form("/v1/images/edits", &[("model", "echo"), ("prompt", "a hat")], &[]);
    assert_eq!(whole(&played(&nothing)).0, StatusCode::BAD_REQUEST);
    let mut broken = nothing;
    broken.body = Bytes::from_static(b"--b\r\n");
    assert_eq!(whole(&played(&broken)).0, StatusCode::BAD_REQUEST);
}

#[test]
fn speech_is_as_long_as_its_text() {
    let spoken = |format: &str, text: &str| {
        let body = json!({ "model": "echo", "input": text, "voice": "alloy", "response_format": format });
        media(&post("/v1/audio/speech", &body))
    };
    let (kind, wav) = spoken("wav", "one two");
    assert_eq!(
        (kind.as_str(), wav.len(), &wav[..4], &wav[8..12]),
        ("audio/wav", 44 + 2 * 960, &b"RIFF"[..], &b"WAVE"[..])
    );
    assert_eq!(wav[40..44], 1_920_u32.to_le_bytes());
    assert_eq!(spoken("pcm", "one two").1, wav[44..]);
    assert_ne!(spoken("pcm", "one two").1[..960], spoken("pcm", "six").1[..]);
    let (kind, mp3) = spoken("mp3", "one two three");
    assert_eq!((kind.as_str(), mp3.len(), &mp3[417..419]), ("audio/mpeg", 3 * 417, &[0xff, 0xfb][..]));
    for body in [
        json!({ "model": "echo", "voice": "alloy" }),
        json!({ "model": "echo", "input": "a" }),
        json!({ "model": "echo", "input": "a", "voice": "alloy", "response_format": "opus" }),
    ] {
        assert_eq!(refused("/v1/audio/speech", &body).0, 400);
    }
}

#[test]
fn speech_comes_in_events_when_they_are_asked_for() {
    let body = json!({ "model": "echo", "input": "one two", "voice": "alloy", "stream_format": "sse" });
    let events = events(&post("/v1/audio/speech", &body));
    assert_eq!((events[0].0.as_str(), events[2].0.as_str()), ("speech.audio.delta", "speech.audio.done"));
    assert_eq!(events[2].1["usage"]["input_tokens"], 2);
}

#[test]
fn a_transcription_names_what_was_heard_in_the_form_that_is_asked_for() {
    let heard = |path: &str, more: &[(&str, &str)]| {
        let texts = [&[("model", "echo")], more].concat();
        played(&form(path, &texts, &[("file", "a.wav", "RIFF")]))
    };
    const PATH: &str = "/v1/audio/transcriptions";
    let plain = whole(&heard(PATH, &[])).1;
    assert_eq!(
        plain,
        json!({ "text": "echo: 4 bytes of a.wav", "usage": { "type": "duration", "seconds": 1 } })
    );
    let verbose = whole(&heard(PATH, &[("response_format", "verbose_json"), ("language", "de")])).1;
    assert_eq!(
        (&verbose["text"], &verbose["language"]),
        (&json!("echo: 4 bytes of a.wav in de"), &json!("de"))
    );
    let translated = whole(&heard("/v1/audio/translations", &[("response_format", "verbose_json")])).1;
    assert_eq!(
        (&translated["text"], &translated["task"]),
        (&json!("echo: 4 bytes of a.wav in English"), &json!("translate"))
    );
    for (format, kind, text) in [
        ("text", "text/plain; charset=utf-8", "echo: 4 bytes of a.wav\n"),
        ("srt", "text/plain; charset=utf-8", "1\n00:00:00,000 --> 00:00:01,000\necho: 4 bytes of a.wav\n\n"),
        (
            "vtt",
            "text/vtt; charset=utf-8",
            "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\necho: 4 bytes of a.wav\n\n",
        ),
    ] {
        let (found, bytes) = media(&heard(PATH, &[("response_format", format)]));
        assert_eq!((found.as_str(), String::from_utf8(bytes).unwrap().as_str()), (kind, text));
    }
    let streamed = events(&heard(PATH, &[("stream", "true")]));
    let text: String = streamed.iter().filter_map(|(_, event)| event["delta"].as_str()).collect();
    assert_eq!(text, "echo: 4 bytes of a.wav");
    assert_eq!(streamed.last().unwrap().1["usage"]["input_token_details"]["audio_tokens"], 10);
    assert_eq!(whole(&heard(PATH, &[("response_format", "docx")])).0, StatusCode::BAD_REQUEST);
}

#[test]
fn audio_fails_as_everything_does() {
    let steps = |model: &str| {
        let body = json!({ "model": model, "input": "a b c d", "voice": "alloy" });
        post("/v1/audio/speech", &body).steps
    };
    let parts = |steps: &[Step]| steps.iter().filter_map(part).count();
    let cut = steps("cut-midstream");
    assert!(matches!(cut.last(), Some(Step::Cut)) && parts(&cut) == 2, "{cut:?}");
    assert!(matches!(steps("hang").as_slice(), [Step::Hang]));
    assert!(matches!(steps("empty").as_slice(), [Step::Head { .. }]));
    assert_eq!(steps("slow-tokens").iter().filter(|step| matches!(step, Step::Pause(_))).count(), 4);
    let Step::Head { status, .. } = &steps("fail-503")[0] else { panic!("no head") };
    assert_eq!(status.as_u16(), 503);
}
