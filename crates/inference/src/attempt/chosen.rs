//! The credential of one attempt, and who is told how it did.

use std::time::Duration;

use domain::route::Target;
use domain::{ApiKey, Credential};
use engine::credentials::{Bench, Tried};

use super::Call;
use super::failed::FailedAttempt;
use super::view::bench_of;
use crate::pinned::ProviderState;
use fleet::quotas::Spend;

/// A credential that was chosen for an attempt, and where its health is kept.
pub(super) struct Chosen<'a> {
    pub(super) credential: &'a Credential,
    /// Its place among those of its provider.
    pub(super) index: usize,
    /// Where its health is kept; absent for a credential written into the route.
    bench: Option<&'a Bench>,
    /// Whether a conversation is bound to it, so that no other credential can serve.
    pub(super) bound: bool,
}

/// What a request may try of a provider's credentials: all but those that are not shared with its workspace.
pub(crate) fn untried(provider: &str, key: &ApiKey) -> Tried {
    Tried::barred(key.subject.workspace.withheld.credentials(provider))
}

/// The same at a target. A credential that is written into the route is nobody's but its own.
pub(super) fn untried_at(call: &Call, target: &Target) -> Tried {
    let withheld = &call.origin.key.subject.workspace.withheld;
    if withheld.is_nothing() || !target.uses_credentials_of(&target.provider) {
        return Tried::default();
    }
    untried(target.provider.name.as_str(), &call.origin.key)
}

/// The credential of the conversation's owner, else the next in turn.
pub(super) fn choose<'a>(
    call: &Call,
    target: &'a Target,
    state: &'a ProviderState,
    tried: Tried,
) -> Option<Chosen<'a>> {
    let bench = bench_of(target, state);
    let barred = untried_at(call, target);
    let owned = call
        .owner
        .as_ref()
        .and_then(|owner| target.credentials.iter().position(|credential| credential.id == owner.credential))
        .filter(|index| !barred.has(*index));
    let next = || bench?.choose(tried, call.origin.gateway.uptime()).map(|choice| choice.index);
    let index = owned.or_else(next).unwrap_or(0);
    if barred.has(index) {
        return None;
    }
    Chosen::at(index, target, state, owned.is_some())
}

impl<'a> Chosen<'a> {
    /// The credential at a place.
    pub(super) fn at(
        index: usize,
        target: &'a Target,
        state: &'a ProviderState,
        bound: bool,
    ) -> Option<Self> {
        let credential = target.credentials.get(index)?;
        Some(Self { credential, index, bench: bench_of(target, state), bound })
    }

    /// Takes the credential in its place whose quota has room.
    pub(super) fn grant(&mut self, target: &'a Target, spend: &Spend) {
        let Some(granted) = spend.credential() else { return };
        let index = target.credentials.iter().position(|credential| credential.id == *granted);
        if let Some((index, credential)) =
            index.and_then(|index| Some((index, target.credentials.get(index)?)))
        {
            (self.index, self.credential) = (index, credential);
        }
    }

    pub(super) fn has_alternative(&self, tried: Tried, now: Duration) -> bool {
        !self.bound && self.bench.is_some_and(|bench| bench.has_fresh(tried, now))
    }

    pub(super) fn served(&self) {
        if let Some(bench) = self.bench {
            bench.served(self.index);
        }
    }

    pub(super) fn failed(&self, failed: &FailedAttempt, now: Duration) {
        if let Some(bench) = self.bench {
            bench.failed(self.index, failed.failure.class, failed.failure.retry_after, now);
        }
    }
}
