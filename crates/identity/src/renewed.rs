//! What issuers publish, fetched in the background and kept: requests find it at hand, and an issuer that does not answer changes nothing for
//! those of whom something is known.

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

/// How often it is fetched while all is well.
const REFRESH: Duration = Duration::from_secs(5 * 60);
/// The pause after the first failure; it doubles with each further one.
const FAILURE_PAUSE_FIRST: Duration = Duration::from_secs(1);
const FAILURE_PAUSE_MAX: Duration = Duration::from_secs(60);
/// The least time between the end of a fetch and the next that a token with an unknown key can cause: whoever makes up names of
/// keys makes the gateway ask no more often than this.
pub(crate) const RENEWAL_PAUSE: Duration = Duration::from_secs(10);

/// The document at a URL, or why it could not be had.
pub type Fetched<'a> = Pin<Box<dyn Future<Output = Result<Bytes, String>> + Send + 'a>>;

/// The way to issuers.
pub trait Fetch: Send + Sync {
    /// Gets a document, in bounded time and of bounded length.
    fn get<'a>(&'a self, url: &'a str) -> Fetched<'a>;
}

/// A document on its way, read.
pub type FetchedDocument<'a, D> = Pin<Box<dyn Future<Output = Result<D, String>> + Send + 'a>>;

/// What an issuer publishes, in one text or several.
pub trait Document: Sized + Send + Sync + 'static {
    /// What it is of, for the log.
    const WHAT: &'static str;

    /// Fetches and reads it.
    fn fetch<'a>(name: &'a str, way: &'a dyn Fetch) -> FetchedDocument<'a, Self>;

    /// Whether two are the same.
    fn is_same(&self, other: &Self) -> bool;
}

/// What one issuer publishes. Once started, it is fetched again and again until this is dropped.
pub struct Renewed<D: Document> {
    shared: Arc<Shared<D>>,
    renewing: OnceLock<AbortHandle>,
}

struct Shared<D> {
    /// By what it is found; `None` when it is fixed.
    name: Option<Box<str>>,
    current: ArcSwapOption<Published<D>>,
    fetching: Mutex<Fetching>,
    asked: Notify,
    /// Counts the fetches that have ended.
    fetches: watch::Sender<u64>,
}

/// A document, and which one.
pub(crate) struct Published<D> {
    pub(crate) document: Arc<D>,
    /// Rises with each change.
    pub(crate) version: u64,
}

enum Fetching {
    /// One is under way, or about to be.
    Now,
    /// The last one ended.
    Ended(Instant),
}

impl<D: Document> Renewed<D> {
    /// One that does not change.
    #[must_use]
    pub fn fixed(document: D) -> Self {
        Self::new(None, Some(Arc::new(Published { document: Arc::new(document), version: 1 })))
    }

    /// What is published under a name.
    fn published(name: &str) -> Self {
        Self::new(Some(name.into()), None)
    }

    fn new(name: Option<Box<str>>, current: Option<Arc<Published<D>>>) -> Self {
        let shared = Shared {
            name,
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

    /// What is known now.
    pub(crate) fn current(&self) -> Option<Arc<Published<D>>> {
        self.shared.current.load_full()
    }

    /// Which document it is: another number means another. 0 while there is none.
    pub(crate) fn version(&self) -> u64 {
        self.shared.current.load().as_ref().map_or(0, |published| published.version)
    }

    /// What ends when it has been fetched once more. `None` when it was a moment ago, or never is.
    pub(crate) fn renewal(&self) -> Option<impl Future<Output = ()> + use<D>> {
        self.shared.name.as_ref()?;
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

impl<D: Document> Drop for Renewed<D> {
    fn drop(&mut self) {
        if let Some(renewing) = self.renewing.get() {
            renewing.abort();
        }
    }
}

impl<D: Document> fmt::Debug for Renewed<D> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Renewed").field("name", &self.shared.name).finish_non_exhaustive()
    }
}

async fn renew<D: Document>(shared: Arc<Shared<D>>, way: Arc<dyn Fetch>) {
    let Some(name) = shared.name.as_deref() else { return };
    let mut failures = 0;
    loop {
        *shared.fetching.lock() = Fetching::Now;
        let pause = match D::fetch(name, &*way).await {
            Ok(document) => {
                if failures > 0 {
                    tracing::info!(name, what = D::WHAT, "what an issuer publishes can be fetched again");
                }
                failures = 0;
                shared.publish(document);
                REFRESH
            }
            Err(problem) => {
                if failures == 0 {
                    tracing::warn!(
                        name,
                        problem,
                        what = D::WHAT,
                        "what an issuer publishes cannot be fetched; the last of it stays, and it is tried again"
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

impl<D: Document> Shared<D> {
    fn publish(&self, document: D) {
        let before = self.current.load();
        let version = match &*before {
            Some(before) if before.document.is_same(&document) => return,
            Some(before) => before.version + 1,
            None => 1,
        };
        self.current.store(Some(Arc::new(Published { document: Arc::new(document), version })));
    }

    /// Tells that a fetch has ended, in one step: whoever asks before waits for it, whoever asks after finds what it brought.
    fn end(&self) {
        let mut fetching = self.fetching.lock();
        *fetching = Fetching::Ended(Instant::now());
        self.fetches.send_modify(|count| *count += 1);
    }
}

/// What the issuers of a process publish: the same for the same name, so that a new configuration that changes nothing about an issuer finds
/// it at hand. Clones share it. It keeps none alive: they end with the last that has them.
pub struct Sources<D: Document>(Arc<Mutex<Vec<Source<D>>>>);

type Source<D> = (Box<str>, Weak<Renewed<D>>);

impl<D: Document> Sources<D> {
    /// What is published under a name.
    #[must_use]
    pub fn of(&self, name: &str) -> Arc<Renewed<D>> {
        let mut sources = self.0.lock();
        sources.retain(|(_, renewed)| renewed.strong_count() > 0);
        let mut same = sources.iter().filter(|(other, _)| **other == *name);
        if let Some(renewed) = same.find_map(|(_, renewed)| renewed.upgrade()) {
            return renewed;
        }
        let renewed = Arc::new(Renewed::published(name));
        sources.push((name.into(), Arc::downgrade(&renewed)));
        renewed
    }

    /// Starts to fetch what is in use and not fetched yet, on the runtime that this is called on. Called when a configuration has come into
    /// force.
    pub fn start(&self, way: &Arc<dyn Fetch>) {
        let in_use: Vec<_> = self.0.lock().iter().filter_map(|(_, renewed)| renewed.upgrade()).collect();
        for renewed in in_use {
            renewed.start(way);
        }
    }
}

impl<D: Document> Clone for Sources<D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<D: Document> Default for Sources<D> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<D: Document> fmt::Debug for Sources<D> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sources").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
