//! A streamed answer that is kept: its last event waits until the answer is written down, so that a client that has seen the
//! end can go on from it at once.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use wire::framing::{Framing, Splitter};
use wire::json::Value;

use super::Keeping;
use crate::answer::{Relay, StreamRelay, Successor};

/// The events that bring a whole response that a conversation can go on from (OpenAI API reference, "Streaming events").
const ANSWERED: [&[u8]; 2] = [b"response.completed", b"response.incomplete"];

/// The relay.
pub(crate) struct KeptRelay {
    relay: StreamRelay,
    keeping: Option<Keeping>,
    writing: Option<Writing>,
}

/// An answer that is being written, and what the client gets when it is.
struct Writing {
    written: Pin<Box<dyn Future<Output = ()> + Send>>,
    then: Bytes,
}

/// A piece of a stream that holds the end of the answer.
struct Answered {
    before: Bytes,
    last: Bytes,
    response: Bytes,
}

impl KeptRelay {
    /// The relay of a stream in Responses' format.
    pub(crate) fn new(relay: StreamRelay, keeping: Keeping) -> Self {
        Self { relay, keeping: Some(keeping), writing: None }
    }
}

impl Relay for KeptRelay {
    fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            if let Some(writing) = &mut self.writing {
                ready!(writing.written.as_mut().poll(context));
                return Poll::Ready(self.writing.take().map(|writing| writing.then));
            }
            let Some(piece) = ready!(self.relay.poll_data(context)) else { return Poll::Ready(None) };
            // What a provider says to its end it keeps itself.
            let answered = if self.relay.is_translated() { answered(&piece) } else { None };
            let Some(Answered { before, last, response }) = answered else {
                return Poll::Ready(Some(piece));
            };
            let Some(keeping) = self.keeping.take() else { return Poll::Ready(Some(piece)) };
            self.writing = Some(Writing { written: Box::pin(keeping.keep(response)), then: last });
            if !before.is_empty() {
                return Poll::Ready(Some(before));
            }
        }
    }

    fn take_trailers(&mut self) -> Option<HeaderMap> {
        self.relay.take_trailers()
    }

    fn resume_by(&mut self, successor: Box<dyn Successor>) {
        self.relay.resume_by(successor);
    }
}

/// Finds the end of the answer in a piece, which holds whole events only.
fn answered(piece: &Bytes) -> Option<Answered> {
    let batch = Splitter::new(Framing::ServerSentEvents, usize::MAX).push(piece.clone()).ok()?;
    let mut at = 0;
    for frame in batch.frames() {
        if frame.event().is_some_and(|event| ANSWERED.contains(&event)) {
            let data = frame.data();
            let event = Value::parse(&data).ok()?;
            let response = Bytes::copy_from_slice(event.get("response")?.raw().as_bytes());
            return Some(Answered { before: piece.slice(..at), last: piece.slice(at..), response });
        }
        at += frame.bytes().len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Bytes, answered};

    #[test]
    fn the_end_of_an_answer_is_found_among_other_events() {
        let before = "event: response.output_text.delta\ndata: {\"delta\":\"event: response.completed\"}\n\n";
        let last = "event: response.completed\ndata: {\"response\":{\"id\": \"resp_1\"}}\n\n";
        let found = answered(&Bytes::from(format!("{before}{last}"))).unwrap();
        assert_eq!((&*found.before, &*found.last), (before.as_bytes(), last.as_bytes()));
        assert_eq!(&*found.response, br#"{"id": "resp_1"}"#);
        assert!(answered(&Bytes::from(before)).is_none());
        let failed = "event: response.failed\ndata: {\"response\":{}}\n\n";
        assert!(answered(&Bytes::from(failed)).is_none(), "nothing goes on from what failed");
    }
}
