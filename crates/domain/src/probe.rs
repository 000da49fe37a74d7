//! Which targets are called in the background to find out whether they are well, as data.

use std::time::Duration;

use crate::name::{ModelName, ProviderName};

/// The rules of active probes. Without targets there are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbePolicy {
    /// How often a target is looked at.
    pub every: Duration,
    /// Who is called.
    pub targets: Vec<ProbedTarget>,
    /// Whether those are called, too, against which nothing is known.
    pub always: bool,
}

/// A model at a provider that is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbedTarget {
    /// The provider.
    pub provider: ProviderName,
    /// The model.
    pub model: ModelName,
}

impl Default for ProbePolicy {
    fn default() -> Self {
        Self { every: Duration::from_secs(30), targets: Vec::new(), always: false }
    }
}

impl ProbePolicy {
    /// How much longer clients' requests leave a target alone than its cool-down, so that a probe goes first; no time where none will.
    #[must_use]
    pub fn head_start(&self, provider: &ProviderName, model: &str) -> Duration {
        let is_probed = |one: &ProbedTarget| one.provider == *provider && one.model.as_str() == model;
        if self.targets.iter().any(is_probed) { self.every.saturating_mul(2) } else { Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, ProbePolicy, ProbedTarget};

    #[test]
    fn only_what_is_probed_is_left_to_the_probe() {
        let probed = ProbedTarget { provider: "p".into(), model: "m".into() };
        let policy = ProbePolicy { targets: vec![probed], ..ProbePolicy::default() };
        assert_eq!(policy.head_start(&"p".into(), "m"), Duration::from_secs(60));
        for (provider, model) in [("p", "n"), ("q", "m")] {
            assert_eq!(policy.head_start(&provider.into(), model), Duration::ZERO);
        }
    }
}
