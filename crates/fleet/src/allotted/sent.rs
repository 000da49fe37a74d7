//! The calls of a request for which enough is held: to whom each was sent, so that it is charged there, and to whom none is sent any more.

use std::sync::Arc;

use domain::{CredentialId, ProviderName, Target};
use engine::credentials::Tried;
use engine::ledger::{Named, PassedOver};
use parking_lot::{Mutex, MutexGuard};
use smallvec::SmallVec;

/// To whom a call was sent.
#[derive(Debug, Clone)]
pub struct Called {
    provider: ProviderName,
    /// `provider/model`; none where no model is asked for.
    model: Option<String>,
    credential: CredentialId,
}

impl Called {
    /// One of a provider with a credential.
    pub fn of(provider: &ProviderName, model: Option<String>, credential: &CredentialId) -> Self {
        Self { provider: provider.clone(), model, credential: credential.clone() }
    }

    /// By the names that limits and budgets know it by.
    pub(super) fn named(&self) -> Named<'_> {
        let Self { provider, model, credential } = self;
        Named { provider: provider.as_str(), model: model.as_deref(), credential: Some(credential.as_str()) }
    }
}

/// A call of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallNumber(u32);

/// The calls that were sent and whose end is not known: only for those can a provider charge. Whoever sends one notes it here.
#[derive(Debug, Clone, Default)]
pub struct Sent(Arc<Mutex<Calls>>);

/// A call, and to whom it was sent where that matters.
type Begun = (CallNumber, Option<Arc<Called>>);

#[derive(Debug, Default)]
struct Calls {
    begun: u32,
    under_way: SmallVec<[Begun; 1]>,
    /// To whom the one was sent that ended last.
    ended: Option<Arc<Called>>,
    passed_over: PassedOver,
}

impl Sent {
    /// Those of a request that does not call everything.
    pub(super) fn but_for(passed_over: PassedOver) -> Self {
        Self(Arc::new(Mutex::new(Calls { passed_over, ..Calls::default() })))
    }

    /// A call is sent, and to whom, where that matters.
    pub fn begun(&self, called: Option<Called>) -> CallNumber {
        let mut calls = self.0.lock();
        let number = CallNumber(calls.begun);
        calls.begun = calls.begun.saturating_add(1);
        calls.under_way.push((number, called.map(Arc::new)));
        number
    }

    /// The end of a call is known. Says to whom it was sent.
    pub fn ended(&self, number: CallNumber) -> Option<Arc<Called>> {
        let mut calls = self.0.lock();
        let place = calls.under_way.iter().position(|(known, _)| *known == number)?;
        calls.ended = calls.under_way.remove(place).1;
        calls.ended.clone()
    }

    /// Whether there is any.
    pub fn is_any_under_way(&self) -> bool {
        !self.0.lock().under_way.is_empty()
    }

    /// The call that was sent last of those whose end is not known.
    pub(super) fn last(&self) -> Option<CallNumber> {
        self.0.lock().under_way.last().map(|(number, _)| *number)
    }

    /// No end is told any more: all that are under way but the last of them, and to whom that one was sent, else the one that ended last.
    pub(super) fn close(&self) -> (SmallVec<[Begun; 1]>, Option<Arc<Called>>) {
        let mut calls = self.0.lock();
        let last = calls.under_way.pop().map_or_else(|| calls.ended.take(), |(_, called)| called);
        (std::mem::take(&mut calls.under_way), last)
    }

    /// The credentials that a target is not called with, since too little is left for that.
    pub fn unpaid_at(&self, target: &Target) -> Tried {
        self.0.lock().passed_over.credentials_at(&target.path)
    }

    /// What is not called.
    pub fn passed_over(&self) -> impl std::ops::DerefMut<Target = PassedOver> + '_ {
        MutexGuard::map(self.0.lock(), |calls| &mut calls.passed_over)
    }
}
