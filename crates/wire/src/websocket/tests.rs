//! Laws of frames, at any split of their bytes.

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;

use super::{Frame, FrameReader, Mask, Opcode, Read, Sender, TextMessages, Violation, close, frame};

const MASK: Option<Mask> = Some([1, 2, 3, 250]);

/// All frames in some bytes, which come in pieces of `step` bytes.
fn cut(sender: Sender, bytes: &[u8], step: usize) -> Result<Vec<Frame>, Violation> {
    let mut reader = FrameReader::new(sender, 1 << 20);
    let (mut buffer, mut frames) = (BytesMut::new(), Vec::new());
    for piece in bytes.chunks(step) {
        buffer.extend_from_slice(piece);
        while let Read::Frame(frame) = reader.read(&mut buffer)? {
            frames.push(frame);
        }
    }
    Ok(frames)
}

fn violation(sender: Sender, bytes: &[u8]) -> u16 {
    cut(sender, bytes, usize::MAX).unwrap_err().code
}

/// A frame with any first byte.
fn odd(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = frame(Opcode::Text, payload, None).to_vec();
    bytes[0] = first;
    bytes
}

#[test]
fn frames_are_cut_the_same_however_they_come() {
    let sent = [
        frame(Opcode::Text, b"hello", MASK),
        frame(Opcode::Ping, b"", MASK),
        frame(Opcode::Binary, &[7; 300], MASK),
        frame(Opcode::Text, &[b'x'; 70_000], MASK),
        close(1000, "bye", MASK),
    ];
    let bytes = sent.concat();
    for step in [1, 2, 7, 1_000, bytes.len()] {
        let frames = cut(Sender::Client, &bytes, step).unwrap();
        let whole: Vec<Bytes> = frames.iter().map(|frame| frame.bytes().clone()).collect();
        assert_eq!(whole, sent, "{step}");
        assert_eq!(&*frames[0].payload(), b"hello");
        assert_eq!(&*frames[4].payload(), b"\x03\xe8bye");
    }
}

#[test]
fn the_examples_of_the_rfc_are_read() {
    // Section 5.7.
    let masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(&*cut(Sender::Client, &masked, 1).unwrap()[0].payload(), b"Hello");
    let fragments = [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f];
    let frames = cut(Sender::Server, &fragments, 1).unwrap();
    assert_eq!((frames.len(), frames[0].is_final, frames[1].opcode), (2, false, Opcode::Continuation));
}

#[test]
fn whoever_breaks_the_rules_is_told_which() {
    let text = frame(Opcode::Text, b"x", None);
    assert_eq!(violation(Sender::Client, &text), 1002, "unmasked");
    assert_eq!(violation(Sender::Server, &frame(Opcode::Text, b"x", MASK)), 1002, "masked");
    for (what, bytes) in [
        ("a reserved bit", odd(0xc1, b"x")),
        ("an unknown opcode", odd(0x83, b"x")),
        ("a fragment of nothing", odd(0x80, b"x")),
        ("a ping in fragments", odd(0x09, b"x")),
        ("a large ping", odd(0x89, &[0; 126])),
        ("half a code", odd(0x88, b"\x03")),
        ("a code that is never sent", close(1006, "", None).to_vec()),
        ("a code of nobody", close(2000, "", None).to_vec()),
        ("a message in a message", [odd(0x01, b"x"), text.to_vec()].concat()),
        ("a long length for a short payload", vec![0x81, 126, 0, 5]),
        ("a negative length", vec![0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]),
    ] {
        assert_eq!(violation(Sender::Server, &bytes), 1002, "{what}");
    }
}

#[test]
fn a_message_is_bounded_before_it_is_read_however_many_fragments_it_has() {
    let announced = [0x81, 127, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];
    assert_eq!(violation(Sender::Server, &announced), 1009);
    let mut reader = FrameReader::new(Sender::Server, 10);
    let mut buffer =
        BytesMut::from(&[odd(0x01, b"123456"), odd(0x00, b"7890"), odd(0x00, b"1")].concat()[..]);
    assert!(matches!(reader.read(&mut buffer), Ok(Read::Frame(_))));
    assert!(matches!(reader.read(&mut buffer), Ok(Read::Frame(_))));
    assert_eq!(reader.read(&mut buffer).unwrap_err().code, 1009);
}

#[test]
fn what_is_missing_of_a_frame_is_known_from_its_head() {
    let mut reader = FrameReader::new(Sender::Client, 1 << 20);
    let whole = frame(Opcode::Text, &[b'x'; 1_000], MASK);
    let mut buffer = BytesMut::from(&whole[..3]);
    assert_eq!(reader.read(&mut buffer), Ok(Read::Needs(0)));
    buffer.extend_from_slice(&whole[3..20]);
    assert_eq!(reader.read(&mut buffer), Ok(Read::Needs(whole.len())));
}

#[test]
fn texts_are_put_together_but_for_large_ones() {
    let sent = [
        odd(0x01, b"he"),
        frame(Opcode::Ping, b"?", None).to_vec(),
        odd(0x00, b"l"),
        odd(0x80, b"lo"),
        frame(Opcode::Binary, b"bytes", None).to_vec(),
        odd(0x01, b"123456"),
        odd(0x80, b"789"),
        frame(Opcode::Text, b"123456789", None).to_vec(),
        frame(Opcode::Text, b"small", None).to_vec(),
    ];
    let mut messages = TextMessages::new(8);
    let frames = cut(Sender::Server, &sent.concat(), 3).unwrap();
    let read = frames.iter().filter_map(|frame| messages.read(frame, <[u8]>::to_vec));
    assert_eq!(read.collect::<Vec<_>>(), [&b"hello"[..], b"123456789", b"small"]);
}

proptest! {
    #[test]
    fn any_bytes_are_cut_the_same_at_any_split(bytes in proptest::collection::vec(any::<u8>(), 0..200), step in 1_usize..9) {
        let whole = cut(Sender::Server, &bytes, usize::MAX);
        let pieces = cut(Sender::Server, &bytes, step);
        prop_assert_eq!(whole, pieces);
    }
}
