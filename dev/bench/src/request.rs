//! The requests that the load generator sends, as finished bytes: nothing is built while a measurement runs.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::scenario::Format;

/// The largest body that may be asked for.
pub(crate) const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How much text one turn of the conversation has; many turns make a large body, as in practice.
const TURN_BYTES: usize = 1600;

/// Prose with the escapes that real prompts have (quotes, line ends, a character outside ASCII).
const PROSE: &str = "The gateway said \"no\" twice, and then \u{2013} without haste \u{2013} passed the whole request on.\n\
Each line of this text is plain prose; every word of it has to arrive unchanged.\n";

/// Everything that distinguishes one request from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RequestShape {
    /// Path of the endpoint on the server under test.
    pub(crate) path: String,
    /// Headers beside `host`, `content-type` and `content-length`.
    pub(crate) headers: Vec<(String, String)>,
    /// The body's format.
    pub(crate) format: Format,
    /// The text of `model`.
    pub(crate) model: String,
    /// Whether the body asks for a stream.
    pub(crate) stream: bool,
    /// About how long the body is; at least one turn is always there.
    pub(crate) body_bytes: usize,
}

impl RequestShape {
    /// The whole request, head and body, for a server at `target`.
    pub(crate) fn bytes(&self, target: SocketAddr) -> Vec<u8> {
        let body = self.body().to_string();
        let mut head = format!(
            "POST {} HTTP/1.1\r\nhost: {target}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
            self.path,
            body.len()
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        head.push_str(&body);
        head.into_bytes()
    }

    fn body(&self) -> serde_json::Value {
        let mut body = json!({
            "model": self.model,
            "messages": turns(self.body_bytes.min(BODY_BYTES_MAX)),
            "max_tokens": 256,
            "temperature": 0.7,
        });
        if self.stream {
            body["stream"] = json!(true);
        }
        body
    }
}

/// A conversation of about `bytes` bytes, user and assistant by turns, ending with the user.
fn turns(bytes: usize) -> Vec<serde_json::Value> {
    let mut left = bytes.saturating_sub(200).max(PROSE.len());
    let mut turns = Vec::with_capacity(left / TURN_BYTES + 2);
    while left > 0 {
        let take = left.min(TURN_BYTES);
        let role = if turns.len() % 2 == 0 { "user" } else { "assistant" };
        turns.push(json!({ "role": role, "content": prose(take) }));
        left = left.saturating_sub(take + 40);
    }
    if turns.len() % 2 == 0 {
        turns.push(json!({ "role": "user", "content": "Go on." }));
    }
    turns
}

fn prose(bytes: usize) -> String {
    PROSE.chars().cycle().take(bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(body_bytes: usize) -> RequestShape {
        RequestShape {
            path: "/v1/chat/completions".to_owned(),
            headers: vec![("authorization".to_owned(), "Bearer x".to_owned())],
            format: Format::Chat,
            model: "bench/bench-model".to_owned(),
            stream: true,
            body_bytes,
        }
    }

    #[test]
    fn a_body_has_about_the_size_asked_for() {
        for wanted in [1024, 16 * 1024, 100 * 1024, 1024 * 1024] {
            let length = shape(wanted).body().to_string().len();
            assert!(length.abs_diff(wanted) < wanted / 5, "{wanted} gave {length}");
        }
    }

    #[test]
    fn the_length_in_the_head_is_the_length_of_the_body() {
        let bytes = shape(1024).bytes(SocketAddr::from(([127, 0, 0, 1], 80)));
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())));
        assert!(head.contains("\r\nauthorization: Bearer x"));
        let value: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(value["stream"], true);
    }

    #[test]
    fn a_conversation_ends_with_the_user() {
        for bytes in (0..40_000).step_by(777) {
            assert_eq!(turns(bytes).last().unwrap()["role"], "user", "{bytes} bytes");
        }
    }
}
