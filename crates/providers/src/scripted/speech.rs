//! OpenAI speech (`platform.openai.com/docs/api-reference/audio/createSpeech`): a tone for each token of the text, whose
//! pitch follows from the token alone.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::failure::{BROKEN_OFF, Refusal, open_ai};
use super::fingerprint::{Fingerprint, tokens};
use super::frames::{Answer, Events, Frame, Media};

/// Samples of a second.
const SAMPLE_RATE: u32 = 24_000;

/// Samples of a token: 20 ms.
const TOKEN_SAMPLES: u16 = 480;

/// A frame of silence: MPEG 1, layer III, 128 kbit/s, 44.1 kHz, one channel (ISO/IEC 11172-3), which has 417 bytes.
const MP3_FRAME: [u8; 417] = {
    let mut frame = [0; 417];
    [frame[0], frame[1], frame[2], frame[3]] = [0xff, 0xfb, 0x90, 0xc4];
    frame
};

/// Speaks a text.
pub(super) fn answer(body: &Value) -> Result<Answer, Refusal> {
    let input = body.get("input").and_then(Value::as_str).filter(|input| !input.is_empty());
    let input = input.ok_or_else(|| Refusal::field("input", "`input` must be a text"))?;
    if body.get("voice").is_none() {
        return Err(Refusal::field("voice", "`voice` is missing"));
    }
    let tokens = tokens(input);
    let media = match body.get("response_format").and_then(Value::as_str).unwrap_or("mp3") {
        "mp3" => Media { content_type: "audio/mpeg", pieces: tokens.iter().map(|_| mp3()).collect() },
        "pcm" => {
            Media { content_type: "audio/pcm", pieces: tokens.iter().map(|token| tone(token)).collect() }
        }
        "wav" => Media { content_type: "audio/wav", pieces: wav(&tokens) },
        other => {
            let message = format!("the scripted provider speaks mp3, wav and pcm, not `{other}`");
            return Err(Refusal::field("response_format", message));
        }
    };
    match body.get("stream_format").and_then(Value::as_str) {
        Some("sse") => Ok(Answer::Stream(events(&media, tokens.len()))),
        _ => Ok(Answer::Media(media)),
    }
}

fn events(media: &Media, tokens: usize) -> Events {
    let delta = |piece: &Bytes| {
        let event = json!({ "type": "speech.audio.delta", "audio": STANDARD.encode(piece) });
        Frame::named("speech.audio.delta", &event).into_token()
    };
    let mut frames: Vec<Frame> = media.pieces.iter().map(delta).collect();
    let usage = json!({ "input_tokens": tokens, "output_tokens": 2 * tokens, "total_tokens": 3 * tokens });
    frames.push(Frame::named("speech.audio.done", &json!({ "type": "speech.audio.done", "usage": usage })));
    Events { frames, error: Frame::data(&open_ai("server_error", BROKEN_OFF, None, None)) }
}

fn mp3() -> Bytes {
    Bytes::from_static(&MP3_FRAME)
}

/// 16-bit samples of a square wave, one channel.
fn tone(token: &str) -> Bytes {
    let half_period = 20 + Fingerprint::of(token, &[]).low_bits() % 60;
    let sample = |place: u16| if (place / half_period).is_multiple_of(2) { 4_000_i16 } else { -4_000 };
    (0..TOKEN_SAMPLES).flat_map(|place| sample(place).to_le_bytes()).collect()
}

/// The tones behind the head of a WAVE file (IBM and Microsoft, "Multimedia Programming Interface", 1991).
fn wav(tokens: &[&str]) -> Vec<Bytes> {
    let tones: Vec<Bytes> = tokens.iter().map(|token| tone(token)).collect();
    let length: usize = tones.iter().map(Bytes::len).sum();
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    let mut head = Vec::with_capacity(44);
    head.extend_from_slice(b"RIFF");
    head.extend_from_slice(&length.saturating_add(36).to_le_bytes());
    head.extend_from_slice(b"WAVEfmt ");
    head.extend_from_slice(&16_u32.to_le_bytes());
    head.extend_from_slice(&1_u16.to_le_bytes());
    head.extend_from_slice(&1_u16.to_le_bytes());
    head.extend_from_slice(&SAMPLE_RATE.to_le_bytes());
    head.extend_from_slice(&(2 * SAMPLE_RATE).to_le_bytes());
    head.extend_from_slice(&2_u16.to_le_bytes());
    head.extend_from_slice(&16_u16.to_le_bytes());
    head.extend_from_slice(b"data");
    head.extend_from_slice(&length.to_le_bytes());
    [Bytes::from(head)].into_iter().chain(tones).collect()
}
