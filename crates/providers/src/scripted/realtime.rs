//! OpenAI Realtime sessions (API reference, "Realtime"): events in, events out. What the user writes is echoed as text, and
//! what they say as sound.

use domain::endpoint::ClientShape;
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

use super::behaviour::Behaviour;
use super::failure::Refusal;
use super::fingerprint::tokens;
use super::script::{Script, ScriptedRequest, Step};

/// The path of the handshake, below `/v1`.
const PATH: &str = "/realtime";
/// The model that writes down what the user says, when the session does not name one.
const TRANSCRIBER: &str = "whisper-1";
/// The tokens of a second of sound: 1 for each 100 ms of what the user says ("Managing costs").
const TOKENS_PER_SECOND: usize = 10;
/// The bytes of a second of sound: 24 kHz, 16 bits (`audio/pcm`), in base64.
const BASE64_BYTES_PER_SECOND: usize = 64_000;

/// Whether a request is the handshake of a session.
pub(super) fn is_handshake(request: &ScriptedRequest) -> bool {
    let path = request.path.strip_prefix("/v1").unwrap_or(&request.path);
    path == PATH && request.method == Method::GET
}

/// The answer to a handshake: 101, or the failure that the model stands for.
pub(super) fn answer(request: &ScriptedRequest) -> Script {
    let behaviour = Behaviour::of_model(&model(request));
    let refused = match behaviour {
        Behaviour::Fail(status) => {
            Some(Refusal { status, message: "The model says so".to_owned(), param: None, code: None })
        }
        _ if !request.headers.contains_key(http::header::UPGRADE) => {
            Some(Refusal { status: 400, message: "This is a WebSocket".to_owned(), param: None, code: None })
        }
        _ => None,
    };
    match refused {
        Some(refusal) => refusal.script(ClientShape::OpenAi),
        None => Script {
            steps: vec![Step::Head { status: StatusCode::SWITCHING_PROTOCOLS, headers: HeaderMap::new() }],
        },
    }
}

/// The model of a handshake.
pub(super) fn model(request: &ScriptedRequest) -> String {
    let value = |parameter: &str| parameter.strip_prefix("model=").map(str::to_owned);
    request.query.split('&').find_map(value).unwrap_or_default()
}

/// A session.
#[derive(Debug)]
pub(super) struct Session {
    model: String,
    transcriber: Option<String>,
    /// What the user wrote last.
    text: String,
    /// What they said, as base64, since the last answer; and what of it was committed.
    sound: String,
    heard: String,
    events: usize,
}

impl Session {
    /// A session that has just been opened, and its first event.
    pub(super) fn open(model: String) -> (Self, Value) {
        let mut session = Self {
            model,
            transcriber: None,
            text: String::new(),
            sound: String::new(),
            heard: String::new(),
            events: 0,
        };
        let created = session.session("session.created");
        (session, created)
    }

    /// What an event of the client leads to.
    pub(super) fn hear(&mut self, event: &Value) -> Vec<Value> {
        match event["type"].as_str().unwrap_or_default() {
            "session.update" => {
                let transcriber = event.pointer("/session/audio/input/transcription");
                self.transcriber = transcriber
                    .filter(|transcriber| !transcriber.is_null())
                    .map(|transcriber| transcriber["model"].as_str().unwrap_or(TRANSCRIBER).to_owned());
                vec![self.session("session.updated")]
            }
            "conversation.item.create" => {
                let text = event.pointer("/item/content/0/text").and_then(Value::as_str);
                text.unwrap_or_default().clone_into(&mut self.text);
                vec![self.event("conversation.item.added", json!({ "item": event["item"] }))]
            }
            "input_audio_buffer.append" => {
                self.sound.push_str(event["audio"].as_str().unwrap_or_default());
                Vec::new()
            }
            "input_audio_buffer.commit" => self.commit(),
            "response.create" => self.respond(),
            other => {
                let message = format!("Invalid value: '{other}'");
                let error =
                    json!({"type": "invalid_request_error", "code": "invalid_value", "message": message});
                vec![self.event("error", json!({ "error": error }))]
            }
        }
    }

    fn commit(&mut self) -> Vec<Value> {
        self.heard = std::mem::take(&mut self.sound);
        let mut events = vec![self.event("input_audio_buffer.committed", json!({ "item_id": "item_heard" }))];
        if self.transcriber.is_some() {
            let tokens = spoken_tokens(&self.heard);
            let usage = json!({
                "type": "tokens", "input_tokens": tokens, "output_tokens": 1, "total_tokens": tokens + 1,
                "input_token_details": { "text_tokens": 0, "audio_tokens": tokens },
            });
            let rest =
                json!({"item_id": "item_heard", "content_index": 0, "transcript": "sound", "usage": usage});
            events.push(self.event("conversation.item.input_audio_transcription.completed", rest));
        }
        events
    }

    fn respond(&mut self) -> Vec<Value> {
        let heard = std::mem::take(&mut self.heard);
        let text = std::mem::take(&mut self.text);
        let mut events =
            vec![self.event("response.created", json!({ "response": { "status": "in_progress" } }))];
        let place =
            json!({"response_id": "resp_1", "item_id": "item_1", "output_index": 0, "content_index": 0});
        let with = |member: &str, value: &Value| {
            let mut rest = place.clone();
            rest[member] = value.clone();
            rest
        };
        let mut spoken = 0;
        let mut written = 0;
        if heard.is_empty() {
            for word in format!("echo: {text}").split_inclusive(' ') {
                written += 1;
                events.push(self.event("response.output_text.delta", with("delta", &json!(word))));
            }
            events
                .push(self.event("response.output_text.done", with("text", &json!(format!("echo: {text}")))));
        } else {
            spoken = spoken_tokens(&heard);
            events.push(self.event("response.output_audio.delta", with("delta", &json!(heard))));
            events.push(self.event("response.output_audio.done", place.clone()));
        }
        let audio = spoken_tokens(&heard);
        let input_tokens = tokens(&text).len() + audio;
        let usage = json!({
            "total_tokens": input_tokens + written + spoken,
            "input_tokens": input_tokens,
            "output_tokens": written + spoken,
            "input_token_details": { "text_tokens": input_tokens - audio, "audio_tokens": audio, "cached_tokens": 0 },
            "output_token_details": { "text_tokens": written, "audio_tokens": spoken },
        });
        let response =
            json!({"id": "resp_1", "object": "realtime.response", "status": "completed", "usage": usage});
        events.push(self.event("response.done", json!({ "response": response })));
        events
    }

    fn session(&mut self, kind: &str) -> Value {
        let transcription = self.transcriber.as_ref().map(|model| json!({ "model": model }));
        let session = json!({
            "type": "realtime", "object": "realtime.session", "id": "sess_1", "model": self.model,
            "audio": { "input": { "transcription": transcription } },
        });
        self.event(kind, json!({ "session": session }))
    }

    fn event(&mut self, kind: &str, rest: Value) -> Value {
        self.events += 1;
        let mut event = rest;
        event["type"] = json!(kind);
        event["event_id"] = json!(format!("event_{}", self.events));
        event
    }
}

/// The tokens of some sound.
fn spoken_tokens(base64: &str) -> usize {
    (base64.len() * TOKENS_PER_SECOND).div_ceil(BASE64_BYTES_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::{Session, Value, json};

    fn kinds(events: &[Value]) -> Vec<&str> {
        events.iter().map(|event| event["type"].as_str().unwrap()).collect()
    }

    #[test]
    fn what_is_written_is_echoed_word_by_word_with_its_usage() {
        let (mut session, created) = Session::open("m".to_owned());
        assert_eq!(
            (&created["type"], &created["session"]["model"]),
            (&json!("session.created"), &json!("m"))
        );
        let item = json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello you"}]});
        session.hear(&json!({"type": "conversation.item.create", "item": item}));
        let events = session.hear(&json!({"type": "response.create"}));
        let words: String = events.iter().filter_map(|event| event["delta"].as_str()).collect();
        assert_eq!(words, "echo: hello you");
        let done = events.last().unwrap();
        assert_eq!(done["type"], "response.done");
        assert_eq!(
            done["response"]["usage"]["output_token_details"],
            json!({"text_tokens": 3, "audio_tokens": 0})
        );
    }

    #[test]
    fn what_is_said_is_echoed_as_sound_and_written_down_when_that_was_asked_for() {
        let (mut session, _) = Session::open("m".to_owned());
        let transcription = json!({"audio": {"input": {"transcription": {"model": "gpt-4o-transcribe"}}}});
        let updated = session.hear(&json!({"type": "session.update", "session": transcription}));
        assert_eq!(updated[0]["session"]["audio"]["input"]["transcription"]["model"], "gpt-4o-transcribe");
        let second = "A".repeat(64_000);
        assert!(session.hear(&json!({"type": "input_audio_buffer.append", "audio": second})).is_empty());
        let committed = session.hear(&json!({"type": "input_audio_buffer.commit"}));
        assert_eq!(committed[1]["usage"]["input_tokens"], 10);
        let events = session.hear(&json!({"type": "response.create"}));
        assert_eq!(
            kinds(&events),
            [
                "response.created",
                "response.output_audio.delta",
                "response.output_audio.done",
                "response.done"
            ]
        );
        assert_eq!(events[1]["delta"], second.as_str());
        assert_eq!(events[3]["response"]["usage"]["output_token_details"]["audio_tokens"], 10);
    }

    #[test]
    fn an_event_that_is_not_known_is_an_error_and_no_end() {
        let (mut session, _) = Session::open("m".to_owned());
        assert_eq!(kinds(&session.hear(&json!({"type": "dance"}))), ["error"]);
        assert_eq!(kinds(&session.hear(&json!({"type": "session.update"}))), ["session.updated"]);
    }
}
