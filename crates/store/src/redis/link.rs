//! The connection to a Redis server. After anything that goes wrong the next call begins with a new one, so a server that comes back,
//! or another that took its place, is found at once.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use domain::ports::shared_state::StateError;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult};
use tokio::sync::Mutex;

use super::tls::RedisTls;
use crate::shared::PlaceError;

/// The way to a server, over one connection for all calls.
pub(super) struct Link {
    client: Client,
    time_limit: Duration,
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl Link {
    /// Opens no connection yet.
    ///
    /// # Errors
    /// When the URL is none, or TLS cannot be spoken as it is said.
    pub(super) fn new(url: &str, time_limit: Duration, tls: Option<RedisTls>) -> Result<Self, PlaceError> {
        let client = Client::open(url).map_err(|_| PlaceError::Url)?;
        let client = match tls {
            Some(tls) => Client::build_with_tls(url, tls.into()).map_err(|_| PlaceError::Tls)?,
            None => client,
        };
        Ok(Self { client, time_limit, connection: Mutex::default() })
    }

    /// A connection. Whoever comes first makes it, and others wait for that.
    pub(super) async fn connection(&self) -> RedisResult<MultiplexedConnection> {
        let mut kept = self.connection.lock().await;
        if let Some(connection) = &*kept {
            return Ok(connection.clone());
        }
        // The limit is that of the whole call.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        Ok(kept.insert(connection).clone())
    }

    /// Waits for an answer of the server, but not for ever.
    pub(super) async fn within<T>(
        &self,
        answer: impl Future<Output = RedisResult<T>>,
    ) -> Result<T, StateError> {
        let why = match tokio::time::timeout(self.time_limit, answer).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {:?}", self.time_limit),
        };
        // Whoever holds it is about to make a new one.
        if let Ok(mut kept) = self.connection.try_lock() {
            *kept = None;
        }
        Err(StateError::Unavailable(format!("Redis at {}: {why}", self.place())))
    }

    /// Where the server is, for people.
    fn place(&self) -> String {
        self.client.get_connection_info().addr().to_string()
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The client holds a password.
        formatter.debug_struct("Link").field("place", &self.place()).finish_non_exhaustive()
    }
}
