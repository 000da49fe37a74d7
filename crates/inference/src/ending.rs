//! The end of a request, told exactly once: done, failed, or (when dropped untold) cancelled by the client.

use std::sync::Arc;
use std::time::Duration;

use domain::endpoint::{ClientShape, Task};
use domain::{ApiKey, CatalogModel, Endpoint, Failure, FailureClass, RequestId, Target, Usage};
use engine::canary::End;
use engine::decision::{Attempted, Decision};
use engine::ledger::{Actual, Candidate, Denied, Tokens};
use fleet::allotted::{Admitted, CallNumber, Sent};
use fleet::canaries::Enrolled;
use fleet::health::Watch;
use fleet::mirrors::Copying;
use fleet::quotas::Spend;
use http::HeaderValue;
use telemetry::cost::Unpriced;
use telemetry::events::RequestEnded;
use telemetry::meters::Outcome;
use tokio::time::Instant;

use crate::charge::{Charge, charge, is_charged};
use crate::dialect::usage_of;
use crate::gateway::Gateway;
use crate::noted::Noted;
use crate::pinned::ProviderState;

/// Who asked for what, and since when.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) id: RequestId,
    pub(crate) key: Arc<ApiKey>,
    /// `None` for a pass-through.
    pub(crate) endpoint: Option<Endpoint>,
    /// The conventions of the client.
    pub(crate) shape: ClientShape,
    pub(crate) started: Instant,
}

/// The account of one request, from its first attempt to its end.
pub(crate) struct Ending {
    pub(crate) origin: Origin,
    provider: Option<Arc<ProviderState>>,
    model: Option<Box<str>>,
    /// What the catalogue knows of the model.
    known: Option<Arc<CatalogModel>>,
    attempts: u32,
    has_failed_attempts: bool,
    waited: Duration,
    overhead: Duration,
    first_token: Option<Duration>,
    status: u16,
    /// What the request alone says is used.
    asked: wire::formats::Usage,
    usage: Usage,
    /// `None` where nothing is charged for, or not yet known.
    cost: Option<Charge>,
    dropped: Option<HeaderValue>,
    /// What its end is told to, once it is answered.
    watch: Option<Watch>,
    /// What it takes of its provider's quota.
    spend: Option<Spend>,
    /// What is held for it of limits and budgets.
    admitted: Option<Box<Admitted>>,
    /// The trials of canaries that hear of it.
    enrolled: Enrolled,
    estimated: bool,
    /// Whether the answer is of several calls, of which earlier ones are told by themselves.
    is_pieced: bool,
    /// Of a copy, what is told in place of a request's end.
    copy: Option<Box<Copying>>,
    /// What is written down of it beside its end.
    noted: Option<Box<Noted>>,
    told: bool,
}

/// The account of a stream that broke off.
pub(crate) struct BrokenOff {
    pub(crate) provider: Option<Arc<ProviderState>>,
    pub(crate) model: Option<Box<str>>,
    pub(crate) usage: Usage,
    pub(crate) cost: Option<Charge>,
}

impl Ending {
    /// Opens the account. It has a place of its own, since it goes from hand to hand until the answer's last byte.
    pub(crate) fn new(origin: Origin) -> Box<Self> {
        origin.gateway.telemetry.meters().in_flight.inc();
        Self::open(origin)
    }

    /// Opens the account of a copy, which is no request that anybody waits for.
    pub(crate) fn of_copy(origin: Origin, copying: Copying) -> Box<Self> {
        let mut ending = Self::open(origin);
        ending.copy = Some(Box::new(copying));
        ending
    }

    fn open(origin: Origin) -> Box<Self> {
        Box::new(Self {
            origin,
            provider: None,
            model: None,
            known: None,
            attempts: 0,
            has_failed_attempts: false,
            waited: Duration::ZERO,
            overhead: Duration::ZERO,
            first_token: None,
            status: 0,
            asked: wire::formats::Usage::default(),
            usage: Usage::default(),
            cost: None,
            dropped: None,
            watch: None,
            spend: None,
            admitted: None,
            enrolled: Enrolled::default(),
            estimated: false,
            is_pieced: false,
            copy: None,
            noted: None,
            told: false,
        })
    }

    /// Notes what it asks for, to be written down.
    pub(crate) fn notes(&mut self, noted: Noted) {
        self.noted = Some(Box::new(noted));
    }

    /// Notes why it goes where it goes, to be written down.
    pub(crate) fn decides(&mut self, decision: impl FnOnce() -> Option<Decision>) {
        if let Some(noted) = &mut self.noted {
            noted.decides(decision());
        }
    }

    /// Notes what was tried when its stream had broken off, to be written down.
    pub(crate) fn tries_further(&mut self, attempts: Vec<Attempted>) {
        if let Some(noted) = &mut self.noted {
            noted.tries_further(attempts);
        }
    }

    /// Notes that an attempt begins.
    pub(crate) fn attempt(&mut self, provider: &Arc<ProviderState>, model: Option<&str>) {
        self.attempts += 1;
        self.served_by(provider, model);
    }

    /// Notes that an attempt failed, with its call if one was sent, and whether its provider may charge for it all the same.
    pub(crate) fn failed(&mut self, sent: Option<CallNumber>, may_be_charged: bool) {
        self.has_failed_attempts = true;
        match (&mut self.admitted, sent) {
            (Some(admitted), Some(number)) if may_be_charged => admitted.lose_call(number),
            (Some(admitted), Some(number)) => drop(admitted.sent().ended(number)),
            _ => {}
        }
    }

    /// Notes that a call ended without anybody knowing what it took, if it was sent.
    pub(crate) fn loses_call(&mut self, sent: Option<CallNumber>) {
        if let (Some(admitted), Some(number)) = (&mut self.admitted, sent) {
            admitted.lose_call(number);
        }
    }

    /// Notes what is held of limits and budgets.
    pub(crate) fn holds(&mut self, admitted: Option<Box<Admitted>>) {
        self.admitted = admitted;
    }

    /// Makes what is held enough for so many calls at once; `false` where a budget has not enough.
    pub(crate) fn affords(&mut self, calls: u32) -> Result<(), Denied> {
        self.admitted.as_mut().map_or(Ok(()), |admitted| admitted.extend(calls))
    }

    /// Makes what is held enough for a further call, when one has failed. What of these targets is not paid for is passed over and told.
    pub(crate) async fn affords_further(
        &mut self,
        candidates: &[Candidate<'_>],
    ) -> Result<Vec<Denied>, Denied> {
        match &mut self.admitted {
            Some(admitted) => admitted.hold_further(candidates).await,
            None => Ok(Vec::new()),
        }
    }

    /// Notes which trials of canaries hear of it.
    pub(crate) fn takes_part(&mut self, enrolled: Enrolled) {
        self.enrolled = enrolled;
    }

    /// Notes that a target is called.
    pub(crate) fn calls(&mut self, target: &Target) {
        self.enrolled.called(target, || self.origin.gateway.uptime());
    }

    /// Notes that a call of a target failed.
    pub(crate) fn unanswered_by(&mut self, target: &Target, class: FailureClass) {
        self.enrolled.failed(target, class);
    }

    /// Notes whose answer goes out.
    pub(crate) fn answers(&mut self, target: &Target) {
        self.enrolled.answered(target, || self.origin.gateway.uptime());
    }

    /// Notes whose answer it is, where that is not the attempt that began last.
    pub(crate) fn served_by(&mut self, provider: &Arc<ProviderState>, model: Option<&str>) {
        self.provider = Some(Arc::clone(provider));
        if self.model.as_deref() != model {
            self.model = model.map(Into::into);
        }
    }

    /// Notes what the catalogue knows of the model that is asked for.
    pub(crate) fn knows(&mut self, model: Option<Arc<CatalogModel>>) {
        self.known = model;
    }

    /// Notes what the request alone says is used, such as the characters of a text to be spoken.
    pub(crate) fn asks(&mut self, usage: wire::formats::Usage) {
        self.asked = usage;
    }

    /// Notes who judges the target by how the answer ends.
    pub(crate) fn watched_by(&mut self, watch: Option<Watch>) {
        self.watch = watch;
    }

    /// Notes what the answer takes of its provider's quota.
    pub(crate) fn spends(&mut self, spend: Option<Spend>) {
        self.spend = spend;
    }

    /// Adds time spent waiting for a provider or for a retry, which is not Tollgate's own.
    pub(crate) fn waited(&mut self, time: Duration) {
        self.waited += time;
    }

    /// Notes the status that the client gets, and fixes Tollgate's own share of the time up to here.
    pub(crate) fn answered(&mut self, status: u16) -> Duration {
        self.status = status;
        self.overhead = self.origin.started.elapsed().saturating_sub(self.waited);
        self.overhead
    }

    /// Notes that a stream's first content is there.
    pub(crate) fn first_token(&mut self) {
        self.first_token = Some(self.origin.started.elapsed());
    }

    /// Notes what the provider reported in all, and what that costs at this time.
    pub(crate) fn used(&mut self, reported: &wire::formats::Usage) {
        let now = || self.origin.gateway.wall_clock();
        let mut used = self.asked;
        used.merge(reported);
        let charged = self.charged(&used);
        let cost = self.is_charged().then(|| charge(&charged, self.known.as_deref(), now()));
        self.note(&used, cost);
    }

    /// What is charged of what was reported. Vectors and orders are no output that is counted in tokens, so that not to report
    /// any says that there was none.
    fn charged(&self, reported: &wire::formats::Usage) -> wire::formats::Usage {
        let is_silent =
            matches!(self.origin.endpoint.map(Endpoint::task), Some(Task::Embedding | Task::Rerank));
        let is_counted = *reported != wire::formats::Usage::default();
        let output_tokens = reported.output_tokens.or((is_silent && is_counted).then_some(0));
        wire::formats::Usage { output_tokens, ..*reported }
    }

    /// Notes what the parts of a session used so far, and what they cost together.
    pub(crate) fn used_for(&mut self, reported: &wire::formats::Usage, cost: Charge) {
        self.note(reported, Some(cost));
    }

    /// What the catalogue knows of the model that was asked for last.
    pub(crate) fn known(&self) -> Option<Arc<CatalogModel>> {
        self.known.clone()
    }

    /// Who was asked last.
    pub(crate) fn provider(&self) -> Option<&ProviderState> {
        self.provider.as_deref()
    }

    /// Notes what the provider had reported when its answer broke off.
    pub(crate) fn used_so_far(&mut self, reported: &wire::formats::Usage) {
        let cost = self.is_charged().then_some(Err(Unpriced::Usage));
        self.note(reported, cost);
    }

    /// Closes the account of a stream that broke off and may be gone on with. What follows is a call of its own.
    pub(crate) fn broke_off(&mut self) -> BrokenOff {
        if let Some(watch) = self.watch.take() {
            watch.broke_off();
        }
        self.judged(End::Failed);
        if let Some(spend) = self.spend.take() {
            spend.ended(&self.usage);
        }
        if let Some(admitted) = &mut self.admitted {
            admitted.lose_last_call();
        }
        (self.has_failed_attempts, self.is_pieced) = (true, true);
        BrokenOff {
            provider: self.provider.clone(),
            model: self.model.clone(),
            usage: std::mem::take(&mut self.usage),
            cost: self.cost.take(),
        }
    }

    /// Tells the trials of canaries what became of it.
    fn judged(&mut self, end: End) {
        let gateway = &self.origin.gateway;
        let judged = self.enrolled.ended(end, || gateway.uptime(), &gateway.telemetry);
        let workspace = &self.origin.key.subject.workspace.name;
        gateway.feedback.remember(&self.origin.id, workspace, judged);
    }

    fn note(&mut self, reported: &wire::formats::Usage, cost: Option<Charge>) {
        if !self.told {
            self.usage = usage_of(reported);
            self.cost = cost;
        }
    }

    /// Whether there will be a cost to tell, or that it is not known.
    pub(crate) fn is_charged(&self) -> bool {
        self.origin.endpoint.is_some_and(is_charged)
    }

    /// What the answer cost; `None` before it is known, and where nothing is charged for. Nobody says what a stream cost that broke off.
    pub(crate) fn cost(&self) -> Option<Charge> {
        self.cost.map(|cost| if self.is_pieced { Err(Unpriced::Usage) } else { cost })
    }

    /// Notes what of the request the last target's format does not carry.
    pub(crate) fn drops(&mut self, members: Option<HeaderValue>) {
        self.dropped = members;
    }

    /// What of the request the last target's format does not carry.
    pub(crate) fn dropped(&self) -> Option<&HeaderValue> {
        self.dropped.as_ref()
    }

    /// Notes that the answer is an estimate of Tollgate's own.
    pub(crate) fn estimates(&mut self) {
        self.estimated = true;
    }

    /// Whether the answer is an estimate of Tollgate's own.
    pub(crate) fn is_estimated(&self) -> bool {
        self.estimated
    }

    /// The model that was asked for last.
    pub(crate) fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// How many attempts were made.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Closes the account of a copy that failed before it was answered.
    pub(crate) fn copy_failed(&mut self, failure: Failure) {
        self.status = failure.status.unwrap_or_default();
        if let Some(copying) = &mut self.copy {
            copying.failed(failure);
        }
        self.end(Outcome::Failed);
    }

    /// Closes the account; later calls say nothing more.
    pub(crate) fn end(&mut self, outcome: Outcome) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        if let Some(watch) = self.watch.take() {
            if outcome == Outcome::Done {
                watch.used(&self.usage);
            }
            if outcome == Outcome::Failed { watch.broke_off() } else { watch.ended() }
        }
        if let Some(spend) = self.spend.take() {
            spend.ended(&self.usage);
        }
        self.settle();
        let end = match outcome {
            Outcome::Done => End::Whole(self.cost.and_then(Result::ok)),
            Outcome::Failed => End::Failed,
            Outcome::Cancelled => End::Left,
        };
        self.judged(end);
        let telemetry = &self.origin.gateway.telemetry;
        let copy = self.copy.take();
        if copy.is_none() {
            telemetry.meters().in_flight.dec();
        }
        let particulars = self.noted.take().map(|noted| noted.into_particulars());
        let Some(provider) = &self.provider else { return };
        let event = RequestEnded {
            request_id: self.origin.id.as_str(),
            key: &self.origin.key,
            endpoint: self.origin.endpoint,
            provider: &provider.meters,
            model: self.model.as_deref(),
            status: self.status,
            outcome,
            attempts: self.attempts,
            has_failed_attempts: self.has_failed_attempts,
            duration: self.origin.started.elapsed(),
            first_token: self.first_token,
            overhead: self.overhead,
            usage: self.usage,
            cost: self.cost,
            particulars: particulars.as_ref(),
        };
        match copy {
            Some(copying) => copying.ended(event, telemetry),
            None => event.emit(telemetry),
        }
    }

    /// Counts what it took.
    fn settle(&mut self) {
        let Some(admitted) = self.admitted.take() else { return };
        let took = self.took(admitted.sent());
        // Of a race that its client left, more than one may be charged for.
        admitted.settle(&took);
    }

    /// What its last call took, as far as anybody said.
    fn took(&self, sent: &Sent) -> Actual {
        let Usage { input_tokens, output_tokens, .. } = self.usage;
        let is_told = input_tokens.is_some() || output_tokens.is_some();
        let tokens = is_told.then_some(Tokens {
            input: input_tokens.unwrap_or_default(),
            output: output_tokens.unwrap_or_default(),
        });
        match self.cost() {
            Some(Ok(cost)) => Actual { tokens: Some(tokens.unwrap_or_default()), money: Some(cost) },
            Some(Err(Unpriced::Usage)) => Actual::default(),
            Some(Err(_)) => Actual { tokens, money: None },
            None if sent.is_any_under_way() && self.origin.endpoint.is_none_or(is_charged) => {
                Actual::default()
            }
            None => Actual::NOTHING,
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.end(Outcome::Cancelled);
    }
}
