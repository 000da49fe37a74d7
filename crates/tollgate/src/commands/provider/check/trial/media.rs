//! The smallest requests for an image and for a spoken word, in every provider's format.

use domain::Endpoint;
use serde_json::{Value, json};

use super::Models;

const PROMPT: &str = "A dot.";
const WORD: &str = "Hello.";

/// The request for an image; `None` for endpoints that draw nothing from a text alone.
pub(super) fn image(endpoint: Endpoint, model: &str) -> Option<Value> {
    match endpoint {
        Endpoint::ImageGenerations | Endpoint::TogetherImages => {
            Some(json!({"model": model, "prompt": PROMPT}))
        }
        Endpoint::GeminiImages => Some(json!({
            "contents": [{"role": "user", "parts": [{"text": PROMPT}]}],
            "generationConfig": {"responseModalities": ["TEXT", "IMAGE"]},
        })),
        Endpoint::StabilityImages | Endpoint::FireworksImages | Endpoint::KontextImages => {
            Some(json!({"prompt": PROMPT}))
        }
        Endpoint::ReplicateImages => Some(json!({"version": model, "input": {"prompt": PROMPT}})),
        _ => None,
    }
}

/// The request for a word; `None` for endpoints that speak none, and where a voice is needed and none is named.
pub(super) fn speech(endpoint: Endpoint, model: &str, voice: Option<&str>) -> Option<Value> {
    match endpoint {
        Endpoint::AudioSpeech => Some(json!({"model": model, "input": WORD, "voice": voice?})),
        Endpoint::ElevenLabsSpeech => voice.map(|_| json!({"model_id": model, "text": WORD})),
        Endpoint::DeepgramSpeech => Some(json!({"text": WORD})),
        _ => None,
    }
}

/// What stands in the path in the place of the model, and the query, where a provider's format wants them.
pub(super) fn address(endpoint: Endpoint, models: Models<'_>) -> (Option<String>, Option<String>) {
    match endpoint {
        Endpoint::ElevenLabsSpeech => (models.voice.map(str::to_owned), None),
        Endpoint::DeepgramSpeech => {
            (None, models.speech.map(|model| format!("model={}", providers::percent::encode(model))))
        }
        _ => (None, None),
    }
}
