//! Which failures speak against a target, and which against the provider behind it.

use domain::{FailureClass, TimeoutStage};

/// What a breaker guards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// A model at a provider.
    Target,
    /// A provider, whatever the model.
    Provider,
}

impl Stage {
    /// Both, the narrower first.
    pub const ALL: [Self; 2] = [Self::Target, Self::Provider];
}

/// What a failure says about what it guards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It failed.
    Failed,
    /// It is not there at all.
    Absent,
}

/// The verdict of a failure; none when it is another's fault: a caller's wrong request benches nobody, a refused or
/// exhausted credential rests by itself.
#[must_use]
pub fn verdict(class: FailureClass, stage: Stage) -> Option<Verdict> {
    let is_unreachable =
        matches!(class, FailureClass::Connect | FailureClass::Timeout(TimeoutStage::Connect));
    match class {
        FailureClass::Caller | FailureClass::Credential | FailureClass::RateLimited => None,
        _ if stage == Stage::Provider => is_unreachable.then_some(Verdict::Failed),
        FailureClass::ModelMissing => Some(Verdict::Absent),
        _ => Some(Verdict::Failed),
    }
}
