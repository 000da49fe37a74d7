//! How one call of a provider goes: decided when it begins, from how the provider does, what goes wrong with it by then, and luck.

use std::time::Duration;

use domain::provider::{ErrorRule, RateLimitHeaders};
use domain::{Failure, FailureClass, TimeoutStage, Timeouts};
use engine::classify;
use engine::classify::ErrorFacts;
use engine::ledger::Tokens;
use engine::retry_after::retry_after;
use http::HeaderMap;
use jiff::Timestamp;

use crate::behaviour::{Account, Behaviour};
use crate::fault::{Effect, Fault};
use crate::luck::Luck;
use crate::spread::seconds;

/// How long a refused connection takes.
const REFUSED_AFTER: Duration = Duration::from_millis(1);
/// How long what has no limit and no answer takes.
const FOR_EVER: Duration = Duration::from_secs(30 * 24 * 3_600);

/// How a call goes, in times from its beginning.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fate {
    /// It fails before its answer.
    Fails { after: Duration, failure: Failure },
    /// It is answered.
    Answers {
        /// When the first content is there; that of an answer that is not streamed is all of it.
        first: Duration,
        /// When the answer ends.
        ends: Duration,
        /// Whether it breaks off there.
        breaks_off: bool,
    },
}

/// What its answer says about the provider's quota; absent where it says nothing.
pub(crate) type Told = Option<Box<HeaderMap>>;

/// What is called.
#[derive(Debug)]
pub(crate) struct Callee<'p> {
    pub(crate) behaviour: &'p Behaviour,
    /// Those that befall the target.
    pub(crate) faults: &'p [Fault],
    pub(crate) error_rules: &'p [ErrorRule],
    /// The headers in which its answers tell of its quota.
    pub(crate) rate_limit_headers: &'p RateLimitHeaders,
}

/// A call.
#[derive(Debug)]
pub(crate) struct Call<'c> {
    pub(crate) now: Duration,
    /// What the clock says then.
    pub(crate) clock: Timestamp,
    pub(crate) is_stream: bool,
    pub(crate) tokens: Tokens,
    pub(crate) timeouts: &'c Timeouts,
    pub(crate) luck: Luck,
}

/// All of the luck of a call, drawn whether or not it matters, so that a fault changes nothing else.
struct Draws {
    first: f64,
    per_token: f64,
    error_after: f64,
    error: f64,
    fault: f64,
    limited: f64,
    cut: f64,
    place: f64,
}

impl Draws {
    fn of(behaviour: &Behaviour, luck: &mut Luck) -> Self {
        Self {
            first: behaviour.first_token.draw(luck),
            per_token: behaviour.per_token.draw(luck),
            error_after: behaviour.error_after.draw(luck),
            error: luck.share(),
            fault: luck.share(),
            limited: luck.share(),
            cut: luck.share(),
            place: luck.share(),
        }
    }
}

impl Callee<'_> {
    /// How a call goes, and what its answer says; `account` is what is left to its credential.
    pub(crate) fn fate(&self, mut call: Call<'_>, account: Option<&mut Account>) -> (Fate, Told) {
        let draws = Draws::of(self.behaviour, &mut call.luck);
        let effect = self.effect(call.now);
        if effect.is_down {
            return (fails(REFUSED_AFTER, FailureClass::Connect), None);
        }
        let (refusal, told) = self.charged(&draws, &effect, account, &call);
        let refusal = refusal.or_else(|| self.mishap(&draws, &effect));
        if let Some(failure) = refusal {
            let after = seconds(draws.error_after * effect.slow);
            return (within(call.timeouts, Fate::Fails { after, failure }, call.is_stream), told);
        }
        let first = if effect.is_silent { FOR_EVER } else { seconds(draws.first * effect.slow) };
        let per_token = draws.per_token * effect.slow;
        let ends = first + seconds(per_token * call.tokens.output.saturating_sub(1) as f64);
        let fate = if call.is_stream {
            Fate::Answers { first, ends, breaks_off: false }
        } else {
            Fate::Answers { first: ends, ends, breaks_off: false }
        };
        let cut = (draws.cut < effect.cut_rate).then(|| first + (ends - first).mul_f64(draws.place));
        let fate = cut_at(fate, [cut, self.outage(call.now)]);
        (within(call.timeouts, fate, call.is_stream), told)
    }

    /// What goes wrong by now.
    fn effect(&self, now: Duration) -> Effect {
        let on = self.faults.iter().filter(|fault| fault.is_on(now));
        on.fold(Effect::NOTHING, |sum, fault| sum.and(fault.effect))
    }

    /// Takes a call from its quota: the 429 where there is not enough left, and what the answer says about it.
    fn charged(
        &self,
        draws: &Draws,
        effect: &Effect,
        account: Option<&mut Account>,
        call: &Call<'_>,
    ) -> (Option<Failure>, Told) {
        let (limited, wish) = effect.limited;
        if draws.limited < limited {
            return (Some(self.error(429, wish)), None);
        }
        let Some(account) = account else { return (None, None) };
        let known = self.rate_limit_headers;
        let wait = account.take(call.tokens, call.now).err();
        if wait.is_none() && known.quotas.is_empty() {
            return (None, None);
        }
        let headers = account.headers(known, wait, call.now);
        let refusal = wait.map(|_| self.error(429, retry_after(&headers, known, call.clock)));
        (refusal, Some(Box::new(headers)))
    }

    /// The error that the provider answers with for another reason, if it does.
    fn mishap(&self, draws: &Draws, effect: &Effect) -> Option<Failure> {
        let (rate, status) = effect.errors;
        if draws.fault < rate {
            return Some(self.error(status, None));
        }
        (draws.error < self.behaviour.error_rate).then(|| self.error(self.behaviour.error_status, None))
    }

    fn error(&self, status: u16, retry_after: Option<Duration>) -> Failure {
        let facts = ErrorFacts { status, ..ErrorFacts::default() };
        let class = classify(facts, self.error_rules);
        Failure { class, status: Some(status), retry_after, detail: String::new() }
    }

    /// When, from now, an outage begins that a call under way does not survive.
    fn outage(&self, now: Duration) -> Option<Duration> {
        let outages = self.faults.iter().filter(|fault| fault.effect.is_down);
        outages.filter_map(|fault| fault.next(now)).min().map(|begins| begins - now)
    }
}

/// What becomes of a fate when the connection breaks at the first of some times.
fn cut_at(fate: Fate, times: [Option<Duration>; 2]) -> Fate {
    let Some(cut) = times.into_iter().flatten().min() else { return fate };
    match fate {
        Fate::Answers { first, .. } if cut < first => fails(cut, FailureClass::Broken),
        Fate::Answers { first, ends, .. } if cut < ends => {
            Fate::Answers { first, ends: cut, breaks_off: true }
        }
        other => other,
    }
}

/// What becomes of a fate within time limits: up to the first content another target can still be tried.
fn within(timeouts: &Timeouts, fate: Fate, is_stream: bool) -> Fate {
    let first_token = timeouts.first_token.map(|limit| (limit, TimeoutStage::FirstToken));
    let total = timeouts.total.map(|limit| (limit, TimeoutStage::Total));
    let before_content = [first_token, total].into_iter().flatten().min_by_key(|(limit, _)| *limit);
    match (fate, before_content, total) {
        (Fate::Fails { after: first, .. } | Fate::Answers { first, .. }, Some((limit, stage)), _)
            if first > limit =>
        {
            fails(limit, FailureClass::Timeout(stage))
        }
        (Fate::Answers { first, ends, .. }, _, Some((limit, _))) if is_stream && ends > limit => {
            Fate::Answers { first, ends: limit, breaks_off: true }
        }
        (fate, ..) => fate,
    }
}

fn fails(after: Duration, class: FailureClass) -> Fate {
    Fate::Fails { after, failure: Failure::without_status(class, String::new()) }
}

#[cfg(test)]
mod tests;
