//! The inside of a string: read in blocks, because almost all bytes of a request lie there.

use wide::u8x16;

use super::block::{BLOCK_BYTES, Block, Carry, Part};
use crate::json::Problem;

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
    let near = match part {
        Part::Plain => close_near(chunk, from),
        Part::Escape | Part::Hex(_) => None,
    };
    near.unwrap_or_else(|| read_blocks(chunk, from, part))
}

/// The last three blocks, one bit for each: after so many without a backslash the next one is only searched for. Prose
/// has not so many in a row, and base64 is searched almost whole, so the branch is guessed well in both.
const QUIET: u32 = 0b111;

fn read_blocks(chunk: &[u8], from: usize, part: Part) -> Run {
    let mut text = Text { carry: Carry::of(part), union: u8x16::splat(0), backslashes: 0 };
    let (blocks, tail) = chunk[from..].as_chunks::<BLOCK_BYTES>();
    let mut at = 0;
    let mut quiet = 0_u32;
    while let Some(bytes) = blocks.get(at) {
        let block = Block::read(bytes, text.carry);
        text.union |= block.union();
        if let Some(stop) = block.stop() {
            let end = from + at * BLOCK_BYTES + stop;
            text.backslashes |= block.backslashes_before(stop);
            return text.stopped(end, block.problem(stop, bytes[stop]));
        }
        text.carry = block.carry();
        text.backslashes |= block.backslashes();
        at += 1;
        // A shift and no branch, because prose has quiet blocks at random.
        quiet = quiet << 1 | u32::from(block.backslashes() == 0);
        if quiet & QUIET == QUIET {
            at += count_plain(&blocks[at..], &mut text.union);
            quiet = 0;
        }
    }
    text.read_tail(tail, chunk.len() - tail.len())
}

/// What is known of the stretch so far.
struct Text {
    carry: Carry,
    /// The bitwise or of all bytes, folded into one vector: its highest bits tell whether one is above 0x7f.
    union: u8x16,
    /// The bitwise or of the masks of backslashes.
    backslashes: u64,
}

impl Text {
    /// Reads the bytes from `at` on, which are less than a block, with spaces behind them.
    fn read_tail(mut self, tail: &[u8], at: usize) -> Run {
        let mut bytes = [b' '; BLOCK_BYTES];
        bytes[..tail.len()].copy_from_slice(tail);
        let block = Block::read(&bytes, self.carry);
        self.union |= block.union();
        let end = block.stop().unwrap_or(BLOCK_BYTES).min(tail.len());
        self.backslashes |= block.backslashes_before(end);
        if end < tail.len() {
            self.stopped(at + end, block.problem(end, bytes[end]))
        } else {
            self.ended(at + end, Outcome::Open(block.part_before(end)))
        }
    }

    fn stopped(self, end: usize, problem: Option<Problem>) -> Run {
        self.ended(end, problem.map_or(Outcome::Closed, Outcome::Refused))
    }

    fn ended(self, end: usize, outcome: Outcome) -> Run {
        Run { end, high: self.union.any(), escaped: self.backslashes != 0, outcome }
    }
}

/// How far to look before blocks are read: most keys and many values end within it.
const NEAR_BYTES: usize = 16;

/// The whole stretch, if the string closes near `from` and holds no escape on the way.
#[inline]
fn close_near(chunk: &[u8], from: usize) -> Option<Run> {
    let bytes = chunk[from..].first_chunk::<NEAR_BYTES>()?;
    let near = u8x16::from(*bytes);
    let control = near.min(u8x16::splat(0x1f)).simd_eq(near);
    let special = (near.simd_eq(b'"') | near.simd_eq(b'\\') | control).to_bitmask();
    let at = special.trailing_zeros() as usize;
    let before = special.wrapping_sub(1) & !special;
    (bytes.get(at) == Some(&b'"')).then(|| Run {
        end: from + at,
        high: near.to_bitmask() & before != 0,
        escaped: false,
        outcome: Outcome::Closed,
    })
}

/// Blocks at the front without a special byte. The compiler makes the tests of a block into vector compares.
fn count_plain(blocks: &[[u8; BLOCK_BYTES]], union: &mut u8x16) -> usize {
    let ascii = blocks.iter().take_while(|block| is_plain_ascii(block)).count();
    let plain = blocks[ascii..].iter().take_while(|block| is_plain(block)).count();
    if plain > 0 {
        *union |= u8x16::splat(0x80);
    }
    ascii + plain
}

/// The usual case, and cheaper than [`is_plain`]: one signed compare finds both control characters and bytes above 0x7f.
#[inline]
fn is_plain_ascii(block: &[u8; BLOCK_BYTES]) -> bool {
    let mut special = false;
    for &byte in block {
        special |= (byte.cast_signed() < 0x20) | (byte == b'"') | (byte == b'\\');
    }
    !special
}

#[inline]
fn is_plain(block: &[u8; BLOCK_BYTES]) -> bool {
    let mut special = false;
    for &byte in block {
        special |= (byte < 0x20) | (byte == b'"') | (byte == b'\\');
    }
    !special
}

#[cfg(test)]
mod tests;
