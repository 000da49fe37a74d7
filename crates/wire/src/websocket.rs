//! WebSocket frames (RFC 6455), cut out of a byte stream to be passed on as they came: masks, fragments and all.
//!
//! A gateway between both sides agrees on no extensions, so every reserved bit is a violation. Whether text is UTF-8 is for
//! its receiver to find out.

mod messages;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use bytes::{BufMut, Bytes, BytesMut};

pub use messages::TextMessages;

/// Who sends the frames of a direction: a client's are masked, a server's are not (section 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The side that opened the connection.
    Client,
    /// The side that accepted it.
    Server,
}

/// What a frame is (section 11.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// More of the message before.
    Continuation,
    /// The beginning of a text.
    Text,
    /// The beginning of bytes.
    Binary,
    /// The sender says no more.
    Close,
    /// Are you there?
    Ping,
    /// I am.
    Pong,
}

/// One frame, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub opcode: Opcode,
    /// Whether it ends its message.
    pub is_final: bool,
    bytes: Bytes,
    payload_start: usize,
    mask: Option<Mask>,
}

/// What payloads are masked with.
pub type Mask = [u8; 4];

/// A breach of the protocol, in the words of a close frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{reason} ({code})")]
pub struct Violation {
    /// The status code (section 7.4.1).
    pub code: u16,
    /// What is wrong, in at most 123 bytes.
    pub reason: &'static str,
}

/// What reading came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// A frame.
    Frame(Frame),
    /// There must be as many bytes in all before there is one; 0 while that is not known.
    Needs(usize),
}

/// Cuts the frames of one direction.
#[derive(Debug)]
pub struct FrameReader {
    sender: Sender,
    message_bytes_max: usize,
    /// What of an unfinished message was read; `None` between messages.
    message_bytes: Option<usize>,
}

/// The session is over, as it was meant to be.
pub const NORMAL: u16 = 1000;
/// The end of the session was asked for by somebody between the two sides.
pub const GOING_AWAY: u16 = 1001;
/// The other side does not speak WebSocket.
pub const PROTOCOL_ERROR: u16 = 1002;
/// A message is larger than allowed.
pub const TOO_BIG: u16 = 1009;
/// There is no room for it now.
pub const TRY_AGAIN_LATER: u16 = 1013;
/// Whom the gateway speaks to has failed (IANA registry of close codes).
pub const BAD_GATEWAY: u16 = 1014;

/// The most bytes of a control frame's payload (section 5.5).
const CONTROL_BYTES_MAX: usize = 125;

/// A frame's first bytes.
struct Head {
    opcode: Opcode,
    is_final: bool,
    is_masked: bool,
    payload_start: usize,
    payload_bytes: usize,
}

impl FrameReader {
    /// A reader that refuses messages above a size, in bytes.
    #[must_use]
    pub fn new(sender: Sender, message_bytes_max: usize) -> Self {
        Self { sender, message_bytes_max, message_bytes: None }
    }

    /// Takes the next frame from the front of `buffer`.
    ///
    /// # Errors
    /// As soon as its head breaks a rule; nothing can be read after that.
    pub fn read(&mut self, buffer: &mut BytesMut) -> Result<Read, Violation> {
        let Some(head) = head(buffer)? else { return Ok(Read::Needs(0)) };
        self.check(&head)?;
        let bytes = head.payload_start + head.payload_bytes;
        if buffer.len() < bytes {
            return Ok(Read::Needs(bytes));
        }
        let bytes = buffer.split_to(bytes).freeze();
        let mask = bytes
            .get(head.payload_start.saturating_sub(4)..head.payload_start)
            .filter(|_| head.is_masked)
            .and_then(|mask| mask.try_into().ok());
        let frame = Frame {
            opcode: head.opcode,
            is_final: head.is_final,
            payload_start: head.payload_start,
            mask,
            bytes,
        };
        if frame.opcode == Opcode::Close {
            check_close(&frame.payload())?;
        }
        self.count(&head);
        Ok(Read::Frame(frame))
    }

    fn check(&self, head: &Head) -> Result<(), Violation> {
        if head.is_masked != (self.sender == Sender::Client) {
            return Err(match self.sender {
                Sender::Client => protocol_error("a client's frames must be masked"),
                Sender::Server => protocol_error("a server's frames must not be masked"),
            });
        }
        if head.opcode.is_control() {
            if !head.is_final || head.payload_bytes > CONTROL_BYTES_MAX {
                return Err(protocol_error("a control frame must be whole and small"));
            }
            return Ok(());
        }
        let before = match (head.opcode, self.message_bytes) {
            (Opcode::Continuation, Some(before)) => before,
            (Opcode::Continuation, None) => return Err(protocol_error("a fragment continues no message")),
            (_, Some(_)) => return Err(protocol_error("a message begins inside of another")),
            (_, None) => 0,
        };
        if before.saturating_add(head.payload_bytes) > self.message_bytes_max {
            return Err(Violation { code: TOO_BIG, reason: "the message is larger than allowed here" });
        }
        Ok(())
    }

    fn count(&mut self, head: &Head) {
        if !head.opcode.is_control() {
            let read = self.message_bytes.unwrap_or(0) + head.payload_bytes;
            self.message_bytes = (!head.is_final).then_some(read);
        }
    }
}

impl Frame {
    /// All of it, as it came.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// What it says, without its mask.
    #[must_use]
    pub fn payload(&self) -> Cow<'_, [u8]> {
        let payload = self.bytes.get(self.payload_start..).unwrap_or_default();
        match self.mask {
            None => Cow::Borrowed(payload),
            Some(mask) => Cow::Owned(masked(payload, mask).collect()),
        }
    }
}

impl Opcode {
    fn of(number: u8) -> Option<Self> {
        Some(match number {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            _ => return None,
        })
    }

    fn number(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xa,
        }
    }

    /// Whether it is about the connection and may stand between the fragments of a message.
    #[must_use]
    pub fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// A whole frame, masked where a client sends it.
#[must_use]
pub fn frame(opcode: Opcode, payload: &[u8], mask: Option<Mask>) -> Bytes {
    let mut out = BytesMut::with_capacity(payload.len() + 14);
    out.put_u8(0x80 | opcode.number());
    let mask_bit = if mask.is_some() { 0x80 } else { 0 };
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length), _) if usize::from(length) <= CONTROL_BYTES_MAX => out.put_u8(mask_bit | length),
        (_, Ok(length)) => {
            out.put_u8(mask_bit | 126);
            out.put_u16(length);
        }
        _ => {
            out.put_u8(mask_bit | 127);
            out.put_u64(payload.len() as u64);
        }
    }
    match mask {
        None => out.put_slice(payload),
        Some(mask) => {
            out.put_slice(&mask);
            out.extend(masked(payload, mask));
        }
    }
    out.freeze()
}

/// A close frame with a reason of at most 123 bytes.
#[must_use]
pub fn close(code: u16, reason: &str, mask: Option<Mask>) -> Bytes {
    let payload = [&code.to_be_bytes(), reason.as_bytes()].concat();
    frame(Opcode::Close, &payload, mask)
}

/// Masks, or takes the mask off (section 5.3).
fn masked(payload: &[u8], mask: Mask) -> impl Iterator<Item = u8> + '_ {
    payload.iter().zip(mask.into_iter().cycle()).map(|(byte, mask)| byte ^ mask)
}

/// The head at the front of the bytes (section 5.2); `None` while it is not whole.
fn head(bytes: &[u8]) -> Result<Option<Head>, Violation> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    if first & 0x70 != 0 {
        return Err(protocol_error("a reserved bit is set, and no extension was agreed on"));
    }
    let opcode = Opcode::of(first & 0x0f).ok_or(protocol_error("the opcode is not known"))?;
    let (length_bytes, payload_bytes) = match second & 0x7f {
        126 => match rest.first_chunk() {
            Some(length) => (2, u64::from(u16::from_be_bytes(*length))),
            None => return Ok(None),
        },
        127 => match rest.first_chunk() {
            Some(length) => (8, u64::from_be_bytes(*length)),
            None => return Ok(None),
        },
        short => (0, u64::from(short)),
    };
    let smallest = match length_bytes {
        0 => 0,
        2 => 126,
        _ => 1 << 16,
    };
    if payload_bytes < smallest || payload_bytes > u64::MAX >> 1 {
        return Err(protocol_error("the length is not written as it must be"));
    }
    let is_masked = second & 0x80 != 0;
    let payload_start = 2 + length_bytes + if is_masked { 4 } else { 0 };
    let payload_bytes = usize::try_from(payload_bytes).unwrap_or(usize::MAX >> 1);
    Ok(Some(Head { opcode, is_final: first & 0x80 != 0, is_masked, payload_start, payload_bytes }))
}

/// What may stand in a close frame (sections 5.5.1 and 7.4).
fn check_close(payload: &[u8]) -> Result<(), Violation> {
    let code = match payload {
        [] => return Ok(()),
        [first, second, ..] => u16::from_be_bytes([*first, *second]),
        [_] => return Err(protocol_error("a close code has two bytes")),
    };
    match code {
        1000..=1003 | 1007..=1014 | 3000..=4999 => Ok(()),
        _ => Err(protocol_error("the close code is none that may be sent")),
    }
}

fn protocol_error(reason: &'static str) -> Violation {
    Violation { code: PROTOCOL_ERROR, reason }
}
