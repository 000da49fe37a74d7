//! What the events of OpenAI's Realtime sessions say of tokens used (API reference, "Realtime", server events).

use memchr::memmem;

use super::Usage;
use crate::json::Value;

/// What an event means for the account of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RealtimeEvent {
    /// A response is complete, or was broken off, and used this.
    Response(Usage),
    /// What the user said was written down by a model of its own, which used this.
    Transcript(Usage),
    /// From now on what the user says is written down by this model.
    TranscribesWith(String),
    /// Nothing.
    Other,
}

const RESPONSE: &str = "response.done";
const TRANSCRIPT: &str = "conversation.item.input_audio_transcription.completed";
/// `session.created` and `session.updated`, and those of transcription sessions.
const SESSION: &str = "session.";

/// Reads an event. Most say nothing of interest and are not parsed.
#[must_use]
pub fn realtime_event(message: &[u8]) -> RealtimeEvent {
    let may_be = |name: &str| memmem::find(message, name.as_bytes()).is_some();
    if ![RESPONSE, TRANSCRIPT, SESSION].into_iter().any(may_be) {
        return RealtimeEvent::Other;
    }
    Value::parse(message).ok().and_then(|event| read(&event)).unwrap_or(RealtimeEvent::Other)
}

fn read(event: &Value<'_>) -> Option<RealtimeEvent> {
    match event.get("type")?.as_str()?.as_ref() {
        RESPONSE => Some(RealtimeEvent::Response(Usage::of_realtime(event.at(&["response", "usage"])?)?)),
        TRANSCRIPT => Some(RealtimeEvent::Transcript(Usage::of_transcription(event.present("usage")?)?)),
        "session.created" | "session.updated" => {
            let session = event.get("session")?;
            let model = session
                .at(&["audio", "input", "transcription", "model"])
                .or_else(|| session.at(&["input_audio_transcription", "model"]))?;
            Some(RealtimeEvent::TranscribesWith(model.as_str()?.into_owned()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{RealtimeEvent, Usage, realtime_event};

    #[test]
    fn a_response_says_what_it_used_of_which_kind() {
        // The example of the API reference, "response.done", with an image.
        let event = br#"{"type":"response.done","event_id":"event_1","response":{"object":"realtime.response","usage":
            {"total_tokens":253,"input_tokens":132,"output_tokens":121,
            "input_token_details":{"text_tokens":119,"audio_tokens":10,"image_tokens":3,"cached_tokens":64,
            "cached_tokens_details":{"text_tokens":59,"audio_tokens":4,"image_tokens":1}},
            "output_token_details":{"text_tokens":30,"audio_tokens":91}}}}"#;
        let used = Usage {
            input_tokens: Some(132),
            output_tokens: Some(121),
            cached_input_tokens: Some(64),
            input_audio_tokens: Some(10),
            cached_audio_tokens: Some(4),
            input_image_tokens: Some(3),
            cached_image_tokens: Some(1),
            output_audio_tokens: Some(91),
            ..Usage::default()
        };
        assert_eq!(realtime_event(event), RealtimeEvent::Response(used));
    }

    #[test]
    fn a_transcript_is_charged_apart_by_tokens_or_by_the_second() {
        let event = |usage: &str| {
            let kind = "conversation.item.input_audio_transcription.completed";
            realtime_event(format!(r#"{{"type":"{kind}","transcript":"hi","usage":{usage}}}"#).as_bytes())
        };
        let tokens = event(
            r#"{"type":"tokens","input_tokens":12,"output_tokens":3,"input_token_details":{"audio_tokens":12}}"#,
        );
        let used = Usage {
            input_tokens: Some(12),
            output_tokens: Some(3),
            input_audio_tokens: Some(12),
            ..Usage::default()
        };
        assert_eq!(tokens, RealtimeEvent::Transcript(used));
        let heard = Usage { audio_milliseconds: Some(1_500), ..Usage::default() };
        assert_eq!(event(r#"{"type":"duration","seconds":1.5}"#), RealtimeEvent::Transcript(heard));
    }

    #[test]
    fn a_session_says_who_writes_down_what_is_heard() {
        for session in [
            r#"{"audio":{"input":{"transcription":{"model":"whisper-1"}}}}"#,
            r#"{"input_audio_transcription":{"model":"whisper-1"}}"#,
        ] {
            let event = format!(r#"{{"type":"session.updated","session":{session}}}"#);
            let expected = RealtimeEvent::TranscribesWith("whisper-1".to_owned());
            assert_eq!(realtime_event(event.as_bytes()), expected);
        }
    }

    #[test]
    fn what_only_looks_like_usage_is_none() {
        for event in [
            &br#"{"type":"response.output_text.delta","delta":"response.done"}"#[..],
            br#"{"type":"response.done","response":{"usage":null}}"#,
            br#"{"type":"session.created","session":{"audio":{"input":{"transcription":null}}}}"#,
            br#"{"type":"response.done""#,
            b"",
        ] {
            assert_eq!(realtime_event(event), RealtimeEvent::Other);
        }
    }
}
