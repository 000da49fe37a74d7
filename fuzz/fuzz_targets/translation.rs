//! Any bytes as a request, an answer or a stream, from any format to any other: translated or refused, never a panic, and
//! never out of proportion.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use wire::convert::Format;

#[path = "../../crates/wire/tests/it/laws.rs"]
#[expect(dead_code, reason = "the laws of the other targets")]
mod laws;
#[path = "../../crates/wire/tests/it/translation_laws.rs"]
mod translation_laws;

#[derive(Debug, Arbitrary)]
struct Input {
    client: u8,
    provider: u8,
    kind: Kind,
    cuts: Vec<usize>,
    bytes: Vec<u8>,
}

#[derive(Debug, Arbitrary)]
enum Kind {
    Request,
    Answer,
    Stream,
    Resumed,
}

fuzz_target!(|input: Input| {
    let format = |number: u8| Format::ALL[usize::from(number) % Format::ALL.len()];
    let (client, provider) = (format(input.client), format(input.provider));
    match input.kind {
        Kind::Request => {
            translation_laws::a_request_is_translated_or_refused(&input.bytes, client, provider);
        }
        Kind::Answer => {
            translation_laws::an_answer_is_translated_or_malformed(&input.bytes, client, provider);
        }
        Kind::Stream => {
            translation_laws::a_stream_becomes_whole_events(&input.bytes, &input.cuts, client, provider);
        }
        Kind::Resumed => {
            let at = input.cuts.first().map_or(0, |cut| cut % (input.bytes.len() + 1));
            let (begun, rest) = input.bytes.split_at(at);
            translation_laws::a_stream_is_gone_on_with_in_whole_events((client, begun), (provider, rest));
        }
    }
});
