//! Rate limits and budgets around a request: before it is sent, what it can take at most is held of every one that is for it, and when it
//! has ended, what it took is counted. Who may have how much is decided by `engine`; here requests are measured, and those for which too
//! little is left are clamped, sent elsewhere, kept waiting or refused.

mod measured;
mod refused;
mod waiting;
mod way;

use std::sync::Arc;

use domain::{Provider, Route, RouteName};
use engine::ledger::{Asked, Denied, Ledger, Named};
use http::HeaderMap;
use telemetry::events::Decided;
use wire::json::{Kind, Value};

use waiting::Waiting;
use way::Way;

use crate::allotted::{self, Admitted, Description, Leasing, Told, Turn};
use crate::attempt::Call;
use crate::ending::Origin;
use crate::metadata;
use crate::pinned::Pinned;
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
    let mut changes = 0;
    let gateway = Arc::clone(&call.origin.gateway);
    loop {
        // Before it is tried, so that what ends meanwhile is not missed.
        let settled = gateway.clearing.settled();
        let denied = match way.reserve(call) {
            Ok(reservation) => {
                call.waited += waiting.waited();
                return way.take(call, reservation);
            }
            Err(denied) => denied,
        };
        let denied = match leasing.turn(&gateway.clearing, denied, |now| way.short(call, now)).await {
            Turn::Again => continue,
            Turn::Denied(denied) => denied,
            Turn::Unreachable(denied) => return Err(unreachable(&call.origin, &denied)),
        };
        leasing = Leasing::default();
        changes += 1;
        if changes <= CHANGES_MAX && way.change(call, &denied)? {
            continue;
        }
        if !waiting.turn(&call.origin, &denied, settled).await {
            return Err(refused(&call.origin, &denied));
        }
        changes = 0;
        way.measure(call);
    }
}

/// The same for a request whose body nobody reads. What it costs is not known, not even in the end.
///
/// # Errors
/// When not enough is left.
pub(crate) async fn admit_unread(
    origin: &Origin,
    pinned: &Pinned,
    provider: &Provider,
    headers: &HeaderMap,
) -> Result<Option<Box<Admitted>>, Refusal> {
    let ledger = &pinned.ledger;
    if ledger.is_empty() {
        return Ok(None);
    }
    let description = described(origin, ledger, headers, None)?;
    let target = Named { provider: provider.name.as_str(), model: None };
    let claims = ledger.claims(&description, &[target]);
    if claims.is_empty() {
        return Ok(None);
    }
    let gateway = Arc::clone(&origin.gateway);
    let (mut waiting, mut leasing) = (Waiting::default(), Leasing::default());
    loop {
        let settled = gateway.clearing.settled();
        let denied = match ledger.reserve(&claims, &Asked::default(), gateway.clearing.moment()) {
            Ok(reservation) => {
                let told = Told::of(&reservation, &origin.key);
                return Ok(Some(Box::new(Admitted::new(
                    &origin.gateway.clearing,
                    &origin.id,
                    description,
                    reservation,
                    told,
                ))));
            }
            Err(denied) => denied,
        };
        let denied = match leasing.turn(&gateway.clearing, denied, |now| ledger.short(&claims, now)).await {
            Turn::Again => continue,
            Turn::Denied(denied) => denied,
            Turn::Unreachable(denied) => return Err(unreachable(origin, &denied)),
        };
        leasing = Leasing::default();
        if !waiting.turn(origin, &denied, settled).await {
            return Err(refused(origin, &denied));
        }
    }
}

fn refused(origin: &Origin, denied: &Denied) -> Refusal {
    decided(origin, denied, Decided::Refused);
    refused::refusal(denied, &origin.key)
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
