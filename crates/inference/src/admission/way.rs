//! The way that a request takes past its limits and budgets: how long its answers may be, and which targets it may go to.

use std::sync::Arc;

use domain::allotment::{AtLimit, Reserve, Terms};
use domain::route::Target;
use domain::{Endpoint, ErrorCode, Route, RouteName};
use engine::ledger::{
    Candidate, Claims, Denials, Denied, Moment, Named, PassedOver, Reservation, Shared, Why,
};
use fleet::allotted::{Admitted, Description, Told};
use telemetry::events::Decided;
use wire::formats::limited_output;
use wire::json::{Document, ScanLimits};

use super::measured::Measured;
use super::{decided, described};
use crate::attempt::Call;
use crate::refusal::Refusal;
use crate::route_of::{route_named, without};

/// The fewest tokens that an answer can be bounded to: fewer are refused by OpenAI's Responses (API reference, `max_output_tokens`).
const RESPONSES_MIN: u64 = 16;

/// What is given up of a route at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Losing {
    /// Credentials of targets that have others.
    Credentials,
    /// Whole targets.
    Targets,
}

/// How a request is to be sent.
pub(super) struct Way {
    /// Where it may go at all.
    whole: Arc<Route>,
    /// Where it may go, but for what is passed over since too little is left for it there.
    route: Arc<Route>,
    passed_over: PassedOver,
    described: Description,
    claims: Claims,
    measured: Measured,
    /// To how many tokens each answer is bounded, and by which budget.
    clamp: Option<(u64, Box<str>)>,
}

impl Way {
    /// As it was asked for.
    ///
    /// # Errors
    /// When its metadata cannot be read.
    pub(super) fn of(call: &Call, route: Arc<Route>) -> Result<Self, Refusal> {
        let described = described(&call.origin, &call.pinned.ledger, &call.headers, name_of(call))?;
        let passed_over = PassedOver::default();
        let claims = claims(call, &route, &passed_over, &described);
        let measured = measured(call, &route, &claims);
        let whole = Arc::clone(&route);
        Ok(Self { whole, route, passed_over, described, claims, measured, clamp: None })
    }

    /// Whether no limit and no budget is for it.
    pub(super) fn is_free(&self) -> bool {
        self.claims.is_empty()
    }

    /// The route that it takes.
    pub(super) fn into_route(self) -> Arc<Route> {
        self.route
    }

    /// Begins once more, when it has waited or takes another route.
    pub(super) fn begin_anew(&mut self, call: &Call) {
        (self.route, self.passed_over) = (Arc::clone(&self.whole), PassedOver::default());
        self.measure(call);
    }

    /// Whether it passed over anything of which other processes may give something back.
    pub(super) fn may_be_given_back(&self) -> bool {
        self.passed_over.reasons().iter().any(|denied| matches!(denied.why, Why::Unleased(_)))
    }

    /// What denied it where it does not go.
    pub(super) fn denied_elsewhere(&self) -> Vec<&Denied> {
        self.passed_over.reasons()
    }

    fn measure(&mut self, call: &Call) {
        self.claims = claims(call, &self.route, &self.passed_over, &self.described);
        self.measured = measured(call, &self.route, &self.claims);
        self.clamp = None;
    }

    /// Holds what it asks for.
    pub(super) fn reserve(&self, call: &Call) -> Result<Reservation, Denials> {
        let asked = self.measured.asked(self.clamp.as_ref().map(|(tokens, _)| *tokens));
        call.pinned.ledger.reserve_or_tell(&self.claims, &asked, call.origin.gateway.clearing.moment())
    }

    /// The accounts of which it needs more than is granted to this process.
    pub(super) fn short(&self, call: &Call, now: Moment) -> Vec<Shared> {
        call.pinned.ledger.short(&self.claims, now)
    }

    /// Makes it smaller, or sends it elsewhere, because it was denied; `false` where neither can be done.
    ///
    /// # Errors
    /// When the route that it is to take instead cannot serve it.
    pub(super) fn change(&mut self, call: &mut Call, denials: &Denials) -> Result<bool, Refusal> {
        Ok(self.clamp(call, denials)
            || self.pass_over(call, denials)
            || self.downgrade(call, denials.soonest())?)
    }

    /// Leaves out the credentials that it was denied for, where each target has others.
    pub(super) fn takes_others(&mut self, call: &Call, denials: &Denials) -> bool {
        self.narrow(call, denials, Losing::Credentials)
    }

    /// Leaves out what it was denied for, where anything else is left.
    pub(super) fn pass_over(&mut self, call: &Call, denials: &Denials) -> bool {
        self.narrow(call, denials, Losing::Targets)
    }

    /// Goes this way with what is held.
    ///
    /// # Errors
    /// When the bound of its answers cannot be written into it.
    pub(super) fn take(self, call: &mut Call, reservation: Reservation) -> Result<Arc<Route>, Refusal> {
        let Self { route, passed_over, described, clamp, .. } = self;
        let mut told = Told::of(&reservation, &call.origin.key);
        // From here on what is held is given back whatever happens.
        if let Some((tokens, budget)) = &clamp {
            told.clamped(*tokens, budget);
        }
        let admitted =
            Admitted::new(&call.origin.gateway.clearing, &call.origin.id, described, reservation, told)
                .but_for(passed_over);
        if let Some((tokens, _)) = clamp {
            bound_answers(call, &route, tokens)?;
        }
        call.admitted = Some(Box::new(admitted));
        Ok(route)
    }

    /// Bounds its answers to what is left of the budgets that have it so, to as much as any of them pays.
    fn clamp(&mut self, call: &Call, denials: &Denials) -> bool {
        if call.form.is_some() {
            return false;
        }
        let least = if call.endpoint == Endpoint::Responses { RESPONSES_MIN } else { 1 };
        let before = self.clamp.as_ref().map_or(u64::MAX, |(tokens, _)| *tokens);
        let affordable = denials.iter().filter_map(|denied| Some((self.affordable(denied)?, denied)));
        let affordable = affordable.filter(|(tokens, _)| *tokens >= least && *tokens < before);
        let Some((tokens, denied)) = affordable.max_by_key(|(tokens, _)| *tokens) else { return false };
        decided(&call.origin, denied, Decided::Clamped);
        self.clamp = Some((tokens, denied.allotment.name.as_str().into()));
        true
    }

    /// The longest answers that are paid by what is left of a budget, where that bounds them.
    fn affordable(&self, denied: &Denied) -> Option<u64> {
        match (&denied.allotment.terms, &denied.why) {
            (Terms::Budget(budget), Why::Short(shortage)) if budget.reserve == Reserve::Clamp => {
                self.measured.affordable(shortage.standing.left(), budget.unit)
            }
            _ => None,
        }
    }

    /// Leaves out the credentials that it was denied for, and the targets that are left without one, where there are others.
    fn narrow(&mut self, call: &Call, denials: &Denials, losing: Losing) -> bool {
        if !denials.are_by_target() {
            return false;
        }
        let mut passed_over = self.passed_over.clone();
        let route = Arc::clone(&self.route);
        let candidates = call.candidates(&route, &self.passed_over);
        let Some(lost) = passed_over.pass(&candidates, denials, &self.described) else { return false };
        if !lost.is_empty() {
            let is_lost = |target: &Target| lost.contains(&target.path.as_str());
            let narrowed = (losing == Losing::Targets).then(|| without(call, &route, &is_lost)).flatten();
            let Some(narrowed) = narrowed else { return false };
            self.route = narrowed;
        }
        denials.iter().for_each(|denied| decided(&call.origin, denied, Decided::PassedOver));
        self.passed_over = passed_over;
        match lost.is_empty() {
            // It can cost as much as before.
            true => self.claims = claims(call, &self.route, &self.passed_over, &self.described),
            false => self.measure(call),
        }
        true
    }

    /// Takes the route that is named for that.
    fn downgrade(&mut self, call: &mut Call, denied: &Denied) -> Result<bool, Refusal> {
        let AtLimit::Downgrade(name) = &denied.allotment.at_limit else { return Ok(false) };
        let is_there = call.named.as_ref().and_then(|route| route.name.as_ref()) == Some(name);
        // A conversation that is continued has to go where it is.
        if is_there || call.owner.is_some() || call.endpoint == Endpoint::Realtime {
            return Ok(false);
        }
        let Ok(route) = route_named(call, name.as_str()) else { return Ok(false) };
        decided(&call.origin, denied, Decided::Downgraded);
        self.described.reroute(name_of(call));
        self.whole = route;
        self.begin_anew(call);
        Ok(true)
    }
}

fn name_of(call: &Call) -> Option<RouteName> {
    call.named.as_ref().and_then(|route| route.name.clone())
}

/// What it takes at most is asked by budgets alone.
fn measured(call: &Call, route: &Route, claims: &Claims) -> Measured {
    if call.pinned.ledger.has_budget(claims) { Measured::of(call, route) } else { Measured::thought(call) }
}

/// The accounts of all that it may go to.
fn claims(call: &Call, route: &Route, passed_over: &PassedOver, described: &Description) -> Claims {
    let ledger = &call.pinned.ledger;
    if !ledger.is_by_target() {
        return ledger.claims(described, &[]);
    }
    let candidates = call.candidates(route, passed_over);
    let named: Vec<Named<'_>> = match ledger.is_by_credential() {
        true => candidates.iter().flat_map(Candidate::named).map(|(_, named)| named).collect(),
        false => candidates.iter().map(Candidate::with_any).collect(),
    };
    ledger.claims(described, &named)
}

/// Writes the bound into the request, as its format has it.
fn bound_answers(call: &mut Call, route: &Route, tokens: u64) -> Result<(), Refusal> {
    let mut of_openai = true;
    route.root.for_each_target(&mut |target| of_openai &= target.provider.chat.of_openai);
    let internal = |error: String| Refusal::new(ErrorCode::Internal, error);
    let body = limited_output(&call.document, call.facts.kind, tokens, of_openai)
        .map_err(|error| internal(error.to_string()))?;
    let limits =
        ScanLimits { depth_max: call.pinned.snapshot.limits.json_depth_max, ..ScanLimits::default() };
    call.document = Document::parse(body, limits).map_err(|error| internal(error.to_string()))?;
    call.facts.max_output_tokens = Some(tokens);
    Ok(())
}
