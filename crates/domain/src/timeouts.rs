//! How long each stage of an attempt may take.

use std::time::Duration;

/// The limits of one attempt; `None` means no limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Name lookup, TCP and TLS together.
    pub connect: Duration,
    /// From sending the request to the first content frame (a stream) or the whole body (otherwise):
    /// the `request_timeout` and `first_token_timeout` of routes.
    pub first_token: Option<Duration>,
    /// The longest silence between two frames of a stream, or two pieces of a body.
    pub idle: Option<Duration>,
    /// The whole attempt, body included.
    pub total: Option<Duration>,
}

impl Default for Timeouts {
    /// Generous enough for a reasoning model, finite so that a dead provider never holds a request for ever.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_token: Some(Duration::from_secs(600)),
            idle: Some(Duration::from_secs(120)),
            total: Some(Duration::from_secs(3600)),
        }
    }
}
