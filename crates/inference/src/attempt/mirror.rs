//! Copies of a request to further targets, made when the client has its answer's head: one call each, whose answer is read to its end and
//! thrown away. What becomes of it is told apart, and no breaker, credential or quota hears of it.

use std::sync::Arc;

use domain::price::ModelPrices;
use domain::route::Target;
use domain::{CatalogModel, Route};
use engine::Walk;
use engine::credentials::Tried;
use fleet::mirrors::Copying;
use http_body_util::BodyExt;
use tokio::time::Instant;
use wire::formats::usage_of_request;

use super::Call;
use super::call_once::{Spent, call_once};
use super::chosen::{choose, untried_at};
use super::deliver::deliver;
use super::hedge::may_be_doubled;
use super::view::View;
use crate::answer::AnswerBody;
use crate::ending::{Ending, Origin};
use crate::region::Residence;
use crate::resolve::hidden;

/// Copies a request, where the node that led to its answer says so and it is one of the share.
pub(super) fn copy(call: &Call, route: &Route, walk: &Walk) {
    let (Some((mirror, targets)), Some(name)) = (walk.mirror(), &route.name) else { return };
    let gateway = &call.origin.gateway;
    if !may_be_doubled(call) || !gateway.mirrors.is_due(name, &mirror.path, &mirror.policy) {
        return;
    }
    for target in targets {
        let is_bound = mirror.policy.usd_per_day_max.is_some();
        let copying = may_be_called(call, target, is_bound)
            .then(|| {
                gateway.mirrors.begin((name, &mirror.path), &mirror.policy, target, gateway.wall_clock())
            })
            .flatten();
        match copying.and_then(|copying| Some((copied(call)?, copying))) {
            Some((copy, copying)) => drop(tokio::spawn(make(copy, Arc::clone(target), copying))),
            None => call.pinned.state(&target.provider).meters.mirrored("skipped"),
        }
    }
}

/// Whether a target is well, is where the request may be served, and has prices where the copies' cost is bounded.
fn may_be_called(call: &Call, target: &Target, is_bound: bool) -> bool {
    let is_permitted = Residence::of(&call.headers, &call.origin.key)
        .is_ok_and(|residence| residence.permits(target.region.as_ref()));
    let is_well = || View::of(call).is_ok_and(|view| view.rest(target).is_none());
    let is_priced = || {
        let known = call.pinned.models.find(&target.provider.name, call.model_at(target));
        known.is_some_and(|known: Arc<CatalogModel>| known.prices != ModelPrices::default())
    };
    is_permitted && !hidden(target, &call.origin.key) && is_well() && (!is_bound || is_priced())
}

/// The request once more, if there is room for it.
fn copied(call: &Call) -> Option<Call> {
    let mut hold = call.origin.gateway.budget.hold();
    let limit = call.pinned.snapshot.limits.in_flight_bytes_max;
    hold.grow(call.document.body().len(), limit).ok()?;
    let origin = Origin { started: Instant::now(), ..call.origin.clone() };
    let head = (call.uri.clone(), call.headers.clone());
    let body = (call.document.clone(), call.facts.clone());
    let copy = Call::new(origin, Arc::clone(&call.pinned), call.endpoint, head, body, hold);
    Some(Call { query: call.query.clone(), ..copy })
}

async fn make(call: Call, target: Arc<Target>, copying: Copying) {
    let state = call.pinned.state(&target.provider);
    let mut ending = Ending::of_copy(call.origin.clone(), copying);
    ending.asks(usage_of_request(call.facts.kind, &call.document));
    ending.attempt(&state, Some(call.model_at(&target)));
    ending.knows(call.pinned.models.find(&target.provider.name, call.model_at(&target)));
    let untried = (Tried::default(), untried_at(&call, &target));
    let Some(chosen) = choose(&call, &target, &state, untried) else { return };
    match call_once(&call, &target, &state, chosen.credential, &mut Spent::default()).await {
        Ok(committed) => {
            let credential = chosen.credential.id.clone();
            read_to_its_end(deliver(&call, committed, &state, credential, ending, false).await.into_body())
                .await;
        }
        Err(failed) => ending.copy_failed(failed.failure),
    }
}

async fn read_to_its_end(mut body: AnswerBody) {
    while let Some(Ok(_)) = body.frame().await {}
}
