//! The laws of translation on what providers and clients send, damaged at random.

use proptest::prelude::*;
use wire::convert::Format;

use crate::convert::{FORMATS, cases};
use crate::{recordings, translation_laws};

/// Damage to bytes: at a place, so many are taken out and these put in.
#[derive(Debug, Clone)]
struct Damage {
    place: prop::sample::Index,
    taken: usize,
    given: Vec<u8>,
}

fn damage() -> impl Strategy<Value = Damage> {
    let token = prop::sample::select(vec![
        "\"", "{", "}", "[", "]", "null", "\\", "\\u0000", "\n\n", "-1", "1e999", "\"id\":", "\u{fffd}", ",",
        "\r",
    ]);
    let given = prop_oneof![
        token.prop_map(|token| token.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    (any::<prop::sample::Index>(), 0_usize..40, given).prop_map(|(place, taken, given)| Damage {
        place,
        taken,
        given,
    })
}

fn damaged(bytes: &[u8], damages: &[Damage]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for Damage { place, taken, given } in damages {
        let start = place.index(bytes.len() + 1);
        let end = (start + taken).min(bytes.len());
        bytes.splice(start..end, given.iter().copied());
    }
    bytes
}

/// A case of one format, and the format at the other end.
fn case(kind: &'static str) -> impl Strategy<Value = (Format, Vec<u8>, Format)> {
    let all: Vec<(Format, Vec<u8>)> = FORMATS
        .into_iter()
        .flat_map(|format| cases(format, kind).into_iter().map(move |(_, case)| (format, case)))
        .collect();
    (prop::sample::select(all), prop::sample::select(FORMATS.to_vec()))
        .prop_map(|((format, case), other)| (format, case, other))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn damaged_requests_are_translated_or_refused(
        (client, request, provider) in case("requests"), damages in prop::collection::vec(damage(), 0..4),
    ) {
        translation_laws::a_request_is_translated_or_refused(&damaged(&request, &damages), client, provider);
    }

    #[test]
    fn damaged_answers_are_translated_or_the_providers_failure(
        (provider, answer, client) in case("answers"), damages in prop::collection::vec(damage(), 0..4),
    ) {
        translation_laws::an_answer_is_translated_or_malformed(&damaged(&answer, &damages), client, provider);
    }

    #[test]
    fn damaged_streams_become_whole_events(
        (provider, stream, client) in case("streams"), damages in prop::collection::vec(damage(), 0..4),
        cuts in prop::collection::vec(any::<usize>(), 0..4),
    ) {
        let stream = damaged(&recordings::bytes_of(provider.event_stream().framing(), &stream), &damages);
        translation_laws::a_stream_becomes_whole_events(&stream, &cuts, client, provider);
    }

    #[test]
    fn damaged_streams_are_gone_on_with_in_whole_events(
        (client, begun, _) in case("streams"), (provider, rest, _) in case("streams"),
        at in any::<prop::sample::Index>(), damages in prop::collection::vec(damage(), 0..3),
    ) {
        let bytes = |format: Format, stream: &[u8]| recordings::bytes_of(format.event_stream().framing(), stream);
        let begun = bytes(client, &begun);
        let begun = damaged(begun.split_at(at.index(begun.len() + 1)).0, &damages);
        let rest = damaged(&bytes(provider, &rest), &damages);
        translation_laws::a_stream_is_gone_on_with_in_whole_events((client, &begun), (provider, &rest));
    }
}
