//! The inside of a string: skipped in blocks, because almost all bytes of a request lie there.

use wide::u8x16;

use super::block::{BLOCK_BYTES, Block, Carry, Reason};
use crate::json::Problem;

/// How much of a string has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Between characters.
    Plain,
    /// After a backslash.
    Escape,
    /// Inside `\uXXXX`, with so many hexadecimal digits to come.
    Hex(u8),
}

/// The stretch of a string that lies in one chunk.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Where the stretch ends: at the closing quote, at the offending byte, or at the end of the chunk.
    pub(super) end: usize,
    /// Whether the stretch may hold bytes above 0x7f, and so must be checked for UTF-8.
    pub(super) high: bool,
    /// Whether the stretch holds a backslash.
    pub(super) escaped: bool,
    /// Why it ends.
    pub(super) outcome: Outcome,
}

/// Why a stretch of a string ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The closing quote was found.
    Closed,
    /// The chunk is over; the string goes on from this part.
    Open(Part),
    /// The byte at the end is not allowed.
    Refused(Problem),
}

/// Reads the string from `from` on, which is in the given part.
pub(super) fn run(chunk: &[u8], from: usize, part: Part) -> Run {
    let rest = &chunk[from..];
    if part == Part::Plain
        && let Some(run) = close_near(rest, from)
    {
        return run;
    }
    let mut carry = Carry::of(part);
    let mut high = u8x16::splat(0);
    let mut escaped = false;
    let (blocks, tail) = rest.as_chunks::<BLOCK_BYTES>();
    let mut end = from;
    for bytes in blocks {
        let block = Block::read(bytes, carry);
        high |= block.high;
        escaped |= block.has_backslash();
        if let Some(at) = block.stop() {
            return stopped(chunk, end + at, block.reason(at, bytes[at]), high.any(), escaped);
        }
        carry = block.carry;
        end += BLOCK_BYTES;
    }
    let open = if tail.is_empty() {
        carry.part()
    } else {
        let mut padded = [b' '; BLOCK_BYTES];
        padded[..tail.len()].copy_from_slice(tail);
        let block = Block::read(&padded, carry);
        high |= block.high;
        escaped |= block.has_backslash();
        match block.stop() {
            Some(at) if at < tail.len() => {
                return stopped(chunk, end + at, block.reason(at, tail[at]), high.any(), escaped);
            }
            _ => block.part_at(tail.len()),
        }
    };
    Run {
        end: chunk.len(),
        high: high.any(),
        escaped,
        outcome: Outcome::Open(open),
    }
}

#[inline]
fn stopped(chunk: &[u8], end: usize, reason: Reason, high: bool, escaped: bool) -> Run {
    Run {
        end,
        high,
        escaped,
        outcome: match reason {
            Reason::Closed => Outcome::Closed,
            Reason::InvalidEscape => Outcome::Refused(Problem::InvalidEscape),
            Reason::ControlCharacter => Outcome::Refused(Problem::ControlCharacter { found: chunk[end] }),
        },
    }
}

const NEAR_BYTES: usize = 16;

#[inline]
fn close_near(rest: &[u8], from: usize) -> Option<Run> {
    let bytes = u8x16::from(*rest.first_chunk::<NEAR_BYTES>()?);
    let special = bytes.simd_eq(b'"') | bytes.simd_eq(b'\\') | bytes.min(u8x16::splat(0x1f)).simd_eq(bytes);
    let special = special.to_bitmask();
    let at = special.trailing_zeros() as usize;
    (rest.get(at) == Some(&b'"') && at < NEAR_BYTES).then(|| Run {
        end: from + at,
        high: bytes.to_bitmask() & special.wrapping_sub(1) & !special != 0,
        escaped: false,
        outcome: Outcome::Closed,
    })
}
