//! The credential of one attempt, and who is told how it did.

use std::time::Duration;

use domain::route::Target;
use domain::{ApiKey, Credential};
use engine::credentials::{Bench, Tried};
use fleet::quotas::Spend;

use super::Call;
use super::failed::FailedAttempt;
use super::view::bench_of;
use crate::pinned::ProviderState;

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

/// The same at a target, where those that limits and budgets leave too little for are barred, too.
pub(super) fn untried_at(call: &Call, target: &Target) -> Tried {
    let shared = shared_at(call, target);
    match &call.sent {
        Some(sent) if call.pinned.ledger.is_by_target() => shared.with(sent.unpaid_at(target)),
        _ => shared,
    }
}

/// Whether limits and budgets leave no credential of a target.
pub(super) fn is_out_of(call: &Call, target: &Target) -> bool {
    match &call.sent {
        Some(sent) if call.pinned.ledger.is_by_target() => {
            usable(call, target, sent.unpaid_at(target)).next().is_none()
        }
        _ => false,
    }
}

/// All but those that are not shared with its workspace. A credential that is written into the route is nobody's but its own.
fn shared_at(call: &Call, target: &Target) -> Tried {
    let withheld = &call.origin.key.subject.workspace.withheld;
    if withheld.is_nothing() || !target.uses_credentials_of(&target.provider) {
        return Tried::default();
    }
    untried(target.provider.name.as_str(), &call.origin.key)
}

/// The credentials that a request may use at a target, but for some that are `passed_over`: that of its conversation's owner, else all that are
/// shared with it.
pub(super) fn usable<'t>(
    call: &Call,
    target: &'t Target,
    passed_over: Tried,
) -> impl Iterator<Item = (usize, &'t str)> {
    let shared = shared_at(call, target);
    let owned = owned(call, target, shared);
    let ids = target.credentials.iter().map(|credential| credential.id.as_str()).enumerate();
    ids.filter(move |(index, _)| {
        owned.is_none_or(|owned| owned == *index) && !shared.with(passed_over).has(*index)
    })
}

/// The credential of the owner of the conversation that a request goes on with, unless it must not be tried.
fn owned(call: &Call, target: &Target, barred: Tried) -> Option<usize> {
    let owner = call.owner.as_ref()?;
    let owned = target.credentials.iter().position(|credential| credential.id == owner.credential);
    owned.filter(|index| !barred.has(*index))
}

/// The credential of the conversation's owner, else the next in turn of those that were not tried; never one that is `barred`.
pub(super) fn choose<'a>(
    call: &Call,
    target: &'a Target,
    state: &'a ProviderState,
    (tried, barred): (Tried, Tried),
) -> Option<Chosen<'a>> {
    let bench = bench_of(target, state);
    let owned = owned(call, target, barred);
    let index = match (owned, bench) {
        (Some(index), _) => index,
        (None, Some(bench)) => bench.choose(tried.with(barred), call.origin.gateway.uptime())?.index,
        (None, None) => Some(0).filter(|index| !barred.has(*index))?,
    };
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
