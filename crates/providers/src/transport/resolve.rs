//! Host names to addresses, remembered for a while: the system's resolver caches nothing and occupies a blocking
//! thread, and a provider must stay reachable while a name server is down.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// The addresses of a name, in the order in which to try them.
pub type Resolution = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Asks for the addresses of a name.
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of `host`, which is a name and no address.
    fn resolve(&self, host: &str) -> Resolution;
}

/// The resolver of the system (`getaddrinfo`).
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, host: &str) -> Resolution {
        let host = host.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// More names than an operator's providers have; beyond it old ones are forgotten.
const NAMES_MAX: usize = 1024;

/// How long a refresh may take while old addresses are at hand.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(1);

/// How long old addresses are used after a failed refresh before the next one.
const REFRESH_PAUSE: Duration = Duration::from_secs(5);

/// A [`Resolve`] with a memory.
pub(super) struct Resolver {
    source: Arc<dyn Resolve>,
    ttl: Duration,
    stale_max: Duration,
    names: Mutex<HashMap<Box<str>, Arc<Name>>>,
}

/// One name. Whoever holds the lock asks for it, so that a name is asked for once however many wait.
type Name = tokio::sync::Mutex<Option<Answer>>;

struct Answer {
    addresses: Arc<[IpAddr]>,
    fresh_until: Instant,
    usable_until: Instant,
}

impl Resolver {
    pub(super) fn new(source: Arc<dyn Resolve>, ttl: Duration, stale_max: Duration) -> Self {
        Self { source, ttl, stale_max, names: Mutex::default() }
    }

    /// The addresses of a name or of an address; never empty.
    pub(super) async fn lookup(&self, host: &str) -> io::Result<Arc<[IpAddr]>> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(Arc::new([address]));
        }
        let name = self.name(host);
        let mut answer = name.lock().await;
        let now = Instant::now();
        match answer.as_mut() {
            Some(known) if now < known.fresh_until => Ok(Arc::clone(&known.addresses)),
            Some(known) if now < known.usable_until => Ok(self.refresh(host, known).await),
            _ => {
                let asked = self.ask(host).await?;
                let addresses = Arc::clone(&asked.addresses);
                *answer = Some(asked);
                Ok(addresses)
            }
        }
    }

    async fn refresh(&self, host: &str, known: &mut Answer) -> Arc<[IpAddr]> {
        match tokio::time::timeout(REFRESH_TIMEOUT, self.ask(host)).await {
            Ok(Ok(asked)) => *known = asked,
            failed => {
                known.fresh_until = Instant::now() + REFRESH_PAUSE;
                let error = failed.ok().and_then(Result::err);
                tracing::warn!(host, ?error, "name cannot be resolved, using its last addresses");
            }
        }
        Arc::clone(&known.addresses)
    }

    async fn ask(&self, host: &str) -> io::Result<Answer> {
        let addresses: Arc<[IpAddr]> = self.source.resolve(host).await?.into();
        if addresses.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
        }
        let fresh_until = Instant::now() + self.ttl;
        Ok(Answer { addresses, fresh_until, usable_until: fresh_until + self.stale_max })
    }

    fn name(&self, host: &str) -> Arc<Name> {
        let mut names = self.names.lock();
        if let Some(name) = names.get(host) {
            return Arc::clone(name);
        }
        if names.len() >= NAMES_MAX {
            forget(&mut names, Instant::now());
        }
        let name = Arc::new(Name::default());
        names.insert(host.into(), Arc::clone(&name));
        name
    }
}

/// Makes room: drops what is no longer fresh and not being asked for, or anything when all of it is.
fn forget(names: &mut HashMap<Box<str>, Arc<Name>>, now: Instant) {
    names.retain(|_, name| match name.try_lock() {
        Ok(answer) => answer.as_ref().is_some_and(|answer| now < answer.fresh_until),
        Err(_) => true,
    });
    if names.len() >= NAMES_MAX
        && let Some(any) = names.keys().next().cloned()
    {
        names.remove(&any);
    }
}

#[cfg(test)]
mod tests;
