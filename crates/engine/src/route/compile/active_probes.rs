//! The active probes' rules, checked.

use std::time::Duration;

use domain::probe::{ProbePolicy, ProbedTarget};

use super::super::spec::ActiveProbesSpec;
use super::Compiler;

const PATH: &str = "active_probes";
/// The shortest time between two looks.
const EVERY_MIN: Duration = Duration::from_millis(100);
/// Most models that are called.
const TARGETS_MAX: usize = 20;

impl Compiler<'_> {
    pub(super) fn active_probes(&mut self, spec: &ActiveProbesSpec) -> ProbePolicy {
        let usual = ProbePolicy::default();
        let every = spec.every.map_or(usual.every, |every| every.0);
        if every < EVERY_MIN {
            self.report(format!("{PATH}.every"), "expected at least 100 milliseconds");
        }
        let written = spec.targets.as_deref().unwrap_or_default();
        if written.len() > TARGETS_MAX {
            let message = format!("at most {TARGETS_MAX} models are probed, these are {}", written.len());
            self.report(format!("{PATH}.targets"), message);
        }
        let targets =
            written.iter().enumerate().filter_map(|(index, text)| self.probed(text, index)).collect();
        ProbePolicy { every, targets, always: spec.always.unwrap_or(usual.always) }
    }

    fn probed(&mut self, text: &str, index: usize) -> Option<ProbedTarget> {
        let names =
            text.split_once('/').filter(|(provider, model)| !provider.is_empty() && !model.is_empty());
        let Some((provider, model)) = names else {
            self.report(format!("{PATH}.targets[{index}]"), "write it as `provider/model`");
            return None;
        };
        Some(ProbedTarget { provider: provider.into(), model: model.into() })
    }
}
