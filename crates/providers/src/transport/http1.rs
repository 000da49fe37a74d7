//! HTTP/1.1 to providers: a codec of our own, and the idle connections of an origin, one exchange at a time on each.
//!
//! The task of an exchange drives the connection itself. An idle connection is driven by nobody: that its server hung
//! up is noticed when it is taken out again, or when idle ones are reaped.
//!
//! The codec is pure: `request` encodes heads, `head` and `decoder` take answers apart at any split of their bytes.
//! `outgoing` and `connection` move the bytes.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

mod bounds;
mod chunked;
mod connection;
mod decoder;
mod fault;
mod head;
mod outgoing;
mod problem;
mod request;
#[cfg(test)]
mod tests;

pub(super) use connection::{Connection, Unanswered};
pub(super) use fault::Fault;
pub(super) use outgoing::Outgoing;
pub use problem::AnswerProblem;

/// The idle connections of an origin. The one that was used last is used next, so that the rest grow old and go.
pub(super) struct Pool {
    idle: Mutex<Vec<Idle>>,
    idle_connections_max: usize,
}

struct Idle {
    connection: Box<Connection>,
    since: Instant,
}

impl Pool {
    pub(super) fn new(idle_connections_max: usize) -> Self {
        Self { idle: Mutex::default(), idle_connections_max }
    }

    /// The connection that was used last. It may have closed.
    pub(super) fn take(&self) -> Option<Box<Connection>> {
        self.idle.lock().pop().map(|idle| idle.connection)
    }

    /// Keeps a connection whose exchange is over, if it can serve another and there is room.
    pub(super) fn put(&self, connection: Box<Connection>) {
        if !connection.is_reusable() {
            return;
        }
        let since = Instant::now();
        let mut idle = self.idle.lock();
        if idle.len() < self.idle_connections_max {
            idle.push(Idle { connection, since });
        }
    }

    /// Closes connections that were idle for too long or that their server closed.
    pub(super) fn reap(&self, now: Instant, idle_timeout: Duration) {
        let mut idle = self.idle.lock();
        let expired = idle.partition_point(|idle| idle.since + idle_timeout <= now);
        let mut closing: Vec<Idle> = idle.drain(..expired).collect();
        closing.extend(idle.extract_if(.., |idle| !idle.connection.is_open()));
        drop(idle);
        // Closing sockets needs no lock.
        drop(closing);
    }

    /// How many connections are idle.
    pub(super) fn idle_connections(&self) -> usize {
        self.idle.lock().len()
    }
}
