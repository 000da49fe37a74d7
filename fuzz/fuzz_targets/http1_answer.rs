//! HTTP/1.1 answers of any bytes, cut anywhere: what is read of them never depends on the cuts.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;

/// The codec is private to its crate, so its files are taken in one by one.
#[path = "../../crates/providers/src/transport"]
mod transport {
    #[path = "http1"]
    pub(crate) mod http1 {
        mod bounds;
        mod chunked;
        #[expect(dead_code, reason = "connections close bodies and ask for their lengths")]
        mod decoder;
        mod head;
        mod problem;
        #[path = "tests/laws.rs"]
        #[expect(dead_code, reason = "the property tests call more of it")]
        pub(crate) mod laws;
    }
}

#[derive(Debug, Arbitrary)]
struct Input {
    cuts: Vec<usize>,
    is_head_request: bool,
    /// Whether the bytes are the chunks behind a whole head.
    is_chunked: bool,
    answer: Vec<u8>,
}

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

fuzz_target!(|input: Input| {
    let head = if input.is_chunked { HEAD } else { b"" };
    let answer = [head, &input.answer].concat();
    transport::http1::laws::the_outcome_does_not_depend_on_the_cuts(&answer, &input.cuts, input.is_head_request);
});
