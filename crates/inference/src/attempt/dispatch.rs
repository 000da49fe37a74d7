//! The loop over attempts. What follows a failure is `engine`'s decision; here it is carried out.

use std::sync::Arc;

use domain::route::Target;
use domain::{ErrorCode, Failure, Route};
use engine::credentials::Tried;
use engine::decision::Decision;
use engine::ledger::Denied;
use engine::{Step, Walk};
use fleet::allotted;
use http::{HeaderMap, HeaderValue, Response, header};
use telemetry::events::Decided;
use wire::formats::usage_of_request;

use super::allowance::Allowance;
use super::chosen::is_out_of;
use super::deliver::deliver;
use super::failed::{FailedAttempt, may_be_charged};
use super::fitness::Fitness;
use super::give_up::{Attempts, give_up};
use super::hedge::End;
use super::hold::Committed;
use super::leg::Leg;
use super::resume::Resumption;
use super::view::View;
use super::{Call, consider, mirror, resume};
use crate::answer::{AnswerBody, RESUMED};
use crate::ending::Ending;
use crate::noted::Noted;
use crate::refusal::Refusal;

/// Calls the targets of a route until one answers.
///
/// # Errors
/// When Tollgate itself has to answer, because no target could.
pub(crate) async fn dispatch(
    mut call: Box<Call>,
    route: Arc<Route>,
) -> Result<Response<AnswerBody>, Refusal> {
    let admitted = call.admitted.take();
    let (mut told, mut holds) = (HeaderMap::new(), Vec::new());
    if let Some(admitted) = &admitted {
        admitted.tell(&mut told);
        holds = admitted.holds();
        call.sent = Some(admitted.sent().clone());
    }
    let decision = consider::wanted(&call, &route)?.map(|decision| Decision { holds, ..decision });
    let mut attempts = Attempts::told(decision);
    let mut dispatch = Dispatch::begin_at(&call, &route, &mut attempts)?;
    dispatch.ending.holds(admitted);
    let (leg, end) = dispatch.run().await?;
    let (mut response, walk) = match end {
        Ok(committed) => dispatch.deliver(leg, committed).await,
        Err(failed) => dispatch.give_up(&leg, failed),
    };
    allotted::tell(told, response.headers_mut());
    consider::tell(&call, &attempts, &mut response);
    mirror::copy(&call, &route, &walk);
    if response.body().is_stream()
        && let Some(resumption) = Resumption::keep(call, route, walk)
    {
        response.body_mut().resume_by(Box::new(resumption));
        if response.headers().contains_key(header::TRAILER) {
            response.headers_mut().append(header::TRAILER, HeaderValue::from(RESUMED));
        }
    }
    Ok(response)
}

/// A request on its way through its route.
pub(super) struct Dispatch<'c> {
    pub(super) call: &'c Call,
    route: &'c Arc<Route>,
    pub(super) walk: Walk,
    pub(super) outlook: View<'c>,
    pub(super) fitness: Fitness<'c>,
    /// The credentials that were tried at the target.
    tried: Tried,
    pub(super) allowance: Allowance<'c>,
    pub(super) ending: Box<Ending>,
    pub(super) attempts: &'c mut Attempts,
}

impl<'c> Dispatch<'c> {
    fn begin_at(call: &'c Call, route: &'c Arc<Route>, attempts: &'c mut Attempts) -> Result<Self, Refusal> {
        let mut outlook = View::of(call)?;
        let ending = begun(call);
        let fitness = Fitness::of(call);
        let allowance = Allowance::of(call, route);
        let walk = Walk::start(Arc::clone(route), &mut |target| fitness.lack(target).is_none(), &mut outlook);
        if walk.passes_over_some() {
            fitness.record(route, attempts);
        }
        let tried = Tried::default();
        Ok(Self { call, route, walk, outlook, fitness, tried, allowance, ending, attempts })
    }

    /// Goes on where the account of the request is open already; the account alone where that cannot be.
    pub(super) fn again(
        call: &'c Call,
        route: &'c Arc<Route>,
        walk: Walk,
        ending: Box<Ending>,
        attempts: &'c mut Attempts,
    ) -> Result<Self, Box<Ending>> {
        let Ok(outlook) = View::of(call) else { return Err(ending) };
        let (fitness, allowance) = (Fitness::of(call), Allowance::of_further(call, route));
        let tried = Tried::default();
        Ok(Self { call, route, walk, outlook, fitness, tried, allowance, ending, attempts })
    }

    /// Goes on after a failure that was no attempt's. What comes back is whose answer it is, unless there is none.
    pub(super) async fn after(
        mut self,
        failure: &Failure,
    ) -> (Box<Ending>, Walk, Option<(Arc<Target>, Committed)>) {
        let step = self.step_after(failure, false).await;
        let found = match self.take(step).await {
            true => self.run().await.ok(),
            false => None,
        };
        let found = found.and_then(|(mut leg, end)| {
            leg.hand_over(&mut self.ending);
            let committed = end.ok()?;
            self.attempts.add(leg.attempted(self.call, Ok("served")));
            Some((Arc::clone(&leg.target), committed))
        });
        (self.ending, self.walk, found)
    }

    /// Makes one call after another; the last, and how it ended.
    async fn run(&mut self) -> Result<(Leg, End), Refusal> {
        let mut last = None;
        loop {
            let target = self.walk.target().map(Arc::clone);
            let target = target.ok_or_else(|| Refusal::new(ErrorCode::Internal, "the route is empty"))?;
            let leg = match (self.begin(target), last.take()) {
                (Ok(leg), _) => leg,
                // Those that were not tried are not paid for.
                (Err(_), Some((leg, failed))) => return Ok((leg, Err(failed))),
                (Err(refusal), None) => return Err(refusal),
            };
            let (mut leg, end) = self.make(leg).await;
            self.allowance.judged(&end);
            self.ending.waited(leg.spent.waited);
            self.ending.drops(leg.take_dropped());
            self.tried = leg.tried();
            let failed = match end {
                Ok(committed) => return Ok((leg, Ok(committed))),
                Err(failed) => failed,
            };
            let fresh = leg.has_alternative(self.call.origin.gateway.uptime());
            self.ending.failed(leg.call_number(), may_be_charged(&failed));
            self.ending.unanswered_by(&leg.target, failed.failure.class);
            self.attempts.failed(leg.attempted(self.call, Err(&failed.failure)), &failed);
            let step = self.step_after(&failed.failure, fresh).await;
            if !self.take(step).await {
                return Ok((leg, Err(failed)));
            }
            last = Some((leg, failed));
        }
    }

    /// Takes a step, and says whether there is another attempt.
    async fn take(&mut self, step: Step) -> bool {
        match step {
            Step::OtherCredential => {}
            Step::NextTarget => self.tried = Tried::default(),
            Step::Retry(wait) => {
                self.tried = Tried::default();
                tokio::time::sleep(wait).await;
                self.ending.waited(wait);
            }
            Step::GiveUp => return false,
        }
        true
    }

    /// The step that follows a failure, where the retry budget has room for it, and limits and budgets pay for it; else the end.
    async fn step_after(&mut self, failure: &Failure, has_fresh_credential: bool) -> Step {
        let step = self.walk.failed(failure, has_fresh_credential, &mut self.outlook);
        match self.allowance.held_to(step, self.attempts) {
            Step::GiveUp => Step::GiveUp,
            step => self.held_to_budgets(step, failure).await,
        }
    }

    /// A step, where budgets pay for it. Where they pay for some targets and credentials only, it leads to one of those.
    async fn held_to_budgets(&mut self, mut step: Step, failure: &Failure) -> Step {
        let origin = &self.call.origin;
        let decided = |denied: &Denied, decided| {
            allotted::decided(&origin.gateway.clearing, &origin.id, denied, decided);
        };
        let candidates = self.call.candidates_left(self.route);
        match self.ending.affords_further(&candidates).await {
            Ok(passed_over) => {
                passed_over.iter().for_each(|denied| decided(denied, Decided::PassedOver));
                while step != Step::GiveUp && !self.is_paid_for() {
                    step = self.walk.failed(failure, false, &mut self.outlook);
                }
                step
            }
            Err(denied) => {
                decided(&denied, Decided::Stopped);
                self.attempts.unpaid(denied.allotment.name.as_str());
                Step::GiveUp
            }
        }
    }

    /// Whether there is a credential left for the target whose turn it is.
    fn is_paid_for(&self) -> bool {
        self.walk.target().is_none_or(|target| !is_out_of(self.call, target))
    }

    /// Begins a call of a target.
    pub(super) fn begin(&mut self, target: Arc<Target>) -> Result<Leg, Refusal> {
        let leg = Leg::begin(self.call, self.route, target, self.tried);
        let leg = leg.ok_or_else(|| Refusal::new(ErrorCode::Internal, "the target has no credential"))?;
        self.ending.attempt(&leg.state, leg.model(self.call));
        self.ending.calls(&leg.target);
        self.knows(&leg);
        Ok(leg)
    }

    /// Begins a call of another target while one is under way.
    pub(super) fn begin_elsewhere(&mut self, target: Arc<Target>) -> Option<Leg> {
        self.tried = Tried::default();
        self.begin(target).ok()
    }

    /// Notes what the catalogue knows of the model that is called.
    pub(super) fn knows(&mut self, leg: &Leg) {
        let model = leg.model(self.call).unwrap_or_default();
        self.ending.knows(self.call.pinned.models.find(&leg.target.provider.name, model));
    }

    async fn deliver(mut self, mut leg: Leg, committed: Committed) -> (Response<AnswerBody>, Walk) {
        leg.hand_over(&mut self.ending);
        if !matches!(committed, Committed::Estimated(_)) {
            self.ending.answers(&leg.target);
        }
        self.attempts.served(|| leg.attempted(self.call, Ok("served")));
        self.ending.decides(|| self.attempts.explained());
        let credential = leg.credential().clone();
        let resumes = resume::is_wanted(self.call, self.route, &self.walk);
        (deliver(self.call, committed, &leg.state, credential, self.ending, resumes).await, self.walk)
    }

    fn give_up(mut self, leg: &Leg, failed: FailedAttempt) -> (Response<AnswerBody>, Walk) {
        self.attempts.rested(self.route, self.call, &mut self.outlook);
        self.attempts.not_paid_for(self.route, self.call);
        self.ending.decides(|| self.attempts.explained());
        (give_up(self.call, failed, self.attempts, &leg.state, self.ending), self.walk)
    }
}

/// The account of a request whose body is read.
fn begun(call: &Call) -> Box<Ending> {
    let mut ending = Ending::new(call.origin.clone());
    ending.takes_part(call.enrolled.clone());
    ending.waited(call.waited);
    if call.origin.gateway.telemetry.wants_particulars() {
        ending.notes(Noted::of(consider::particulars(call)));
    }
    ending.asks(usage_of_request(call.facts.kind, &call.document));
    ending
}
