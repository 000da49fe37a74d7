//! Where an answer's body ends (RFC 9112, section 6.3), and its content among the bytes that come.

use std::ops::Range;

use super::chunked::Chunked;
use super::problem::AnswerProblem;

/// What is left of an answer's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::transport) enum BodyDecoder {
    /// Nothing.
    Ended,
    /// That many bytes, not zero.
    Length(u64),
    /// Chunks up to an empty one, and trailers, which are dropped.
    Chunked(Chunked),
    /// Everything until the server closes the connection.
    UntilClose,
}

/// What was found in some bytes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Decoded {
    /// Where the content is now; it may have been moved together.
    pub(super) content: Range<usize>,
    /// How many of the bytes belong to the body; fewer than all only at its end or at a problem.
    pub(super) used: usize,
}

impl BodyDecoder {
    pub(super) fn of_length(bytes: u64) -> Self {
        if bytes == 0 { Self::Ended } else { Self::Length(bytes) }
    }

    pub(in crate::transport) fn has_ended(&self) -> bool {
        match self {
            Self::Ended => true,
            Self::Chunked(chunked) => chunked.has_ended(),
            Self::Length(_) | Self::UntilClose => false,
        }
    }

    /// What is wrong with the bytes behind those that were decoded.
    pub(super) fn problem(&self) -> Option<AnswerProblem> {
        match self {
            Self::Chunked(chunked) => chunked.problem(),
            Self::Ended | Self::Length(_) | Self::UntilClose => None,
        }
    }

    /// How many bytes of content are left, where that is known.
    pub(in crate::transport) fn length(&self) -> Option<u64> {
        match self {
            Self::Length(left) => Some(*left),
            _ if self.has_ended() => Some(0),
            _ => None,
        }
    }

    /// Finds the content in the bytes that came next, moving it together in place.
    pub(super) fn decode(&mut self, bytes: &mut [u8]) -> Decoded {
        let used = match self {
            Self::Ended => 0,
            Self::UntilClose => bytes.len(),
            Self::Chunked(chunked) => return chunked.decode(bytes),
            Self::Length(left) => {
                let used = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                *self = Self::of_length(*left - used as u64);
                used
            }
        };
        Decoded { content: 0..used, used }
    }

    /// The server sends no more; whether the body is whole.
    pub(super) fn close(&mut self) -> bool {
        if *self == Self::UntilClose {
            *self = Self::Ended;
        }
        self.has_ended()
    }
}
