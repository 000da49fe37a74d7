//! The provider's quota before an attempt: who may call now, who waits, and what the answer says is left.

use std::sync::Arc;
use std::time::Duration;

use domain::endpoint::Task;
use domain::quota::Standing;
use domain::route::Target;
use domain::{CredentialId, ErrorCode, Failure, FailureClass, Priority};
use engine::credentials::Tried;
use engine::quota::{Bounds, Cost, Report, reports};
use http::{HeaderMap, HeaderName};
use smallvec::SmallVec;
use telemetry::events::RequestQueued;

use super::Call;
use super::chosen::Chosen;
use super::failed::{FailedAttempt, RefusedHere};
use super::hold::Committed;
use super::view::{View, bench_of};
use crate::pinned::ProviderState;
use crate::quotas::{self, Asking, Entered, OverQuota, Spend};
use crate::refusal::Refusal;

/// The priority of a request.
const PRIORITY_HEADER: HeaderName = HeaderName::from_static("x-tollgate-priority");
/// What is thought of an answer whose length nobody bounds, until it is there.
const OUTPUT_TOKENS: u64 = 500;

/// What a request is thought to take of a quota, and who goes before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim {
    pub(super) cost: Cost,
    pub(super) priority: Priority,
}

impl Claim {
    /// What a request with this head and key claims.
    ///
    /// # Errors
    /// When the header is no priority, or one that the key may not ask for.
    pub(super) fn of(call: &Call) -> Result<Self, Refusal> {
        let priority = priority(&call.headers, call.origin.key.standing)?;
        let makes_text = call.endpoint.task() == Task::Generation;
        let most = call.facts.max_output_tokens.unwrap_or(OUTPUT_TOKENS);
        let output = if makes_text { most.saturating_mul(call.facts.choices.unwrap_or(1)) } else { 0 };
        let cost = Cost { input: call.estimated_tokens(), cached_input: 0, output };
        Ok(Self { cost, priority })
    }
}

fn priority(headers: &HeaderMap, standing: Standing) -> Result<Priority, Refusal> {
    let Some(value) = headers.get(PRIORITY_HEADER) else { return Ok(standing.priority) };
    let refuse = |problem: String| Refusal::new(ErrorCode::InvalidHeader, problem);
    let Some(priority) = value.to_str().ok().and_then(Priority::named) else {
        return Err(refuse(format!("`{PRIORITY_HEADER}` is `realtime`, `standard` or `batch`")));
    };
    if priority > standing.priority_max {
        let most = standing.priority_max.name();
        return Err(refuse(format!(
            "`{PRIORITY_HEADER}` may be `{most}` at most for this key (keys[].priority_max)"
        )));
    }
    Ok(priority)
}

/// Waits for the quota of a target where one is known. Another credential is chosen where that one has room.
///
/// # Errors
/// When there is no place in time.
pub(super) async fn enter<'a>(
    View { call, claim, .. }: &View<'_>,
    (target, state): (&'a Target, &ProviderState),
    (chosen, tried): (&mut Chosen<'a>, Tried),
    total_waited: &mut Duration,
) -> Result<Option<Spend>, FailedAttempt> {
    let gateway = &call.origin.gateway;
    let model = call.model_at(target);
    if !is_shaped(call, target, state) {
        return Ok(None);
    }
    let Some(shape) = gateway.quotas.find(target, model, &state.meters) else { return Ok(None) };
    let limits = &call.pinned.snapshot.limits;
    let patience =
        target.timeouts.total.map_or(limits.queue_wait_max, |total| total.min(limits.queue_wait_max));
    let tried = if chosen.bound { Tried::all() } else { tried };
    let asking = Asking {
        cost: claim.cost,
        priority: claim.priority,
        key: &call.origin.key.name,
        weight: call.origin.key.standing.weight,
        credentials: credentials(target, state, (chosen.index, tried), gateway.uptime()),
        bounds: Bounds { queue_length_max: limits.queue_length_max, patience },
    };
    let entered = quotas::enter(gateway.clock, &shape, &asking).await;
    let (waited, is_refused) = match &entered {
        Ok(Entered { waited, .. }) => (*waited, false),
        Err(OverQuota { waited, .. }) => (Some(*waited), true),
    };
    if let Some(waited) = waited {
        *total_waited += waited;
        let request_id = call.origin.id.as_str();
        let (provider, priority) = (&*state.meters, claim.priority);
        RequestQueued { request_id, provider, model, priority, waited, is_refused }.emit(&gateway.telemetry);
    }
    let Entered { spend, .. } = entered.map_err(|over| over_quota(target, model, over, patience))?;
    chosen.grant(target, &spend);
    Ok(Some(spend))
}

/// Whether a target's quota is watched at all: of the provider's own accounts, and not where nothing is asked of it or where
/// counting is all that is asked, which is counted apart.
pub(super) fn is_shaped(call: &Call, target: &Target, state: &ProviderState) -> bool {
    call.endpoint.task() != Task::Counting
        && target.custom_host.is_none()
        && bench_of(target, state).is_some()
}

/// The credentials to choose from: the preferred one, then those that were not tried and do not rest.
pub(super) fn credentials(
    target: &Target,
    state: &ProviderState,
    (preferred, tried): (usize, Tried),
    now: Duration,
) -> SmallVec<[CredentialId; 2]> {
    let own = &target.credentials;
    let others = (1..own.len()).map(|step| (preferred + step) % own.len());
    let others = others.filter(|index| !tried.has(*index) && !state.bench.rests(*index, now));
    std::iter::once(preferred).chain(others).filter_map(|index| Some(own.get(index)?.id.clone())).collect()
}

fn over_quota(target: &Target, model: &str, over: OverQuota, patience: Duration) -> FailedAttempt {
    let seconds = over.retry_after.as_millis().div_ceil(1000).max(1);
    let retry_after = Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX));
    let detail = format!(
        "the quota of {}/{model} has no place for this request within {} ms (limits.queue_wait_max, queue_length_max)",
        target.provider.name,
        patience.as_millis(),
    );
    let failure =
        Failure { class: FailureClass::Caller, status: Some(429), retry_after: Some(retry_after), detail };
    let objection = Some(RefusedHere { code: ErrorCode::OverQuota, param: None });
    FailedAttempt { failure, answer: None, objection }
}

/// Takes over what an answer says about the quota of a credential, and that it is a refusal for it.
pub(super) fn heard(
    call: &Call,
    (target, state): (&Target, &Arc<ProviderState>),
    (credential, spend): (&CredentialId, Option<&Spend>),
    result: &Result<Committed, FailedAttempt>,
) {
    if !is_shaped(call, target, state) {
        return;
    }
    let (headers, refused) = match result {
        Ok(committed) => (committed.headers(), None),
        Err(failed) => {
            let refused = Some(&failed.failure);
            let refused = refused.filter(|failure| failure.class == FailureClass::RateLimited);
            (failed.answer.as_ref().map(|answer| &answer.head.headers), refused)
        }
    };
    let gateway = &call.origin.gateway;
    let known = &target.provider.rate_limit_headers;
    let model = call.model_at(target);
    let quota = target.provider.quota(model).map(AsRef::as_ref);
    let read = |headers| reports(headers, known, quota, gateway.wall_clock()).collect();
    let reports: SmallVec<[Report; 4]> = headers.map(read).unwrap_or_default();
    if reports.is_empty() && refused.is_none() {
        return;
    }
    let shape = gateway.quotas.learn(target, model, &state.meters);
    let now = gateway.uptime();
    shape.heard(credential, &reports, spend, now);
    if let Some(refused) = refused {
        let wish = refused.retry_after.filter(|_| target.retry.use_retry_after_header);
        shape.refused(credential, wish, now);
    }
}

#[cfg(test)]
mod tests {
    use super::{ErrorCode, HeaderMap, PRIORITY_HEADER, Priority, Standing, priority};
    use http::HeaderValue;

    fn asked(value: &'static str, standing: Standing) -> Result<Priority, ErrorCode> {
        let headers = HeaderMap::from_iter([(PRIORITY_HEADER, HeaderValue::from_static(value))]);
        priority(&headers, standing).map_err(|refusal| refusal.code)
    }

    #[test]
    fn a_key_may_lower_its_priority_and_raise_it_as_far_as_it_is_allowed() {
        let plain = Standing::default();
        assert_eq!(priority(&HeaderMap::new(), plain).unwrap(), Priority::Standard);
        assert_eq!(asked("batch", plain), Ok(Priority::Batch));
        assert_eq!(asked("standard", plain), Ok(Priority::Standard));
        assert_eq!(asked("realtime", plain), Err(ErrorCode::InvalidHeader));
        let raised = Standing { priority_max: Priority::Realtime, ..plain };
        assert_eq!(asked("realtime", raised), Ok(Priority::Realtime));
        assert_eq!(asked("urgent", raised), Err(ErrorCode::InvalidHeader));
    }
}
