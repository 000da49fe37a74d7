//! Something that expires and is fetched again before it does, so that a request finds it at hand.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwapOption;
use domain::ports::sign_in::{Pending, SignInProblem};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::outside::Outside;
use super::problem::FetchProblem;

/// Where something that expires comes from.
pub(super) trait Source: Send + Sync + 'static {
    /// What proves who calls.
    type Proof: Send + Sync + 'static;

    /// What is there without being fetched, and never expires.
    fn at_hand(&self) -> Option<Self::Proof> {
        None
    }

    /// Fetches a new one.
    fn fetch(
        &self,
        outside: &Outside,
    ) -> impl Future<Output = Result<Issued<Self::Proof>, FetchProblem>> + Send;
}

/// What was fetched.
pub(super) struct Issued<P> {
    pub(super) proof: P,
    /// When it stops to prove anything; `None` when nobody knows, as for keys in a file.
    pub(super) expires: Option<SystemTime>,
}

/// The latest of a source. Once started, it is renewed until this is dropped.
pub(super) struct Live<S: Source> {
    shared: Arc<Shared<S>>,
    renewing: OnceLock<AbortHandle>,
}

struct Shared<S: Source> {
    source: S,
    current: ArcSwapOption<Issued<S::Proof>>,
    /// Why the latest fetch failed; `None` when it did not.
    failure: Mutex<Option<Box<str>>>,
    /// Whether something was fetched, or could not be.
    settled: watch::Sender<bool>,
}

impl<S: Source> Live<S> {
    pub(super) fn new(source: S) -> Self {
        let at_hand = source.at_hand().map(|proof| Arc::new(Issued { proof, expires: None }));
        let shared = Shared {
            settled: watch::Sender::new(at_hand.is_some()),
            current: ArcSwapOption::new(at_hand),
            failure: Mutex::new(None),
            source,
        };
        Self { shared: Arc::new(shared), renewing: OnceLock::new() }
    }

    /// Fetches now and again, on the runtime that this is called on. Calling it again changes nothing.
    pub(super) fn start(&self, outside: &Outside) {
        if self.shared.source.at_hand().is_some() {
            return;
        }
        self.renewing
            .get_or_init(|| tokio::spawn(renew(Arc::clone(&self.shared), outside.clone())).abort_handle());
    }

    /// The latest, unless it has expired.
    pub(super) fn current(&self, now: SystemTime) -> Result<Arc<Issued<S::Proof>>, SignInProblem> {
        let failure = || self.shared.failure.lock().clone();
        match self.shared.current.load_full() {
            None => Err(SignInProblem::Pending { failure: failure() }),
            Some(issued) if issued.expires.is_some_and(|expires| expires <= now) => {
                Err(SignInProblem::Expired { failure: failure() })
            }
            Some(issued) => Ok(issued),
        }
    }

    /// The latest, expired or not.
    pub(super) fn latest(&self) -> Option<Arc<Issued<S::Proof>>> {
        self.shared.current.load_full()
    }

    /// What ends with the first fetch, well or not, as long as it has not.
    pub(super) fn pending(&self) -> Option<Pending<'_>> {
        if self.shared.current.load().is_some() {
            return None;
        }
        let mut settled = self.shared.settled.subscribe();
        if *settled.borrow() {
            return None;
        }
        Some(Box::pin(async move {
            // The sender lives as long as `self`.
            let _ = settled.wait_for(|settled| *settled).await;
        }))
    }
}

impl<S: Source> Drop for Live<S> {
    fn drop(&mut self) {
        if let Some(renewing) = self.renewing.get() {
            renewing.abort();
        }
    }
}

async fn renew<S: Source>(shared: Arc<Shared<S>>, outside: Outside) {
    let mut failures = 0;
    loop {
        let pause = match shared.source.fetch(&outside).await {
            Ok(issued) => {
                failures = 0;
                *shared.failure.lock() = None;
                let pause = pause_until_renewal(issued.expires, outside.now(), outside.random());
                shared.current.store(Some(Arc::new(issued)));
                pause
            }
            Err(problem) => {
                tracing::warn!(%problem, "signing in to a provider failed; it is tried again");
                *shared.failure.lock() = Some(problem.to_string().into());
                failures += 1;
                pause_after_failure(failures, outside.random())
            }
        };
        shared.settled.send_replace(true);
        rest(pause, &outside).await;
    }
}

/// How long something without a known end is used before it is looked at again: a file may have been replaced.
const UNDATED_PAUSE: Duration = Duration::from_secs(5 * 60);
/// The least pause between two successful fetches, also of what expires at once.
const PAUSE_MIN: Duration = Duration::from_secs(1);

/// Three quarters of what is left, and up to an eighth more: most of the time to expiry stays for failures, and several
/// gateways do not ask at the same moment. Metadata services hand out the same token until shortly before its end, and
/// then the pauses get short by themselves.
fn pause_until_renewal(expires: Option<SystemTime>, now: SystemTime, random: u64) -> Duration {
    let Some(expires) = expires else { return UNDATED_PAUSE };
    let left = expires.duration_since(now).unwrap_or_default();
    (left.mul_f64(0.75 + 0.125 * fraction(random))).max(PAUSE_MIN)
}

const FAILURE_PAUSE_FIRST: Duration = Duration::from_secs(1);
const FAILURE_PAUSE_MAX: Duration = Duration::from_secs(60);

/// Doubles with each failure, half of it by chance.
fn pause_after_failure(failures: u32, random: u64) -> Duration {
    let doubled = FAILURE_PAUSE_FIRST.saturating_mul(1 << failures.saturating_sub(1).min(10));
    doubled.min(FAILURE_PAUSE_MAX).mul_f64(0.5 + 0.5 * fraction(random))
}

/// From 0 to 1.
fn fraction(random: u64) -> f64 {
    f64::from((random >> 32) as u32) / f64::from(u32::MAX)
}

/// How often the time of day is looked at while resting.
const WALL_CLOCK_CHECK: Duration = Duration::from_secs(30);

/// Rests by both clocks, whichever is done first: timers stand still while a machine is suspended, and the time of day
/// may be set back.
async fn rest(pause: Duration, outside: &Outside) {
    let (deadline, until) = (Instant::now() + pause, outside.now() + pause);
    while Instant::now() < deadline && outside.now() < until {
        tokio::time::sleep_until(deadline.min(Instant::now() + WALL_CLOCK_CHECK)).await;
    }
}

#[cfg(test)]
mod tests;
