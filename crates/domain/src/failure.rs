//! Whose fault a failed attempt was, as data that routing, retries and health decide on.

use std::time::Duration;

/// Whose fault it was. A bad credential rests a credential, a missing model rules out a target, a caller's error
/// rests nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// The request itself is wrong (400, 413, 422…).
    Caller,
    /// The provider refused our credential (401, 403).
    Credential,
    /// This credential is over its quota for now (429).
    RateLimited,
    /// The provider does not have the model (404 on a generation endpoint).
    ModelMissing,
    /// The provider is overloaded as a whole (503, 529).
    Overloaded,
    /// The provider failed (5xx).
    Provider,
    /// No connection could be made.
    Connect,
    /// A time limit ran out.
    Timeout(TimeoutStage),
    /// The answer broke off or was not what the format says.
    Broken,
}

/// Which limit of [`crate::Timeouts`] ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeoutStage {
    /// `connect_timeout`.
    Connect,
    /// `first_token_timeout` or `request_timeout`.
    FirstToken,
    /// `idle_timeout`.
    Idle,
    /// `total_timeout`.
    Total,
    /// `throughput_min`.
    Throughput,
}

impl TimeoutStage {
    /// The configuration key that sets this limit.
    #[must_use]
    pub fn setting(self) -> &'static str {
        match self {
            Self::Connect => "connect_timeout",
            Self::FirstToken => "first_token_timeout",
            Self::Idle => "idle_timeout",
            Self::Total => "total_timeout",
            Self::Throughput => "throughput_min",
        }
    }
}

impl FailureClass {
    /// A short name for logs, metrics and the list of attempts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Credential => "credential",
            Self::RateLimited => "rate_limited",
            Self::ModelMissing => "model_missing",
            Self::Overloaded => "overloaded",
            Self::Provider => "provider",
            Self::Connect => "connect",
            Self::Timeout(stage) => stage.setting(),
            Self::Broken => "broken_answer",
        }
    }

    /// The status that stands for this failure where the provider sent none, so that `on_status_codes` can name it.
    #[must_use]
    pub fn stand_in_status(self) -> u16 {
        match self {
            Self::Timeout(_) => 408,
            Self::Caller => 400,
            Self::Credential => 401,
            Self::RateLimited => 429,
            Self::ModelMissing => 404,
            Self::Overloaded => 503,
            Self::Provider => 500,
            Self::Connect | Self::Broken => 502,
        }
    }
}

/// One failed attempt, as facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Whose fault it was.
    pub class: FailureClass,
    /// The provider's status, when it answered at all.
    pub status: Option<u16>,
    /// How long the provider asked to be left alone.
    pub retry_after: Option<Duration>,
    /// What happened, for people; holds no credential.
    pub detail: String,
}

impl Failure {
    /// A failure in which no status was received.
    #[must_use]
    pub fn without_status(class: FailureClass, detail: impl Into<String>) -> Self {
        Self { class, status: None, retry_after: None, detail: detail.into() }
    }

    /// The status to compare with a route's `on_status_codes`.
    #[must_use]
    pub fn effective_status(&self) -> u16 {
        self.status.unwrap_or_else(|| self.class.stand_in_status())
    }
}
