//! What speaks for and against each target of a request's route, when somebody asks.

use std::sync::Arc;

use domain::allotment::Terms;
use domain::route::Target;
use domain::{ErrorCode, Route};
use engine::breaker::Stage;
use engine::decision::{Considered, Decision, Exclusion, Reason, Score, Without};
use engine::ledger::Denied;
use engine::{Outlook, plan};
use http::{HeaderName, HeaderValue, Response};
use serde_json::value::RawValue;
use telemetry::Particulars;

use super::Call;
use super::fitness::Fitness;
use super::give_up::Attempts;
use super::view::{Rest, View};
use crate::answer::AnswerBody;
use crate::metadata;
use crate::refusal::Refusal;
use crate::region::{self, Residence};
use crate::resolve::hidden;

/// Asks for the decision beside the answer.
const ASKED: HeaderName = HeaderName::from_static("x-tollgate-explain");
/// Where it is told.
const TOLD: HeaderName = HeaderName::from_static("x-tollgate-decision");
/// Longest decision in a header: what clients and proxies take of a whole head is little more.
const TOLD_BYTES_MAX: usize = 8 * 1024;

/// The decision on a request before anything is called; none where nobody wants to know it.
pub(super) fn wanted(call: &Call, route: &Arc<Route>) -> Result<Option<Decision>, Refusal> {
    if !(may_be_told(call) || call.origin.gateway.telemetry.wants_particulars()) {
        return Ok(None);
    }
    let mut view = View::of(call)?;
    decision(call, route, &mut view).map(Some)
}

/// What a request asks for, to be written down.
pub(super) fn particulars(call: &Call) -> Particulars {
    let metadata = metadata::told(&call.headers, &call.origin.key.subject.labels);
    Particulars {
        model: call.facts.model.as_deref().map(Into::into),
        stream: call.facts.stream,
        region: region::asked(&call.headers).map(Into::into),
        metadata: metadata.and_then(|text| RawValue::from_string(text).ok()),
        body_bytes: u64::try_from(call.document.body().len()).unwrap_or(u64::MAX),
        decision: None,
    }
}

/// Whether its client asks, and may.
fn may_be_told(call: &Call) -> bool {
    is_asked(call) && call.origin.key.explain
}

fn is_asked(call: &Call) -> bool {
    call.headers.get(ASKED).is_some_and(|value| value == "true")
}

/// Tells the decision beside the answer, or that the key may not ask for it.
pub(super) fn tell(call: &Call, attempts: &Attempts, response: &mut Response<AnswerBody>) {
    if !is_asked(call) {
        return;
    }
    let told = if may_be_told(call) {
        let told = attempts.explained().map(|decision| ascii(&decision.to_json(TOLD_BYTES_MAX)));
        told.and_then(|told| HeaderValue::try_from(told).ok())
    } else {
        Some(HeaderValue::from_static("the key may not ask; its owner can set `explain: true`"))
    };
    if let Some(told) = told {
        response.headers_mut().insert(TOLD, told);
    }
}

/// JSON that a header can hold: other letters than ASCII's as escapes (RFC 8259 section 7).
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut units = [0; 2];
    for letter in json.chars() {
        match letter {
            ' '..='~' => text.push(letter),
            _ => letter
                .encode_utf16(&mut units)
                .iter()
                .for_each(|unit| text.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    text
}

/// The decision on a request that is not carried out: whom it would call, one after another, if each of them failed.
pub(crate) fn foreseen(call: &Call, route: &Arc<Route>, down: &[String]) -> Result<Decision, Refusal> {
    let mut view = View { down, ..View::of(call)? };
    let mut decision = decision(call, route, &mut view)?;
    let fitness = Fitness::of(call);
    let course = plan::course(Arc::clone(route), &mut |target| fitness.lack(target).is_none(), &mut view);
    for target in &mut decision.targets {
        target.turn = course.iter().position(|place| *place == target.place).map(|turn| turn + 1);
    }
    Ok(decision)
}

fn decision(call: &Call, route: &Arc<Route>, view: &mut View<'_>) -> Result<Decision, Refusal> {
    let fitness = Fitness::of(call);
    let residence = Residence::of(&call.headers, &call.origin.key)?;
    let mut left = Vec::new();
    route.root.for_each_target(&mut |target| left.push(target.path.as_str()));
    let whole = call.named.as_ref().unwrap_or(route);
    let mut targets = Vec::new();
    whole.root.for_each_target(&mut |target| {
        if hidden(target, &call.origin.key) {
            return;
        }
        let excluded = if !residence.permits(target.region.as_ref()) {
            Some(Exclusion {
                reason: Reason::Region,
                detail: "is where the request must not be served".to_owned(),
            })
        } else if left.contains(&target.path.as_str()) {
            unsuited(&fitness, view, target)
        } else {
            let facts = || Exclusion {
                reason: Reason::Facts,
                detail: "the request's facts lead elsewhere".to_owned(),
            };
            Some(unpaid(call, target).unwrap_or_else(facts))
        };
        let without = if excluded.is_none() { without(call, target) } else { Vec::new() };
        targets.push(Considered {
            place: target.path.clone(),
            target: name(call, target),
            region: target.region.as_ref().map(ToString::to_string),
            turn: None,
            score: excluded.is_none().then(|| score(view, target)).flatten(),
            excluded,
            without,
        });
    });
    let rests = |one: &&Considered| match &one.excluded {
        Some(excluded) => excluded.reason.is_rest(),
        None => false,
    };
    let is_free = |one: &Considered| one.excluded.is_none();
    let bypass = !targets.iter().any(is_free) && targets.iter().any(|one| rests(&one));
    let route = whole.name.as_ref().map(ToString::to_string);
    let canaries = call.enrolled.told();
    Ok(Decision { route, canaries, targets, attempts: Vec::new(), holds: Vec::new(), bypass, left_out: 0 })
}

fn score(view: &mut View<'_>, target: &Target) -> Option<Score> {
    Some(Score::of(view.load(target)?, view.cost(target)))
}

/// The limit or budget that a target is left out for, if it is one.
fn unpaid(call: &Call, target: &Target) -> Option<Exclusion> {
    let passed_over = call.sent.as_ref()?.passed_over();
    let (_, denied) = passed_over.reasons_at(&target.path).next()?;
    let reason = match denied.allotment.terms {
        Terms::Rate(_) => Reason::Limit,
        Terms::Budget(_) => Reason::Budget,
    };
    Some(Exclusion { reason, detail: denied.reason() })
}

/// The credentials of a target that limits and budgets leave too little for.
fn without(call: &Call, target: &Target) -> Vec<Without> {
    let Some(sent) = &call.sent else { return Vec::new() };
    let passed_over = sent.passed_over();
    let named = |(index, denied): (usize, &Denied)| {
        let credential = target.credentials.get(index)?.id.to_string();
        Some(Without { credential, detail: denied.reason() })
    };
    passed_over.reasons_at(&target.path).filter_map(named).collect()
}

/// What speaks against a target that the request may be sent to.
fn unsuited(fitness: &Fitness<'_>, view: &View<'_>, target: &Target) -> Option<Exclusion> {
    if let Some(lack) = fitness.lack(target) {
        return Some(Exclusion { reason: Reason::Lacks, detail: lack.to_string() });
    }
    let rest = view.rest(target)?;
    if let Some(in_use) =
        Some(rest).filter(|rest| *rest == Rest::Quota).and_then(|_| view.too_much_in_use(target))
    {
        let detail = format!(
            "has no room in its provider's quota: {}.{} % is in use, by its last answer",
            in_use / 10,
            in_use % 10
        );
        return Some(Exclusion { reason: Reason::Quota, detail });
    }
    let (reason, detail) = match rest {
        Rest::Breaker(Stage::Region) => {
            (Reason::Breaker, "its region rests, having failed at several providers")
        }
        Rest::Breaker(Stage::Target | Stage::Provider) => (Reason::Breaker, "rests, having failed too often"),
        Rest::Credentials => (Reason::Credentials, "all of its credentials rest"),
        Rest::Down => (Reason::Down, "is down, as was said"),
        Rest::Quota => (Reason::Quota, "has no room in its provider's quota"),
    };
    Some(Exclusion { reason, detail: detail.to_owned() })
}

/// `provider/model` as it is asked for.
pub(super) fn name(call: &Call, target: &Target) -> String {
    match call.model_at(target) {
        "" => target.provider.name.to_string(),
        model => format!("{}/{model}", target.provider.name),
    }
}

/// A request that no route is found for in the ordinary way.
pub(crate) fn not_explained() -> Refusal {
    Refusal::new(ErrorCode::PathNotFound, "only requests that are routed by a model are explained")
}
