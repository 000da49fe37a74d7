//! A second call beside one that takes long: who answers first is heard, the other is dropped, which closes its connection.
//!
//! When the second call begins, the walk moves on to its target. So what follows when both fail is what follows when the first had
//! failed and then the second.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use domain::race;
use telemetry::ProviderMeters;
use telemetry::events::{HedgeEnded, HedgeOutcome};

use super::Call;
use super::dispatch::Dispatch;
use super::failed::{FailedAttempt, may_be_charged};
use super::hold::Committed;
use super::leg::Leg;

/// The end of a call.
pub(super) type End = Result<Committed, FailedAttempt>;

/// How a call ended that could have been joined by another.
enum Race {
    Alone(Box<End>),
    /// The second call, and how both ended: none for one that the other outran.
    Joined(Box<(Leg, Option<End>, Option<End>)>),
}

impl Dispatch<'_> {
    /// Makes a call, joined by a second one where the route says so and the first takes long. What comes back is the call that decides, and
    /// how it ended.
    pub(super) async fn make(&mut self, mut first: Leg) -> (Leg, End) {
        let objection = self.fitness.objection(&first.target);
        let patience = if objection.is_none() { self.patience(&first) } else { None };
        let Some(patience) = patience else {
            let end = first.run(&self.outlook, objection).await;
            return (first, end);
        };
        // Apart, since it holds two calls, and most requests have room for one.
        match Box::pin(self.race(&mut first, patience)).await {
            Race::Alone(end) => (first, *end),
            Race::Joined(joined) => {
                let (second, ahead, behind) = *joined;
                self.settle(first, second, ahead, behind)
            }
        }
    }

    /// How long a call is waited for before it is joined; none where it is not.
    fn patience(&self, leg: &Leg) -> Option<Duration> {
        let call = self.call;
        let race = self.walk.race().filter(|_| may_be_doubled(call))?;
        race.called();
        let health = &call.origin.gateway.health;
        race.patience(|percent| health.quantile(&leg.target, call.model_at(&leg.target), percent))
    }

    async fn race(&mut self, first: &mut Leg, patience: Duration) -> Race {
        let (call, view) = (self.call, self.outlook);
        let meters = Arc::clone(&first.state.meters);
        let mut ahead = pin!(first.run(&view, None));
        if let Ok(end) = tokio::time::timeout(patience, ahead.as_mut()).await {
            return Race::Alone(Box::new(end));
        }
        let Some(mut second) = self.join() else { return Race::Alone(Box::new(ahead.await)) };
        second.spent.waited = patience;
        let mut hedge = Hedge::between(call, meters, &second);
        let (ahead, behind) = contest(ahead, pin!(second.run(&view, None))).await;
        hedge.ended(ahead.as_ref(), behind.as_ref());
        Race::Joined(Box::new((second, ahead, behind)))
    }

    /// Begins the second call, at the next target that does not rest; none where there is no such target, where the share of second calls
    /// or the retry budget is used up, and where it would have to wait for a quota.
    fn join(&mut self) -> Option<Leg> {
        let joined = self.walk.joined(&mut self.outlook)?;
        let target = Arc::clone(joined.target()?);
        if self.fitness.objection(&target).is_some() || self.outlook.rest(&target).is_some() {
            return None;
        }
        if !(self.walk.race()?.take() && self.ending.affords(2).is_ok() && self.allowance.spend()) {
            self.call.origin.gateway.telemetry.meters().hedge_ended(HedgeOutcome::Capped);
            return None;
        }
        self.walk = joined;
        self.begin_elsewhere(target)
    }

    /// Notes how both calls ended, and gives back the one that decides.
    fn settle(
        &mut self,
        mut first: Leg,
        mut second: Leg,
        ahead: Option<End>,
        behind: Option<End>,
    ) -> (Leg, End) {
        match (ahead, behind) {
            (Some(Ok(committed)), behind) => {
                self.left_behind(&mut second, behind);
                self.ending.served_by(&first.state, first.model(self.call));
                self.knows(&first);
                (first, Ok(committed))
            }
            (ahead, Some(end)) => {
                self.left_behind(&mut first, ahead);
                (second, end)
            }
            // A contest ends with an answer or two failures, so this one has no second end to tell but the first's.
            (ahead, None) => {
                let end = ahead.unwrap_or_else(|| Err(FailedAttempt::broken("neither call ended")));
                (first, end)
            }
        }
    }

    /// Notes the call that does not decide: it failed, or was outrun.
    fn left_behind(&mut self, leg: &mut Leg, end: Option<End>) {
        let call = self.call;
        match end {
            Some(Err(failed)) => {
                self.ending.failed(leg.call_number(), may_be_charged(&failed));
                self.ending.unanswered_by(&leg.target, failed.failure.class);
                self.attempts.failed(leg.attempted(call, Err(&failed.failure)), &failed);
            }
            Some(Ok(_)) | None => {
                leg.outrun();
                self.ending.loses_call(leg.call_number());
                self.attempts.served(|| leg.attempted(call, Ok("outrun")));
            }
        }
    }
}

/// Waits until one of two calls is answered, or both have failed.
async fn contest(
    mut ahead: Pin<&mut impl Future<Output = End>>,
    mut behind: Pin<&mut impl Future<Output = End>>,
) -> (Option<End>, Option<End>) {
    let (mut first, mut second) = (None, None);
    while first.is_none() || second.is_none() {
        tokio::select! {
            biased;
            end = ahead.as_mut(), if first.is_none() => first = Some(end),
            end = behind.as_mut(), if second.is_none() => second = Some(end),
        }
        if matches!((&first, &second), (Some(Ok(_)), _) | (_, Some(Ok(_)))) {
            break;
        }
    }
    (first, second)
}

/// Whether nothing but an answer comes of a request, so that asking twice does no harm.
pub(super) fn may_be_doubled(call: &Call) -> bool {
    let is_bound = call.form.is_some() || call.kept.is_some() || call.owner.is_some();
    let is_stored = || {
        let store = call.document.member("store").ok().flatten();
        store.and_then(|store| store.as_bool()).unwrap_or(true)
    };
    race::may_be_doubled(call.endpoint, is_bound, is_stored)
}

/// A second call under way. Dropped before its end, its client has left.
struct Hedge<'c> {
    call: &'c Call,
    first: Arc<ProviderMeters>,
    second: Arc<ProviderMeters>,
    outcome: HedgeOutcome,
}

impl<'c> Hedge<'c> {
    fn between(call: &'c Call, first: Arc<ProviderMeters>, second: &Leg) -> Self {
        Self { call, first, second: Arc::clone(&second.state.meters), outcome: HedgeOutcome::Cancelled }
    }

    fn ended(&mut self, ahead: Option<&End>, behind: Option<&End>) {
        self.outcome = match (ahead, behind) {
            (Some(Ok(_)), _) => HedgeOutcome::Lost,
            (_, Some(Ok(_))) => HedgeOutcome::Won,
            _ => HedgeOutcome::Failed,
        };
    }
}

impl Drop for Hedge<'_> {
    fn drop(&mut self) {
        let event = HedgeEnded {
            request_id: self.call.origin.id.as_str(),
            first: &self.first,
            second: &self.second,
            outcome: self.outcome,
        };
        event.emit(&self.call.origin.gateway.telemetry);
    }
}
