//! A canary gets more, gets everything, or gets nothing any more.

use domain::RouteName;
use domain::canary::Metric;

use crate::Telemetry;

/// What became of a canary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CanaryOutcome {
    /// It goes on with a larger share.
    Stepped,
    /// It gets everything.
    Promoted,
    /// It gets nothing any more, since it was worse.
    RolledBack {
        /// In what.
        metric: Metric,
        /// What the baseline had: a share, or a mean in seconds or dollars.
        baseline: f64,
        /// What the canary had.
        canary: f64,
    },
}

impl CanaryOutcome {
    fn name(self) -> &'static str {
        match self {
            Self::Stepped => "stepped",
            Self::Promoted => "promoted",
            Self::RolledBack { .. } => "rolled_back",
        }
    }
}

/// One turn of a canary.
#[derive(Debug)]
pub struct CanaryTurned<'a> {
    /// The route that it is in.
    pub route: &'a RouteName,
    /// Its place in the route; empty at the root.
    pub place: &'a str,
    /// What became of it.
    pub outcome: CanaryOutcome,
    /// The step that it is at, or was rolled back at, from 1 on.
    pub step: usize,
    /// Its share of the requests from now on, in percent.
    pub share_percent: u32,
}

impl CanaryTurned<'_> {
    /// Counts and logs it.
    pub fn emit(&self, telemetry: &Telemetry) {
        telemetry.meters.canaries.stands(self.route, self.place, self.step, self.share_percent);
        let alarm = match self.outcome {
            CanaryOutcome::RolledBack { metric, baseline, canary } => {
                telemetry.meters.canaries.rolled_back(self.route, self.place, metric);
                Some((metric.name(), baseline, canary))
            }
            CanaryOutcome::Stepped | CanaryOutcome::Promoted => None,
        };
        if telemetry.logs(true) {
            tracing::warn!(
                target: "tollgate::canary",
                route = %self.route,
                place = self.place,
                outcome = self.outcome.name(),
                step = self.step,
                share_percent = self.share_percent,
                metric = alarm.map(|(metric, ..)| metric),
                baseline = alarm.map(|(_, baseline, _)| baseline),
                canary = alarm.map(|(.., canary)| canary),
                "canary turned"
            );
        }
    }
}
