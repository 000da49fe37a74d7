//! The reading in blocks against the grammar byte by byte, for every alignment, cut and part.

use super::*;
use proptest::prelude::*;

/// The grammar of strings (RFC 8259, section 7), one byte at a time.
fn step(part: Part, byte: u8) -> Result<Part, Outcome> {
    match (part, byte) {
        (Part::Plain, b'"') => Err(Outcome::Closed),
        (Part::Plain, b'\\') => Ok(Part::Escape),
        (Part::Plain, found @ ..0x20) => Err(Outcome::Refused(Problem::ControlCharacter { found })),
        (Part::Plain, _) => Ok(Part::Plain),
        (Part::Escape, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(Part::Plain),
        (Part::Escape, b'u') => Ok(Part::Hex(4)),
        (Part::Hex(1), digit) if digit.is_ascii_hexdigit() => Ok(Part::Plain),
        (Part::Hex(left), digit) if digit.is_ascii_hexdigit() => Ok(Part::Hex(left - 1)),
        _ => Err(Outcome::Refused(Problem::InvalidEscape)),
    }
}

/// Where the stretch ends and why.
fn run_slowly(chunk: &[u8], from: usize, mut part: Part) -> (usize, Outcome) {
    for (at, &byte) in chunk.iter().enumerate().skip(from) {
        match step(part, byte) {
            Ok(next) => part = next,
            Err(outcome) => return (at, outcome),
        }
    }
    (chunk.len(), Outcome::Open(part))
}

fn assert_reads_alike(chunk: &[u8], from: usize, part: Part) {
    let read = run(chunk, from, part);
    let shown = chunk.escape_ascii();
    let (end, outcome) = run_slowly(chunk, from, part);
    assert_eq!((read.end, read.outcome), (end, outcome), "{from}, {part:?}: {shown}");
    let stretch = &chunk[from..end];
    assert_eq!(read.escaped, stretch.contains(&b'\\'), "backslash: {from}, {part:?}: {shown}");
    assert!(read.high || stretch.is_ascii(), "a high byte went unseen: {from}: {shown}");
}

/// Reads up to the cut and on from there.
fn run_cut(text: &[u8], cut: usize) -> (usize, Outcome) {
    let first = run(&text[..cut], 0, Part::Plain);
    match first.outcome {
        Outcome::Open(part) => {
            let second = run(&text[cut..], 0, part);
            (cut + second.end, second.outcome)
        }
        outcome => (first.end, outcome),
    }
}

fn any_part() -> impl Strategy<Value = Part> {
    prop_oneof![
        4 => Just(Part::Plain),
        1 => Just(Part::Escape),
        1 => (1u32..=4).prop_map(Part::Hex),
    ]
}

/// What strings are made of, mostly right.
fn any_text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        30 => "[a-z ]{1,30}".prop_map(String::into_bytes),
        20 => proptest::sample::select(&[r"\n", r#"\""#, r"\\", r"\t", r"\/", r"\b", r"\f", r"\r"][..])
            .prop_map(|escape| escape.as_bytes().to_vec()),
        10 => r"\\u[0-9a-fA-F]{4}".prop_map(String::into_bytes),
        10 => "[é€𝄞]{1,20}".prop_map(String::into_bytes),
        5 => (1usize..140).prop_map(|length| vec![b'\\'; length]),
        2 => (1usize..500).prop_map(|length| vec![b'z'; length]),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
        1 => any::<u8>().prop_map(|byte| vec![b'\\', byte]),
        1 => any::<u8>().prop_map(|byte| vec![b'\\', b'u', b'0', byte]),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// Bytes that matter to the grammar, without any order.
fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        8 => Just(b'\\'),
        4 => proptest::sample::select(&b"\"/bfnrtu09afAFgx\n\x1f\x20\x7f\x80\xff"[..]),
        1 => any::<u8>(),
    ];
    proptest::collection::vec(byte, 0..200)
}

proptest! {
    #[test]
    fn blocks_are_read_as_bytes_are(text in any_text(), from in 0usize..200, part in any_part()) {
        assert_reads_alike(&text, from.min(text.len()), part);
    }

    #[test]
    fn disorder_is_read_as_bytes_are(text in any_bytes(), part in any_part()) {
        for from in 0..=text.len() {
            assert_reads_alike(&text, from, part);
        }
    }

    #[test]
    fn a_string_is_the_same_however_it_is_cut(
        text in any_text(),
        cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 16),
    ) {
        let whole = run_slowly(&text, 0, Part::Plain);
        for cut in cuts {
            let cut = cut.index(text.len() + 1);
            prop_assert_eq!(&run_cut(&text, cut), &whole, "cut at {}", cut);
        }
    }
}

#[test]
fn every_escape_is_read_at_every_place_of_a_block() {
    let escapes = [
        r"\n",
        r#"\""#,
        r"\\",
        r"\\\",
        r#"\\""#,
        r"\/",
        r"\u12aF",
        r"\uD834\udd1e",
        r"\x",
        r"\u12g4",
        r#"\u1""#,
        r"\u\u1234",
        "\\\n",
        "\\u\n",
        "\\é",
    ];
    for before in 0..200 {
        for escape in escapes {
            let text = [&vec![b'a'; before], escape.as_bytes(), b"bc\"", &[b'"'; 70]].concat();
            assert_reads_alike(&text, 0, Part::Plain);
            for length in before..before + escape.len() {
                assert_reads_alike(&text[..length], 0, Part::Plain);
            }
        }
    }
}

#[test]
fn every_place_of_a_special_byte_is_found_behind_plain_text() {
    for plain in [b'a', 0xc3] {
        for length in 0..600 {
            for special in [b'"', b'\\', 0x00, 0x1f] {
                let mut text = vec![plain; length];
                text.push(special);
                text.extend_from_slice(&[b'"'; 80]);
                assert_reads_alike(&text, 0, Part::Plain);
            }
        }
    }
}

#[test]
fn a_high_byte_is_seen_at_every_place_of_plain_text() {
    for length in 0..600 {
        let text = [&vec![b'a'; length], "é".as_bytes(), &[b'a'; 300], b"\""].concat();
        assert_reads_alike(&text, 0, Part::Plain);
    }
}

#[test]
fn plain_ascii_needs_no_check_for_utf8() {
    assert!(!run(&[b'z'; 500], 0, Part::Plain).high);
    assert!(!run(br#"a\nb\u00e9"#, 0, Part::Plain).high);
    for length in [1, 7, 40, 200] {
        assert!(run("é".repeat(length).as_bytes(), 0, Part::Plain).high);
    }
}
