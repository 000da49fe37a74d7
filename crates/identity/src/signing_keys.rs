//! The keys of an issuer, fetched in the background and kept: requests find them at hand, and an issuer that does not answer
//! changes nothing for those whose keys are known.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::algorithm::Algorithm;
use crate::key_set::KeySet;
use crate::problem::TokenProblem;
use crate::token::Token;

/// How often they are fetched while all is well.
const REFRESH: Duration = Duration::from_secs(5 * 60);
/// The pause after the first failure; it doubles with each further one.
const FAILURE_PAUSE_FIRST: Duration = Duration::from_secs(1);
const FAILURE_PAUSE_MAX: Duration = Duration::from_secs(60);
/// The least time between the end of a fetch and the next that a token with an unknown key can cause: whoever makes up names of
/// keys makes the gateway ask no more often than this.
const RENEWAL_PAUSE: Duration = Duration::from_secs(10);

/// The document at a URL, or why it could not be had.
pub type Fetched<'a> = Pin<Box<dyn Future<Output = Result<Bytes, String>> + Send + 'a>>;

/// The way to issuers.
pub trait Fetch: Send + Sync {
    /// Gets a document, in bounded time and of bounded length.
    fn get<'a>(&'a self, url: &'a str) -> Fetched<'a>;
}

/// The keys of one issuer. Once started, they are fetched again and again until this is dropped.
pub struct SigningKeys {
    shared: Arc<Shared>,
    renewing: OnceLock<AbortHandle>,
}

struct Shared {
    /// Where they are published; `None` when they are fixed.
    url: Option<Box<str>>,
    current: ArcSwapOption<Published>,
    fetching: Mutex<Fetching>,
    asked: Notify,
    /// Counts the fetches that have ended.
    fetches: watch::Sender<u64>,
}

struct Published {
    set: KeySet,
    /// Rises with each change.
    version: u64,
}

enum Fetching {
    /// One is under way, or about to be.
    Now,
    /// The last one ended.
    Ended(Instant),
}

impl SigningKeys {
    /// Keys that do not change.
    #[must_use]
    pub fn fixed(set: KeySet) -> Self {
        Self::new(None, Some(Arc::new(Published { set, version: 1 })))
    }

    /// Keys that are published at a URL.
    fn published(url: &str) -> Self {
        Self::new(Some(url.into()), None)
    }

    fn new(url: Option<Box<str>>, current: Option<Arc<Published>>) -> Self {
        let shared = Shared {
            url,
            current: ArcSwapOption::new(current),
            fetching: Mutex::new(Fetching::Now),
            asked: Notify::new(),
            fetches: watch::Sender::new(0),
        };
        Self { shared: Arc::new(shared), renewing: OnceLock::new() }
    }

    fn start(&self, way: &Arc<dyn Fetch>) {
        let (shared, way) = (&self.shared, Arc::clone(way));
        self.renewing.get_or_init(|| tokio::spawn(renew(Arc::clone(shared), way)).abort_handle());
    }

    /// Which keys these are: another number means other keys.
    pub(crate) fn version(&self) -> u64 {
        self.shared.current.load().as_ref().map_or(0, |published| published.version)
    }

    /// Verifies a token's signature; with which version of the keys it was good.
    pub(crate) fn verify(&self, token: &Token<'_>, algorithm: Algorithm) -> Result<u64, TokenProblem> {
        let current = self.shared.current.load();
        let published = current.as_ref().ok_or(TokenProblem::NoKeys { retry_after: RENEWAL_PAUSE })?;
        published.set.verify(token, algorithm).map(|()| published.version)
    }

    /// What ends when the keys have been fetched once more. `None` when they were a moment ago, or never are.
    pub(crate) fn renewal(&self) -> Option<impl Future<Output = ()> + use<>> {
        self.shared.url.as_ref()?;
        let mut fetching = self.shared.fetching.lock();
        if let Fetching::Ended(at) = *fetching {
            if at.elapsed() < RENEWAL_PAUSE {
                return None;
            }
            *fetching = Fetching::Now;
            self.shared.asked.notify_one();
        }
        let mut fetches = self.shared.fetches.subscribe();
        Some(async move {
            // It fails when nobody fetches any more, which is an end as well.
            let _ = fetches.changed().await;
        })
    }
}

impl Drop for SigningKeys {
    fn drop(&mut self) {
        if let Some(renewing) = self.renewing.get() {
            renewing.abort();
        }
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SigningKeys").field("url", &self.shared.url).finish_non_exhaustive()
    }
}

async fn renew(shared: Arc<Shared>, way: Arc<dyn Fetch>) {
    let Some(url) = shared.url.as_deref() else { return };
    let mut failures = 0;
    loop {
        *shared.fetching.lock() = Fetching::Now;
        let fetched = way.get(url).await;
        let pause = match fetched.and_then(|text| KeySet::read(text).map_err(|problem| problem.to_string())) {
            Ok(set) => {
                if failures > 0 {
                    tracing::info!(url, "the keys of a token issuer can be fetched again");
                }
                failures = 0;
                shared.publish(set);
                REFRESH
            }
            Err(problem) => {
                if failures == 0 {
                    tracing::warn!(
                        url,
                        problem,
                        "the keys of a token issuer cannot be fetched; the last ones stay, and it is tried again"
                    );
                }
                failures += 1;
                pause_after_failure(failures)
            }
        };
        shared.end();
        // Its end is the end of the pause; being asked is the other.
        let _ = tokio::time::timeout(pause, shared.asked.notified()).await;
    }
}

/// Doubles with each failure.
fn pause_after_failure(failures: u32) -> Duration {
    FAILURE_PAUSE_FIRST.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(FAILURE_PAUSE_MAX)
}

impl Shared {
    fn publish(&self, set: KeySet) {
        let before = self.current.load();
        let version = match &*before {
            Some(before) if before.set.is_same(&set) => return,
            Some(before) => before.version + 1,
            None => 1,
        };
        self.current.store(Some(Arc::new(Published { set, version })));
    }

    /// Tells that a fetch has ended, in one step: whoever asks before waits for it, whoever asks after finds what it brought.
    fn end(&self) {
        let mut fetching = self.fetching.lock();
        *fetching = Fetching::Ended(Instant::now());
        self.fetches.send_modify(|count| *count += 1);
    }
}

/// The published keys of a process: the same for the same URL, so that a new configuration that changes nothing about an issuer finds
/// its keys at hand. Clones share them. It keeps none alive: they end with the last issuer that has them.
#[derive(Debug, Clone, Default)]
pub struct KeySources(Arc<Mutex<Vec<Source>>>);

type Source = (Box<str>, Weak<SigningKeys>);

impl KeySources {
    /// The keys that are published at a URL.
    #[must_use]
    pub fn of(&self, url: &str) -> Arc<SigningKeys> {
        let mut sources = self.0.lock();
        sources.retain(|(_, keys)| keys.strong_count() > 0);
        let mut same = sources.iter().filter(|(other, _)| **other == *url);
        if let Some(keys) = same.find_map(|(_, keys)| keys.upgrade()) {
            return keys;
        }
        let keys = Arc::new(SigningKeys::published(url));
        sources.push((url.into(), Arc::downgrade(&keys)));
        keys
    }

    /// Starts to fetch those that are in use and not fetched yet, on the runtime that this is called on. Called when a configuration
    /// has come into force.
    pub fn start(&self, way: &Arc<dyn Fetch>) {
        let in_use: Vec<_> = self.0.lock().iter().filter_map(|(_, keys)| keys.upgrade()).collect();
        for keys in in_use {
            keys.start(way);
        }
    }
}

#[cfg(test)]
mod tests;
