//! The frames of a stream while it is written, with a mark where its content begins.

use bytes::Bytes;
use serde_json::Value;
use wire::amazon;

use super::EventScript;

/// Frames in order.
#[derive(Debug, Default)]
pub(super) struct Frames {
    frames: Vec<Bytes>,
    /// Frames before the first content, once there is one.
    preamble: Option<usize>,
}

impl Frames {
    /// A frame that says nothing to the reader.
    pub(super) fn quiet(&mut self, frame: Bytes) {
        self.frames.push(frame);
    }

    /// A frame that says something.
    pub(super) fn content(&mut self, frame: Bytes) {
        self.preamble.get_or_insert(self.frames.len());
        self.frames.push(frame);
    }

    /// A stream of text events.
    pub(super) fn events(self) -> EventScript {
        let preamble = self.preamble();
        let frames = self.frames.into_iter().map(|frame| String::from_utf8(frame.into()).unwrap());
        EventScript::new(frames.collect(), preamble)
    }

    /// A stream of Amazon's messages.
    pub(super) fn messages(self) -> EventScript {
        let preamble = self.preamble();
        EventScript::of_messages(self.frames, preamble)
    }

    fn preamble(&self) -> usize {
        self.preamble.unwrap_or(self.frames.len())
    }
}

/// An event without a name.
pub(super) fn data(data: &Value) -> Bytes {
    format!("data: {data}\n\n").into()
}

/// An event that is named in its head and again in its data.
pub(super) fn named(name: &str, mut data: Value) -> Bytes {
    data["type"] = name.into();
    format!("event: {name}\ndata: {data}\n\n").into()
}

/// A message of Amazon's.
pub(super) fn message(kind: &str, payload: &Value) -> Bytes {
    let mut out = Vec::new();
    amazon::event(&mut out, kind, payload.to_string().as_bytes());
    out.into()
}

/// An exception of Amazon's.
pub(super) fn exception(kind: &str, payload: &Value) -> Bytes {
    let mut out = Vec::new();
    amazon::exception(&mut out, kind, payload.to_string().as_bytes());
    out.into()
}
