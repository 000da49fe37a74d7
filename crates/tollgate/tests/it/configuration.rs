//! Configurations of tests, as JSON, which is YAML too.

use std::fmt::Display;

use domain::KeyText;
use serde_json::{Value, json};
use testkit::FakeProvider;

/// The credential of every provider that [`provider`] describes.
pub(crate) const SECRET: &str = "sk-provider-secret";

/// A provider that serves everything at a base URL.
pub(crate) fn provider(base_url: impl Display) -> Value {
    json!({
        "base_url": base_url.to_string(),
        "credentials": [SECRET],
        "auth": {"scheme": "bearer"},
        "endpoints": {
            "chat_completions": "/chat/completions",
            "completions": "/completions",
            "responses": "/responses",
            "embeddings": "/embeddings",
            "moderations": "/moderations",
            "models": "/models",
            "messages": "/messages",
            "count_tokens": "/messages/count_tokens",
            "image_generations": "/images/generations",
            "image_edits": "/images/edits",
            "image_variations": "/images/variations",
            "audio_speech": "/audio/speech",
            "audio_transcriptions": "/audio/transcriptions",
            "audio_translations": "/audio/translations",
        },
    })
}

/// Only a provider `p`.
pub(crate) fn one(fake: &FakeProvider) -> Value {
    json!({"providers": {"p": provider(fake.base_url())}})
}

/// Providers `p` and `q`, and a route `r` that falls over from `p/m` to `q/m`.
pub(crate) fn two(first: impl Display, second: impl Display) -> Value {
    json!({
        "providers": {"p": provider(first), "q": provider(second)},
        "routes": {"r": {"strategy": {"mode": "fallback"}, "targets": [{"target": "p/m"}, {"target": "q/m"}]}},
    })
}

/// The key of a number.
pub(crate) fn key(number: u8) -> KeyText {
    KeyText::from_random([number; 32])
}

/// The entry of [`key`] of a number, named `key-N`, with further members.
pub(crate) fn key_entry(number: u8, more: Value) -> Value {
    let mut entry = json!({"name": format!("key-{number}"), "hash": key(number).hash().to_string()});
    if let (Value::Object(entry), Value::Object(more)) = (&mut entry, more) {
        entry.extend(more);
    }
    entry
}
