//! Images and audio of providers that have words of their own for them.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};
use testkit::{Answer, Call, FakeProvider, Script, Step, scripts};

use crate::configuration::{SECRET, provider};
use crate::gateway::TestGateway;

const FORM: &str = "multipart/form-data; boundary=b";
const IMAGES: &str = "/v1/images/generations";

/// A format of providers, and what it answers.
struct Format {
    endpoint: &'static str,
    path: &'static str,
    asked_at: &'static str,
    answer: Value,
}

fn images() -> [Format; 4] {
    let parts = json!([{"text": "Here."}, {"inlineData": {"mimeType": "image/png", "data": "QQ=="}}]);
    [
        Format {
            endpoint: "gemini_images",
            path: "/models/{model}:generateContent",
            asked_at: "/models/m:generateContent",
            answer: json!({"candidates": [{"content": {"parts": parts}}]}),
        },
        Format {
            endpoint: "stability_images",
            path: "/model/{model}/invoke",
            asked_at: "/model/m/invoke",
            answer: json!({"images": ["QQ=="], "finish_reasons": [null], "seeds": [1]}),
        },
        Format {
            endpoint: "together_images",
            path: "/images/generations",
            asked_at: "/images/generations",
            answer: json!({"id": "i", "data": [{"index": 0, "b64_json": "QQ=="}]}),
        },
        Format {
            endpoint: "fireworks_images",
            path: "/workflows/{model_path}/text_to_image",
            asked_at: "/workflows/m/text_to_image",
            answer: json!({"id": "i", "base64": ["data:image/png;base64,QQ=="], "finishReason": "SUCCESS"}),
        },
    ]
}

fn transcripts() -> [Format; 2] {
    let word =
        json!({"word": "hello", "text": "Hello.", "punctuated_word": "Hello.", "start": 0.0, "end": 1.5});
    let best = json!({"transcript": "Hello.", "words": [word]});
    [
        Format {
            endpoint: "elevenlabs_transcriptions",
            path: "/v1/speech-to-text",
            asked_at: "/v1/speech-to-text",
            answer: json!({"text": "Hello.", "language_code": "eng", "audio_duration_secs": 3.6, "words": [word]}),
        },
        Format {
            endpoint: "deepgram_transcriptions",
            path: "/v1/listen",
            asked_at: "/v1/listen",
            answer: json!({"metadata": {"duration": 3.6}, "results": {"channels": [{"alternatives": [best]}]}}),
        },
    ]
}

/// A provider that serves one endpoint alone, and streams at another path where it has one.
fn serving(fake: &FakeProvider, endpoint: &str, path: &str) -> Value {
    let mut entry = provider(format!("http://{}", fake.address()));
    entry["endpoints"] = json!({endpoint: path});
    if endpoint == "elevenlabs_speech" {
        entry["stream_endpoints"] = json!({endpoint: format!("{path}/stream")});
    }
    entry
}

/// A provider `p`, whose model `m` has a price, and a strict route to it.
async fn gateway(fake: &FakeProvider, endpoint: &str, path: &str, prices: Value) -> TestGateway {
    TestGateway::start(json!({
        "providers": {"p": serving(fake, endpoint, path)},
        "routes": {"strict": {"target": "p/m", "strict": true}},
        "catalog": {"overrides": [{"provider": "p", "model": "m", "prices": {"standard": prices}}]},
    }))
    .await
}

impl Format {
    async fn gateway(&self, fake: &FakeProvider, prices: Value) -> TestGateway {
        gateway(fake, self.endpoint, self.path, prices).await
    }
}

async fn draw(gateway: &TestGateway, model: &str, more: Value) -> Answer {
    let mut body = json!({"model": model, "prompt": "a cat"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    gateway.client().post(IMAGES, body.to_string()).answer().await
}

fn part(head: &str, content: &str) -> String {
    format!("--b\r\ncontent-disposition: form-data; name={head}\r\n\r\n{content}\r\n")
}

fn transcription(gateway: &TestGateway, fields: &[(&str, &str)]) -> Call {
    let file = part("\"file\"; filename=\"a.ogg\"\r\ncontent-type: audio/ogg", "OggS");
    let fields: String = fields.iter().map(|(name, text)| part(&format!("\"{name}\""), text)).collect();
    let body = Bytes::from(format!("{fields}{file}--b--"));
    gateway.client().post("/v1/audio/transcriptions", body).header("content-type", FORM)
}

fn speech(gateway: &TestGateway, more: &Value) -> Call {
    let mut body = json!({"model": "p/m", "input": "hello", "voice": "v/1"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    gateway.client().post("/v1/audio/speech", body.to_string())
}

fn audio() -> Script {
    let piece = |text: &'static str| Step::Bytes(Bytes::from_static(text.as_bytes()));
    Script::new(vec![
        Step::head(StatusCode::OK, "audio/mpeg"),
        piece("ID3"),
        Step::Pause(Duration::from_secs(5)),
        piece("rest"),
    ])
}

#[tokio::test]
async fn images_are_drawn_by_every_kind_of_provider() {
    for format in images() {
        let fake = FakeProvider::always(scripts::json(&format.answer)).await;
        let gateway = format.gateway(&fake, json!({"image": "0.04"})).await;
        let drawn = draw(&gateway, "p/m", json!({"quality": "high"})).await;
        assert_eq!(drawn.status, 200, "{}: {}", format.endpoint, drawn.text());
        assert_eq!(drawn.json()["data"], json!([{"b64_json": "QQ=="}]));
        assert_eq!(
            (drawn.header("x-tollgate-dropped"), drawn.header("x-tollgate-cost")),
            ("quality", "0.04")
        );
        let sent = fake.only_request();
        assert_eq!(
            (sent.path.as_str(), sent.headers["content-type"].to_str().unwrap()),
            (format.asked_at, "application/json")
        );
        let strict = draw(&gateway, "strict", json!({"quality": "high"})).await;
        assert_eq!((strict.status.as_u16(), strict.error_code().as_str()), (400, "TG1010"));
        assert_eq!(strict.json()["error"]["param"], "quality");
        assert_eq!(draw(&gateway, "strict", json!({})).await.status, 200);
        assert_eq!(fake.asked(), 2, "a refused request is not sent");
    }
}

#[tokio::test]
async fn several_images_are_drawn_and_paid_wherever_they_are_asked_for() {
    for format in images() {
        let fake = FakeProvider::always(scripts::json(&format.answer)).await;
        let gateway = format.gateway(&fake, json!({"image": "0.04"})).await;
        let drawn = draw(&gateway, "p/m", json!({"n": 3})).await;
        let count = drawn.json()["data"].as_array().unwrap().len();
        // Together is asked once, for all of them, and its script has one.
        let (asked, expected, cost) =
            if format.endpoint == "together_images" { (1, 1, "0.04") } else { (3, 3, "0.12") };
        assert_eq!((fake.asked(), count, drawn.header("x-tollgate-cost")), (asked, expected, cost));
    }
}

#[tokio::test]
async fn images_by_the_token_cost_what_the_provider_counted() {
    let image = json!({"inlineData": {"mimeType": "image/png", "data": "QQ=="}});
    let answer = json!({
        "candidates": [{"content": {"parts": [image]}}],
        "usageMetadata": {
            "promptTokenCount": 10, "candidatesTokenCount": 1290,
            "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1290}],
        },
    });
    let fake = FakeProvider::always(scripts::json(&answer)).await;
    // Gemini API pricing, gemini-2.5-flash-image: $0.30 input, $30 for a million tokens of images.
    let prices = json!({"input": "0.3", "output": "2.5", "output_image": "30"});
    let drawn = draw(&images()[0].gateway(&fake, prices).await, "p/m", json!({})).await;
    assert_eq!(drawn.header("x-tollgate-cost"), "0.038703");
    assert_eq!(drawn.json()["usage"]["total_tokens"], 1300);
}

#[tokio::test]
async fn an_edit_sends_the_pictures_of_its_form() {
    let [gemini, ..] = images();
    let fake = FakeProvider::always(scripts::json(&gemini.answer)).await;
    let gateway = gemini.gateway(&fake, json!({"image": "0.04"})).await;
    let picture = part("\"image[]\"; filename=\"a.webp\"\r\ncontent-type: image/webp", "webp");
    let fields = part("\"model\"", "p/m") + &part("\"prompt\"", "by night") + &part("\"n\"", "2");
    let body = Bytes::from(format!("{fields}{picture}--b--"));
    let call = gateway.client().post("/v1/images/edits", body).header("content-type", FORM);
    let edited = call.answer().await;
    assert_eq!(edited.json()["data"].as_array().map(Vec::len), Some(2), "{}", edited.text());
    let sent: Value = serde_json::from_slice(&fake.requests()[0].body).unwrap();
    let expected =
        json!([{"inlineData": {"mimeType": "image/webp", "data": "d2VicA=="}}, {"text": "by night"}]);
    assert_eq!(sent["contents"][0]["parts"], expected);
}

#[tokio::test]
async fn an_answer_that_is_none_falls_over_and_is_a_failure_at_the_end() {
    let image = scripts::json(&json!({"created": 1, "data": [{"b64_json": "QQ=="}]}));
    for format in images() {
        for script in
            [scripts::json(&json!({"hello": 1})), scripts::malformed_json(), scripts::empty_answer()]
        {
            let broken = FakeProvider::always(script).await;
            let fake = FakeProvider::always(image.clone()).await;
            let gateway = TestGateway::start(json!({
                "providers": {
                    "p": serving(&broken, format.endpoint, format.path),
                    "q": serving(&fake, "image_generations", "/v1/images/generations"),
                },
                "routes": {"r": {"strategy": {"mode": "fallback"}, "targets": [{"target": "p/m"}, {"target": "q/m"}]}},
            }))
            .await;
            let drawn = draw(&gateway, "r", json!({})).await;
            let served = (drawn.status.as_u16(), drawn.header("x-tollgate-provider"), broken.asked());
            assert_eq!(served, (200, "q", 1), "{}: {}", format.endpoint, drawn.text());
            let alone = draw(&gateway, "p/m", json!({})).await;
            assert_eq!((alone.status.as_u16(), alone.error_code().as_str()), (502, "TG3001"));
        }
    }
}

#[tokio::test]
async fn images_too_large_to_be_held_are_the_providers_failure() {
    let [gemini, ..] = images();
    let part = json!({"inlineData": {"mimeType": "image/png", "data": "QUFB".repeat(2_000)}});
    let large = json!({"candidates": [{"content": {"parts": [part]}}]});
    let fake = FakeProvider::always(scripts::json(&large)).await;
    let gateway = TestGateway::start(json!({
        "providers": {"p": serving(&fake, gemini.endpoint, gemini.path)},
        "limits": {"held_answer_bytes_max": "4KiB"},
    }))
    .await;
    for n in [1, 2] {
        let drawn = draw(&gateway, "p/m", json!({"n": n})).await;
        assert_eq!((drawn.status.as_u16(), drawn.error_code().as_str()), (502, "TG3001"));
        assert!(drawn.error_message().contains("the answer is too large"), "{}", drawn.text());
    }
}

#[tokio::test]
async fn a_routes_parameters_hold_in_the_clients_words() {
    let [_, deepgram] = transcripts();
    let fake = FakeProvider::always(scripts::json(&deepgram.answer)).await;
    let gateway = TestGateway::start(json!({
        "providers": {"p": serving(&fake, deepgram.endpoint, deepgram.path)},
        "routes": {"r": {
            "target": "p/m",
            "default_params": {"language": "de"},
            "override_params": {"diarize": true},
            "drop_params": ["prompt"],
        }},
    }))
    .await;
    let answer = transcription(&gateway, &[("model", "r"), ("prompt", "names")]).answer().await;
    assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-dropped")), (200, ""), "{}", answer.text());
    assert_eq!(fake.only_request().query, "model=m&language=de&diarize=true&smart_format=true");
}

#[tokio::test]
async fn what_a_provider_does_not_want_to_draw_is_told_as_openai_tells_it() {
    let [gemini, stability, ..] = images();
    for (format, answer, why) in [
        (gemini, json!({"candidates": [{"finishReason": "IMAGE_SAFETY"}]}), "IMAGE_SAFETY"),
        (stability, json!({"finish_reasons": ["Filter reason: prompt"]}), "Filter reason: prompt"),
    ] {
        let fake = FakeProvider::always(scripts::json(&answer)).await;
        let refused = draw(&format.gateway(&fake, json!({"image": "0.04"})).await, "p/m", json!({})).await;
        let error = &refused.json()["error"];
        assert_eq!((refused.status.as_u16(), &error["code"]), (400, &json!("moderation_blocked")));
        assert_eq!(error["message"], format!("no image was drawn: {why}"));
        assert_eq!(fake.asked(), 1, "asking again would not help");
    }
}

#[tokio::test]
async fn a_refusal_has_the_providers_words_without_its_secret() {
    let words = format!("bad, {SECRET}");
    for (format, error) in [
        (&images()[0], json!({"error": {"code": 400, "message": words, "status": "INVALID_ARGUMENT"}})),
        (&images()[1], json!({"message": words})),
        (&transcripts()[0], json!({"detail": {"status": "invalid_voice", "message": words}})),
        (&transcripts()[1], json!({"err_code": "INVALID", "err_msg": words, "request_id": "r"})),
    ] {
        let fake = FakeProvider::always(Script::json(StatusCode::BAD_REQUEST, &error)).await;
        let gateway = format.gateway(&fake, json!({"image": "1"})).await;
        let answer = match format.endpoint {
            "gemini_images" | "stability_images" => draw(&gateway, "p/m", json!({})).await,
            _ => transcription(&gateway, &[("model", "p/m")]).answer().await,
        };
        let told = (answer.status.as_u16(), answer.error_message());
        assert_eq!(told, (400, "bad, [redacted]".to_owned()), "{}: {}", format.endpoint, answer.text());
    }
}

#[tokio::test]
async fn speech_passes_piece_by_piece_from_providers_with_words_of_their_own() {
    for (endpoint, path, asked_at, query) in [
        (
            "elevenlabs_speech",
            "/v1/text-to-speech/{voice}",
            "/v1/text-to-speech/v%2F1/stream",
            "output_format=mp3_44100_128",
        ),
        ("deepgram_speech", "/v1/speak?tag=t", "/v1/speak", "tag=t&model=m&encoding=mp3"),
    ] {
        let fake = FakeProvider::always(audio()).await;
        let gateway = gateway(&fake, endpoint, path, json!({"character": "30"})).await;
        let mut spoken = speech(&gateway, &json!({})).open().await;
        assert_eq!(
            (spoken.head.status.as_u16(), spoken.head.headers["content-type"].to_str().unwrap()),
            (200, "audio/mpeg")
        );
        assert_eq!(spoken.head.headers["x-tollgate-cost"], "0.00015", "{endpoint}");
        assert_eq!(spoken.next().await.unwrap(), "ID3", "the rest is not made yet");
        fake.clock().waits_begun(1).await;
        fake.clock().advance(Duration::from_secs(5));
        assert_eq!(spoken.rest().await.text(), "rest");
        let sent = fake.only_request();
        assert_eq!((sent.path.as_str(), sent.query.as_str()), (asked_at, query));
    }
}

#[tokio::test]
async fn a_voice_is_no_way_to_another_path_and_a_file_of_sound_is_asked_for_whole() {
    let fake = FakeProvider::always(audio()).await;
    let path = "/v1/text-to-speech/{voice}";
    let gateway = gateway(&fake, "elevenlabs_speech", path, json!({"character": "30"})).await;
    for voice in ["..", "."] {
        let climbing = speech(&gateway, &json!({"voice": voice})).answer().await;
        assert_eq!((climbing.status.as_u16(), fake.asked()), (400, 0), "{}", climbing.text());
    }
    let whole = speech(&gateway, &json!({"response_format": "wav", "voice": {"id": "../x"}})).open().await;
    drop(whole);
    let sent = fake.only_request();
    assert_eq!(
        (sent.path.as_str(), sent.query.as_str()),
        ("/v1/text-to-speech/..%2Fx", "output_format=wav_24000")
    );
    let unknown = speech(&gateway, &json!({"response_format": "flac"})).answer().await;
    assert_eq!(
        (unknown.status.as_u16(), &unknown.json()["error"]["param"]),
        (400, &json!("response_format"))
    );
}

#[tokio::test]
async fn speech_that_is_json_is_the_providers_failure() {
    let fake = FakeProvider::always(scripts::json(&json!({"request_id": "r"}))).await;
    let gateway = gateway(&fake, "deepgram_speech", "/v1/speak", json!({"character": "30"})).await;
    let answer = speech(&gateway, &json!({})).answer().await;
    assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (502, "TG3001"), "{}", answer.text());
}

#[tokio::test]
async fn transcripts_come_from_providers_with_words_of_their_own() {
    for format in transcripts() {
        let fake = FakeProvider::always(scripts::json(&format.answer)).await;
        let gateway = format.gateway(&fake, json!({"audio": "0.25"})).await;
        let plain = transcription(&gateway, &[("model", "p/m"), ("prompt", "names")]).answer().await;
        let expected = json!({"text": "Hello.", "usage": {"type": "duration", "seconds": 3.6}});
        assert_eq!(plain.json(), expected, "{}: {}", format.endpoint, plain.text());
        assert_eq!(
            (plain.header("x-tollgate-dropped"), plain.header("x-tollgate-cost")),
            ("prompt", "0.00025")
        );
        assert_eq!(fake.only_request().path, format.asked_at);
        let fields = [("model", "p/m"), ("response_format", "srt")];
        let subtitles = transcription(&gateway, &fields).answer().await;
        assert_eq!(subtitles.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(subtitles.text(), "1\n00:00:00,000 --> 00:00:01,500\nHello.\n\n");
        assert_eq!(subtitles.header("x-tollgate-cost"), "0.00025", "the length is known whatever the form");
        let strict = transcription(&gateway, &[("model", "strict"), ("prompt", "names")]).answer().await;
        assert_eq!((strict.status.as_u16(), strict.error_code().as_str()), (400, "TG1010"));
        let streamed = transcription(&gateway, &[("model", "p/m"), ("stream", "true")]).answer().await;
        assert_eq!((streamed.status.as_u16(), &streamed.json()["error"]["param"]), (400, &json!("stream")));
        fake.keep_answering(scripts::json(&json!({"hello": 1})));
        let broken = transcription(&gateway, &[("model", "p/m")]).answer().await;
        assert_eq!((broken.status.as_u16(), broken.error_code().as_str()), (502, "TG3001"));
    }
}

#[tokio::test]
async fn deepgram_is_sent_the_file_and_eleven_labs_the_form_with_its_own_names() {
    let [eleven_labs, deepgram] = transcripts();
    let fields = [("model", "p/m"), ("language", "en")];

    let fake = FakeProvider::always(scripts::json(&deepgram.answer)).await;
    let gateway = deepgram.gateway(&fake, json!({"audio": "0.25"})).await;
    assert_eq!(transcription(&gateway, &fields).answer().await.status, 200);
    let sent = fake.only_request();
    assert_eq!((&sent.body[..], sent.headers["content-type"].to_str().unwrap()), (&b"OggS"[..], "audio/ogg"));
    assert_eq!(sent.query, "model=m&language=en&smart_format=true");

    let fake = FakeProvider::always(scripts::json(&eleven_labs.answer)).await;
    let mut entry = serving(&fake, eleven_labs.endpoint, eleven_labs.path);
    entry["body"] = json!({"set": {"tag_audio_events": false}});
    let gateway = TestGateway::start(json!({"providers": {"p": entry}})).await;
    assert_eq!(transcription(&gateway, &fields).answer().await.status, 200);
    let sent = fake.only_request();
    assert_eq!(sent.headers["content-type"], FORM);
    let body = String::from_utf8(sent.body.to_vec()).unwrap();
    for field in [
        "name=\"model_id\"\r\n\r\nm\r\n",
        "name=\"language_code\"\r\n\r\nen\r\n",
        "name=\"tag_audio_events\"\r\n\r\nfalse\r\n",
        "content-type: audio/ogg\r\n\r\nOggS\r\n",
    ] {
        assert!(body.contains(field), "{field:?} is not in {body}");
    }
    assert!(!body.contains("name=\"model\"") && !body.contains("name=\"language\""), "{body}");
}

#[tokio::test]
async fn a_provider_that_speaks_openais_format_too_is_asked_in_it() {
    let fake = FakeProvider::start().await;
    let mut entry = provider(fake.base_url());
    entry["endpoints"]["deepgram_transcriptions"] = json!("/v1/listen");
    let gateway = TestGateway::start(json!({"providers": {"p": entry}})).await;
    let answer = transcription(&gateway, &[("model", "p/m")]).answer().await;
    assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-dropped")), (200, ""));
    assert!(fake.only_request().path.ends_with("/audio/transcriptions"));
}
