//! Streams cut at every byte and every pair of bytes, and the bounds. The laws over any stream are in `tests/it`.

use super::*;
use crate::sse::Frame;

const FRAME_BYTES_MAX: usize = 1024;

/// Frames of a stream that came in these chunks, with its tail.
fn split(chunks: &[&[u8]], frame_bytes_max: usize) -> (Vec<Vec<u8>>, Tail, bool) {
    let mut splitter = Splitter::new(frame_bytes_max);
    let mut frames = Vec::new();
    let mut failed = false;
    for chunk in chunks {
        let batch = splitter.push(Bytes::copy_from_slice(chunk)).unwrap_or_else(|error| {
            failed = true;
            *error.before
        });
        frames.extend(batch.frames().map(|frame| frame.bytes().to_vec()));
    }
    let tail = splitter.finish();
    (frames, tail, failed)
}

/// Splits whole, at every cut, at every pair of cuts and byte by byte; all must agree.
fn split_every_way(stream: &[u8]) -> (Vec<Vec<u8>>, Tail) {
    let whole = split(&[stream], FRAME_BYTES_MAX);
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(split(&bytes, FRAME_BYTES_MAX), whole);
    for first in 0..=stream.len() {
        for second in first..=stream.len() {
            let chunks = [&stream[..first], &stream[first..second], &stream[second..]];
            assert_eq!(split(&chunks, FRAME_BYTES_MAX), whole, "cut at {first} and {second}");
        }
    }
    let (frames, tail, failed) = whole;
    assert!(!failed);
    assert_eq!([frames.concat(), tail.bytes.to_vec()].concat(), stream, "no byte is lost or added");
    (frames, tail)
}

#[test]
fn frames_end_at_blank_lines_whatever_ends_the_lines() {
    for end in ["\n", "\r\n", "\r"] {
        let stream = [": hi", "", "event: a", "data: 1", "", "data: 2", "", "x"].join(end);
        let (frames, tail) = split_every_way(stream.as_bytes());
        assert_eq!(frames.len(), 3, "{end:?}");
        assert_eq!(Frame::new(&frames[1]).event(), Some(&b"a"[..]));
        assert_eq!(*Frame::new(&frames[2]).data(), *b"2");
        assert_eq!(tail, Tail { bytes: "x".into(), is_frame: false });
    }
}

#[test]
fn line_ends_may_be_mixed() {
    for (stream, expected) in [
        ("a\n\r\nb\r\n\nc\r\r\n", &["a\n\r\n", "b\r\n\n", "c\r\r\n"][..]),
        ("a\r\rb\n\rc\r\n\r", &["a\r\r", "b\n\r"]),
        ("\n\n\na\n\n", &["\n", "\n", "\n", "a\n\n"]),
        ("\r\n\ra\n\n", &["\r\n", "\r", "a\n\n"]),
        ("a\r\n\rb\n\n", &["a\r\n\r", "b\n\n"]),
    ] {
        let (frames, _) = split_every_way(stream.as_bytes());
        let expected: Vec<Vec<u8>> = expected.iter().map(|frame| frame.as_bytes().to_vec()).collect();
        assert_eq!(frames, expected, "{stream:?}");
    }
}

#[test]
fn a_return_and_a_newline_in_two_chunks_are_one_line_end() {
    let mut splitter = Splitter::new(FRAME_BYTES_MAX);
    assert!(splitter.push("data: x\r\n\r".into()).unwrap().is_empty());
    let batch = splitter.push("\ndata: y\n\n".into()).unwrap();
    let frames: Vec<_> = batch.frames().map(|frame| frame.bytes()).collect();
    assert_eq!(frames, [&b"data: x\r\n\r\n"[..], b"data: y\n\n"]);
}

#[test]
fn a_frame_that_ends_in_a_return_is_whole_when_the_stream_ends() {
    let (frames, tail) = split_every_way(b"data: 1\r\rdata: 2\r\r");
    assert_eq!((frames.len(), tail.is_frame), (1, true));
    assert_eq!(tail.bytes, "data: 2\r\r");
    let (_, unfinished) = split_every_way(b"data: 1\n\ndata: 2\n");
    assert!(!unfinished.is_frame);
    assert!(!split_every_way(b"").1.is_frame);
}

#[test]
fn a_byte_order_mark_is_forwarded_and_not_read() {
    let stream = b"\xef\xbb\xbfdata: 1\n\n\xef\xbb\xbfdata: 2\n\n";
    split_every_way(stream);
    let batch = Splitter::new(FRAME_BYTES_MAX).push(Bytes::from_static(stream)).unwrap();
    let data: Vec<_> = batch.frames().map(|frame| frame.data().into_owned()).collect();
    assert_eq!(data, [&b"1"[..], b""]);
}

#[test]
fn whole_frames_are_slices_of_the_chunk() {
    let chunk = Bytes::from_static(b"data: 1\n\ndata: 2\n\ndata: 3");
    let mut splitter = Splitter::new(FRAME_BYTES_MAX);
    let batch = splitter.push(chunk.clone()).unwrap();
    assert_eq!(batch.bytes.as_ptr(), chunk.as_ptr());
    assert_eq!(batch.ends.as_slice(), [9, 18]);
    let tail = splitter.finish().bytes;
    assert_eq!(tail.as_ptr(), chunk[18..].as_ptr());
}

#[test]
fn a_frame_never_spans_two_batches() {
    let mut splitter = Splitter::new(FRAME_BYTES_MAX);
    assert!(splitter.push("data: ".into()).unwrap().is_empty());
    assert!(splitter.push("1".into()).unwrap().is_empty());
    assert!(splitter.push("\n".into()).unwrap().is_empty());
    let batch = splitter.push("\ndata: 2".into()).unwrap();
    assert_eq!((batch.bytes.as_ref(), batch.ends.as_slice()), (&b"data: 1\n\n"[..], &[9][..]));
}

#[test]
fn a_frame_above_the_limit_ends_the_stream_after_the_frames_before_it() {
    let stream = b"data: 1\n\ndata: 22\n\ndata: 3\n\n";
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    for chunks in [&[&stream[..]][..], &bytes] {
        let (frames, _, failed) = split(chunks, 9);
        assert_eq!((frames, failed), (vec![b"data: 1\n\n".to_vec()], true));
        assert!(!split(chunks, 10).2);
    }
    let mut splitter = Splitter::new(4);
    let error = splitter.push("data: unfinished".into()).unwrap_err();
    assert_eq!(error.to_string(), "an event of the stream exceeds 4 bytes");
    assert!(splitter.push("\n\n".into()).is_err(), "a failed stream stays failed");
    assert!(!splitter.finish().is_frame);
}
