//! Laws of messages.

use bytes::Bytes;
use proptest::prelude::*;

use super::{Splitter, event, exception};
use crate::framing::{Cause, Frame};

/// The message that Amazon's guide shows in bytes: no headers, the payload `{'foo':'bar'}` (smithy-rs keeps it as a
/// test vector under the name `payload_no_headers`).
const PAYLOAD_NO_HEADERS: &[u8] =
    b"\x00\x00\x00\x1d\x00\x00\x00\x00\xfd\x52\x8c\x5a{'foo':'bar'}\xc3\x65\x39\x36";

fn stream() -> Vec<u8> {
    let mut out = Vec::new();
    event(&mut out, "messageStart", br#"{"role":"assistant"}"#);
    event(&mut out, "contentBlockDelta", "{\"delta\":{\"text\":\"é\"}}".as_bytes());
    exception(&mut out, "throttlingException", br#"{"message":"slow down"}"#);
    out
}

fn read(bytes: &[u8], cut: usize) -> Vec<(String, String)> {
    let mut splitter = Splitter::new(1 << 20);
    let mut read = Vec::new();
    for chunk in [&bytes[..cut], &bytes[cut..]] {
        let batch = splitter.push(Bytes::copy_from_slice(chunk)).unwrap();
        for frame in batch.frames() {
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            read.push((text(frame.event().unwrap_or_default()), text(&frame.data())));
        }
    }
    assert!(splitter.finish().bytes.is_empty());
    read
}

#[test]
fn amazons_own_message_is_read() {
    assert_eq!(read(PAYLOAD_NO_HEADERS, 0), [(String::new(), "{'foo':'bar'}".to_owned())]);
}

#[test]
fn every_cut_gives_the_same_messages() {
    let bytes = stream();
    let whole = read(&bytes, 0);
    assert_eq!(whole.len(), 3);
    assert_eq!(whole[2], ("throttlingException".to_owned(), r#"{"message":"slow down"}"#.to_owned()));
    for cut in 1..bytes.len() {
        assert_eq!(read(&bytes, cut), whole, "cut at {cut}");
    }
}

#[test]
fn only_an_exception_is_one() {
    let batch = Splitter::new(1 << 20).push(stream().into()).unwrap();
    let exceptions: Vec<bool> =
        batch.frames().map(|frame| matches!(frame, Frame::Amazon(frame) if frame.is_exception())).collect();
    assert_eq!(exceptions, [false, false, true]);
}

#[test]
fn a_message_above_the_limit_is_refused_before_it_is_there() {
    let bytes = stream();
    let mut splitter = Splitter::new(90);
    let broken = splitter.push(Bytes::copy_from_slice(&bytes[..20])).unwrap_err();
    assert_eq!(broken.cause, Cause::TooLarge { frame_bytes_max: 90 });
    assert!(splitter.push(Bytes::new()).is_err());
}

proptest! {
    #[test]
    fn a_damaged_byte_never_gives_a_message(place in 0_usize..60, bit in 0_u8..8) {
        let mut bytes = Vec::new();
        event(&mut bytes, "x", b"{\"a\":1}");
        let place = place % bytes.len();
        bytes[place] ^= 1 << bit;
        let broken = match Splitter::new(1 << 20).push(bytes.into()) {
            Ok(batch) => batch.is_empty(),
            Err(broken) => broken.before.is_empty(),
        };
        prop_assert!(broken);
    }

    #[test]
    fn any_bytes_give_a_result_and_never_a_panic(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..4)) {
        let mut splitter = Splitter::new(1 << 10);
        for chunk in chunks {
            if splitter.push(chunk.into()).is_err() {
                prop_assert!(splitter.push(Bytes::new()).is_err());
            }
        }
    }
}
