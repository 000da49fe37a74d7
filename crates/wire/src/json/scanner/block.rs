//! Sixty-four bytes of a string at a time, as bit masks: one bit for each byte, the first byte in the lowest bit.
//!
//! The method is that of simdjson (Langdale and Lemire, "Parsing Gigabytes of JSON per Second", VLDB Journal 28, 2019,
//! section 3.1): vector compares say where quotes and backslashes lie, and arithmetic on the masks says which bytes are
//! escaped. So a block of text costs the same whether it holds one escape or ten, and no branch depends on where they
//! lie. A search from one special byte to the next is slow just there: a processor cannot guess their distances.
//!
//! What a block decides about the bytes behind it, an escape that its end cuts, is handed on in a [`Carry`], which is
//! also how a string is resumed in the next chunk.

use wide::u8x16;

use crate::json::Problem;

/// Bytes in a block, and bits in a mask.
pub(super) const BLOCK_BYTES: usize = 64;

/// How much of a string has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Between characters.
    Plain,
    /// After a backslash.
    Escape,
    /// Inside `\uXXXX`, with so many hexadecimal digits to come.
    Hex(u32),
}

/// What the bytes before a block decide about its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Carry {
    /// Of the block's bytes, those that follow a backslash which escapes them: none or the first.
    escaped: u64,
    /// Of the block's bytes, those that must be hexadecimal digits of a `\uXXXX`: none or up to four at the front.
    digits: u64,
}

impl Carry {
    /// At the front of a block where the string is in the given part.
    pub(super) fn of(part: Part) -> Self {
        let (escaped, digits) = match part {
            Part::Plain => (0, 0),
            Part::Escape => (1, 0),
            Part::Hex(left) => (0, (1 << left) - 1),
        };
        Self { escaped, digits }
    }

    /// The part that the string is in at the front of the block.
    pub(super) fn part(self) -> Part {
        match (self.escaped, self.digits.trailing_ones()) {
            (0, 0) => Part::Plain,
            (0, left) => Part::Hex(left),
            _ => Part::Escape,
        }
    }
}

/// A block that has been read.
///
/// All masks are exact up to the first stop, and mean nothing behind it.
#[derive(Debug)]
pub(super) struct Block {
    backslashes: u64,
    /// Bytes that follow a backslash which escapes them.
    escaped: u64,
    /// Bytes that must be hexadecimal digits.
    digits: u64,
    /// Bytes that break an escape.
    broken: u64,
    /// Bytes at which the string stops: unescaped quotes, control characters and what breaks an escape.
    stops: u64,
    /// The bitwise or of all bytes, folded.
    union: u8x16,
    carry: Carry,
}

impl Block {
    /// Reads one block, which lies inside a string.
    #[inline]
    pub(super) fn read(bytes: &[u8; BLOCK_BYTES], before: Carry) -> Self {
        let lanes = Lanes::new(bytes);
        let quotes = lanes.equal(b'"').mask();
        let backslashes = lanes.equal(b'\\').mask();
        let (escaped, escapes_next) = find_escaped(backslashes, before.escaped);
        let mut block = Self {
            backslashes,
            escaped,
            digits: 0,
            broken: 0,
            stops: quotes & !escaped,
            union: lanes.fold(|left, right| left | right),
            carry: Carry { escaped: escapes_next, digits: 0 },
        };
        // Only the four escapes of usual text are told apart here. The branch is guessed well: text with other escapes,
        // such as `\u`, has many of them.
        let usual = quotes | backslashes | lanes.equal(b'n').or(lanes.equal(b't')).mask();
        if (escaped & !usual) | before.digits != 0 || lanes.has_control() {
            let rare = Rare::read(bytes, escaped, before.digits);
            block.digits = rare.digits;
            block.broken = rare.broken;
            block.stops = (quotes | rare.controls) & !escaped | rare.broken;
            block.carry.digits = rare.digits_next;
        }
        block
    }

    /// What this block decides about the next one.
    pub(super) fn carry(&self) -> Carry {
        self.carry
    }

    /// The bitwise or of all bytes of the block, those behind the string's end included, folded into one vector.
    pub(super) fn union(&self) -> u8x16 {
        self.union
    }

    /// The backslashes of the block.
    pub(super) fn backslashes(&self) -> u64 {
        self.backslashes
    }

    /// The backslashes before byte `end`, which is in the block.
    pub(super) fn backslashes_before(&self, end: usize) -> u64 {
        self.backslashes & ((1 << end) - 1)
    }

    /// Where in the block the string stops, if it does.
    pub(super) fn stop(&self) -> Option<usize> {
        (self.stops != 0).then(|| self.stops.trailing_zeros() as usize)
    }

    /// What is wrong with `byte`, at which the string stops; nothing where it is the closing quote.
    pub(super) fn problem(&self, at: usize, byte: u8) -> Option<Problem> {
        match byte {
            _ if self.broken >> at & 1 == 1 => Some(Problem::InvalidEscape),
            b'"' => None,
            found => Some(Problem::ControlCharacter { found }),
        }
    }

    /// The part that the string is in before byte `at`, which is in the block.
    pub(super) fn part_before(&self, at: usize) -> Part {
        // Digits may reach into the next block, hence the mask of both.
        let digits = (u128::from(self.carry.digits) << BLOCK_BYTES | u128::from(self.digits)) >> at;
        let next = Carry { escaped: self.escaped >> at & 1, digits: digits as u64 };
        next.part()
    }
}

/// The bytes that are escaped, and the first byte of the next block where it is. `carried` is the same bit, handed on by
/// the block before.
///
/// In a run of backslashes every second one is escaped, and so is the byte behind the run where its length is odd. The
/// subtraction tells both at once (simdjson, `json_escape_scanner.h`): a run, shifted by one and with all odd bits set,
/// minus the run itself leaves bits that differ from the odd ones exactly at each backslash that escapes and at the byte
/// which it escapes, whether the run begins at an odd or at an even bit.
#[inline]
fn find_escaped(backslashes: u64, carried: u64) -> (u64, u64) {
    const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
    let free = backslashes & !carried;
    // Alternately a backslash that escapes and the byte that it escapes.
    let pairs = (free << 1 | ODD).wrapping_sub(free) ^ ODD;
    (pairs ^ (backslashes | carried), (pairs & backslashes) >> 63)
}

/// The masks that only blocks with a rare escape or a control character need.
struct Rare {
    controls: u64,
    digits: u64,
    digits_next: u64,
    broken: u64,
}

impl Rare {
    /// Kept out of line, so that the usual block needs no room for it.
    #[inline(never)]
    fn read(bytes: &[u8; BLOCK_BYTES], escaped: u64, carried_digits: u64) -> Self {
        let lanes = Lanes::new(bytes);
        let unicode = escaped & lanes.equal(b'u').mask();
        let digits = carried_digits | unicode << 1 | unicode << 2 | unicode << 3 | unicode << 4;
        // A `u` among the last four bytes leaves one to four digits for the next block.
        let last = unicode >> 60;
        Self {
            controls: lanes.within(0x00, 0x1f).mask(),
            digits,
            digits_next: last | last >> 1 | last >> 2 | last >> 3,
            broken: escaped & !unicode & !lanes.simple_escapes().mask()
                | digits & !lanes.hexadecimal().mask(),
        }
    }
}

const LANE_BYTES: usize = 16;
const LANES: usize = BLOCK_BYTES / LANE_BYTES;

/// A block in vectors of the width that every processor has. The answer to a test has all bits of a byte set or none.
#[derive(Clone, Copy)]
struct Lanes([u8x16; LANES]);

impl Lanes {
    #[inline]
    fn new(bytes: &[u8; BLOCK_BYTES]) -> Self {
        let (lanes, _) = bytes.as_chunks::<LANE_BYTES>();
        Self(std::array::from_fn(|lane| u8x16::from(lanes[lane])))
    }

    #[inline]
    fn equal(self, byte: u8) -> Self {
        Self(self.0.map(|lane| lane.simd_eq(byte)))
    }

    #[inline]
    fn or(self, other: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane] | other.0[lane]))
    }

    /// Whether bytes lie from `first` to `last`, as one unsigned compare of their distance from `first`.
    #[inline]
    fn within(self, first: u8, last: u8) -> Self {
        let span = u8x16::splat(last - first);
        Self(self.0.map(|lane| {
            let distance = lane - u8x16::splat(first);
            distance.min(span).simd_eq(distance)
        }))
    }

    /// Bytes that may follow a backslash, but for `u` (RFC 8259, section 7).
    #[inline]
    fn simple_escapes(self) -> Self {
        let marks = self.equal(b'"').or(self.equal(b'\\')).or(self.equal(b'/'));
        let controls = self.equal(b'b').or(self.equal(b'f')).or(self.equal(b'n'));
        marks.or(controls).or(self.equal(b'r')).or(self.equal(b't'))
    }

    #[inline]
    fn hexadecimal(self) -> Self {
        let lower_case = Self(self.0.map(|lane| lane | u8x16::splat(0x20)));
        self.within(b'0', b'9').or(lower_case.within(b'a', b'f'))
    }

    #[inline]
    fn has_control(self) -> bool {
        let least = self.fold(u8x16::min);
        least.min(u8x16::splat(0x1f)).simd_eq(least).any()
    }

    #[inline]
    fn fold(self, join: impl Fn(u8x16, u8x16) -> u8x16) -> u8x16 {
        let [first, second, third, fourth] = self.0;
        join(join(first, second), join(third, fourth))
    }

    /// One bit for each byte: its highest.
    #[inline]
    fn mask(self) -> u64 {
        let [first, second, third, fourth] = self.0.map(|lane| u64::from(lane.to_bitmask()));
        first | second << LANE_BYTES | third << (2 * LANE_BYTES) | fourth << (3 * LANE_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The plain reading of the definition: a backslash that is not escaped itself escapes the next byte.
    fn find_escaped_slowly(backslashes: u64, carried: u64) -> (u64, u64) {
        let mut escaped = 0;
        let mut is_escaped = carried;
        for bit in 0..BLOCK_BYTES {
            escaped |= is_escaped << bit;
            is_escaped = !is_escaped & backslashes >> bit & 1;
        }
        (escaped, is_escaped)
    }

    proptest! {
        #[test]
        fn escaped_bytes_are_those_of_the_definition(
            sparse in any::<u64>(),
            other in any::<u64>(),
            carried in 0u64..=1,
        ) {
            for backslashes in [sparse, sparse & other, sparse | other, !0, !0 << (other % 64)] {
                prop_assert_eq!(
                    find_escaped(backslashes, carried),
                    find_escaped_slowly(backslashes, carried),
                    "{:#066b}", backslashes
                );
            }
        }
    }

    #[test]
    fn each_byte_is_tested_alike_in_every_lane() {
        for byte in 0..=u8::MAX {
            for at in 0..BLOCK_BYTES {
                let mut bytes = [b' '; BLOCK_BYTES];
                bytes[at] = byte;
                let lanes = Lanes::new(&bytes);
                let bit = |is: bool| u64::from(is) << at;
                assert_eq!(lanes.hexadecimal().mask(), bit(byte.is_ascii_hexdigit()), "{byte}");
                assert_eq!(lanes.simple_escapes().mask(), bit(b"\"\\/bfnrt".contains(&byte)), "{byte}");
                assert_eq!(lanes.within(0x00, 0x1f).mask(), bit(byte < 0x20), "{byte}");
                assert_eq!(lanes.has_control(), byte < 0x20, "{byte}");
                assert_eq!(lanes.mask(), bit(byte > 0x7f), "{byte}");
            }
        }
    }

    #[test]
    fn a_part_that_is_carried_is_the_same_part() {
        let parts = [Part::Plain, Part::Escape, Part::Hex(1), Part::Hex(2), Part::Hex(3), Part::Hex(4)];
        for part in parts {
            assert_eq!(Carry::of(part).part(), part);
        }
    }
}
