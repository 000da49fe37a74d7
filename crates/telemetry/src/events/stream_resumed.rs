//! A stream broke off, and another call was made to go on with it.

use domain::{Money, Usage};

use crate::cost::Unpriced;
use crate::{ProviderMeters, Telemetry};

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResumeOutcome {
    /// It goes on.
    Resumed,
    /// Nobody went on with it.
    Failed,
    /// The client left before that was known.
    Cancelled,
}

impl ResumeOutcome {
    /// The label value.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Resumed => "resumed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// One stream that broke off. What follows is told when the request ends.
#[derive(Debug)]
pub struct StreamResumed<'a> {
    /// The request.
    pub request_id: &'a str,
    /// The provider whose stream it was.
    pub provider: &'a ProviderMeters,
    /// The model that was asked of it.
    pub model: Option<&'a str>,
    /// Why it broke off.
    pub detail: &'a str,
    /// How many bytes of text the client had by then.
    pub said_bytes: usize,
    /// What the provider had reported.
    pub usage: Usage,
    /// What that cost, or why it is not known; `None` where nothing is charged for.
    pub cost: Option<Result<Money, Unpriced>>,
    /// What became of it.
    pub outcome: ResumeOutcome,
}

impl StreamResumed<'_> {
    /// Counts and logs it.
    pub fn emit(&self, telemetry: &Telemetry) {
        telemetry.meters.stream_resumed(self.outcome);
        if self.usage != Usage::default() || self.cost.is_some() {
            self.provider.used(self.model.unwrap_or("none"), &self.usage, self.cost);
        }
        if telemetry.logs(true) {
            tracing::info!(
                target: "tollgate::attempt",
                request_id = self.request_id,
                provider = self.provider.name().as_str(),
                model = self.model,
                detail = self.detail,
                said_bytes = self.said_bytes,
                outcome = self.outcome.name(),
                input_tokens = self.usage.input_tokens,
                output_tokens = self.usage.output_tokens,
                "stream resumed"
            );
        }
    }
}
