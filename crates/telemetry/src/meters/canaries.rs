//! How far canaries are.

use domain::RouteName;
use domain::canary::Metric;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CanaryLabels {
    route: String,
    place: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RollbackLabels {
    route: String,
    place: String,
    metric: &'static str,
}

/// The metrics of every canary that a configuration has.
#[derive(Debug, Default)]
pub struct CanaryMeters {
    share: Family<CanaryLabels, Gauge>,
    step: Family<CanaryLabels, Gauge>,
    rollbacks: Family<RollbackLabels, Counter>,
}

impl CanaryMeters {
    pub(super) fn register(&self, registry: &mut Registry) {
        let share = "Share of a route's requests that its canary gets";
        registry.register_with_unit(
            "canary_share",
            share,
            Unit::Other("percent".to_owned()),
            self.share.clone(),
        );
        let step = "The step that a canary is at, or ended at, from 1 on";
        registry.register("canary_step", step, self.step.clone());
        let rollbacks = "Canaries that were rolled back, by what was worse";
        registry.register("canary_rollbacks", rollbacks, self.rollbacks.clone());
    }

    /// A canary is at a step, from 1 on, and has a share of the requests in percent.
    pub fn stands(&self, route: &RouteName, place: &str, step: usize, share_percent: u32) {
        let labels = labels(route, place);
        self.share.get_or_create(&labels).set(share_percent.into());
        self.step.get_or_create(&labels).set(i64::try_from(step).unwrap_or(i64::MAX));
    }

    /// A canary is in the configuration no more.
    pub fn forgotten(&self, route: &RouteName, place: &str) {
        let labels = labels(route, place);
        self.share.remove(&labels);
        self.step.remove(&labels);
    }

    pub(crate) fn rolled_back(&self, route: &RouteName, place: &str, metric: Metric) {
        let CanaryLabels { route, place } = labels(route, place);
        self.rollbacks.get_or_create(&RollbackLabels { route, place, metric: metric.name() }).inc();
    }
}

fn labels(route: &RouteName, place: &str) -> CanaryLabels {
    CanaryLabels { route: route.to_string(), place: place.to_owned() }
}
