//! How long each stage of an attempt may take, and how slow its stream may be.

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
    /// The least that a stream has to say; `None` asks for nothing.
    pub throughput_min: Option<ThroughputMin>,
}

/// The least that a stream has to say, in each stretch of time in which its provider is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThroughputMin {
    /// About so many tokens.
    pub tokens_per_second: u32,
    /// How long a stretch is.
    pub window: Duration,
    /// How long at most a stream is held back after its first content, until it has shown that it is fast enough, so that
    /// another target can still answer. Not at all when absent.
    pub hold: Option<Duration>,
}

impl Default for Timeouts {
    /// Generous enough for a reasoning model, finite so that a dead provider never holds a request for ever.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_token: Some(Duration::from_secs(600)),
            idle: Some(Duration::from_secs(120)),
            total: Some(Duration::from_secs(3600)),
            throughput_min: None,
        }
    }
}
