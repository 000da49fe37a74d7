//! The chunked transfer coding (RFC 9112, section 7.1), decoded in place: any number of bytes may come at a time, and
//! the content of all chunks among them is moved together, so that one read becomes one piece however it was chunked.

use super::bounds::{CHUNK_LINE_BYTES_MAX, TRAILERS_BYTES_MAX};
use super::decoder::Decoded;
use super::problem::AnswerProblem;

/// Where in a chunked body the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::transport) struct Chunked {
    state: State,
    /// The size of the chunk as read so far, then what is left of its content, in bytes.
    left: u64,
    /// Bytes of the size line, or of all trailers, so far.
    line_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first digit of a size.
    SizeStart,
    Size,
    /// Spaces after a size, which some servers pad it with.
    SizePadding,
    Extension,
    SizeLineFeed,
    Content,
    ContentReturn,
    ContentLineFeed,
    TrailerStart,
    Trailer,
    TrailerLineFeed,
    LastLineFeed,
    Ended,
    Broken(AnswerProblem),
}

impl Chunked {
    pub(super) fn new() -> Self {
        Self { state: State::SizeStart, left: 0, line_bytes: 0 }
    }

    /// Whether the last chunk and the trailers were read.
    pub(super) fn has_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Why nothing more can be decoded.
    pub(super) fn problem(&self) -> Option<AnswerProblem> {
        match self.state {
            State::Broken(problem) => Some(problem),
            _ => None,
        }
    }

    /// Reads `bytes` up to the end of the body or to a problem, and moves the content of the chunks together.
    pub(super) fn decode(&mut self, bytes: &mut [u8]) -> Decoded {
        let mut decoded = Decoded::default();
        while decoded.used < bytes.len() && !matches!(self.state, State::Ended | State::Broken(_)) {
            if self.state == State::Content {
                self.content(bytes, &mut decoded);
            } else {
                self.state = self.next(bytes[decoded.used]).unwrap_or_else(State::Broken);
                decoded.used += 1;
            }
        }
        decoded
    }

    fn content(&mut self, bytes: &mut [u8], decoded: &mut Decoded) {
        let start = decoded.used;
        let available = bytes.len() - start;
        let length = usize::try_from(self.left).map_or(available, |left| left.min(available));
        if decoded.content.is_empty() {
            decoded.content = start..start + length;
        } else {
            bytes.copy_within(start..start + length, decoded.content.end);
            decoded.content.end += length;
        }
        decoded.used += length;
        self.left -= length as u64;
        if self.left == 0 {
            self.state = State::ContentReturn;
        }
    }

    /// The state after a byte that is not content.
    fn next(&mut self, byte: u8) -> Result<State, AnswerProblem> {
        match self.state {
            State::SizeStart | State::Size | State::SizePadding | State::Extension | State::SizeLineFeed => {
                self.next_in_size_line(byte)
            }
            State::ContentReturn if byte == b'\r' => Ok(State::ContentLineFeed),
            State::ContentLineFeed if byte == b'\n' => {
                self.line_bytes = 0;
                Ok(State::SizeStart)
            }
            State::Content | State::ContentReturn | State::ContentLineFeed => Err(AnswerProblem::ChunkEnd),
            _ => self.next_in_trailers(byte),
        }
    }

    fn next_in_size_line(&mut self, byte: u8) -> Result<State, AnswerProblem> {
        self.line_bytes += 1;
        if self.line_bytes > CHUNK_LINE_BYTES_MAX {
            return Err(AnswerProblem::ChunkLineTooLong);
        }
        match (self.state, byte) {
            (State::SizeStart | State::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => self.digit(byte),
            (State::Size | State::SizePadding, b' ' | b'\t') => Ok(State::SizePadding),
            (State::Size | State::SizePadding, b';') => Ok(State::Extension),
            (State::Size | State::SizePadding | State::Extension, b'\r') => Ok(State::SizeLineFeed),
            (State::Extension, byte) if is_text(byte) => Ok(State::Extension),
            (State::SizeLineFeed, b'\n') if self.left > 0 => Ok(State::Content),
            (State::SizeLineFeed, b'\n') => {
                self.line_bytes = 0;
                Ok(State::TrailerStart)
            }
            _ => Err(AnswerProblem::ChunkSize),
        }
    }

    fn digit(&mut self, byte: u8) -> Result<State, AnswerProblem> {
        let digit = char::from(byte).to_digit(16).ok_or(AnswerProblem::ChunkSize)?;
        let size = self.left.checked_mul(16).ok_or(AnswerProblem::ChunkSize)?;
        // The lowest four bits are zero.
        self.left = size | u64::from(digit);
        Ok(State::Size)
    }

    fn next_in_trailers(&mut self, byte: u8) -> Result<State, AnswerProblem> {
        self.line_bytes += 1;
        if self.line_bytes > TRAILERS_BYTES_MAX {
            return Err(AnswerProblem::TrailersTooLarge);
        }
        match (self.state, byte) {
            (State::TrailerStart, b'\r') => Ok(State::LastLineFeed),
            // A line that begins with a space or a colon has no name.
            (State::TrailerStart, b' ' | b'\t' | b':') => Err(AnswerProblem::Trailers),
            (State::Trailer, b'\r') => Ok(State::TrailerLineFeed),
            (State::TrailerStart | State::Trailer, byte) if is_text(byte) => Ok(State::Trailer),
            (State::TrailerLineFeed, b'\n') => Ok(State::TrailerStart),
            (State::LastLineFeed, b'\n') => Ok(State::Ended),
            _ => Err(AnswerProblem::Trailers),
        }
    }
}

/// Whether a line may hold the byte: no control character but the tab.
fn is_text(byte: u8) -> bool {
    byte == b'\t' || !byte.is_ascii_control()
}
