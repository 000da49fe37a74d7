//! The metrics of regions: which of them are lost.

use domain::RegionName;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RegionLabels {
    region: String,
}

/// The metrics that have a region as their label. Only the configuration names regions, so there are few.
#[derive(Debug, Default)]
pub(super) struct RegionFamilies {
    open: Family<RegionLabels, Gauge>,
    openings: Family<RegionLabels, Counter>,
}

impl RegionFamilies {
    pub(super) fn register(&self, registry: &mut Registry) {
        let open = "Regions whose circuit breaker is open, or probes whether it may close";
        registry.register("region_breakers_open", open, self.open.clone());
        let openings = "Times that the circuit breaker of a region opened";
        registry.register("region_breaker_openings", openings, self.openings.clone());
    }

    pub(super) fn of(&self, name: &RegionName) -> RegionMeters {
        let labels = RegionLabels { region: name.to_string() };
        RegionMeters {
            name: name.clone(),
            open: self.open.get_or_create_owned(&labels),
            openings: self.openings.get_or_create_owned(&labels),
        }
    }
}

/// The counters of one region.
#[derive(Debug)]
pub struct RegionMeters {
    name: RegionName,
    open: Gauge,
    openings: Counter,
}

impl RegionMeters {
    /// Which one it is.
    #[must_use]
    pub fn name(&self) -> &RegionName {
        &self.name
    }

    pub(crate) fn breaker_turned(&self, was_closed: bool, is_open: bool) {
        if is_open {
            self.openings.inc();
        }
        match (was_closed, is_open) {
            (true, true) => self.open.inc(),
            (false, false) => self.open.dec(),
            _ => return,
        };
    }

    /// A breaker that is open is forgotten, for want of calls.
    pub fn breaker_forgotten(&self) {
        self.breaker_turned(false, false);
    }
}
