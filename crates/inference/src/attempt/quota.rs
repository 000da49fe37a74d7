//! The provider's quota before an attempt: who may call now, who waits, and what the answer says is left.

use std::sync::Arc;
use std::time::Duration;

use domain::quota::Standing;
use domain::route::Target;
use domain::{CredentialId, ErrorCode, FailureClass, Priority};
use engine::credentials::Tried;
use engine::quota::{self, Bounds, Cost, Report, reports};
use fleet::quotas::{self, Asking, Entered, OverQuota, Spend};
use http::{HeaderMap, HeaderName, HeaderValue};
use smallvec::SmallVec;
use telemetry::events::RequestQueued;

use super::Call;
use super::chosen::Chosen;
use super::failed::{FailedAttempt, RefusedHere};
use super::hold::Committed;
use super::view::View;
use crate::pinned::ProviderState;
use crate::refusal::Refusal;

/// The priority of a request.
const PRIORITY_HEADER: HeaderName = HeaderName::from_static("x-tollgate-priority");

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
        let (facts, input) = (&call.facts, call.estimated_tokens());
        let cost = Cost::thought(call.endpoint, input, facts.max_output_tokens, facts.choices);
        Ok(Self { cost, priority })
    }
}

fn priority(headers: &HeaderMap, standing: Standing) -> Result<Priority, Refusal> {
    let refuse = |problem: String| Refusal::new(ErrorCode::InvalidHeader, problem);
    let unknown = || refuse(format!("`{PRIORITY_HEADER}` is `realtime`, `standard` or `batch`"));
    let read = |value: &HeaderValue| value.to_str().ok().and_then(Priority::named).ok_or_else(unknown);
    let asked = headers.get(PRIORITY_HEADER).map(read).transpose()?;
    standing.priority(asked).map_err(|most| {
        let most = most.name();
        refuse(format!("`{PRIORITY_HEADER}` may be `{most}` at most for this key (keys[].priority_max)"))
    })
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
    let bounds = Bounds::of(&call.pinned.snapshot.limits, &target.timeouts);
    let tried = if chosen.bound { Tried::all() } else { tried };
    let asking = Asking {
        cost: claim.cost,
        priority: claim.priority,
        key: &call.origin.key.name,
        weight: call.origin.key.standing.weight,
        credentials: state.bench.in_turn(&target.credentials, (chosen.index, tried), gateway.uptime()),
        bounds,
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
    let Entered { spend, .. } = entered.map_err(|over| {
        let failure = quota::over_quota(target, model, over.retry_after, bounds.patience);
        let objection = Some(RefusedHere { code: ErrorCode::OverQuota, param: None });
        FailedAttempt { failure, answer: None, objection }
    })?;
    chosen.grant(target, &spend);
    Ok(Some(spend))
}

/// Whether a target's quota is watched at all.
pub(super) fn is_shaped(call: &Call, target: &Target, state: &ProviderState) -> bool {
    quota::is_shaped(call.endpoint, target, &state.provider)
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
