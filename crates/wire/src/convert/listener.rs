//! Hearing how much a stream says, without passing it on.

use super::Format;
use super::codec::StreamReader;
use super::form::{Delta, Opening, Step};
use crate::formats::{EventKind, EventStream};
use crate::framing::Frame;
use crate::json::{Text, Value};

/// What reads along with one stream.
pub struct Listener {
    source: Source,
    finished: bool,
}

/// What is read.
enum Source {
    Format(Box<dyn StreamReader>),
    /// The legacy endpoint, which is no conversation.
    Completions,
}

impl Listener {
    /// A listener to a stream that has not begun; none where a stream says no words.
    #[must_use]
    pub fn of(stream: EventStream) -> Option<Self> {
        let format = Format::ALL.into_iter().find(|format| format.event_stream() == stream);
        let source = match (format, stream) {
            (Some(format), _) => Source::Format(format.codec().stream_reader()),
            (None, EventStream::Completions) => Source::Completions,
            (None, _) => return None,
        };
        Some(Self { source, finished: false })
    }

    /// How many bytes of text a frame adds: words, thinking, the input of calls.
    pub fn hear(&mut self, frame: Frame<'_>) -> u64 {
        let mut bytes = 0;
        match &mut self.source {
            Source::Format(reader) => {
                let kind = reader.read(frame, &mut |step| {
                    self.finished |= matches!(step, Step::Finish { .. });
                    bytes += bytes_of(&step);
                });
                self.finished |= kind == EventKind::End;
            }
            Source::Completions => {
                let data = frame.data();
                let chunk = Value::parse(&data).ok();
                let choices = chunk.as_ref().and_then(|chunk| chunk.get("choices"));
                for choice in choices.map(Value::elements).unwrap_or_default() {
                    bytes += choice.get("text").and_then(Value::text).map_or(0, |text| length(&text));
                    self.finished |= choice.present("finish_reason").is_some();
                }
            }
        }
        bytes
    }

    /// Whether the stream has said why it ends.
    #[must_use]
    pub fn has_finished(&self) -> bool {
        self.finished
    }
}

fn bytes_of(step: &Step<'_>) -> u64 {
    match step {
        Step::Open(_, Opening::ToolCall { name, .. }) => length(name),
        Step::Open(_, Opening::Image { base64, .. }) => length(base64),
        Step::Open(_, Opening::Foreign(foreign)) => bytes(foreign.raw),
        Step::Delta(_, Delta::Text(text) | Delta::Thinking(text) | Delta::Summary { text, .. }) => {
            length(text)
        }
        Step::Delta(_, Delta::Input(text) | Delta::Audio(text)) => length(text),
        _ => 0,
    }
}

fn length(text: &Text<'_>) -> u64 {
    bytes(&text.plain())
}

fn bytes(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framing::{Framing, Splitter};

    fn heard(stream: EventStream, events: &str) -> (u64, bool) {
        let mut listener = Listener::of(stream).unwrap();
        let batch = Splitter::new(Framing::ServerSentEvents, 1 << 20).push(events.to_owned().into()).unwrap();
        (batch.frames().map(|frame| listener.hear(frame)).sum(), listener.has_finished())
    }

    #[test]
    fn words_thinking_and_calls_are_heard_and_nothing_else() {
        let chat = concat!(
            ": a comment\n\n",
            "data: {\"id\":\"long-id\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"gr\\u00fc\\n\"}}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"go\",\"arguments\":\"{}\"}}]}}]}\n\n",
        );
        assert_eq!(heard(EventStream::Chat, chat), (11, false));
        let last =
            "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
        assert_eq!(heard(EventStream::Chat, &format!("{chat}{last}")), (11, true));
    }

    #[test]
    fn completions_are_heard_though_they_are_no_conversation() {
        let events = "data: {\"choices\":[{\"text\":\"abc\"}]}\n\ndata: {\"choices\":[{\"text\":\"\",\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
        assert_eq!(heard(EventStream::Completions, events), (3, true));
        assert!(Listener::of(EventStream::Speech).is_none());
    }
}
