//! Playing one script: the steps before the head while the client waits for it, the others as the body is asked for.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};

use super::{ClientGone, OnClientGone, Sleeper, Wait};
use crate::scripted::script::{Script, Step};

/// Why a connection is broken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlaybackError {
    /// The script says so.
    #[error("the script cuts the connection here")]
    Cut,
    /// The script ends without a head, so there is nothing to answer with.
    #[error("the script has no head; begin it with Step::Head, Step::Hang or Step::Cut")]
    NoHead,
}

/// A script that has not got to its head.
pub(super) struct Playback {
    steps: VecDeque<Step>,
    sleeper: Sleeper,
    departure: Departure,
}

impl Playback {
    pub(super) fn new(script: Script, sleeper: Sleeper, departure: Departure) -> Self {
        Self { steps: script.steps.into(), sleeper, departure }
    }

    /// Plays up to the head, and leaves the rest to the body.
    pub(super) async fn respond(mut self) -> Result<Response<PlaybackBody>, PlaybackError> {
        loop {
            match self.steps.pop_front() {
                Some(Step::Pause(length)) => (self.sleeper)(length).await,
                Some(Step::Hang) => std::future::pending().await,
                Some(Step::Head { status, headers }) => {
                    let body = PlaybackBody { state: Some(State::new(self)) };
                    let mut response = Response::new(body);
                    *response.status_mut() = status;
                    *response.headers_mut() = headers;
                    return Ok(response);
                }
                Some(Step::Cut) => {
                    self.departure.is_over();
                    return Err(PlaybackError::Cut);
                }
                Some(Step::Bytes(_)) | None => {
                    self.departure.is_over();
                    return Err(PlaybackError::NoHead);
                }
            }
        }
    }
}

/// The body of an answer, as far as it is not yet played.
pub struct PlaybackBody {
    /// `None` once it is over.
    state: Option<State>,
}

impl std::fmt::Debug for PlaybackBody {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PlaybackBody").field("is_over", &self.state.is_none()).finish_non_exhaustive()
    }
}

impl PlaybackBody {
    pub(super) fn empty() -> Self {
        Self { state: None }
    }
}

struct State {
    steps: VecDeque<Step>,
    sleeper: Sleeper,
    departure: Departure,
    waiting: Option<Wait>,
    /// Whether the connection was given the chance to send what came before the cut.
    has_yielded: bool,
}

impl State {
    fn new(playback: Playback) -> Self {
        let Playback { steps, sleeper, mut departure } = playback;
        if steps.is_empty() {
            departure.is_over();
        }
        Self { steps, sleeper, departure, waiting: None, has_yielded: false }
    }

    /// The next part, `None` at the clean end.
    fn poll_part(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, PlaybackError>>> {
        loop {
            if let Some(wait) = &mut self.waiting {
                ready!(wait.as_mut().poll(context));
                self.waiting = None;
            }
            match self.steps.front() {
                None => {
                    self.departure.is_over();
                    return Poll::Ready(None);
                }
                Some(Step::Hang) => return Poll::Pending,
                Some(Step::Cut | Step::Pause(_)) if !self.has_yielded => {
                    // The connection flushes when the body has nothing to give.
                    self.has_yielded = true;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(_) => {}
            }
            self.has_yielded = false;
            match self.steps.pop_front() {
                Some(Step::Bytes(bytes)) if !bytes.is_empty() => {
                    self.departure.parts_sent += 1;
                    if self.steps.is_empty() {
                        // The connection need not ask again.
                        self.departure.is_over();
                    }
                    return Poll::Ready(Some(Ok(bytes)));
                }
                Some(Step::Pause(length)) => self.waiting = Some((self.sleeper)(length)),
                Some(Step::Cut) => {
                    self.departure.is_over();
                    return Poll::Ready(Some(Err(PlaybackError::Cut)));
                }
                // A second head has no place in one answer, and nothing is not a part.
                Some(Step::Bytes(_) | Step::Head { .. } | Step::Hang) | None => {}
            }
        }
    }

    /// The length of what is left, when all of it is at hand.
    fn exact_bytes(&self) -> Option<u64> {
        let length = |step: &Step| match step {
            Step::Bytes(bytes) => u64::try_from(bytes.len()).ok(),
            _ => None,
        };
        self.steps.iter().map(length).sum()
    }
}

impl Body for PlaybackBody {
    type Data = Bytes;
    type Error = PlaybackError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, PlaybackError>>> {
        let this = self.get_mut();
        let Some(state) = &mut this.state else {
            return Poll::Ready(None);
        };
        let part = ready!(state.poll_part(context));
        if !matches!(part, Some(Ok(_))) {
            this.state = None;
        }
        Poll::Ready(part.map(|part| part.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.state.as_ref().is_none_or(|state| state.steps.is_empty() && state.waiting.is_none())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.state {
            None => SizeHint::with_exact(0),
            Some(state) => state.exact_bytes().map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}

/// Tells when a client leaves before the script is over.
pub(super) struct Departure {
    path: String,
    parts_sent: usize,
    callback: Option<OnClientGone>,
}

impl Departure {
    pub(super) fn watch(path: String, callback: OnClientGone) -> Self {
        Self { path, parts_sent: 0, callback: Some(callback) }
    }

    /// From now on, leaving is no longer early.
    pub(super) fn is_over(&mut self) {
        self.callback = None;
    }
}

impl Drop for Departure {
    fn drop(&mut self) {
        if let Some(callback) = self.callback.take() {
            callback(&ClientGone { path: std::mem::take(&mut self.path), parts_sent: self.parts_sent });
        }
    }
}
