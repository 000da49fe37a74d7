//! Copies of requests, checked.

use domain::Money;
use domain::mirror::{Mirror, MirrorPolicy};

use super::super::spec::{RouteSpec, StrategySpec};
use super::{Compiler, Origin, Place};

const SHARE_PERCENT: u32 = 100;
const IN_FLIGHT_MAX: u32 = 10;

impl Compiler<'_> {
    pub(super) fn mirror(
        &mut self,
        strategy: &StrategySpec,
        targets: &[RouteSpec],
        place: &Place,
    ) -> Option<Mirror> {
        let found = self.problems.len();
        if matches!(self.context.origin, Origin::Request { .. }) {
            self.report(place.member("strategy.mode"), "only the operator may have requests copied");
        }
        if targets.len() < 2 {
            let message = "a mirror needs a target that answers and at least one that gets copies";
            self.report(place.member("targets"), message);
        }
        for (index, _) in targets.iter().enumerate().skip(1).filter(|(_, target)| target.targets.is_some()) {
            let message = "a copy goes to one target; only the first of a mirror may have `targets`";
            self.report(place.child(index).member("targets"), message);
        }
        let in_flight_max = strategy.in_flight_max.unwrap_or(IN_FLIGHT_MAX);
        if in_flight_max == 0 {
            self.report(place.member("strategy.in_flight_max"), "nothing would ever be copied");
        }
        let usd_per_day_max = strategy.usd_per_day_max.map(|usd| usd.0);
        if usd_per_day_max.is_some_and(|usd| usd <= Money::ZERO) {
            self.report(place.member("strategy.usd_per_day_max"), "nothing would ever be copied");
        }
        let share_percent = strategy.share.map_or(SHARE_PERCENT, |share| share.percent);
        let policy = MirrorPolicy { share_percent, in_flight_max, usd_per_day_max };
        (self.problems.len() == found).then(|| Mirror { path: place.path.clone(), policy })
    }
}
