//! Arrays of any bytes, cut anywhere: the elements never depend on the cuts, and are those that the array has.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;

#[path = "../../crates/wire/tests/it/laws.rs"]
#[expect(dead_code, reason = "the laws of the other targets")]
mod laws;

#[derive(Debug, Arbitrary)]
struct Input {
    cuts: Vec<usize>,
    frame_bytes_max: u16,
    array: Vec<u8>,
}

fuzz_target!(|input: Input| {
    laws::elements_do_not_depend_on_chunks(&input.array, &input.cuts, usize::from(input.frame_bytes_max));
});
