//! The loop over attempts. What follows a failure is `engine`'s decision; here it is carried out.

use std::sync::Arc;
use std::time::Duration;

use domain::route::Target;
use domain::{Credential, ErrorCode, Failure, Route};
use engine::credentials::Tried;
use engine::decision::{Attempted, Decision};
use engine::{Step, Walk};
use http::Response;
use telemetry::events::AttemptFailed;
use tokio::time::Instant;
use wire::formats::usage_of_request;

use super::Call;
use super::allowance::Allowance;
use super::chosen::choose;
use super::deliver::deliver;
use super::encode::{Encoded, WayBack, encode};
use super::exchange::{AttemptSettings, exchange, origin_of};
use super::failed::FailedAttempt;
use super::fitness::Fitness;
use super::gather::gather;
use super::give_up::{Attempts, give_up};
use super::hold::{Committed, commit};
use super::view::View;
use super::{consider, counting, quota, upgrade};
use crate::answer::AnswerBody;
use crate::ending::Ending;
use crate::health::{self, Subject, Watch};
use crate::pinned::ProviderState;
use crate::quotas::Spend;
use crate::refusal::Refusal;

/// How long a request waits for the first token of a sign-in that has only just begun.
const FIRST_TOKEN_WAIT: Duration = Duration::from_secs(2);

/// Calls the targets of a route until one answers.
///
/// # Errors
/// When Tollgate itself has to answer, because no target could.
pub(crate) async fn dispatch(call: Call, route: Arc<Route>) -> Result<Response<AnswerBody>, Refusal> {
    let decision = consider::asked(&call, &route)?;
    let mut attempts = Attempts::told(decision.is_some());
    let mut response = call_targets(&call, route, &mut attempts).await?;
    let decision = decision.map(|decision| Decision { attempts: attempts.into_made(), ..decision });
    consider::tell(&call, decision.as_ref(), &mut response);
    Ok(response)
}

async fn call_targets(
    call: &Call,
    route: Arc<Route>,
    attempts: &mut Attempts,
) -> Result<Response<AnswerBody>, Refusal> {
    let mut outlook = View::of(call)?;
    let mut ending = begun(call);
    let fitness = Fitness::of(call);
    let mut allowance = Allowance::of(call, &route);
    let mut walk =
        Walk::start(Arc::clone(&route), &mut |target| fitness.lack(target).is_none(), &mut outlook);
    if walk.passes_over_some() {
        fitness.record(&route, attempts);
    }
    let mut tried = Tried::default();
    loop {
        let Some(target) = walk.target() else {
            return Err(Refusal::new(ErrorCode::Internal, "the route is empty"));
        };
        let state = call.pinned.state(&target.provider);
        let Some(mut chosen) = choose(call, target, &state, tried) else {
            return Err(Refusal::new(ErrorCode::Internal, "the target has no credential"));
        };
        ending.attempt(&state, served_model(call, target));
        ending.knows(call.pinned.models.find(&target.provider.name, call.model_at(target)));
        let entered = match fitness.objection(target) {
            Some(objection) => Err(objection),
            None => quota::enter(&outlook, (target, &state), (&mut chosen, tried), &mut ending).await,
        };
        tried.add(chosen.index);
        let watch = entered.is_ok().then(|| watch(call, &route, target, &state)).flatten();
        let sent = Instant::now();
        let (spend, result) = match entered {
            Ok(spend) => (spend, attempt(call, target, &state, chosen.credential, &mut ending).await),
            Err(objection) => (None, Err(objection)),
        };
        quota::heard(call, (target, &state), (&chosen.credential.id, spend.as_ref()), &result);
        allowance.judged(&result);
        let failed = match result {
            Ok(committed) => {
                if !matches!(committed, Committed::Estimated(_)) {
                    chosen.served();
                    told_of_its_end(&mut ending, watch, sent.elapsed(), spend);
                }
                attempts.served(|| attempted(call, target, chosen.credential, sent, None));
                return Ok(deliver(call, committed, &state, chosen.credential.id.clone(), ending).await);
            }
            Err(failed) => failed,
        };
        told_of_failure(watch, spend, &failed.failure);
        let now = call.origin.gateway.uptime();
        chosen.failed(&failed, now);
        let fresh = chosen.has_alternative(tried, now);
        report(call, target, &state, &failed);
        attempts.add(attempted(call, target, chosen.credential, sent, Some(&failed.failure)));
        match allowance.held_to(walk.failed(&failed.failure, fresh, &mut outlook), attempts) {
            Step::OtherCredential => {}
            Step::NextTarget => tried = Tried::default(),
            Step::Retry(wait) => {
                tried = Tried::default();
                tokio::time::sleep(wait).await;
                ending.waited(wait);
            }
            Step::GiveUp => {
                attempts.rested(&route, call, &mut outlook);
                return Ok(give_up(call, failed, attempts, &state, ending));
            }
        }
    }
}

/// The account of a request whose body is read.
fn begun(call: &Call) -> Ending {
    let mut ending = Ending::new(call.origin.clone());
    ending.waited(call.waited);
    ending.asks(usage_of_request(call.facts.kind, &call.document));
    ending
}

/// An attempt, as it is told afterwards.
fn attempted(
    call: &Call,
    target: &Target,
    credential: &Credential,
    sent: Instant,
    failure: Option<&Failure>,
) -> Attempted {
    let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    Attempted {
        place: target.path.clone(),
        target: consider::name(call, target),
        credential: credential.id.to_string(),
        began_ms: millis(sent.saturating_duration_since(call.origin.started)),
        took_ms: millis(sent.elapsed()),
        outcome: failure.map_or("served", |failure| failure.class.name()),
        status: failure.and_then(|failure| failure.status),
        detail: failure.map(|failure| failure.detail.clone()),
    }
}

/// Hands over to the end of an answer who judges the target by it, and what it takes of the quota.
fn told_of_its_end(ending: &mut Ending, mut watch: Option<Watch>, took: Duration, spend: Option<Spend>) {
    if let Some(watch) = &mut watch {
        watch.answered(took);
    }
    ending.watched_by(watch);
    ending.spends(spend);
}

/// Tells of a failure who judges the target by it, and gives back what it did not take of the quota.
fn told_of_failure(watch: Option<Watch>, spend: Option<Spend>, failure: &Failure) {
    if let Some(spend) = spend {
        spend.failed();
    }
    if let Some(watch) = watch {
        watch.failed(failure);
    }
}

/// Watches a call of a target for its breakers.
fn watch(call: &Call, route: &Route, target: &Target, state: &ProviderState) -> Option<Watch> {
    let subject = Subject {
        target,
        model: call.model_at(target),
        meters: &state.meters,
        snapshot: &call.pinned.snapshot,
        is_own_route: route.name.is_none(),
    };
    health::watch(&call.origin.gateway, &subject)
}

/// One attempt, from its first byte to an answer that is sure.
async fn attempt(
    call: &Call,
    target: &Target,
    state: &ProviderState,
    credential: &Credential,
    ending: &mut Ending,
) -> Result<Committed, FailedAttempt> {
    if counting::is_estimated(call, target) {
        return counting::estimate(call, target).await.map(Committed::Estimated);
    }
    let gateway = Arc::clone(&call.origin.gateway);
    if let Some(pending) = credential.pending() {
        let began = Instant::now();
        // What there is of a token by then, `encode` finds out.
        let _ = tokio::time::timeout(FIRST_TOKEN_WAIT, pending).await;
        ending.waited(began.elapsed());
    }
    let Encoded { request, further, way_back, dropped } = encode(call, target, credential)?;
    ending.drops(dropped);
    let origin = origin_of(target, &state.origin, &gateway.transport);
    let streamed = call.facts.stream;
    let is_foreign = !matches!(way_back, WayBack::Same { .. } | WayBack::Upgraded);
    let now = gateway.wall_clock();
    let began = Instant::now();
    let settings = AttemptSettings { target, credential, now, began, streamed, is_foreign };
    let limits = &call.pinned.snapshot.limits;
    if matches!(way_back, WayBack::Upgraded) {
        let opened = upgrade::open(request, &gateway.transport, &settings).await;
        ending.waited(began.elapsed());
        return opened;
    }
    let committed = match way_back {
        WayBack::Translated(interpreter) if !further.is_empty() => {
            let requests = std::iter::once(request).chain(further);
            gather(requests, &interpreter, &origin, &settings, (limits, &gateway.budget)).await
        }
        way_back => match exchange(request, &origin, &settings).await {
            Ok(answered) => {
                commit(answered, call.endpoint, way_back, &settings, limits, &gateway.budget).await
            }
            Err(failed) => Err(failed),
        },
    };
    ending.waited(began.elapsed());
    committed
}

fn served_model<'a>(call: &'a Call, target: &'a Target) -> Option<&'a str> {
    target.model.as_ref().map(|model| model.as_str()).or(call.facts.model.as_deref())
}

fn report(call: &Call, target: &Target, state: &ProviderState, failed: &FailedAttempt) {
    let event = AttemptFailed {
        request_id: call.origin.id.as_str(),
        provider: &state.meters,
        target: &target.path,
        failure: &failed.failure,
    };
    event.emit(&call.origin.gateway.telemetry);
}
