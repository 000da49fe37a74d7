//! The texts in a direction, put together from their fragments for whoever wants to read along.

use super::{Frame, Opcode};

/// Puts texts together. One in fragments that is above the bound is passed over: whoever reads along must not hold up the
/// session, nor keep a copy of everything.
#[derive(Debug)]
pub struct TextMessages {
    bytes_max: usize,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Between messages.
    Between,
    /// In a text.
    Text(Vec<u8>),
    /// In a message that is not read.
    PassedOver,
}

impl TextMessages {
    /// Puts texts together up to a size, in bytes; those in one frame are read whatever their size.
    #[must_use]
    pub fn new(bytes_max: usize) -> Self {
        Self { bytes_max, state: State::Between }
    }

    /// Takes a frame; hands a text over when it is whole.
    pub fn read<R>(&mut self, frame: &Frame, whole: impl FnOnce(&[u8]) -> R) -> Option<R> {
        if frame.opcode.is_control() {
            return None;
        }
        let payload = frame.payload();
        let text = match (std::mem::replace(&mut self.state, State::Between), frame.opcode) {
            (_, Opcode::Text) if frame.is_final => {
                return Some(whole(&payload));
            }
            (_, Opcode::Text) => Some(Vec::new()),
            (State::Text(text), Opcode::Continuation) => Some(text),
            _ => None,
        };
        let text = text.filter(|text| text.len() + payload.len() <= self.bytes_max).map(|mut text| {
            text.extend_from_slice(&payload);
            text
        });
        match (frame.is_final, text) {
            (true, text) => text.map(|text| whole(&text)),
            (false, Some(text)) => {
                self.state = State::Text(text);
                None
            }
            (false, None) => {
                self.state = State::PassedOver;
                None
            }
        }
    }
}
