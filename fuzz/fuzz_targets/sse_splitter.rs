//! Streams of any bytes, cut anywhere: the frames never depend on the cuts, and no byte is lost.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;

#[path = "../../crates/wire/tests/it/laws.rs"]
#[expect(dead_code, reason = "the laws of the other target")]
mod laws;

#[derive(Debug, Arbitrary)]
struct Input {
    cuts: Vec<usize>,
    frame_bytes_max: u16,
    stream: Vec<u8>,
}

fuzz_target!(|input: Input| {
    laws::frames_do_not_depend_on_chunks(&input.stream, &input.cuts, usize::from(input.frame_bytes_max));
});
