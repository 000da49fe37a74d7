//! The smallest HTTP/1.1 that a benchmark needs: heads, lengths and chunks over a blocking stream, without allocation per message.
//!
//! The fake provider and the load generator share one core, so every microsecond here is taken from the server under test.
//! Only what gateways really send is understood; anything else is an error, never a guess.

use std::io::{self, Read, Write};
use std::ops::ControlFlow;

use memchr::memmem;

/// Room for one head, and the size of one read of a body.
const BUFFER_BYTES: usize = 64 * 1024;

/// The longest line that may stand before a chunk (its size and extensions) or in a trailer.
const CHUNK_LINE_BYTES_MAX: usize = 4 * 1024;

/// How the end of a body is found (RFC 9112, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Neither a length nor chunks: an empty body in a request.
    Absent,
    /// `content-length` in bytes.
    Length(u64),
    /// `transfer-encoding: chunked`.
    Chunked,
}

/// What a head says about the connection and the body, with the reader's own view of its first line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head<T> {
    /// What the caller made of the first line.
    pub(crate) first_line: T,
    /// Where the body ends.
    pub(crate) framing: Framing,
    /// Whether the sender closes the connection after this message.
    pub(crate) closes: bool,
}

/// One side of a connection: writes prepared bytes, reads message after message.
#[derive(Debug)]
pub(crate) struct Messages<S> {
    stream: S,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl<S: Read + Write> Messages<S> {
    /// Takes a connected stream.
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, buffer: vec![0; BUFFER_BYTES], start: 0, end: 0 }
    }

    /// Writes all of `bytes`.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Reads a head up to its empty line; `None` when the peer closed before its first byte.
    pub(crate) fn read_head<T>(&mut self, first_line: impl Fn(&[u8]) -> T) -> io::Result<Option<Head<T>>> {
        let mut searched = 0;
        loop {
            let held = self.buffer.get(self.start..self.end).unwrap_or_default();
            let from = searched.min(held.len());
            if let Some(found) = memmem::find(held.get(from..).unwrap_or_default(), b"\r\n\r\n") {
                let head_bytes = from + found;
                let head = parse_head(held.get(..head_bytes).unwrap_or_default(), first_line)?;
                self.start += head_bytes + 4;
                return Ok(Some(head));
            }
            searched = held.len().saturating_sub(3);
            if self.fill()? == 0 {
                return if self.start == self.end { Ok(None) } else { Err(cut_off("a head")) };
            }
        }
    }

    /// Reads a body to its end, or until `on_payload` breaks; chunk framing is not shown to `on_payload`.
    pub(crate) fn read_body(
        &mut self,
        framing: Framing,
        on_payload: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> io::Result<()> {
        match framing {
            Framing::Absent => Ok(()),
            Framing::Length(bytes) => self.read_length(bytes, on_payload),
            Framing::Chunked => self.read_chunks(on_payload),
        }
    }

    fn read_length(
        &mut self,
        bytes: u64,
        mut on_payload: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> io::Result<()> {
        let mut left = bytes;
        while left > 0 {
            if self.start == self.end && self.fill()? == 0 {
                return Err(cut_off("a body with a length"));
            }
            let held = self.buffer.get(self.start..self.end).unwrap_or_default();
            let take = usize::try_from(left).unwrap_or(usize::MAX).min(held.len());
            let flow = on_payload(held.get(..take).unwrap_or_default());
            self.start += take;
            left -= take as u64;
            if flow.is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn read_chunks(&mut self, mut on_payload: impl FnMut(&[u8]) -> ControlFlow<()>) -> io::Result<()> {
        let mut decoder = ChunkDecoder::default();
        while !decoder.is_done() {
            if self.start == self.end && self.fill()? == 0 {
                return Err(cut_off("a chunked body"));
            }
            let held = self.buffer.get(self.start..self.end).unwrap_or_default();
            let step = decoder.advance(held)?;
            self.start += step.consumed;
            if !step.payload.is_empty() && on_payload(step.payload).is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Reads once; 0 says that the peer has closed.
    fn fill(&mut self) -> io::Result<usize> {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        if room.is_empty() {
            return Err(invalid(format!("a head is longer than {BUFFER_BYTES} bytes")));
        }
        let read = self.stream.read(room)?;
        self.end += read;
        Ok(read)
    }
}

/// Reads the first line by `first_line`, and of the fields only those that frame a body.
fn parse_head<T>(head: &[u8], first_line: impl Fn(&[u8]) -> T) -> io::Result<Head<T>> {
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first_line = first_line(lines.next().unwrap_or_default());
    let mut framing = Framing::Absent;
    let mut closes = false;
    for line in lines {
        let Some(colon) = memchr::memchr(b':', line) else {
            continue;
        };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") && framing != Framing::Chunked {
            framing = Framing::Length(decimal(value)?);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") && value.eq_ignore_ascii_case(b"chunked") {
            framing = Framing::Chunked;
        } else if name.eq_ignore_ascii_case(b"connection") {
            closes = value.eq_ignore_ascii_case(b"close");
        }
    }
    Ok(Head { first_line, framing, closes })
}

fn decimal(text: &[u8]) -> io::Result<u64> {
    std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| invalid("content-length is no number".to_owned()))
}

/// What one call of [`ChunkDecoder::advance`] did.
#[derive(Debug)]
struct Step<'a> {
    consumed: usize,
    payload: &'a [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum ChunkState {
    /// In a chunk's size line; true once a character other than a digit has been seen.
    #[default]
    SizeDigits,
    SizeRest,
    Payload,
    /// In the line end that follows a payload.
    PayloadEnd,
    /// In the lines after the last chunk.
    Trailer,
    Done,
}

/// The chunked transfer coding (RFC 9112, section 7.1) as bytes in, payload out.
#[derive(Debug, Default)]
struct ChunkDecoder {
    state: ChunkState,
    /// The size being read, or the payload bytes still to come.
    bytes: u64,
    /// How long the current line is, to bound it.
    line_bytes: usize,
}

impl ChunkDecoder {
    fn is_done(&self) -> bool {
        self.state == ChunkState::Done
    }

    /// Reads on until one piece of payload has been found or `input` is used up.
    fn advance<'a>(&mut self, input: &'a [u8]) -> io::Result<Step<'a>> {
        let mut consumed = 0;
        while let Some(byte) = input.get(consumed).copied() {
            if self.state == ChunkState::Done {
                break;
            }
            if self.state == ChunkState::Payload {
                let rest = input.get(consumed..).unwrap_or_default();
                let take = usize::try_from(self.bytes).unwrap_or(usize::MAX).min(rest.len());
                self.bytes -= take as u64;
                if self.bytes == 0 {
                    self.enter(ChunkState::PayloadEnd);
                }
                return Ok(Step { consumed: consumed + take, payload: rest.get(..take).unwrap_or_default() });
            }
            self.framing_byte(byte)?;
            consumed += 1;
        }
        Ok(Step { consumed, payload: &[] })
    }

    fn framing_byte(&mut self, byte: u8) -> io::Result<()> {
        self.line_bytes += 1;
        if self.line_bytes > CHUNK_LINE_BYTES_MAX {
            return Err(invalid(format!("a chunk line is longer than {CHUNK_LINE_BYTES_MAX} bytes")));
        }
        match (self.state, byte) {
            (ChunkState::SizeDigits | ChunkState::SizeRest, b'\n') if self.bytes == 0 => {
                self.enter(ChunkState::Trailer)
            }
            (ChunkState::SizeDigits | ChunkState::SizeRest, b'\n') => self.enter(ChunkState::Payload),
            (ChunkState::SizeDigits, byte) => self.size_byte(byte)?,
            (ChunkState::PayloadEnd, b'\n') => self.enter(ChunkState::SizeDigits),
            (ChunkState::PayloadEnd, byte) if byte != b'\r' => {
                return Err(invalid("a chunk is longer than its size".to_owned()));
            }
            (ChunkState::Trailer, b'\n') if self.line_bytes <= 2 => self.enter(ChunkState::Done),
            (ChunkState::Trailer, b'\n') => self.line_bytes = 0,
            _ => {}
        }
        Ok(())
    }

    fn size_byte(&mut self, byte: u8) -> io::Result<()> {
        if let Some(digit) = char::from(byte).to_digit(16) {
            self.bytes = self
                .bytes
                .checked_mul(16)
                .and_then(|bytes| bytes.checked_add(u64::from(digit)))
                .ok_or_else(|| invalid("a chunk size is too large".to_owned()))?;
        } else if self.line_bytes == 1 {
            return Err(invalid("a chunk has no size".to_owned()));
        } else {
            self.state = ChunkState::SizeRest;
        }
        Ok(())
    }

    fn enter(&mut self, state: ChunkState) {
        self.state = state;
        self.line_bytes = 0;
    }
}

fn cut_off(part: &str) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, format!("the connection closed within {part}"))
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests;
