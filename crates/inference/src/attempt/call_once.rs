//! One attempt, from its first byte to an answer that is sure.

use std::sync::Arc;
use std::time::Duration;

use domain::{Credential, Target};
use http::HeaderValue;
use tokio::time::Instant;

use super::encode::{Encoded, WayBack, encode};
use super::exchange::{AttemptSettings, exchange, origin_of};
use super::failed::FailedAttempt;
use super::gather::Gathering;
use super::hold::{Committed, commit};
use super::{Call, counting, upgrade};
use crate::pinned::ProviderState;

/// How long a request waits for the first token of a sign-in that has only just begun.
const FIRST_TOKEN_WAIT: Duration = Duration::from_secs(2);

/// What an attempt took besides its answer.
#[derive(Debug, Default)]
pub(super) struct Spent {
    /// Time spent waiting for the provider.
    pub(super) waited: Duration,
    /// What of the request the target's format does not carry.
    pub(super) dropped: Option<HeaderValue>,
}

/// Makes one attempt.
///
/// # Errors
/// When there is no answer that is sure, whoever is at fault.
pub(super) async fn call_once(
    call: &Call,
    target: &Target,
    state: &ProviderState,
    credential: &Credential,
    spent: &mut Spent,
) -> Result<Committed, FailedAttempt> {
    if counting::is_estimated(call, target) {
        return counting::estimate(call, target).await.map(Committed::Estimated);
    }
    let gateway = Arc::clone(&call.origin.gateway);
    if let Some(pending) = credential.pending() {
        let began = Instant::now();
        // What there is of a token by then, `encode` finds out.
        let _ = tokio::time::timeout(FIRST_TOKEN_WAIT, pending).await;
        spent.waited += began.elapsed();
    }
    let Encoded { request, further, results, way_back, dropped } = encode(call, target, credential)?;
    spent.dropped = dropped;
    let origin = origin_of(target, &state.origin, &gateway.transport);
    let streamed = call.facts.stream;
    let is_foreign = !matches!(way_back, WayBack::Same { .. } | WayBack::Upgraded);
    let now = gateway.wall_clock();
    let began = Instant::now();
    let settings = AttemptSettings { target, credential, now, began, streamed, is_foreign };
    let limits = &call.pinned.snapshot.limits;
    let committed = match way_back {
        WayBack::Upgraded => upgrade::open(request, &gateway.transport, &settings).await,
        WayBack::Translated(interpreter) if !further.is_empty() || interpreter.may_be_unfinished() => {
            let requests = std::iter::once(request).chain(further);
            let gathering = Gathering {
                interpreter: &interpreter,
                results: results.as_ref(),
                origin: &origin,
                settings: &settings,
                limits,
                budget: &gateway.budget,
            };
            gathering.gather(requests).await
        }
        way_back => match exchange(request, &origin, &settings).await {
            Ok(answered) => {
                commit(answered, call.endpoint, way_back, &settings, limits, &gateway.budget).await
            }
            Err(failed) => Err(failed),
        },
    };
    spent.waited += began.elapsed();
    committed
}
