//! The way that a request takes past its limits and budgets: how long its answers may be, and which targets it may go to.

use std::sync::Arc;

use domain::allotment::{AtLimit, Reserve, Terms};
use domain::route::Target;
use domain::{Endpoint, ErrorCode, Route, RouteName};
use engine::ledger::{Claims, Denied, Moment, Named, Reservation, Shared, Why};
use telemetry::events::Decided;
use wire::formats::limited_output;
use wire::json::{Document, ScanLimits};

use super::measured::Measured;
use super::{decided, described};
use crate::attempt::Call;
use crate::refusal::Refusal;
use crate::route_of::{route_named, without};
use fleet::allotted::{Admitted, Description, Told};

/// The fewest tokens that an answer can be bounded to: fewer are refused by OpenAI's Responses (API reference, `max_output_tokens`).
const RESPONSES_MIN: u64 = 16;

/// How a request is to be sent.
pub(super) struct Way {
    route: Arc<Route>,
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
        let claims = claims(call, &route, &described);
        let measured = measured(call, &route, &claims);
        Ok(Self { route, described, claims, measured, clamp: None })
    }

    /// Whether no limit and no budget is for it.
    pub(super) fn is_free(&self) -> bool {
        self.claims.is_empty()
    }

    /// The route that it takes.
    pub(super) fn into_route(self) -> Arc<Route> {
        self.route
    }

    /// Measures it anew, when it has waited or goes elsewhere.
    pub(super) fn measure(&mut self, call: &Call) {
        self.claims = claims(call, &self.route, &self.described);
        self.measured = measured(call, &self.route, &self.claims);
        self.clamp = None;
    }

    /// Holds what it asks for.
    pub(super) fn reserve(&self, call: &Call) -> Result<Reservation, Denied> {
        let asked = self.measured.asked(self.clamp.as_ref().map(|(tokens, _)| *tokens));
        call.pinned.ledger.reserve(&self.claims, &asked, call.origin.gateway.clearing.moment())
    }

    /// The accounts of which it needs more than is granted to this process.
    pub(super) fn short(&self, call: &Call, now: Moment) -> Vec<Shared> {
        call.pinned.ledger.short(&self.claims, now)
    }

    /// Makes it smaller, or sends it elsewhere, because it was denied; `false` where neither can be done.
    ///
    /// # Errors
    /// When the route that it is to take instead cannot serve it.
    pub(super) fn change(&mut self, call: &mut Call, denied: &Denied) -> Result<bool, Refusal> {
        Ok(self.clamp(call, denied) || self.narrow(call, denied) || self.downgrade(call, denied)?)
    }

    /// Goes this way with what is held.
    ///
    /// # Errors
    /// When the bound of its answers cannot be written into it.
    pub(super) fn take(self, call: &mut Call, reservation: Reservation) -> Result<Arc<Route>, Refusal> {
        let Self { route, described, clamp, .. } = self;
        let mut told = Told::of(&reservation, &call.origin.key);
        // From here on what is held is given back whatever happens.
        if let Some((tokens, budget)) = &clamp {
            told.clamped(*tokens, budget);
        }
        let admitted =
            Admitted::new(&call.origin.gateway.clearing, &call.origin.id, described, reservation, told);
        if let Some((tokens, _)) = clamp {
            bound_answers(call, &route, tokens)?;
        }
        call.admitted = Some(Box::new(admitted));
        Ok(route)
    }

    /// Bounds its answers to what is left of a budget that has it so.
    fn clamp(&mut self, call: &Call, denied: &Denied) -> bool {
        let (Terms::Budget(budget), Why::Short(shortage)) = (&denied.allotment.terms, &denied.why) else {
            return false;
        };
        if budget.reserve != Reserve::Clamp || call.form.is_some() {
            return false;
        }
        let least = if call.endpoint == Endpoint::Responses { RESPONSES_MIN } else { 1 };
        let affordable = self.measured.affordable(shortage.standing.left(), budget.unit);
        let before = self.clamp.as_ref().map_or(u64::MAX, |(tokens, _)| *tokens);
        let Some(tokens) = affordable.filter(|tokens| *tokens >= least && *tokens < before) else {
            return false;
        };
        decided(&call.origin, denied, Decided::Clamped);
        self.clamp = Some((tokens, denied.allotment.name.as_str().into()));
        true
    }

    /// Leaves out the targets that the budget is for, where there are others.
    fn narrow(&mut self, call: &mut Call, denied: &Denied) -> bool {
        if !denied.allotment.selector.is_by_target() {
            return false;
        }
        let Self { route, described, .. } = &*self;
        let is_meant = |target: &Target| {
            let model = model_name(call, target);
            let named = Named { provider: target.provider.name.as_str(), model: Some(&model) };
            denied.is_for(described, &named)
        };
        let Some(narrowed) = without(call, route, &is_meant) else { return false };
        decided(&call.origin, denied, Decided::PassedOver);
        self.route = narrowed;
        self.measure(call);
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
        self.route = route;
        self.measure(call);
        Ok(true)
    }
}

fn name_of(call: &Call) -> Option<RouteName> {
    call.named.as_ref().and_then(|route| route.name.clone())
}

fn model_name(call: &Call, target: &Target) -> String {
    format!("{}/{}", target.provider.name, call.model_at(target))
}

/// What it takes at most is asked by budgets alone.
fn measured(call: &Call, route: &Route, claims: &Claims) -> Measured {
    if call.pinned.ledger.has_budget(claims) { Measured::of(call, route) } else { Measured::thought(call) }
}

fn claims(call: &Call, route: &Route, described: &Description) -> Claims {
    let ledger = &call.pinned.ledger;
    if !ledger.is_by_target() {
        return ledger.claims(described, &[]);
    }
    let mut names = Vec::new();
    route
        .root
        .for_each_target(&mut |target| names.push((Arc::clone(&target.provider), model_name(call, target))));
    let named: Vec<_> = names
        .iter()
        .map(|(provider, model)| Named { provider: provider.name.as_str(), model: Some(model) })
        .collect();
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
