//! Images and audio: forms with the model rewritten, answers that are no JSON, and what they cost.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};
use testkit::{Call, EventStream, FakeProvider, Script, Step, scripts};

use crate::configuration::{key_entry, one, provider, two};
use crate::gateway::TestGateway;

const TRANSCRIPTIONS: &str = "/v1/audio/transcriptions";
const FORM: &str = "multipart/form-data; boundary=----x9";

/// A form of fields, with a file at its end.
fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, text) in fields {
        let head = format!("------x9\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
        body.extend_from_slice(head.as_bytes());
    }
    body.extend_from_slice(
        b"------x9\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n",
    );
    body.extend_from_slice(b"Content-Type: audio/wav\r\n\r\nRIFF\r\n\x00\xff--\r\n------x9--\r\n");
    body
}

fn post_form(gateway: &TestGateway, path: &str, body: impl Into<Bytes>) -> Call {
    gateway.client().post(path, body).header("content-type", FORM)
}

fn speech(gateway: &TestGateway, model: &str) -> Call {
    let body = json!({"model": model, "input": "one two three", "voice": "alloy", "response_format": "wav"});
    gateway.client().post("/v1/audio/speech", body.to_string())
}

/// Only a provider `p`, whose model `m` has a price.
fn priced(fake: &FakeProvider, prices: &Value) -> Value {
    let mut configuration = one(fake);
    let prices = json!({"standard": prices});
    configuration["catalog"] = json!({"overrides": [{"provider": "p", "model": "m", "prices": prices}]});
    configuration
}

fn audio(pieces: &[&'static [u8]]) -> Script {
    let head = Step::head(StatusCode::OK, "audio/mpeg");
    let pieces =
        pieces.iter().flat_map(|piece| [Step::Bytes(Bytes::from_static(piece)), Step::Pause(Duration::ZERO)]);
    Script::new([head].into_iter().chain(pieces).collect())
}

#[tokio::test]
async fn only_the_model_of_a_form_is_rewritten() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    let fields = [("language", "en"), ("model", "p/whisper-1"), ("timestamp_granularities[]", "word")];
    let answer = post_form(&gateway, TRANSCRIPTIONS, form(&fields)).answer().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["text"], "echo: 10 bytes of a.wav in en");
    assert_eq!(answer.header("x-tollgate-model"), "whisper-1");
    let sent = fake.only_request();
    assert_eq!(sent.path, TRANSCRIPTIONS);
    assert_eq!(sent.headers["content-type"], FORM);
    assert_eq!(sent.body, form(&[fields[0], ("model", "whisper-1"), fields[2]]));
}

#[tokio::test]
async fn a_form_in_any_pieces_falls_over_whole() {
    let broken = FakeProvider::always(scripts::error(500, "no")).await;
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::start(two(broken.base_url(), fake.base_url())).await;
    let body = form(&[("model", "r")]);
    let pieces: Vec<Bytes> = body.chunks(7).map(Bytes::copy_from_slice).collect();
    let answer = post_form(&gateway, TRANSCRIPTIONS, Bytes::new()).in_pieces(pieces).answer().await;
    assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-provider")), (200, "q"));
    for provider in [&broken, &fake] {
        assert_eq!(provider.requests().pop().unwrap().body, form(&[("model", "m")]));
    }
}

#[tokio::test]
async fn a_routes_parameters_are_fields_of_a_form() {
    let fake = FakeProvider::start().await;
    let mut configuration = one(&fake);
    configuration["routes"] = json!({"r": {
        "target": "p/m",
        "default_params": {"language": "de"},
        "override_params": {"temperature": 0.5, "include": ["logprobs"]},
        "drop_params": ["prompt"],
    }});
    let gateway = TestGateway::start(configuration).await;
    let body = form(&[("model", "r"), ("prompt", "hello"), ("temperature", "1")]);
    let answer = post_form(&gateway, TRANSCRIPTIONS, body).answer().await;
    assert_eq!(answer.json()["text"], "echo: 10 bytes of a.wav in de");
    let sent = String::from_utf8_lossy(&fake.only_request().body).into_owned();
    assert!(
        sent.contains("name=\"temperature\"\r\n\r\n0.5\r\n")
            && sent.contains("name=\"include[]\"\r\n\r\nlogprobs\r\n")
    );
    assert!(!sent.contains("prompt"), "{sent}");
}

#[tokio::test]
async fn a_form_that_could_be_read_in_two_ways_is_refused() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    let text = |body: Vec<u8>| String::from_utf8_lossy(&body).into_owned();
    let whole = text(form(&[("model", "p/m")]));
    for (body, code, param) in [
        (form(&[("model", "p/m"), ("model", "p/n")]), "TG1003", json!("model")),
        (
            form(&[("response_format", "json"), ("response_format", "text")]),
            "TG1003",
            json!("response_format"),
        ),
        (form(&[("model", "p/m"), ("stream", "perhaps")]), "TG1002", json!("stream")),
        (whole.replace("name=\"model\"", "name=\"model\"; filename=\"x\"").into(), "TG1002", json!("model")),
        (whole.replace("RIFF\r\n", "RIFF\n------x9\r\n").into(), "TG1016", Value::Null),
        (whole.replace("------x9--\r\n", "").into(), "TG1016", Value::Null),
        (whole.replace("name=\"model\"", "name=\"model\"; name=\"x\"").into(), "TG1016", Value::Null),
        (b"{}".to_vec(), "TG1016", Value::Null),
        (form(&[]), "TG1002", json!("model")),
    ] {
        let answer = post_form(&gateway, TRANSCRIPTIONS, body.clone()).answer().await;
        let error = &answer.json()["error"];
        assert_eq!(
            (answer.status.as_u16(), &error["code"], &error["param"]),
            (400, &json!(code), &param),
            "{}",
            text(body)
        );
    }
    let unbounded =
        post_form(&gateway, TRANSCRIPTIONS, form(&[])).header("content-type", "multipart/form-data");
    assert_eq!(unbounded.answer().await.error_code(), "TG1016");
    let chat = post_form(&gateway, "/v1/chat/completions", form(&[("model", "p/m")])).answer().await;
    assert_eq!((chat.status.as_u16(), chat.error_code().as_str()), (415, "TG1005"));
    assert_eq!(fake.asked(), 0);
}

#[tokio::test]
async fn a_form_is_bounded_and_a_key_is_held_to_its_models() {
    let fake = FakeProvider::start().await;
    let mut configuration = one(&fake);
    configuration["limits"] = json!({"body_bytes_max": "1KiB"});
    configuration["keys"] = json!([key_entry(1, json!({"models": ["p/cheap"]}))]);
    let gateway = TestGateway::start(configuration).await;
    let large = post_form(&gateway, TRANSCRIPTIONS, form(&[("prompt", &"x".repeat(1_024))])).answer().await;
    assert_eq!((large.status.as_u16(), large.error_code().as_str()), (413, "TG1004"));
    let dear = post_form(&gateway, TRANSCRIPTIONS, form(&[("model", "p/dear")])).answer().await;
    assert_eq!((dear.status.as_u16(), dear.error_code().as_str()), (403, "TG2003"));
    let edit = post_form(&gateway, "/v1/images/edits", form(&[("model", "p/cheap"), ("svg[model]", "dear")]));
    assert_eq!(edit.answer().await.error_code(), "TG2003");
    let drawing = json!({"model": "p/cheap", "prompt": "x", "svg": {"model": "dear"}}).to_string();
    let drawn = gateway.client().post("/v1/images/generations", drawing).answer().await;
    assert_eq!((drawn.status.as_u16(), drawn.error_code().as_str()), (403, "TG2003"));
    assert_eq!(fake.asked(), 0);
}

#[tokio::test]
async fn every_kind_of_transcript_passes_as_it_is() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    for (format, kind, text) in [
        ("json", "application/json", "{\"text\":\"echo: 10 bytes of a.wav\""),
        ("text", "text/plain; charset=utf-8", "echo: 10 bytes of a.wav\n"),
        ("srt", "text/plain; charset=utf-8", "1\n00:00:00,000 -->"),
        ("vtt", "text/vtt; charset=utf-8", "WEBVTT\n\n00:00:00.000 -->"),
    ] {
        let body = form(&[("model", "p/m"), ("response_format", format)]);
        let answer = post_form(&gateway, TRANSCRIPTIONS, body).answer().await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, kind), "{format}");
        assert!(answer.text().starts_with(text), "{}", answer.text());
    }
    let streamed = form(&[("model", "p/m"), ("stream", "true")]);
    let transcript = post_form(&gateway, TRANSCRIPTIONS, streamed).open().await.rest().await;
    assert!(
        transcript.text().contains("event: transcript.text.delta")
            && transcript.text().contains("transcript.text.done")
    );
    let translated = post_form(&gateway, "/v1/audio/translations", form(&[("model", "p/m")])).answer().await;
    assert_eq!(translated.json()["text"], "echo: 10 bytes of a.wav in English");
    assert_eq!(gateway.ended("audio_transcriptions", "done").await, 5.0);
    assert_eq!(gateway.ended("audio_translations", "done").await, 1.0);
}

#[tokio::test]
async fn audio_passes_piece_by_piece_as_it_is_made() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    let whole = speech(&gateway, "p/echo").answer().await;
    assert_eq!((whole.status.as_u16(), whole.header("content-type")), (200, "audio/wav"));
    assert_eq!((&whole.body[..4], whole.body.len()), (&b"RIFF"[..], 44 + 3 * 960));
    let slow = tokio::spawn(speech(&gateway, "p/slow-tokens").open());
    fake.clock().waits_begun(1).await;
    fake.clock().advance(Duration::from_millis(250));
    let mut slow = slow.await.unwrap();
    let first = slow.next().await.unwrap();
    assert_eq!(first[..], whole.body[..first.len()]);
    drop(slow);
    fake.client_left().await;
}

#[tokio::test]
async fn audio_falls_over_before_its_first_byte_and_breaks_after_it() {
    let empty = Script::new(vec![Step::head(StatusCode::OK, "audio/mpeg")]);
    let first = FakeProvider::playing([empty, scripts::error(503, "busy")]).await;
    let second = FakeProvider::always(audio(&[b"a", b"b"])).await;
    let gateway = TestGateway::start(two(first.base_url(), second.base_url())).await;
    for _ in 0..2 {
        let answer = speech(&gateway, "r").answer().await;
        assert_eq!((&answer.body[..], answer.header("x-tollgate-attempts")), (&b"ab"[..], "2"));
    }
    let mut cut = audio(&[b"a"]);
    cut.steps.push(Step::Cut);
    first.next(cut);
    let transcript = speech(&gateway, "p/m").open().await.rest().await;
    assert!(transcript.broken_off, "{transcript:?}");
    assert_eq!(gateway.ended("audio_speech", "failed").await, 1.0);
}

#[tokio::test]
async fn errors_are_in_openais_shape_with_the_providers_words() {
    let fake = FakeProvider::always(scripts::error(400, "no such voice")).await;
    let gateway = TestGateway::before(&fake).await;
    let answer = speech(&gateway, "p/m").answer().await;
    assert_eq!((answer.status.as_u16(), answer.error_message().as_str()), (400, "no such voice"));
    let edit =
        post_form(&gateway, "/v1/images/edits", form(&[("model", "p/m"), ("prompt", "x")])).answer().await;
    assert_eq!((edit.status.as_u16(), edit.error_message().as_str()), (400, "no such voice"));
}

#[tokio::test]
async fn streams_of_images_speech_and_transcripts_are_relayed_to_their_end() {
    for (stream, last) in [
        (EventStream::Images, "image_generation.completed"),
        (EventStream::Speech, "speech.audio.done"),
        (EventStream::Transcription, "transcript.text.done"),
    ] {
        let script = scripts::stream(stream, &["aa", "bb"]);
        let fake = FakeProvider::always(script.clone().script()).await;
        let gateway = TestGateway::start(priced(&fake, &json!({"input": "2", "output": "8"}))).await;
        let body = scripts::request(stream, "p/m", true).to_string();
        let client = gateway.client();
        let ask = || client.post(scripts::path(stream), body.clone()).header("te", "trailers");
        let transcript = ask().open().await.rest().await;
        assert_eq!(transcript.body, script.bytes(), "{stream:?}");
        assert!(transcript.text().contains(last));
        assert_eq!(transcript.trailers["x-tollgate-cost"], "0.000102", "{stream:?}");
        fake.keep_answering(script.first(2).script());
        let broken = ask().open().await.rest().await;
        broken.assert_ends_with_error_event(stream);
    }
}

#[tokio::test]
async fn what_media_cost_follows_from_what_each_is_charged_by() {
    // OpenAI pricing: tts-1 $15 for 1M characters; whisper-1 $0.006 a minute; gpt-image-1 $5 text, $10 image, $40 output.
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::start(priced(&fake, &json!({"character": "15"}))).await;
    assert_eq!(speech(&gateway, "p/m").answer().await.header("x-tollgate-cost"), "0.000195");

    let fake = FakeProvider::start().await;
    let gateway = TestGateway::start(priced(&fake, &json!({"audio": "0.36"}))).await;
    let heard = |fields: &[(&str, &str)]| post_form(&gateway, TRANSCRIPTIONS, form(fields)).answer();
    let cost = heard(&[("model", "p/m")]).await;
    assert_eq!(cost.header("x-tollgate-cost"), "0.0001");
    let text = heard(&[("model", "p/m"), ("response_format", "text")]).await;
    assert_eq!(text.header("x-tollgate-cost"), "unpriced");

    let fake = FakeProvider::start().await;
    let prices = json!({"input": "5", "input_image": "10", "output_image": "40"});
    let gateway = TestGateway::start(priced(&fake, &prices)).await;
    let image = json!({"model": "p/m", "prompt": "a cat"}).to_string();
    let drawn = gateway.client().post("/v1/images/generations", image.clone()).answer().await;
    assert_eq!(drawn.header("x-tollgate-cost"), "0.01089");

    let fake =
        FakeProvider::always(scripts::json(&json!({"created": 1, "data": [{"url": "u"}, {"url": "v"}]})))
            .await;
    let gateway = TestGateway::start(priced(&fake, &json!({"image": "0.04"}))).await;
    let drawn = gateway.client().post("/v1/images/generations", image).answer().await;
    assert_eq!(drawn.header("x-tollgate-cost"), "0.08");
}

#[tokio::test]
async fn a_provider_serves_only_the_media_that_it_offers() {
    let fake = FakeProvider::start().await;
    let mut entry = provider(fake.base_url());
    entry["endpoints"]["audio_speech"] = json!("");
    let gateway = TestGateway::start(json!({"providers": {"p": entry}})).await;
    let answer = speech(&gateway, "p/m").answer().await;
    assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (400, "TG1010"), "{}", answer.text());
    assert!(answer.error_message().contains("does not serve audio_speech"), "{}", answer.error_message());
}
