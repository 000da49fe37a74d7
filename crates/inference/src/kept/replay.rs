//! The events of a response that works in the background, from any of them on, as far as they are there and then as they come.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use domain::kept::{KeptEvent, ResponseHead, ResponseId, ResponseStatus, Tenant};
use domain::ports::response_store::StoreError;
use futures_util::stream::{self, Stream};
use http::{HeaderValue, Response, header};
use tokio::sync::watch;
use wire::formats::{EventStream, WireError};
use wire::framing::{Frame, Framing};
use wire::json::{Value, object};

use super::failure;
use super::stored::head;
use crate::answer::AnswerBody;
use crate::gateway::Gateway;

/// How many events are read at once.
const EVENTS_MAX: usize = 256;
/// How often is looked for events of a response that another process works on.
const LOOK: Duration = Duration::from_millis(500);
/// The events after which none follow (OpenAI API reference, "Streaming events"); an `error` is followed by the response that
/// failed.
const LAST: [&[u8]; 3] = [b"response.completed", b"response.incomplete", b"response.failed"];

struct Replay {
    gateway: Arc<Gateway>,
    tenant: Tenant,
    id: ResponseId,
    after: Option<u64>,
    work: Option<watch::Receiver<()>>,
    ended: bool,
    ready: VecDeque<Bytes>,
}

/// The events after a number, or from the first.
pub(super) fn stream(
    gateway: &Arc<Gateway>,
    tenant: Tenant,
    id: ResponseId,
    after: Option<u64>,
) -> impl Stream<Item = Bytes> + Send + use<> {
    let work = gateway.running.follow(&tenant, &id);
    let gateway = Arc::clone(gateway);
    let replay = Replay { gateway, tenant, id, after, work, ended: false, ready: VecDeque::new() };
    stream::unfold(replay, |mut replay| async move { Some((replay.next().await?, replay)) })
}

/// The answer that streams them.
pub(super) fn response(events: impl Stream<Item = Bytes> + Send + 'static) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::replayed(events));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

impl Replay {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Some(ready);
            }
            if self.ended {
                return None;
            }
            if let Err(error) = self.look().await {
                let refusal = failure::refusal(&self.gateway, error);
                self.end_with_error(&refusal.wire_error(""));
            }
        }
    }

    /// Reads what is new; when nothing is, waits until there may be.
    async fn look(&mut self) -> Result<(), StoreError> {
        if let Some(work) = &mut self.work {
            work.mark_unchanged();
        }
        let events = self.gateway.store.events(&self.tenant, &self.id, self.after, EVENTS_MAX).await?;
        if !events.is_empty() {
            self.take(&events);
        } else if let Some(work) = &mut self.work {
            if work.changed().await.is_err() {
                // The work is over: once more, for what was told last.
                self.work = None;
            }
        } else {
            match head(&self.gateway, &self.tenant, &self.id).await? {
                Some(head) if head.status == ResponseStatus::Unfinished => tokio::time::sleep(LOOK).await,
                head => self.end_or_take(head).await?,
            }
        }
        Ok(())
    }

    /// A finished response has all its events, which may have come since they were looked for.
    async fn end_or_take(&mut self, head: Option<ResponseHead>) -> Result<(), StoreError> {
        let events = self.gateway.store.events(&self.tenant, &self.id, self.after, EVENTS_MAX).await?;
        if events.is_empty() {
            self.end(head)
        } else {
            self.take(&events)
        }
        Ok(())
    }

    fn take(&mut self, events: &[KeptEvent]) {
        let mut piece = BytesMut::new();
        for event in events {
            piece.extend_from_slice(&event.frame);
            self.after = Some(event.sequence);
            self.ended |= is_last(event);
        }
        self.ready.push_back(piece.freeze());
    }

    /// The end of a response that was given up before it had said so in an event.
    fn end(&mut self, head: Option<ResponseHead>) {
        let status = head.as_ref().and_then(|head| {
            let body = Value::parse(&head.body).ok()?;
            body.get("status").and_then(Value::as_str).map(std::borrow::Cow::into_owned)
        });
        match (head, status.as_deref()) {
            (Some(head), Some("failed")) => self.end_failed(&head.body),
            (Some(_), Some("cancelled")) => {
                self.end_with(400, "response_cancelled", "the response was cancelled")
            }
            (None, _) => self.end_with(404, "response_not_found", "the response was deleted"),
            _ => self.end_with(502, "stream_broken", "the response ended without a last event"),
        }
    }

    fn end_failed(&mut self, body: &Bytes) {
        let mut event = b"event: response.failed\ndata: ".to_vec();
        object(&mut event, |event| {
            event.str("type", "response.failed");
            event.number("sequence_number", self.after.map_or(0, |after| after + 1));
            event.raw("response", std::str::from_utf8(body).unwrap_or("null"));
        });
        event.extend_from_slice(b"\n\n");
        self.ready.push_back(event.into());
        self.ended = true;
    }

    fn end_with(&mut self, status: u16, code: &str, message: &str) {
        let kind = "invalid_request_error";
        self.end_with_error(&WireError {
            status,
            code,
            kind,
            message,
            param: None,
            request_id: None,
            retry_after: None,
        });
    }

    fn end_with_error(&mut self, error: &WireError<'_>) {
        let before = self.after.map_or(0, |after| after + 1);
        self.ready.push_back(EventStream::Responses.format().error_event(error, before));
        self.ended = true;
    }
}

fn is_last(event: &KeptEvent) -> bool {
    let frame = Frame::of(Framing::ServerSentEvents, &event.frame);
    frame.event().is_some_and(|event| LAST.contains(&event))
}
