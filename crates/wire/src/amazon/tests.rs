//! Laws of messages.

use bytes::Bytes;
use proptest::prelude::*;

use super::{Splitter, event, exception};
use crate::framing::{Cause, Frame};

// The test vectors that Amazon's libraries share (aws-c-event-stream, botocore, smithy-rs), under their names there.
const EMPTY_MESSAGE: &[u8] = b"\x00\x00\x00\x10\x00\x00\x00\x00\x05\xc2\x48\xeb\x7d\x98\xc8\xff";
const PAYLOAD_NO_HEADERS: &[u8] =
    b"\x00\x00\x00\x1d\x00\x00\x00\x00\xfd\x52\x8c\x5a{'foo':'bar'}\xc3\x65\x39\x36";
const PAYLOAD_ONE_STR_HEADER: &[u8] =
    b"\x00\x00\x00\x3d\x00\x00\x00\x20\x07\xfd\x83\x96\x0ccontent-type\x07\x00\x10\
    application/json{'foo':'bar'}\x8d\x9c\x08\xb1";
const ALL_HEADERS_TYPES: &[u8] = b"\x00\x00\x00\x62\x00\x00\x00\x52\x03\xb5\xcb\x9c\
    \x010\x00\x011\x01\x012\x02\x02\x013\x03\x00\x03\x014\x04\x00\x00\x00\x04\
    \x015\x05\x00\x00\x00\x00\x00\x00\x00\x05\x016\x06\x00\x05bytes\x017\x07\x00\x04utf8\
    \x018\x08\x00\x00\x00\x00\x00\x00\x00\x08\x019\x090123456789abcdef\x63\x35\x36\x71";
const ERROR_EVENT_MESSAGE: &[u8] = b"\x00\x00\x00\x52\x00\x00\x00\x42\xbf\x23\x63\x7e\
    \x0d:message-type\x07\x00\x05error\x0b:error-code\x07\x00\x04code\
    \x0e:error-message\x07\x00\x07message\x6b\x6c\xea\x3d";
const CORRUPTED_HEADER_LENGTH: &[u8] =
    b"\x00\x00\x00\x3d\xff\x00\x01\x02\x07\xfd\x83\x96\x0ccontent-type\x07\x00\x10\
    application/json{'foo':'bar'}\x8d\x9c\x08\xb1";
const CORRUPTED_HEADERS: &[u8] =
    b"\x00\x00\x00\x3d\x00\x00\x00\x20\x07\xfd\x83\x96\x0ccontent+type\x07\x00\x10\
    application/json{'foo':'bar'}\x8d\x9c\x08\xb1";
const CORRUPTED_LENGTH: &[u8] =
    b"\x01\x00\x00\x1d\x00\x00\x00\x00\xfd\x52\x8c\x5a{'foo':'bar'}\xc3\x65\x39\x36";
const CORRUPTED_PAYLOAD: &[u8] =
    b"\x00\x00\x00\x1d\x00\x00\x00\x00\xfd\x52\x8c\x5a{'foo':'bar'\x8d\xc3\x65\x39\x36";

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
fn amazons_own_messages_are_read() {
    let nameless = |data: &str| [(String::new(), data.to_owned())];
    assert_eq!(read(EMPTY_MESSAGE, 0), nameless(""));
    assert_eq!(read(PAYLOAD_NO_HEADERS, 0), nameless("{'foo':'bar'}"));
    assert_eq!(read(PAYLOAD_ONE_STR_HEADER, 0), nameless("{'foo':'bar'}"));
    assert_eq!(read(ALL_HEADERS_TYPES, 0), nameless(""));
    assert_eq!(read(ERROR_EVENT_MESSAGE, 0), [("code".to_owned(), String::new())]);
}

#[test]
fn amazons_own_damaged_messages_are_none() {
    for bytes in [CORRUPTED_HEADER_LENGTH, CORRUPTED_HEADERS, CORRUPTED_LENGTH, CORRUPTED_PAYLOAD] {
        let broken = Splitter::new(1 << 30).push(Bytes::from_static(bytes)).unwrap_err();
        assert_eq!((broken.cause, broken.before.is_empty()), (Cause::Damaged, true));
    }
}

#[test]
fn headers_of_every_type_are_passed_over_to_those_that_are_text() {
    let batch = Splitter::new(1 << 20).push(Bytes::from_static(ALL_HEADERS_TYPES)).unwrap();
    let Some(Frame::Amazon(frame)) = batch.frames().next() else { panic!("a message") };
    assert_eq!(frame.header(b"7"), Some(b"utf8".as_slice()));
    assert_eq!((frame.header(b"6"), frame.header(b"9")), (None, None));
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
fn exceptions_and_errors_are_failures_and_events_are_none() {
    let batch = Splitter::new(1 << 20).push([&stream(), ERROR_EVENT_MESSAGE].concat().into()).unwrap();
    let failures: Vec<(bool, Option<&[u8]>)> = batch
        .frames()
        .map(|frame| match frame {
            Frame::Amazon(frame) => (frame.is_failure(), frame.error_message()),
            Frame::Sse(_) => panic!("a message of Amazon"),
        })
        .collect();
    assert_eq!(failures, [(false, None), (false, None), (true, None), (true, Some(b"message".as_slice()))]);
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
