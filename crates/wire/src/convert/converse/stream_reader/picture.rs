//! A picture that comes in pieces, each of them base64 of its own, and is told when it is whole.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::convert::converse::media::Kind;
use crate::convert::form::Opening;
use crate::json::{Text, Value};

/// The most bytes of a picture: what Amazon's own clients take of one message.
const BYTES_MAX: usize = 24 << 20;

pub(super) struct Picture {
    /// The number of its block.
    pub(super) index: u64,
    media_type: Option<Text<'static>>,
    bytes: Vec<u8>,
}

impl Picture {
    /// A picture of which nothing came yet.
    pub(super) fn new(index: u64, image: &Value<'_>) -> Self {
        let format = image.get("format").and_then(Value::as_str).unwrap_or_default();
        Self { index, media_type: Kind::Image.media_type(&format), bytes: Vec::new() }
    }

    /// Takes the next piece; none when it is no base64, or the picture grows too large. A piece that reports an error has no
    /// bytes.
    pub(super) fn add(&mut self, image: &Value<'_>) -> Option<()> {
        let Some(piece) = image.at(&["source", "bytes"]).and_then(Value::as_str) else { return Some(()) };
        STANDARD.decode_vec(piece.as_bytes(), &mut self.bytes).ok()?;
        (self.bytes.len() <= BYTES_MAX).then_some(())
    }

    /// The picture as a part; none when nothing came.
    pub(super) fn into_opening(self) -> Option<Opening<'static>> {
        let base64 = Text::from(STANDARD.encode(&self.bytes));
        (!self.bytes.is_empty()).then_some(Opening::Image { media_type: self.media_type, base64 })
    }
}
