//! A session from its 101 to its end.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use domain::TimeoutStage;
use http::Response;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadHalf, WriteHalf};
use tokio::time::{Instant, sleep_until, timeout};
use wire::websocket::{FrameReader, Sender};

use super::account::Account;
use super::end::End;
use super::flow::{Incoming, Outgoing, Stop, part, pass_on};
use crate::answer::AnswerBody;
use crate::attempt::Opened;
use crate::ending::Ending;
use crate::handoff;
use crate::pinned::Pinned;

/// How long one side is given to answer the goodbye of the other.
const GOODBYE_ANSWER_WAIT: Duration = Duration::from_secs(5);

/// A session that both sides have agreed to. Dropped, both are disconnected and it is accounted for as cancelled.
pub struct Session {
    client: OnUpgrade,
    opened: Opened,
    ending: Box<Ending>,
    pinned: Arc<Pinned>,
}

impl Session {
    pub(super) fn new(client: OnUpgrade, opened: Opened, ending: Box<Ending>, pinned: Arc<Pinned>) -> Self {
        Self { client, opened, ending, pinned }
    }

    /// The session that an answer opens, to be run once the answer was sent.
    #[must_use]
    pub fn of(answer: &mut Response<AnswerBody>) -> Option<Self> {
        handoff::take(answer.extensions_mut())
    }

    /// Relays until either side ends the session, or `stopping` does.
    pub async fn run(self, stopping: impl Future<Output = ()>) {
        let Self { client, opened, ending, pinned } = self;
        // A client that left before its 101 never was in a session.
        let Ok(client) = client.await else { return };
        let budget = Arc::clone(&ending.origin.gateway.budget);
        let mask = ending.origin.gateway.random().to_be_bytes();
        let limits = &pinned.snapshot.limits;
        let (from, to) = tokio::io::split(TokioIo::new(client));
        let frames = FrameReader::new(Sender::Client, limits.body_bytes_max);
        let mut from_client = Incoming::new(from, frames, Arc::clone(&budget), limits.in_flight_bytes_max);
        let mut to_client = Outgoing::new(to, None);
        let (from, to) = tokio::io::split(opened.stream);
        let frames = FrameReader::new(Sender::Server, limits.sse_frame_bytes_max);
        let mut from_provider = Incoming::new(from, frames, budget, limits.in_flight_bytes_max);
        let mut to_provider = Outgoing::new(to, mask.first_chunk().copied());
        let time =
            Time { idle: opened.idle, total_until: opened.total_until, heard: Mutex::new(Instant::now()) };
        let mut account = Account::new(ending, Arc::clone(&pinned));
        let end = relay(
            (&mut from_client, &mut to_provider),
            (&mut from_provider, &mut to_client),
            &mut account,
            &time,
            stopping,
        )
        .await;
        account.end(end);
        tokio::join!(
            part(from_client, to_client, end.told_to_client()),
            part(from_provider, to_provider, end.told_to_provider()),
        );
    }
}

/// Both directions, until one of them ends and the other had time to.
async fn relay<C: AsyncRead + AsyncWrite, P: AsyncRead + AsyncWrite>(
    (from_client, to_provider): (&mut Incoming<ReadHalf<C>>, &mut Outgoing<WriteHalf<P>>),
    (from_provider, to_client): (&mut Incoming<ReadHalf<P>>, &mut Outgoing<WriteHalf<C>>),
    account: &mut Account,
    time: &Time,
    stopping: impl Future<Output = ()>,
) -> End {
    let mut up = pin!(pass_on(from_client, to_provider, |_| time.heard()));
    let mut down = pin!(pass_on(from_provider, to_client, |frame| {
        time.heard();
        account.hear(frame);
    }));
    let (stop, is_client) = tokio::select! {
        stop = &mut up => (stop, true),
        stop = &mut down => (stop, false),
        stage = time.runs_out() => return End::TimedOut(stage),
        () = stopping => return End::Stopping,
    };
    match (stop, is_client) {
        (Stop::Closed, _) => {
            // An answer that does not come is not waited for; the session is over all the same.
            let _ = if is_client {
                timeout(GOODBYE_ANSWER_WAIT, down).await
            } else {
                timeout(GOODBYE_ANSWER_WAIT, up).await
            };
            End::Closed
        }
        (Stop::SenderGone, true) | (Stop::ReceiverGone, false) => End::ClientGone,
        (Stop::SenderGone, false) | (Stop::ReceiverGone, true) => End::ProviderGone,
        (Stop::Broke(violation), true) => End::ClientBroke(violation),
        (Stop::Broke(violation), false) => End::ProviderBroke(violation),
        (Stop::NoRoom, _) => End::NoRoom,
    }
}

/// How long a session may be silent on both sides, and how long it may last.
struct Time {
    idle: Option<Duration>,
    total_until: Option<Instant>,
    heard: Mutex<Instant>,
}

impl Time {
    /// A frame passed, of either side.
    fn heard(&self) {
        *self.heard.lock() = Instant::now();
    }

    /// Waits until one of the limits has run out.
    async fn runs_out(&self) -> TimeoutStage {
        loop {
            let idle_until = self.idle.map(|idle| *self.heard.lock() + idle);
            let (until, stage) = match (idle_until, self.total_until) {
                (Some(idle), Some(total)) if total < idle => (total, TimeoutStage::Total),
                (Some(idle), _) => (idle, TimeoutStage::Idle),
                (None, Some(total)) => (total, TimeoutStage::Total),
                (None, None) => std::future::pending().await,
            };
            sleep_until(until).await;
            let moved =
                stage == TimeoutStage::Idle && idle_until != self.idle.map(|idle| *self.heard.lock() + idle);
            if !moved {
                return stage;
            }
        }
    }
}
