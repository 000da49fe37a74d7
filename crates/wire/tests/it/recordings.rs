//! Recorded streams as files: what is text stands as it came; of Amazon's messages there is a line for each, its type and its
//! payload.

use bytes::Bytes;
use wire::framing::{Frame, Framing, Splitter};

const FRAME_BYTES_MAX: usize = 1 << 20;

/// The ending of files with streams that are cut so.
pub(crate) fn extension(framing: Framing) -> &'static str {
    match framing {
        Framing::ServerSentEvents => "sse",
        Framing::AmazonEventStream => "jsonl",
    }
}

/// The bytes of a recorded stream.
pub(crate) fn bytes_of(framing: Framing, recording: &[u8]) -> Vec<u8> {
    if framing == Framing::ServerSentEvents {
        return recording.to_vec();
    }
    let mut out = Vec::new();
    for line in recording.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let (name, payload) = line.split_at(line.iter().position(|byte| *byte == b' ').expect("a name"));
        let name = std::str::from_utf8(name).expect("a name is text");
        match name.ends_with("Exception") {
            true => wire::amazon::exception(&mut out, name, payload.trim_ascii()),
            false => wire::amazon::event(&mut out, name, payload.trim_ascii()),
        }
    }
    out
}

/// The frames of a stream that came in these chunks.
pub(crate) fn frames(framing: Framing, chunks: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut splitter = Splitter::new(framing, FRAME_BYTES_MAX);
    let mut frames = Vec::new();
    for chunk in chunks {
        let batch = splitter.push(Bytes::copy_from_slice(chunk)).expect("no frame is too large");
        frames.extend(batch.frames().map(|frame| frame.bytes().to_vec()));
    }
    frames
}

/// A frame for people.
pub(crate) fn shown(frame: Frame<'_>) -> String {
    match frame {
        Frame::Sse(frame) => String::from_utf8_lossy(frame.bytes).into_owned(),
        Frame::Amazon(message) => {
            let name = String::from_utf8_lossy(message.event().unwrap_or_default()).into_owned();
            format!("{name} {}\n", String::from_utf8_lossy(message.data()))
        }
    }
}

/// A stream for people.
pub(crate) fn shown_stream(framing: Framing, stream: &[u8]) -> String {
    if framing == Framing::ServerSentEvents {
        return String::from_utf8(stream.to_vec()).expect("an event stream is text");
    }
    let mut splitter = Splitter::new(framing, FRAME_BYTES_MAX);
    let batch = splitter.push(Bytes::copy_from_slice(stream)).expect("the messages are whole");
    assert!(splitter.finish().bytes.is_empty(), "half a message");
    batch.frames().map(shown).collect()
}
