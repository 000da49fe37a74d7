//! Documents of any bytes, cut anywhere: the scanner agrees with serde_json, the outline never depends on the cuts,
//! and an edit of the bytes is the edit of the value.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use wire::json::ScanLimits;

#[path = "../../crates/wire/tests/it/laws.rs"]
#[expect(dead_code, reason = "the laws of the other target")]
mod laws;

use laws::Change;

#[derive(Debug, Arbitrary)]
struct Input {
    cuts: Vec<usize>,
    depth_max: u8,
    members_max: u8,
    change: u8,
    key: String,
    raw: Vec<u8>,
    text: Vec<u8>,
}

fuzz_target!(|input: Input| {
    let limits = ScanLimits {
        depth_max: input.depth_max.into(),
        members_max: input.members_max.into(),
    };
    laws::the_scanner_agrees_with_serde_json(&input.text);
    laws::the_outline_does_not_depend_on_chunks(&input.text, &input.cuts, limits);
    let change = match input.change % 3 {
        0 => Change::Set,
        1 => Change::Default,
        _ => Change::Remove,
    };
    laws::an_edit_changes_nothing_else(&input.text, &input.cuts, change, &input.key, &input.raw);
});
