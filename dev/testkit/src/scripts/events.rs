//! A stream of events as a test writes it: frame by frame, with an end of its own.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use providers::scripted::{Script, Step};
use wire::framing::Framing;

/// How long a pause of a stream lasts on the manual clock.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// Frames in order.
#[derive(Debug, Clone, Default)]
pub struct EventScript {
    frames: Vec<Bytes>,
    framing: Framing,
    /// Frames before the first content.
    preamble: usize,
    /// Bytes of one write to the socket; a frame when absent.
    write_bytes: Option<usize>,
}

impl EventScript {
    /// A stream of these frames, the first `preamble` of which say nothing to the reader yet.
    #[must_use]
    pub fn new(frames: Vec<String>, preamble: usize) -> Self {
        let frames = frames.into_iter().map(Bytes::from).collect();
        Self { frames, framing: Framing::ServerSentEvents, preamble, write_bytes: None }
    }

    /// The same of Amazon's messages.
    #[must_use]
    pub fn of_messages(frames: Vec<Bytes>, preamble: usize) -> Self {
        Self { frames, framing: Framing::AmazonEventStream, preamble, write_bytes: None }
    }

    /// Only the first frames.
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        let frames = self.frames.iter().take(count).cloned().collect();
        Self { frames, ..*self }
    }

    /// Only what comes before the first content.
    #[must_use]
    pub fn before_content(&self) -> Self {
        self.first(self.preamble)
    }

    /// Only up to this many frames of content.
    #[must_use]
    pub fn up_to_content(&self, frames: usize) -> Self {
        self.first(self.preamble + frames)
    }

    /// Puts a frame before the frame of this number.
    #[must_use]
    pub fn insert(mut self, at: usize, frame: &str) -> Self {
        self.frames.insert(at, Bytes::copy_from_slice(frame.as_bytes()));
        self
    }

    /// Adds a frame.
    #[must_use]
    pub fn and(mut self, frame: &str) -> Self {
        self.frames.push(Bytes::copy_from_slice(frame.as_bytes()));
        self
    }

    /// Puts a frame before the last.
    #[must_use]
    pub fn before_last(self, frame: &str) -> Self {
        let last = self.frames.len().saturating_sub(1);
        self.insert(last, frame)
    }

    /// Ends lines as Windows does.
    #[must_use]
    pub fn crlf(mut self) -> Self {
        self.frames = self.frames.iter().map(|frame| text_of(frame).replace('\n', "\r\n").into()).collect();
        self
    }

    /// Writes this many bytes at a time to the socket, wherever that cuts.
    #[must_use]
    pub fn in_writes_of(mut self, bytes: usize) -> Self {
        self.write_bytes = Some(bytes);
        self
    }

    /// Every byte of it.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        self.frames.concat().into()
    }

    /// The same, of a stream that is text.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn text(&self) -> String {
        self.frames.iter().map(text_of).collect()
    }

    /// The frames.
    #[must_use]
    pub fn frames(&self) -> &[Bytes] {
        &self.frames
    }

    /// The whole answer, which ends cleanly.
    #[must_use]
    pub fn script(&self) -> Script {
        self.then(None)
    }

    /// The connection breaks at the end.
    #[must_use]
    pub fn cut(&self) -> Script {
        self.then(Some(Step::Cut))
    }

    /// Nothing more comes, and no end.
    #[must_use]
    pub fn hang(&self) -> Script {
        self.then(Some(Step::Hang))
    }

    /// A pause of a second on the manual clock before the frame of this number.
    #[must_use]
    pub fn paused_before(&self, frame: usize) -> Script {
        let mut script = self.script();
        // The head is the first step.
        script.steps.insert(frame + 1, Step::Pause(PAUSE));
        script
    }

    fn then(&self, last: Option<Step>) -> Script {
        let content_type = match self.framing {
            Framing::ServerSentEvents => "text/event-stream; charset=utf-8",
            Framing::AmazonEventStream => "application/vnd.amazon.eventstream",
        };
        let mut steps = vec![Step::head(StatusCode::OK, content_type)];
        match self.write_bytes {
            None => steps.extend(self.frames.iter().map(|frame| Step::Bytes(frame.clone()))),
            Some(bytes) => {
                for piece in self.bytes().chunks(bytes) {
                    // A pause of nothing makes it a write of its own.
                    steps.extend([Step::Bytes(Bytes::copy_from_slice(piece)), Step::Pause(Duration::ZERO)]);
                }
            }
        }
        steps.extend(last);
        Script::new(steps)
    }
}

fn text_of(frame: &Bytes) -> &str {
    std::str::from_utf8(frame).unwrap()
}

#[cfg(test)]
mod tests {
    use super::EventScript;
    use providers::scripted::Step;

    fn bytes(script: &EventScript) -> Vec<u8> {
        let steps = script.script().steps;
        let parts = steps.iter().filter_map(|step| match step {
            Step::Bytes(bytes) => Some(bytes.to_vec()),
            _ => None,
        });
        parts.flatten().collect()
    }

    #[test]
    fn writes_of_any_size_are_the_same_bytes() {
        let script = EventScript::new(vec!["data: é\n\n".into(), "data: 2\n\n".into()], 0);
        for size in 1..20 {
            assert_eq!(bytes(&script.clone().in_writes_of(size)), script.text().as_bytes());
        }
        assert_eq!(script.crlf().text(), "data: é\r\n\r\ndata: 2\r\n\r\n");
    }

    #[test]
    fn frames_can_be_put_anywhere() {
        let script =
            EventScript::new(vec!["a".into(), "z".into()], 1).insert(0, "-").before_last("m").and("!");
        assert_eq!(script.text(), "-amz!");
        assert_eq!(script.before_content().text(), "-");
        assert_eq!(script.up_to_content(2).text(), "-am");
    }
}
