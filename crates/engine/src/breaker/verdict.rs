//! Which failures speak against a target, which against the provider behind it, and which against the region that it is in.

use domain::{FailureClass, TimeoutStage};

/// What a breaker guards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// A model at a provider.
    Target,
    /// A provider, whatever the model.
    Provider,
    /// A region, whatever the provider.
    Region,
}

impl Stage {
    /// All of them, the narrowest first.
    pub const ALL: [Self; 3] = [Self::Target, Self::Provider, Self::Region];
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
    match stage {
        Stage::Target => of_target(class),
        Stage::Provider => is_unreachable(class).then_some(Verdict::Failed),
        Stage::Region => is_outage(class).then_some(Verdict::Failed),
    }
}

fn of_target(class: FailureClass) -> Option<Verdict> {
    match class {
        FailureClass::Caller | FailureClass::Credential | FailureClass::RateLimited => None,
        FailureClass::ModelMissing => Some(Verdict::Absent),
        FailureClass::Overloaded
        | FailureClass::Provider
        | FailureClass::Connect
        | FailureClass::Timeout(_)
        | FailureClass::Broken => Some(Verdict::Failed),
    }
}

fn is_unreachable(class: FailureClass) -> bool {
    matches!(class, FailureClass::Connect | FailureClass::Timeout(TimeoutStage::Connect))
}

/// Whether it is what the loss of a region looks like: nobody there, or nobody who can do anything. An answer that is malformed comes
/// from somebody.
fn is_outage(class: FailureClass) -> bool {
    match class {
        FailureClass::Connect
        | FailureClass::Timeout(_)
        | FailureClass::Overloaded
        | FailureClass::Provider => true,
        FailureClass::Caller
        | FailureClass::Credential
        | FailureClass::RateLimited
        | FailureClass::ModelMissing
        | FailureClass::Broken => false,
    }
}
