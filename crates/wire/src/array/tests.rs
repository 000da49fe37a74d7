//! Laws of arrays.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Splitter, Writer};
use crate::framing::Cause;

fn written(pieces: &[&[u8]]) -> String {
    let mut writer = Writer::default();
    let mut array = Vec::new();
    for piece in pieces {
        writer.push(Bytes::copy_from_slice(piece), |bytes| array.extend_from_slice(&bytes));
    }
    writer.finish(|bytes| array.extend_from_slice(&bytes));
    String::from_utf8(array).unwrap()
}

/// The events of an array that comes in these chunks.
fn read(chunks: &[&[u8]], frame_bytes_max: usize) -> (Vec<String>, Option<Cause>) {
    let mut splitter = Splitter::new(frame_bytes_max);
    let mut events = Vec::new();
    for chunk in chunks {
        let (batch, cause) = match splitter.push(&Bytes::copy_from_slice(chunk)) {
            Ok(batch) => (batch, None),
            Err(broken) => (*broken.before, Some(broken.cause)),
        };
        for frame in batch.frames() {
            assert!(frame.bytes().ends_with(b"\n\n"));
            events.push(String::from_utf8(frame.data().into_owned()).unwrap());
        }
        if cause.is_some() {
            return (events, cause);
        }
    }
    (events, None)
}

#[test]
fn events_become_the_elements_of_one_array_wherever_they_are_cut() {
    let events =
        "data: {\"a\":\"é\"}\n\n: a comment\n\ndata: {\"b\":\r\ndata: 2}\r\n\r\nevent: x\n\ndata: {\"c\":3}";
    let array = "[{\"a\":\"é\"},\r\n{\"b\":\n2},\r\n{\"c\":3}\r\n]";
    for cut in 0..=events.len() {
        let (first, second) = events.as_bytes().split_at(cut);
        assert_eq!(written(&[first, second]), array, "cut at {cut}");
    }
    assert_eq!(serde_json::from_str::<Value>(array).unwrap(), json!([{ "a": "é" }, { "b": 2 }, { "c": 3 }]));
}

#[test]
fn an_array_of_nothing_is_an_array_too() {
    assert_eq!(written(&[]), "[]");
    assert_eq!(written(&[b": nothing\n\n"]), "[]");
}

#[test]
fn an_array_as_google_writes_it_is_read_element_by_element_wherever_it_is_cut() {
    let array = "[{\n  \"text\": \"a ] \\\" } \\\\\",\n  \"parts\": [{\"é\": {}}]\n}\r\n,\r\n{\"error\": {\"code\": 503}}\n]\n";
    let elements =
        ["{  \"text\": \"a ] \\\" } \\\\\",  \"parts\": [{\"é\": {}}]}", "{\"error\": {\"code\": 503}}"];
    for cut in 0..=array.len() {
        let (first, second) = array.as_bytes().split_at(cut);
        let (events, cause) = read(&[first, second], 1 << 10);
        assert_eq!((events, cause), (elements.map(str::to_owned).to_vec(), None), "cut at {cut}");
    }
    let bytes: Vec<&[u8]> = array.as_bytes().chunks(1).collect();
    assert_eq!(read(&bytes, 1 << 10).0, elements);
}

#[test]
fn an_object_alone_is_an_array_of_one() {
    assert_eq!(read(&[b" {\"error\":{}} \n"], 100), (vec!["{\"error\":{}}".to_owned()], None));
    assert_eq!(read(&[b"{}", b"{}"], 100), (vec!["{}".to_owned()], Some(Cause::Damaged)));
}

#[test]
fn what_is_no_array_of_objects_breaks_the_stream_after_what_was_whole() {
    for (array, whole) in [("x", 0), ("[1]", 0), ("[{},\"\"]", 1), ("[{}]]", 1), ("[{\"a\":\"\n\"}]", 0)] {
        let (events, cause) = read(&[array.as_bytes()], 100);
        assert_eq!((events.len(), cause), (whole, Some(Cause::Damaged)), "{array}");
    }
}

#[test]
fn an_element_above_the_limit_breaks_the_stream_and_half_a_one_is_none() {
    let too_large = Some(Cause::TooLarge { frame_bytes_max: 8 });
    assert_eq!(read(&[b"[{\"a\":12},{\"a\":123}]"], 8), (vec!["{\"a\":12}".to_owned()], too_large));
    let mut splitter = Splitter::new(100);
    assert!(splitter.push(&Bytes::from_static(b"[{\"a\":")).unwrap().is_empty());
    let tail = splitter.finish();
    assert_eq!((&tail.bytes[..], tail.is_frame), (&b"data: {\"a\":"[..], false));
}

#[test]
fn a_broken_stream_stays_broken() {
    let mut splitter = Splitter::new(100);
    assert!(splitter.push(&Bytes::from_static(b"x")).is_err());
    assert!(splitter.push(&Bytes::from_static(b"[{}]")).is_err());
}

fn element() -> impl Strategy<Value = Value> {
    let leaf =
        prop_oneof![any::<i32>().prop_map(Value::from), ".{0,8}".prop_map(Value::from), Just(Value::Null)];
    let tree = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(".{0,4}", inner, 0..3).prop_map(|map| json!(map)),
        ]
    });
    prop::collection::btree_map(".{0,4}", tree, 0..3).prop_map(|map| json!(map))
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(elements in prop::collection::vec(element(), 0..5), pretty: bool, cut in 0usize..400) {
        let text = if pretty { serde_json::to_string_pretty(&elements) } else { serde_json::to_string(&elements) }.unwrap();
        let (first, second) = text.as_bytes().split_at(cut.min(text.len()));
        let (events, cause) = read(&[first, second], 1 << 16);
        prop_assert_eq!(cause, None);
        let stream: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
        let array: Vec<Value> = serde_json::from_str(&written(&[stream.as_bytes()])).unwrap();
        prop_assert_eq!(array, elements);
    }
}
