//! The inside of a string: skipped in blocks, because almost all bytes of a request lie there.

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
    let mut run = Run {
        end: from,
        high: false,
        escaped: false,
        outcome: Outcome::Open(part),
    };
    let mut part = part;
    loop {
        if part == Part::Plain {
            run.end = find_special(chunk, run.end, &mut run.high);
        }
        let Some(&byte) = chunk.get(run.end) else {
            run.outcome = Outcome::Open(part);
            return run;
        };
        match step(part, byte) {
            Ok(next) => part = next,
            Err(outcome) => {
                run.outcome = outcome;
                return run;
            }
        }
        run.escaped = true;
        run.end += 1;
    }
}

/// Takes one byte that is special, or inside an escape.
fn step(part: Part, byte: u8) -> Result<Part, Outcome> {
    match (part, byte) {
        (Part::Plain, b'"') => Err(Outcome::Closed),
        (Part::Plain, b'\\') => Ok(Part::Escape),
        (Part::Plain, found) => Err(Outcome::Refused(Problem::ControlCharacter { found })),
        (Part::Escape, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(Part::Plain),
        (Part::Escape, b'u') => Ok(Part::Hex(4)),
        (Part::Hex(1), digit) if digit.is_ascii_hexdigit() => Ok(Part::Plain),
        (Part::Hex(left), digit) if digit.is_ascii_hexdigit() => Ok(Part::Hex(left - 1)),
        _ => Err(Outcome::Refused(Problem::InvalidEscape)),
    }
}

/// How far to look word by word before whole blocks are tried: most keys and many values end within it.
const NEAR_BYTES: usize = 32;

/// A block is tested as a whole; the compiler turns the test into vector compares.
const BLOCK_BYTES: usize = 64;

/// Finds the first quote, backslash or control character at or after `from`, or the end of the chunk.
/// Sets `high` where a byte above 0x7f was seen on the way (or in the same word, which is harmless).
fn find_special(chunk: &[u8], from: usize, high: &mut bool) -> usize {
    let rest = &chunk[from..];
    let (near, far) = rest.split_at(rest.len().min(NEAR_BYTES));
    if let Some(at) = find_in_words(near, high) {
        return from + at;
    }
    let skipped = skip_blocks(far, high);
    let (_, tail) = far.split_at(skipped);
    from + near.len() + skipped + find_in_words(tail, high).unwrap_or(tail.len())
}

/// Bytes at the front that lie in whole blocks without a special byte.
fn skip_blocks(bytes: &[u8], high: &mut bool) -> usize {
    let (blocks, _) = bytes.as_chunks::<BLOCK_BYTES>();
    let mut skipped = 0;
    for block in blocks {
        if !is_plain_ascii(block) {
            if !is_plain(block) {
                break;
            }
            *high = true;
        }
        skipped += BLOCK_BYTES;
    }
    skipped
}

/// One signed compare finds both control characters and bytes above 0x7f.
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
        special |= is_special(byte);
    }
    !special
}

const fn is_special(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

const WORD_BYTES: usize = 8;
const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Looks eight bytes at a time, then byte by byte.
#[inline]
fn find_in_words(bytes: &[u8], high: &mut bool) -> Option<usize> {
    let (words, tail) = bytes.as_chunks::<WORD_BYTES>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        *high |= word & HIGH_BITS != 0;
        let special = special_bits(word);
        if special != 0 {
            return Some(index * WORD_BYTES + special.trailing_zeros() as usize / WORD_BYTES);
        }
    }
    let in_tail = tail.iter().position(|&byte| is_special(byte));
    *high |= !tail.is_ascii();
    in_tail.map(|at| words.len() * WORD_BYTES + at)
}

/// Sets the top bit of each special byte. A borrow can set bits above a special byte, never below it, so the lowest
/// set bit is exact.
const fn special_bits(word: u64) -> u64 {
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let is_quote = quote.wrapping_sub(ONES) & !quote;
    let is_backslash = backslash.wrapping_sub(ONES) & !backslash;
    let is_control = word.wrapping_sub(ONES * 0x20) & !word;
    (is_quote | is_backslash | is_control) & HIGH_BITS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The plain reading of the definition.
    fn find_slowly(chunk: &[u8], from: usize) -> usize {
        chunk
            .iter()
            .skip(from)
            .position(|&byte| is_special(byte))
            .map_or(chunk.len(), |at| from + at)
    }

    proptest! {
        #[test]
        fn the_fast_search_finds_what_the_slow_one_finds(
            bytes in proptest::collection::vec(prop_oneof![40 => 0x20u8..=0xff, 1 => any::<u8>()], 0..400),
            from in 0usize..400,
        ) {
            let from = from.min(bytes.len());
            let mut high = false;
            let found = find_special(&bytes, from, &mut high);
            prop_assert_eq!(found, find_slowly(&bytes, from));
            prop_assert!(high || bytes[from..found].is_ascii(), "a high byte went unseen");
        }
    }

    #[test]
    fn every_position_of_a_special_byte_is_found() {
        for length in 0..300 {
            for special in [b'"', b'\\', 0x00, 0x1f] {
                let mut bytes = vec![b'a'; length];
                bytes.push(special);
                bytes.extend_from_slice(&[b'"'; 80]);
                assert_eq!(find_special(&bytes, 0, &mut false), length);
            }
        }
    }

    #[test]
    fn plain_ascii_needs_no_check_for_utf8() {
        let mut high = false;
        find_special(&[b'z'; 500], 0, &mut high);
        assert!(!high);
        find_special("ééééééé".repeat(40).as_bytes(), 0, &mut high);
        assert!(high);
    }
}
