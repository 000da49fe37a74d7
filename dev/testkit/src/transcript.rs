//! All that a client was sent, and what a stream must end with.

use bytes::Bytes;
use http::HeaderMap;
use http::response::Parts;
use serde_json::Value;
use wire::formats::{EventKind, EventStream, Inspection};
use wire::framing::{Batch, Framing, Splitter};

/// Larger than any frame of a test.
const FRAME_BYTES_MAX: usize = 64 << 20;

/// A streamed answer, read to its end.
#[derive(Debug, Clone)]
pub struct Transcript {
    /// Status and headers.
    pub head: Parts,
    /// Every byte of the body that was not read before.
    pub body: Bytes,
    /// What followed the body.
    pub trailers: HeaderMap,
    /// Whether the connection broke before the body's end.
    pub broken_off: bool,
}

impl Transcript {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The frames as they came.
    ///
    /// # Panics
    /// When bytes are left over that are no frame.
    #[must_use]
    pub fn frames(&self) -> Vec<Bytes> {
        let (batch, left) = self.split(Framing::ServerSentEvents);
        assert!(left.is_empty(), "no whole frame at the end: {left:?}");
        batch.frames().map(|frame| Bytes::copy_from_slice(frame.bytes())).collect()
    }

    /// That the stream reached its format's own end, with no error in it and no broken connection.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn assert_ends_cleanly(&self, stream: EventStream) {
        let inspections = self.inspections(stream);
        let errors = inspections.iter().filter(|seen| matches!(seen.kind, EventKind::Error(_)));
        assert_eq!(errors.count(), 0, "an error in {}", self.shown());
        // Gemini has no last event: its streams end with a reason to finish.
        let ends = |seen: &Inspection| {
            seen.kind == EventKind::End || (stream == EventStream::Gemini && seen.finished)
        };
        assert!(inspections.last().is_some_and(ends), "the last event of {}", self.shown());
        assert!(!self.broken_off, "the connection broke");
    }

    /// That the stream ended with its format's error event, once, with no regular end, and that the body itself ended
    /// well, so that client libraries see the error. Returns the event's data.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn assert_ends_with_error_event(&self, stream: EventStream) -> Value {
        let inspections = self.inspections(stream);
        let is_error = |seen: &&Inspection| matches!(seen.kind, EventKind::Error(_));
        let errors = inspections.iter().filter(is_error).count();
        // Responses tells an error, and then the response that failed of it.
        let told_twice = stream == EventStream::Responses && self.shown().contains("event: error\n");
        assert!(errors == 1 || (errors == 2 && told_twice), "errors in {}", self.shown());
        assert!(inspections.last().as_ref().is_some_and(is_error), "the last event of {}", self.shown());
        let ends = inspections.iter().filter(|seen| seen.kind == EventKind::End);
        assert_eq!(ends.count(), 0, "a regular end in {}", self.shown());
        assert!(!self.broken_off, "the connection broke");
        let (batch, _) = self.split(stream.framing());
        let data = batch.frames().last().map(|frame| frame.data().into_owned());
        serde_json::from_slice(&data.unwrap_or_default()).unwrap()
    }

    /// The body for a message, whatever it is.
    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn inspections(&self, stream: EventStream) -> Vec<Inspection> {
        let (batch, left) = self.split(stream.framing());
        assert!(left.is_empty(), "no whole frame at the end: {left:?}");
        batch.frames().map(|frame| stream.format().inspect(frame)).collect()
    }

    fn split(&self, framing: Framing) -> (Batch, Bytes) {
        let mut splitter = Splitter::new(framing, FRAME_BYTES_MAX);
        let batch = splitter.push(self.body.clone()).unwrap();
        (batch, splitter.finish().bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, EventStream, HeaderMap, Transcript};
    use crate::scripts;

    fn transcript(body: impl Into<Bytes>) -> Transcript {
        let (head, ()) = http::Response::new(()).into_parts();
        Transcript { head, body: body.into(), trailers: HeaderMap::new(), broken_off: false }
    }

    fn fails(work: impl FnOnce()) -> bool {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err()
    }

    #[test]
    fn whole_streams_of_every_format_end_cleanly_and_cut_ones_do_not() {
        for stream in scripts::STREAMS {
            let whole = scripts::stream(stream, &["a", "b"]);
            transcript(whole.bytes()).assert_ends_cleanly(stream);
            let cut = transcript(whole.first(whole.before_content().frames().len() + 1).bytes());
            assert!(fails(move || cut.assert_ends_cleanly(stream)), "{stream:?}");
        }
    }

    #[test]
    fn an_error_event_must_be_the_last_and_only_end() {
        let error = "data: {\"error\":{\"message\":\"m\"}}\n\n";
        let chat = scripts::stream(EventStream::Chat, &["a"]);
        let ended = transcript(format!("{}{error}", chat.first(2).text()));
        assert_eq!(ended.assert_ends_with_error_event(EventStream::Chat)["error"]["message"], "m");
        for wrong in [format!("{error}{}", chat.text()), format!("{}{error}", chat.text()), chat.text()] {
            let wrong = transcript(wrong);
            assert!(fails(move || drop(wrong.assert_ends_with_error_event(EventStream::Chat))));
        }
    }

    #[test]
    fn frames_keep_every_byte() {
        let text = ": hi\r\n\r\ndata: 1\n\n";
        assert_eq!(transcript(text.to_owned()).frames(), [": hi\r\n\r\n", "data: 1\n\n"]);
    }
}
