//! How fast a stream is, in the time in which its provider is waited for: a client that does not read slows nobody down.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};
use std::time::Duration;

use domain::ThroughputMin;
use engine::Throughput;
use parking_lot::Mutex;
use tokio::time::{Instant, Sleep, sleep_until};
use wire::convert::Listener;
use wire::formats::EventStream;
use wire::framing::Batch;

/// Watches how fast one stream is.
pub(crate) struct Pace {
    throughput: Throughput,
    listener: Listener,
    bell: Arc<Bell>,
    /// Since when the provider is waited for, while it is.
    waits_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// Notes when the provider has something, and wakes the task of the client. It may long be busy with a client that does not read.
#[derive(Default)]
struct Bell(Mutex<Rung>);

#[derive(Default)]
struct Rung {
    at: Option<Instant>,
    wakes: Option<Waker>,
}

impl Pace {
    /// Watches a stream that says words.
    pub(crate) fn of(least: ThroughputMin, stream: EventStream) -> Option<Self> {
        Some(Self {
            throughput: Throughput::new(least),
            listener: Listener::of(stream)?,
            bell: Arc::default(),
            waits_since: None,
            timer: None,
        })
    }

    /// The stream goes on.
    pub(crate) fn heard(&mut self, batch: &Batch) {
        let bytes = batch.frames().map(|frame| self.listener.hear(frame)).sum();
        self.throughput.said(bytes);
    }

    /// Whether what was said up to now is enough for so much time, or all there is.
    pub(crate) fn suffices_for(&self, time: Duration) -> bool {
        self.listener.has_finished() || self.throughput.suffices_for(time)
    }

    /// Waits for the provider by `poll`, and counts the time up to when it had something.
    pub(crate) fn wait_for<T>(
        &mut self,
        context: &Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let rung_at = self.bell.hang(context.waker());
        let waker = Waker::from(Arc::clone(&self.bell));
        let polled = poll(&mut Context::from_waker(&waker));
        if polled.is_pending() {
            self.waits_since.get_or_insert_with(Instant::now);
        } else if let Some(since) = self.waits_since.take() {
            let until = rung_at.unwrap_or_else(Instant::now);
            self.throughput.waited(until.saturating_duration_since(since));
        }
        polled
    }

    /// Whether the time that has been waited ends a window in which too little was said.
    pub(crate) fn is_too_slow(&mut self) -> bool {
        self.throughput.is_too_slow() && !self.listener.has_finished()
    }

    /// Ready when the provider is waited for up to the end of a window in which it said too little.
    pub(crate) fn poll_too_slow(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while let Some(since) = self.waits_since {
            let until = since + self.throughput.patience();
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
            if timer.deadline() != until {
                timer.as_mut().reset(until);
            }
            ready!(timer.as_mut().poll(context));
            self.throughput.waited(until.saturating_duration_since(since));
            self.waits_since = Some(until);
            if self.is_too_slow() {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}

impl Bell {
    /// When it rang since the last time, and from now on for whom.
    fn hang(&self, waker: &Waker) -> Option<Instant> {
        let mut rung = self.0.lock();
        match &mut rung.wakes {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        rung.at.take()
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        let waker = {
            let mut rung = self.0.lock();
            rung.at.get_or_insert_with(Instant::now);
            rung.wakes.clone()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::framing::{Framing, Splitter};

    const SECOND: Duration = Duration::from_secs(1);

    fn pace(tokens_per_second: u32) -> Pace {
        let least = ThroughputMin { tokens_per_second, window: 10 * SECOND, hold: None };
        Pace::of(least, EventStream::Chat).unwrap()
    }

    fn says(pace: &mut Pace, delta: &str) {
        let event = format!("data: {{\"choices\":[{{\"index\":0,{delta}}}]}}\n\n");
        pace.heard(&Splitter::new(Framing::ServerSentEvents, 1 << 10).push(event.into()).unwrap());
    }

    /// Polls with a provider that has something, or does not and keeps the waker.
    fn polled(pace: &mut Pace, has_something: bool) -> (bool, Waker) {
        let context = Context::from_waker(Waker::noop());
        let mut kept = Waker::noop().clone();
        let polled = pace.wait_for(&context, |context| {
            kept = context.waker().clone();
            if has_something { Poll::Ready(()) } else { Poll::Pending }
        });
        (polled.is_ready(), kept)
    }

    fn is_too_slow(pace: &mut Pace) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        pace.poll_too_slow(&mut context).is_ready()
    }

    #[tokio::test(start_paused = true)]
    async fn a_provider_that_says_too_little_is_too_slow_when_the_window_is_full() {
        let mut pace = pace(1);
        says(&mut pace, "\"delta\":{\"content\":\"nine\"}");
        polled(&mut pace, false);
        assert!(!is_too_slow(&mut pace));
        let began = Instant::now();
        std::future::poll_fn(|context| pace.poll_too_slow(context)).await;
        assert_eq!(began.elapsed(), 10 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_in_which_enough_was_said_is_followed_by_another() {
        let mut pace = pace(1);
        says(&mut pace, &format!("\"delta\":{{\"content\":\"{}\"}}", "x".repeat(40)));
        polled(&mut pace, false);
        let began = Instant::now();
        std::future::poll_fn(|context| pace.poll_too_slow(context)).await;
        assert_eq!(began.elapsed(), 20 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_which_the_client_does_not_read_does_not_count() {
        let mut pace = pace(1);
        for _ in 0..9 {
            let (_, waker) = polled(&mut pace, false);
            tokio::time::advance(SECOND).await;
            waker.wake();
            // Here the provider has something, and nobody fetches it.
            tokio::time::advance(100 * SECOND).await;
            assert!(polled(&mut pace, true).0);
            assert!(!pace.is_too_slow());
            tokio::time::advance(100 * SECOND).await;
        }
        polled(&mut pace, false);
        tokio::time::advance(SECOND).await;
        polled(&mut pace, true);
        assert!(pace.is_too_slow(), "ten times a second was waited, and nothing was said");
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_said_why_it_ends_is_not_too_slow() {
        let mut pace = pace(1);
        says(&mut pace, "\"delta\":{},\"finish_reason\":\"stop\"");
        assert!(pace.suffices_for(SECOND));
        polled(&mut pace, false);
        tokio::time::advance(100 * SECOND).await;
        assert!(!is_too_slow(&mut pace));
    }
}
