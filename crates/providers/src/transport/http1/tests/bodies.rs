//! Laws of answer bodies.

use std::fmt::Write;

use proptest::prelude::*;

use super::laws::cut;
use crate::transport::http1::bounds::{CHUNK_LINE_BYTES_MAX, TRAILERS_BYTES_MAX};
use crate::transport::http1::chunked::Chunked;
use crate::transport::http1::decoder::BodyDecoder;
use crate::transport::http1::problem::AnswerProblem;

fn chunked() -> BodyDecoder {
    BodyDecoder::Chunked(Chunked::new())
}

/// The content of all pieces and what is behind the end.
fn decode(decoder: &mut BodyDecoder, pieces: &[&[u8]]) -> (Vec<u8>, Vec<u8>) {
    let (mut content, mut rest) = (Vec::new(), Vec::new());
    for piece in pieces {
        let mut piece = piece.to_vec();
        let decoded = decoder.decode(&mut piece);
        content.extend_from_slice(&piece[decoded.content]);
        rest.extend_from_slice(&piece[decoded.used..]);
    }
    (content, rest)
}

/// One chunk: its content, how its size is written, and what follows the size.
#[derive(Debug, Clone)]
pub(super) struct Chunk {
    content: Vec<u8>,
    zeros: usize,
    upper_case: bool,
    extension: String,
}

pub(super) fn chunk() -> impl Strategy<Value = Chunk> {
    let content = proptest::collection::vec(any::<u8>(), 1..300);
    let extension = prop_oneof![Just(String::new()), "[ \t]{0,2}(;[a-z=\"\u{e9} ]{0,9}){0,2}"];
    (content, 0..4_usize, any::<bool>(), extension)
        .prop_map(|(content, zeros, upper_case, extension)| Chunk { content, zeros, upper_case, extension })
}

/// What a server sends for these chunks.
pub(super) fn encode(chunks: &[Chunk], trailers: &str) -> Vec<u8> {
    let mut encoded = Vec::new();
    for chunk in chunks {
        let mut line = "0".repeat(chunk.zeros);
        let size = chunk.content.len();
        match chunk.upper_case {
            true => write!(line, "{size:X}{}\r\n", chunk.extension),
            false => write!(line, "{size:x}{}\r\n", chunk.extension),
        }
        .unwrap();
        encoded.extend_from_slice(line.as_bytes());
        encoded.extend_from_slice(&chunk.content);
        encoded.extend_from_slice(b"\r\n");
    }
    encoded.extend_from_slice(format!("0\r\n{trailers}\r\n").as_bytes());
    encoded
}

pub(super) fn content(chunks: &[Chunk]) -> Vec<u8> {
    chunks.iter().flat_map(|chunk| chunk.content.clone()).collect()
}

proptest! {
    #[test]
    fn chunks_cut_anywhere_give_their_content_and_nothing_else(
        chunks in proptest::collection::vec(chunk(), 0..9),
        trailers in "([a-z]{1,5}: [a-z]{0,9}\r\n){0,3}",
        behind in proptest::collection::vec(any::<u8>(), 0..4),
        cuts in proptest::collection::vec(any::<usize>(), 0..9),
    ) {
        let encoded = [encode(&chunks, &trailers), behind.clone()].concat();
        let mut decoder = chunked();
        let (decoded, rest) = decode(&mut decoder, &cut(&encoded, &cuts));
        prop_assert_eq!(decoded, content(&chunks));
        prop_assert!(decoder.has_ended());
        prop_assert_eq!(rest, behind);
    }

    #[test]
    fn a_prefix_of_chunks_is_neither_an_end_nor_an_error(
        chunks in proptest::collection::vec(chunk(), 0..4),
        place: proptest::sample::Index,
    ) {
        let encoded = encode(&chunks, "a: b\r\n");
        let mut decoder = chunked();
        let (decoded, _) = decode(&mut decoder, &[&encoded[..place.index(encoded.len())]]);
        prop_assert!(content(&chunks).starts_with(&decoded));
        prop_assert_eq!(decoder.problem(), None);
        prop_assert!(!decoder.has_ended());
        prop_assert!(!decoder.close());
    }

    #[test]
    fn a_length_ends_exactly_there(
        body in proptest::collection::vec(any::<u8>(), 0..64),
        length in 0..80_u64,
        cuts in proptest::collection::vec(any::<usize>(), 0..5),
    ) {
        let mut decoder = BodyDecoder::of_length(length);
        prop_assert_eq!(decoder.length(), Some(length));
        let (decoded, rest) = decode(&mut decoder, &cut(&body, &cuts));
        let end = body.len().min(length as usize);
        prop_assert_eq!(&decoded[..], &body[..end]);
        prop_assert_eq!(&rest[..], &body[end..]);
        prop_assert_eq!(decoder.length(), Some(length - end as u64));
        prop_assert_eq!(decoder.has_ended(), end as u64 == length);
    }
}

#[test]
fn chunks_that_come_together_become_one_piece_in_place() {
    let mut bytes = *b"5\r\nhello\r\n1;x=y\r\n \r\n5\r\nworld\r\n0\r\n\r\nrest";
    let mut decoder = chunked();
    let decoded = decoder.decode(&mut bytes);
    assert_eq!(&bytes[decoded.content], b"hello world");
    assert_eq!(&bytes[decoded.used..], b"rest");
}

#[test]
fn malformed_chunks_are_errors_behind_the_content_before_them() {
    use AnswerProblem::{ChunkEnd, ChunkSize, Trailers};
    let table: [(&[u8], &[u8], AnswerProblem); 24] = [
        (b"\r\n", b"", ChunkSize),
        (b"x\r\n", b"", ChunkSize),
        (b"-1\r\n", b"", ChunkSize),
        (b"0x1\r\n", b"", ChunkSize),
        (b" 1\r\n", b"", ChunkSize),
        (b";a\r\n", b"", ChunkSize),
        (b"1 2\r\n", b"", ChunkSize),
        (b"1\n", b"", ChunkSize),
        (b"1\rx", b"", ChunkSize),
        (b"1;a\nb\r\n", b"", ChunkSize),
        (b"1;a\rb", b"", ChunkSize),
        (b"1;\0\r\n", b"", ChunkSize),
        (b"10000000000000000\r\n", b"", ChunkSize),
        (b"2\r\nok0\r\n", b"ok", ChunkEnd),
        (b"2\r\nok\n", b"ok", ChunkEnd),
        (b"2\r\nok\rx", b"ok", ChunkEnd),
        (b"2\r\nok\r\nz", b"ok", ChunkSize),
        (b"0\r\nx", b"", Trailers),
        (b"0\r\n\rx", b"", Trailers),
        (b"0\r\n\n", b"", Trailers),
        (b"0\r\na: b\n", b"", Trailers),
        (b"0\r\na: b\rc", b"", Trailers),
        (b"0\r\n folded\r\n", b"", Trailers),
        (b"0\r\n: b\r\n", b"", Trailers),
    ];
    for (bytes, before, problem) in table {
        // A line without an end is broken by what can be no part of it.
        let bytes = if bytes.ends_with(b"\r\nx") { [bytes, b"\0"].concat() } else { bytes.to_vec() };
        for place in 0..=bytes.len() {
            let mut decoder = chunked();
            let (decoded, _) = decode(&mut decoder, &[&bytes[..place], &bytes[place..]]);
            let shown = String::from_utf8_lossy(&bytes);
            assert_eq!(decoder.problem(), Some(problem), "{shown:?}");
            assert_eq!(decoded, before, "{shown:?}");
            assert!(!decoder.has_ended() && !decoder.close(), "{shown:?}");
        }
    }
}

#[test]
fn a_chunk_may_be_as_long_as_a_number_and_its_line_as_long_as_the_bound() {
    let mut decoder = chunked();
    decode(&mut decoder, &[b"ffffffffffffffff\r\nx"]);
    assert_eq!(decoder.problem(), None);
    let frame = "1;\r\n".len();
    for (extra, problem) in [(0, None), (1, Some(AnswerProblem::ChunkLineTooLong))] {
        let line = format!("1;{}\r\n", "e".repeat(CHUNK_LINE_BYTES_MAX - frame + extra));
        let mut decoder = chunked();
        decode(&mut decoder, &[line.as_bytes(), b"x\r\n", b"1\r\n"]);
        assert_eq!(decoder.problem(), problem);
        let zeros = format!("{}\r\n", "0".repeat(CHUNK_LINE_BYTES_MAX - 2 + extra));
        let mut decoder = chunked();
        decode(&mut decoder, &[zeros.as_bytes()]);
        assert_eq!(decoder.problem(), problem);
    }
}

#[test]
fn trailers_are_bounded_all_together() {
    for (extra, problem) in [(0, None), (1, Some(AnswerProblem::TrailersTooLarge))] {
        let line = "a: b\r\n";
        let filling = "v".repeat((TRAILERS_BYTES_MAX - 2) % line.len() + extra);
        let count = (TRAILERS_BYTES_MAX - 2) / line.len() - 1;
        let trailers = format!("0\r\n{}a: b{filling}\r\n\r\n", line.repeat(count));
        let mut decoder = chunked();
        decode(&mut decoder, &[trailers.as_bytes()]);
        assert_eq!(decoder.problem(), problem);
        assert_eq!(decoder.has_ended(), problem.is_none());
    }
}

#[test]
fn only_a_body_without_a_stated_end_ends_with_its_connection() {
    assert!(BodyDecoder::UntilClose.close());
    assert!(BodyDecoder::Ended.close());
    assert!(!BodyDecoder::of_length(1).close());
    assert!(!chunked().close());
}
