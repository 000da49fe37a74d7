use wide::{u8x16, u8x64};

use super::string::Part;

/// Bytes in a block.
pub(super) const BLOCK_BYTES: usize = 64;

#[derive(Debug, Clone, Copy)]
pub(super) struct Carry {
    escaped: u64,
    digits: u64,
}

pub(super) struct Block {
    pub(super) high: u8x16,
    backslashes: u64,
    stops: u64,
    bad: u64,
    escaped: u64,
    digits: u64,
    pub(super) carry: Carry,
}

/// Why a string stops at a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    Closed,
    ControlCharacter,
    InvalidEscape,
}

impl Carry {
    pub(super) fn of(part: Part) -> Self {
        let (escaped, digits) = match part {
            Part::Plain => (0, 0),
            Part::Escape => (1, 0),
            Part::Hex(left) => (0, (1 << left) - 1),
        };
        Self { escaped, digits }
    }
    pub(super) fn part(self) -> Part {
        part(self.escaped, self.digits)
    }
}

fn part(escaped: u64, digits: u64) -> Part {
    match (escaped & 1, digits.trailing_ones()) {
        (1, _) => Part::Escape,
        (_, 0) => Part::Plain,
        (_, left) => Part::Hex(left as u8),
    }
}

impl Block {
    /// Reads one block.
    #[inline(always)]
    pub(super) fn read(bytes: &[u8; BLOCK_BYTES], carry: Carry) -> Self {
        let lanes = Lanes::of(bytes);
        let quotes = lanes.equal(b'"');
        let backslashes = lanes.equal(b'\\');
        let low = lanes.fold(u8x16::min);
        let control = low.min(u8x16::splat(0x1f)).simd_eq(low);
        let high = lanes.fold(|a, b| a | b);
        let any = quotes.fold(|a, b| a | b) | backslashes.fold(|a, b| a | b) | control;
        if (carry.escaped | carry.digits == 0) && !any.any() {
            return Self { high, backslashes: 0, stops: 0, bad: 0, escaped: 0, digits: 0, carry };
        }
        let backslashes = backslashes.mask();
        let quotes = quotes.mask();
        let (escaped, carry_escaped) = find_escaped(backslashes, carry.escaped);
        let is_simple = !control.any() && carry.digits == 0 && are_simple(bytes, escaped);
        if is_simple {
            return Self {
                high, backslashes, stops: quotes & !escaped, bad: 0, escaped, digits: 0, carry: Carry { escaped: carry_escaped, digits: 0 }
            };
        }
        let (controls, bad, digits, carry_digits) = judge(bytes, escaped, carry.digits);
        let stops = ((quotes | controls) & !escaped) | bad;
        Self { high, backslashes, stops, bad, escaped, digits, carry: Carry { escaped: carry_escaped, digits: carry_digits } }
    }

    pub(super) fn stop(&self) -> Option<usize> {
        (self.stops != 0).then(|| self.stops.trailing_zeros() as usize)
    }
    pub(super) fn has_backslash(&self) -> bool {
        self.backslashes & self.stops.wrapping_sub(1) & !self.stops != 0
    }
    pub(super) fn reason(&self, at: usize, byte: u8) -> Reason {
        if self.bad >> at & 1 == 1 {
            Reason::InvalidEscape
        } else if byte == b'"' {
            Reason::Closed
        } else {
            Reason::ControlCharacter
        }
    }

    pub(super) fn part_at(&self, at: usize) -> Part {
        let escaped = u128::from(self.escaped) | u128::from(self.carry.escaped) << BLOCK_BYTES;
        let digits = u128::from(self.digits) | u128::from(self.carry.digits) << BLOCK_BYTES;
        part((escaped >> at) as u64, (digits >> at) as u64)
    }
}

#[inline]
fn find_escaped(backslashes: u64, carried: u64) -> (u64, u64) {
    const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
    let starts = backslashes & !carried;
    let followed = (starts << 1 | ODD).wrapping_sub(starts) ^ ODD;
    (followed ^ (backslashes | carried), (followed & backslashes) >> 63)
}

#[inline(never)]
fn judge(bytes: &[u8; BLOCK_BYTES], escaped: u64, carried_digits: u64) -> (u64, u64, u64, u64) {
    let block = u8x64::from(*bytes);
    let controls = block.min(u8x64::splat(0x1f)).simd_eq(block).to_bitmask();
    let (simple, unicode) = follows(block);
    let mut bad = escaped & !(simple | unicode);
    let unicode = escaped & unicode;
    let digits = carried_digits | unicode << 1 | unicode << 2 | unicode << 3 | unicode << 4;
    let last = unicode >> 60;
    bad |= digits & !hex(block);
    (controls, bad, digits, last | last >> 1 | last >> 2 | last >> 3)
}

#[inline]
fn follows(block: u8x64) -> (u64, u64) {
    let simple = block.simd_eq(b'"')
        | block.simd_eq(b'\\')
        | block.simd_eq(b'/')
        | (block | u8x64::splat(4)).simd_eq(b'f')
        | block.simd_eq(b'n')
        | block.simd_eq(b'r')
        | block.simd_eq(b't');
    (simple.to_bitmask(), block.simd_eq(b'u').to_bitmask())
}

#[inline]
fn hex(block: u8x64) -> u64 {
    let digit = block - u8x64::splat(b'0');
    let letter = (block | u8x64::splat(0x20)) - u8x64::splat(b'a');
    (digit.min(u8x64::splat(9)).simd_eq(digit) | letter.min(u8x64::splat(5)).simd_eq(letter)).to_bitmask()
}

struct Lanes([u8x16; 4]);

impl Lanes {
    #[inline]
    fn of(bytes: &[u8; BLOCK_BYTES]) -> Self {
        let (lanes, _) = bytes.as_chunks::<16>();
        Self([u8x16::from(lanes[0]), u8x16::from(lanes[1]), u8x16::from(lanes[2]), u8x16::from(lanes[3])])
    }
    #[inline]
    fn equal(&self, byte: u8) -> Self {
        Self(self.0.map(|lane| lane.simd_eq(byte)))
    }
    #[inline]
    fn fold(&self, f: impl Fn(u8x16, u8x16) -> u8x16) -> u8x16 {
        let [a, b, c, d] = self.0;
        f(f(a, b), f(c, d))
    }
    #[inline]
    fn mask(&self) -> u64 {
        let [a, b, c, d] = self.0.map(|lane| u64::from(lane.to_bitmask()));
        a | b << 16 | c << 32 | d << 48
    }
}

const IS_SIMPLE: [bool; 256] = {
    let mut table = [false; 256];
    let simple = b"\"\\/bfnrt";
    let mut at = 0;
    while at < simple.len() {
        table[simple[at] as usize] = true;
        at += 1;
    }
    table
};

#[inline]
fn are_simple(bytes: &[u8; BLOCK_BYTES], escaped: u64) -> bool {
    let mut left = escaped;
    let mut simple = true;
    while left != 0 && simple {
        for _ in 0..UNROLL {
            simple &= IS_SIMPLE[usize::from(bytes[left.trailing_zeros() as usize & 63])];
            let next = left & left.wrapping_sub(1);
            left = if next == 0 { left } else { next };
        }
        left &= left.wrapping_sub(1);
    }
    simple
}
const UNROLL: usize = 4;
