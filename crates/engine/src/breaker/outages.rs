//! The providers of a region that are out, one beside another: what tells the loss of a region from one provider's own trouble.

use std::time::Duration;

use domain::BreakerPolicy;
use smallvec::SmallVec;

/// How many providers must be out for their region to be lost.
const PROVIDERS_MIN: usize = 2;
/// Most providers of a region that are remembered; the one that failed longest ago is forgotten first.
const PROVIDERS_MAX: usize = 8;

/// Outages of the providers of one region since any of them answered.
#[derive(Debug, Default)]
pub(crate) struct Outages(SmallVec<[Outage; PROVIDERS_MIN]>);

#[derive(Debug)]
struct Outage {
    provider: Box<str>,
    last: Duration,
}

impl Outages {
    /// A provider is out: a call of it met an outage, which opened its target's breaker or found it open. Says whether the region is
    /// lost: two of its providers are out, and nobody in it answered meanwhile.
    pub(crate) fn add(&mut self, provider: &str, policy: &BreakerPolicy, now: Duration) -> bool {
        // Whoever rests is not called, and fails no more for so long.
        let memory = policy.window + policy.cool_down_max;
        self.0.retain(|outage| now.saturating_sub(outage.last) <= memory);
        match self.0.iter_mut().find(|outage| *outage.provider == *provider) {
            Some(outage) => outage.last = now,
            None => self.begin(provider, now),
        }
        self.0.len() >= PROVIDERS_MIN
    }

    fn begin(&mut self, provider: &str, now: Duration) {
        if self.0.len() >= PROVIDERS_MAX {
            let places = self.0.iter().enumerate();
            let oldest = places.min_by_key(|(_, outage)| outage.last).map(|(place, _)| place);
            oldest.map(|place| self.0.swap_remove(place));
        }
        self.0.push(Outage { provider: provider.into(), last: now });
    }

    /// Somebody in the region answered.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{BreakerPolicy, Duration, Outages, PROVIDERS_MAX};
    use proptest::prelude::*;

    const NOW: Duration = Duration::from_secs(1_000);

    #[test]
    fn a_region_is_lost_when_two_of_its_providers_are_out() {
        let policy = BreakerPolicy::default();
        let mut outages = Outages::default();
        for _ in 0..10 {
            assert!(!outages.add("north", &policy, NOW), "one is no region");
        }
        assert!(outages.add("south", &policy, NOW));
        outages.clear();
        assert!(!outages.add("south", &policy, NOW), "somebody answered");
    }

    #[test]
    fn an_outage_of_long_ago_is_none_of_now() {
        let policy = BreakerPolicy::default();
        let memory = policy.window + policy.cool_down_max;
        for (age, is_lost) in [(memory, true), (memory + Duration::from_millis(1), false)] {
            let mut outages = Outages::default();
            outages.add("north", &policy, NOW);
            assert_eq!(outages.add("south", &policy, NOW + age), is_lost);
        }
    }

    proptest! {
        #[test]
        fn no_number_of_providers_fills_the_memory(calls in prop::collection::vec((0_u8..30, 0_u64..5), 0..200)) {
            let policy = BreakerPolicy::default();
            let (mut outages, mut now) = (Outages::default(), NOW);
            for (provider, seconds) in calls {
                now += Duration::from_secs(seconds);
                outages.add(&provider.to_string(), &policy, now);
                prop_assert!(outages.0.len() <= PROVIDERS_MAX);
            }
        }
    }
}
