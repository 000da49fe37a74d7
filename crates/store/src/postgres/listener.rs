//! Hearing of changes as soon as they are made: what writes the registry notifies, and every replica listens on a connection of its own.
//!
//! A notification may be lost: with the connection. So it only ever says that it is worth asking now.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use domain::ports::registry::Changes;
use sqlx::Executor;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};

/// What all fleets of a database use; a notification has the schema of the fleet that it is for.
const CHANNEL: &str = "tollgate_registry";
/// How long after a connection was lost or refused the next is tried.
const RETRY: Duration = Duration::from_secs(1);
/// How long nothing is heard before the connection has to give a sign of life: a network may swallow it without a word.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// Listens, and listens again.
pub(super) struct Listener {
    options: PgConnectOptions,
    schema: Box<str>,
    time_limit: Duration,
    connection: Option<PgListener>,
}

impl Listener {
    /// Connects when it is first asked.
    pub(super) fn new(options: PgConnectOptions, schema: &str, time_limit: Duration) -> Self {
        Self { options, schema: schema.into(), time_limit, connection: None }
    }

    async fn heard(&mut self) {
        loop {
            let Some(connection) = &mut self.connection else {
                match tokio::time::timeout(self.time_limit, self.listen()).await {
                    Ok(Ok(connection)) => self.connection = Some(connection),
                    _ => {
                        tokio::time::sleep(RETRY).await;
                        continue;
                    }
                }
                // Nobody says what was missed.
                return;
            };
            match tokio::time::timeout(SILENCE_MAX, connection.try_recv()).await {
                Ok(Ok(Some(notification))) if notification.payload() == &*self.schema => return,
                Ok(Ok(Some(_))) => {}
                Ok(Ok(None) | Err(_)) => self.connection = None,
                Err(_) => {
                    let sign_of_life = tokio::time::timeout(self.time_limit, connection.execute("SELECT 1"));
                    if !matches!(sign_of_life.await, Ok(Ok(_))) {
                        self.connection = None;
                    }
                }
            }
        }
    }

    async fn listen(&self) -> Result<PgListener, sqlx::Error> {
        let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(self.time_limit);
        let pool = pool.idle_timeout(None).max_lifetime(None).connect_lazy_with(self.options.clone());
        let mut connection = PgListener::connect_with(&pool).await?;
        // It is known then that something may have been missed.
        connection.eager_reconnect(false);
        connection.listen(CHANNEL).await?;
        Ok(connection)
    }
}

impl Changes for Listener {
    fn next(&mut self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.heard())
    }
}
