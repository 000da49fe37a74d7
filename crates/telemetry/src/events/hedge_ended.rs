//! A second call beside a slow one has ended.

use crate::{ProviderMeters, Telemetry};

/// What became of a second call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HedgeOutcome {
    /// It was answered first.
    Won,
    /// The first call was answered first after all.
    Lost,
    /// Both calls failed.
    Failed,
    /// The client left before either was answered.
    Cancelled,
    /// It was not made, since there had been as many as the route allows.
    Capped,
}

impl HedgeOutcome {
    /// The label value.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Capped => "capped",
        }
    }
}

/// One second call.
#[derive(Debug)]
pub struct HedgeEnded<'a> {
    /// The request.
    pub request_id: &'a str,
    /// The provider that was called first.
    pub first: &'a ProviderMeters,
    /// The provider that was called as well.
    pub second: &'a ProviderMeters,
    /// What became of it.
    pub outcome: HedgeOutcome,
}

impl HedgeEnded<'_> {
    /// Counts and logs it.
    pub fn emit(&self, telemetry: &Telemetry) {
        telemetry.meters.hedge_ended(self.outcome);
        // Of a call that is dropped nobody says what it used.
        let usage_unknown = match self.outcome {
            HedgeOutcome::Won => Some(self.first.name().as_str()),
            HedgeOutcome::Lost => Some(self.second.name().as_str()),
            HedgeOutcome::Failed | HedgeOutcome::Cancelled | HedgeOutcome::Capped => None,
        };
        if telemetry.logs(false) {
            tracing::info!(
                target: "tollgate::attempt",
                request_id = self.request_id,
                first = %self.first.name(),
                second = %self.second.name(),
                outcome = self.outcome.name(),
                usage_unknown,
                "second call ended"
            );
        }
    }
}
