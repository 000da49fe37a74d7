//! Amazon's binary event stream (`application/vnd.amazon.eventstream`), cut into messages without changing a byte.
//!
//! A message is a prelude (its length, its headers' length, a checksum of both), headers, a payload and a checksum of
//! all of it; numbers are big-endian, checksums CRC-32 (Amazon Transcribe Developer Guide, "Event stream encoding").

mod encode;
mod frame;
mod splitter;
#[cfg(test)]
mod tests;

pub use encode::{event, exception};
pub use frame::Frame;
pub use splitter::Splitter;

/// Total length, headers' length, checksum.
const PRELUDE_BYTES: usize = 12;
/// The checksum at the end.
const TRAILER_BYTES: usize = 4;
/// The value type of a string header.
const STRING: u8 = 7;

/// A big-endian number of four bytes.
fn number_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
