//! Rate limits and budgets around a request: before it is sent, what it can take at most is held of every one that is for it, and when it
//! has ended, what it took is counted. Who may have how much is decided by `engine`; here requests are measured, and those for which too
//! little is left are clamped, sent elsewhere, kept waiting or refused.

mod measured;
mod refused;
mod unread;
mod waiting;
mod way;

use std::sync::Arc;

use domain::{Route, RouteName};
use engine::ledger::{Denied, Ledger};
use http::HeaderMap;
use telemetry::events::Decided;
use wire::json::{Kind, Value};

use fleet::allotted::{self, Description, Leasing, Turn};
pub(crate) use unread::admit_unread;
use waiting::Waiting;
use way::Way;

use crate::attempt::Call;
use crate::ending::Origin;
use crate::metadata;
use crate::refusal::Refusal;

/// Most times that a request is made smaller or sent elsewhere, so that the end is in sight whatever others do meanwhile.
const CHANGES_MAX: usize = 16;

/// Holds what a request can take at most. The route that it may take from here is less than the one that was found where budgets are for some
/// targets only, and another one where it is downgraded.
///
/// # Errors
/// When not enough is left.
pub(crate) async fn admit(call: &mut Call, route: Arc<Route>) -> Result<Arc<Route>, Refusal> {
    if call.pinned.ledger.is_empty() {
        return Ok(route);
    }
    let mut way = Way::of(call, route)?;
    if way.is_free() {
        return Ok(way.into_route());
    }
    let (mut waiting, mut leasing) = (Waiting::default(), Leasing::default());
    let (mut changes, mut is_patient) = (0, false);
    let gateway = Arc::clone(&call.origin.gateway);
    loop {
        // Before it is tried, so that what ends meanwhile is not missed.
        let settled = gateway.clearing.settled();
        let denials = match way.reserve(call) {
            Ok(reservation) => {
                call.waited += waiting.waited();
                return way.take(call, reservation);
            }
            // Another credential is better than to wait for what the others may give back, as long as there is one.
            Err(denials) if !is_patient && leasing.has_asked() && way.takes_others(call, &denials) => {
                leasing = Leasing::default();
                continue;
            }
            Err(denials) => denials,
        };
        let denials = match leasing.turn(&gateway.clearing, denials, |now| way.short(call, now)).await {
            Turn::Again => continue,
            Turn::Denied(denials) => denials,
            Turn::Unreachable(denials) if way.pass_over(call, &denials) => {
                leasing = Leasing::default();
                continue;
            }
            Turn::Unreachable(denials) => return Err(unreachable(&call.origin, denials.first())),
        };
        leasing = Leasing::default();
        if way.takes_others(call, &denials) {
            continue;
        }
        if !is_patient && way.may_be_given_back() {
            is_patient = true;
            way.begin_anew(call);
            continue;
        }
        changes += 1;
        if changes <= CHANGES_MAX && way.change(call, &denials)? {
            continue;
        }
        if !waiting.turn(&call.origin, denials.soonest(), settled).await {
            let elsewhere: Vec<_> = denials.iter().chain(way.denied_elsewhere()).collect();
            return Err(refused(&call.origin, denials.soonest(), &elsewhere));
        }
        changes = 0;
        way.begin_anew(call);
    }
}

fn refused(origin: &Origin, denied: &Denied, elsewhere: &[&Denied]) -> Refusal {
    decided(origin, denied, Decided::Refused);
    refused::refusal(denied, elsewhere, &origin.key)
}

/// The others have to be asked, and cannot be.
fn unreachable(origin: &Origin, denied: &Denied) -> Refusal {
    decided(origin, denied, Decided::Refused);
    refused::unreachable(denied)
}

fn decided(origin: &Origin, denied: &Denied, decided: Decided) {
    let Origin { gateway, id, .. } = origin;
    allotted::decided(&gateway.clearing, id, denied, decided);
    if matches!(decided, Decided::Refused | Decided::PassedOver | Decided::Downgraded) {
        let exhausted = gateway.pin().ledger.exhausted(denied, gateway.clearing.moment());
        gateway.clearing.notify(exhausted, id);
    }
}

/// What a request is known by.
///
/// # Errors
/// 400 when its metadata is no JSON object, or too long.
fn described(
    origin: &Origin,
    ledger: &Ledger,
    headers: &HeaderMap,
    route: Option<RouteName>,
) -> Result<Description, Refusal> {
    let told = if ledger.members().is_empty() { None } else { metadata::read(headers)? };
    let labels = &origin.key.subject.labels;
    let value = |name: &str| match labels.get(name) {
        // What is known of whose the request is goes before what its client says.
        Some(label) => Some(label.into()),
        None => told.as_ref().and_then(|told| text(told.get(name)?)),
    };
    let members = ledger.members().iter().filter_map(|name| Some((name.clone(), value(name)?)));
    Ok(Description::new(&origin.key, origin.endpoint, route, members.collect()))
}

/// A value without parts, as a text.
fn text(value: &Value<'_>) -> Option<Box<str>> {
    match value.kind() {
        Kind::Null | Kind::Array | Kind::Object => None,
        Kind::String => value.as_str().map(|text| text.as_ref().into()),
        Kind::Bool | Kind::Number => Some(value.raw().into()),
    }
}
