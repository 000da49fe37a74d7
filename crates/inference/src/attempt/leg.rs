//! One call of a target, from the choice of its credential to what is told about both.

use std::sync::Arc;
use std::time::Duration;

use domain::{CredentialId, ErrorCode, Failure, Route, Target};
use engine::credentials::Tried;
use engine::decision::Attempted;
use fleet::allotted::{CallNumber, Called};
use fleet::health::{Subject, Watch};
use fleet::quotas::Spend;
use http::HeaderValue;
use telemetry::events::{AttemptFailed, BreakerBypassed};
use tokio::time::Instant;

use super::call_once::{Spent, call_once};
use super::chosen::{Chosen, choose, untried_at};
use super::failed::FailedAttempt;
use super::hold::Committed;
use super::view::View;
use super::{Call, consider, quota};
use crate::ending::Ending;
use crate::pinned::ProviderState;

/// A call that is about to be made, is under way, or has ended.
pub(super) struct Leg {
    pub(super) target: Arc<Target>,
    pub(super) state: Arc<ProviderState>,
    /// What is spent on it; of a second call also the time before it.
    pub(super) spent: Spent,
    /// The credentials that were tried at the target, its own among them once it has ended.
    tried: Tried,
    /// The place of its credential.
    index: usize,
    credential: CredentialId,
    /// Whether a conversation is bound to the credential, so that no other can serve.
    is_bound: bool,
    /// Whether the request brought its own route.
    is_own_route: bool,
    watch: Option<Watch>,
    /// Whether a breaker was open.
    is_bypass: bool,
    /// What it takes of the quota.
    spend: Option<Spend>,
    /// How long it waited for that.
    queued: Duration,
    sent: Instant,
    /// The call, once it was sent, where limits and budgets have to know what becomes of it.
    call_number: Option<CallNumber>,
    took: Option<Duration>,
}

impl Leg {
    /// A call with the credential whose turn it is; `None` where the target has none.
    pub(super) fn begin(call: &Call, route: &Route, target: Arc<Target>, tried: Tried) -> Option<Self> {
        let state = call.pinned.state(&target.provider);
        let barred = untried_at(call, &target);
        let chosen = choose(call, &target, &state, (tried, barred))?;
        let tried = tried.with(barred);
        let (index, credential, is_bound) = (chosen.index, chosen.credential.id.clone(), chosen.bound);
        Some(Self {
            target,
            state,
            spent: Spent::default(),
            tried,
            index,
            credential,
            is_bound,
            is_own_route: route.name.is_none(),
            watch: None,
            is_bypass: false,
            spend: None,
            queued: Duration::ZERO,
            sent: Instant::now(),
            call_number: None,
            took: None,
        })
    }

    /// The model that is asked for; none where the endpoint names none.
    pub(super) fn model<'l>(&'l self, call: &'l Call) -> Option<&'l str> {
        self.target.model.as_ref().map(|model| model.as_str()).or(call.facts.model.as_deref())
    }

    /// Makes the call, and tells what came of it to whoever keeps the health and the quota of its target and credential. An objection
    /// stands for a call that is not made.
    pub(super) async fn run(
        &mut self,
        view: &View<'_>,
        objection: Option<FailedAttempt>,
    ) -> Result<Committed, FailedAttempt> {
        let result = match objection {
            Some(objection) => Err(objection),
            None => self.enter_and_call(view).await,
        };
        self.tried.add(self.index);
        let took = self.sent.elapsed();
        self.took = Some(took);
        let heard = (&self.credential, self.spend.as_ref());
        quota::heard(view.call, (&self.target, &self.state), heard, &result);
        match &result {
            // Nobody was called.
            Ok(Committed::Estimated(_)) => (self.watch, self.spend) = (None, None),
            Ok(_) => self.answered(took),
            Err(failed) => self.failed(view.call, failed),
        }
        result
    }

    async fn enter_and_call(&mut self, view: &View<'_>) -> Result<Committed, FailedAttempt> {
        self.enter(view).await?;
        self.watched(view.call);
        let Self { target, state, .. } = self;
        self.sent = Instant::now();
        let credential = target.credentials.get(self.index).ok_or_else(no_credential)?;
        if let Some(sent) = &view.call.sent {
            let is_by_target = view.call.pinned.ledger.is_by_target();
            let called =
                || Called::of(&target.provider.name, Some(view.call.model_name(target)), &credential.id);
            self.call_number = Some(sent.begun(is_by_target.then(called)));
        }
        call_once(view.call, target, state, credential, &mut self.spent).await
    }

    /// From here on those hear of it who keep the target's health.
    fn watched(&mut self, call: &Call) {
        self.watch = watch(call, &self.target, &self.state, self.is_own_route);
        // Where the route looked for a warm cache.
        if let (Some(watch), Some(prefix)) = (&mut self.watch, call.prefix.get()) {
            watch.asks(prefix, self.target.provider.prompt_cache);
        }
        self.is_bypass = self.watch.as_ref().is_some_and(Watch::is_bypass);
        if self.is_bypass {
            let event = BreakerBypassed {
                request_id: call.origin.id.as_str(),
                provider: &self.state.meters,
                target: &self.target.path,
                model: self.model(call),
            };
            event.emit(&call.origin.gateway.telemetry);
        }
    }

    /// Waits for the quota, which may have room with another credential only.
    async fn enter(&mut self, view: &View<'_>) -> Result<(), FailedAttempt> {
        let Self { target, state, .. } = self;
        let mut chosen = Chosen::at(self.index, target, state, self.is_bound).ok_or_else(no_credential)?;
        let before = self.spent.waited;
        let waited = &mut self.spent.waited;
        let entered = quota::enter(view, (target, state), (&mut chosen, self.tried), waited).await;
        self.queued = *waited - before;
        (self.index, self.credential) = (chosen.index, chosen.credential.id.clone());
        self.spend = entered?;
        Ok(())
    }

    /// Another call was answered first. One that had ended before is told of already.
    pub(super) fn outrun(&mut self) {
        if let (None, Some(watch)) = (self.took, self.watch.take()) {
            watch.outrun();
        }
    }

    /// The credentials that were tried at the target.
    pub(super) fn tried(&self) -> Tried {
        self.tried
    }

    /// Whether the target has a credential that was not tried and does not rest.
    pub(super) fn has_alternative(&self, now: Duration) -> bool {
        self.chosen().is_some_and(|chosen| chosen.has_alternative(self.tried, now))
    }

    /// Hands over to the end of the answer who judges the target by it, and what it takes of the quota.
    pub(super) fn hand_over(&mut self, ending: &mut Ending) {
        ending.watched_by(self.watch.take());
        ending.spends(self.spend.take());
    }

    /// What of the request the target's format does not carry.
    pub(super) fn take_dropped(&mut self) -> Option<HeaderValue> {
        self.spent.dropped.take()
    }

    /// The call, if it was sent, where limits and budgets have to know what becomes of it.
    pub(super) fn call_number(&self) -> Option<CallNumber> {
        self.call_number
    }

    /// The id of its credential.
    pub(super) fn credential(&self) -> &CredentialId {
        &self.credential
    }

    /// The call as it is told afterwards, with its failure or with what became of it otherwise.
    pub(super) fn attempted(&self, call: &Call, end: Result<&'static str, &Failure>) -> Attempted {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let failure = end.err();
        Attempted {
            place: self.target.path.clone(),
            target: consider::name(call, &self.target),
            credential: self.credential.to_string(),
            began_ms: millis(self.sent.saturating_duration_since(call.origin.started)),
            queued_ms: millis(self.queued),
            took_ms: millis(self.took.unwrap_or_else(|| self.sent.elapsed())),
            bypass: self.is_bypass,
            outcome: end.unwrap_or_else(|failure| failure.class.name()),
            status: failure.and_then(|failure| failure.status),
            detail: failure.map(|failure| failure.detail.clone()),
        }
    }

    fn chosen(&self) -> Option<Chosen<'_>> {
        Chosen::at(self.index, &self.target, &self.state, self.is_bound)
    }

    fn answered(&mut self, took: Duration) {
        if let Some(chosen) = self.chosen() {
            chosen.served();
        }
        if let Some(watch) = &mut self.watch {
            watch.answered(took);
        }
    }

    fn failed(&mut self, call: &Call, failed: &FailedAttempt) {
        if let Some(spend) = self.spend.take() {
            spend.failed();
        }
        if let Some(watch) = self.watch.take() {
            watch.failed(&failed.failure);
        }
        if let Some(chosen) = self.chosen() {
            chosen.failed(failed, call.origin.gateway.uptime());
        }
        let event = AttemptFailed {
            request_id: call.origin.id.as_str(),
            provider: &self.state.meters,
            target: &self.target.path,
            failure: &failed.failure,
        };
        event.emit(&call.origin.gateway.telemetry);
    }
}

fn no_credential() -> FailedAttempt {
    FailedAttempt::objection(ErrorCode::Internal, "the target has no credential")
}

/// Watches a call of a target for its breakers.
fn watch(call: &Call, target: &Target, state: &ProviderState, is_own_route: bool) -> Option<Watch> {
    let subject = Subject {
        target,
        model: call.model_at(target),
        meters: &state.meters,
        snapshot: &call.pinned.snapshot,
        is_own_route,
    };
    call.origin.gateway.health.watch(&subject)
}
