//! The HTTP client to providers. It is our own, because the request path cannot afford what a general client does: a
//! lookup by URL, a task per connection, buffers for every open stream, and silent queues behind an HTTP/2 stream limit.
//! HTTP/1.1 is spoken by a codec of our own, HTTP/2 by hyper.
//!
//! A [`Transport`] holds one [`Origin`] per scheme, authority, protocol and address policy; whoever sends requests
//! keeps the origin, so that no lookup happens per request.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::time::Instant;

mod address;
mod body;
mod connect;
mod error;
mod http1;
mod http2;
mod incoming;
mod origin;
mod proxy;
mod resolve;
mod settings;
mod stream;
#[cfg(test)]
mod tests;
mod tls;
mod upgrade;

pub use address::{AddressPolicy, is_public};
pub use body::{BoxError, BoxedBody, OutgoingBody, Segments};
pub use error::{BodyError, ProxyProblem, SendError};
pub use http1::AnswerProblem;
pub use incoming::IncomingBody;
pub use origin::{Origin, OriginKey};
pub use resolve::{Resolution, Resolve, SystemResolver};
pub use settings::{ProxySettings, TransportProblem, TransportSettings};
pub use upgrade::{UpgradeAnswer, UpgradedStream};

use connect::Connector;
use proxy::Proxies;
use resolve::Resolver;
use tls::Tls;

/// The HTTP client to providers; clones share everything.
#[derive(Clone)]
pub struct Transport(Arc<Shared>);

struct Shared {
    settings: TransportSettings,
    connector: Arc<Connector>,
    origins: Mutex<HashMap<OriginKey, Arc<Origin>>>,
}

impl Transport {
    /// A client that resolves names with the system's resolver. Reads no file and opens no connection.
    ///
    /// # Errors
    /// When a setting cannot be used.
    pub fn new(settings: TransportSettings) -> Result<Self, TransportProblem> {
        Self::with_resolver(settings, Arc::new(SystemResolver))
    }

    /// A client that resolves names with `resolver`, whose answers it remembers as the settings say.
    ///
    /// # Errors
    /// When a setting cannot be used.
    pub fn with_resolver(
        settings: TransportSettings,
        resolver: Arc<dyn Resolve>,
    ) -> Result<Self, TransportProblem> {
        let connector = Arc::new(Connector {
            resolver: Resolver::new(resolver, settings.dns_ttl, settings.dns_stale_max),
            tls: Tls::new(&settings.extra_ca_pem)?,
            proxies: Proxies::new(&settings.proxy)?,
        });
        Ok(Self(Arc::new(Shared { settings, connector, origins: Mutex::default() })))
    }

    /// The connections of one origin: the same for the same key. Keep it, so that no lookup happens per request.
    #[must_use]
    pub fn origin(&self, key: &OriginKey) -> Arc<Origin> {
        let Shared { settings, connector, origins } = &*self.0;
        let mut origins = origins.lock();
        if let Some(origin) = origins.get(key) {
            return Arc::clone(origin);
        }
        let origin = Arc::new(Origin::new(Arc::clone(connector), key, settings));
        origins.insert(key.clone(), Arc::clone(&origin));
        origin
    }

    /// Closes connections that were idle for too long or that their server closed, and forgets origins that nobody
    /// holds and that keep no connection. To be called every few seconds.
    pub fn reap(&self, now: Instant) {
        let Shared { settings, origins, .. } = &*self.0;
        let known: Vec<Arc<Origin>> = origins.lock().values().cloned().collect();
        for origin in known {
            origin.reap(now, settings.idle_timeout);
        }
        origins.lock().retain(|_, origin| Arc::strong_count(origin) > 1 || origin.kept_connections() > 0);
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Transport").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}
