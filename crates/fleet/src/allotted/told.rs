//! What clients are told of their limits and budgets, in headers that SDKs know where there are such.

use std::sync::Arc;
use std::time::Duration;

use domain::allotment::{Allotment, Terms, Unit};
use domain::quota::Counted;
use domain::{ApiKey, Money};
use engine::ledger::{Measured, Reservation, Standing};
use http::{HeaderMap, HeaderName, HeaderValue};

/// OpenAI's headers for how a limit stands (API reference, "Rate limits", "Rate limits in headers"): what there is, what is left, and how
/// long until it is whole.
const OF_REQUESTS: [HeaderName; 3] = [
    HeaderName::from_static("x-ratelimit-limit-requests"),
    HeaderName::from_static("x-ratelimit-remaining-requests"),
    HeaderName::from_static("x-ratelimit-reset-requests"),
];
const OF_TOKENS: [HeaderName; 3] = [
    HeaderName::from_static("x-ratelimit-limit-tokens"),
    HeaderName::from_static("x-ratelimit-remaining-tokens"),
    HeaderName::from_static("x-ratelimit-reset-tokens"),
];
/// How a budget stands, for keys that may see it; one for each.
const BUDGET: HeaderName = HeaderName::from_static("x-tollgate-budget");
/// A budget that is spent beyond one of its thresholds.
const WARNING: HeaderName = HeaderName::from_static("x-tollgate-budget-warning");
/// To how many tokens an answer is bounded, and by which budget.
const CLAMPED: HeaderName = HeaderName::from_static("x-tollgate-output-clamped");

/// What is told about one request.
#[derive(Debug, Default)]
pub struct Told {
    headers: Vec<(HeaderName, HeaderValue)>,
    /// What is held of each budget.
    pub(super) holds: Vec<String>,
}

impl Told {
    /// How things stand just after something was held for it.
    pub fn of(reservation: &Reservation, key: &ApiKey) -> Self {
        let mut told = Self::default();
        told.rates(reservation.standings().map(|(_, standing)| standing));
        for (allotment, standing) in reservation.standings() {
            told.budget(allotment, standing, key.sees_budgets);
        }
        let shown = |(allotment, amount): (&Arc<Allotment>, i128)| match &allotment.terms {
            Terms::Budget(budget) => format!("{}: {}", allotment.name, budget.unit.show(amount)),
            Terms::Rate(_) => allotment.name.to_string(),
        };
        told.holds = reservation.holds().map(shown).collect();
        told
    }

    /// Its answer is bounded.
    pub fn clamped(&mut self, tokens: u64, budget: &str) {
        self.add(&CLAMPED, &format!("{tokens}; budget={budget}"));
    }

    /// Writes all of it.
    pub fn write(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.headers {
            headers.append(name.clone(), value.clone());
        }
    }

    /// The limits with the smallest part left, one of requests and one of tokens.
    pub fn rates<'s>(&mut self, standings: impl Iterator<Item = &'s Standing>) {
        let (mut requests, mut tokens) = (None, None);
        for standing in standings {
            let kept = match standing.measured {
                Measured::Rate(Counted::Requests, _) => &mut requests,
                Measured::Rate(..) => &mut tokens,
                Measured::Concurrency | Measured::Budget(..) => continue,
            };
            if kept.is_none_or(|kept| is_scarcer(standing, kept)) {
                *kept = Some(standing);
            }
        }
        for (names, standing) in [(&OF_REQUESTS, requests), (&OF_TOKENS, tokens)] {
            let Some(standing) = standing else { continue };
            let reset = standing.resets_in.unwrap_or_default();
            let [limit, remaining, resets] = names;
            self.add(limit, &standing.limit.to_string());
            self.add(remaining, &standing.left().to_string());
            self.add(resets, &go_duration(reset));
        }
    }

    fn budget(&mut self, allotment: &Allotment, standing: &Standing, is_seen: bool) {
        let Terms::Budget(budget) = &allotment.terms else { return };
        if let Some(percent) = budget.warn_at.iter().rev().find(|percent| standing.has_passed(**percent)) {
            self.add(&WARNING, &format!("{}; percent={percent}", allotment.name));
        }
        if is_seen {
            self.add(&BUDGET, &state(allotment, standing, budget.unit));
        }
    }

    fn add(&mut self, name: &HeaderName, value: &str) {
        self.headers.extend(HeaderValue::from_str(value).ok().map(|value| (name.clone(), value)));
    }
}

fn is_scarcer(one: &Standing, other: &Standing) -> bool {
    one.left().saturating_mul(other.limit) < other.left().saturating_mul(one.limit)
}

/// `search; unit=usd; limit=5; spent=1.25; held=0.03; resets=3600`.
fn state(allotment: &Allotment, standing: &Standing, unit: Unit) -> String {
    let amount = |amount: i128| match unit {
        Unit::Money => Money::from_pico_usd(amount).to_string(),
        _ => amount.to_string(),
    };
    let mut state = format!(
        "{}; unit={}; limit={}; spent={}; held={}",
        allotment.name,
        unit.name(),
        amount(standing.limit),
        amount(standing.used),
        amount(standing.held),
    );
    if let Some(resets) = standing.resets_in {
        state.push_str(&format!("; resets={}", resets.as_secs()));
    }
    state
}

/// A time as OpenAI writes it in these headers: `17ms`, `1s`, `6m0s`.
fn go_duration(time: Duration) -> String {
    let milliseconds = time.as_nanos().div_ceil(1_000_000);
    let (seconds, rest) = (milliseconds / 1_000, milliseconds % 1_000);
    let (hours, minutes, left) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, left, rest) {
        (0, 0, 0, rest) => format!("{rest}ms"),
        (0, 0, left, 0) => format!("{left}s"),
        (0, 0, left, rest) => format!("{left}.{rest:03}s"),
        (0, minutes, left, _) => format!("{minutes}m{left}s"),
        (hours, minutes, left, _) => format!("{hours}h{minutes}m{left}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, go_duration};

    #[test]
    fn times_are_written_as_openai_writes_them() {
        for (milliseconds, text) in [
            (0, "0ms"),
            (17, "17ms"),
            (1_000, "1s"),
            (1_250, "1.250s"),
            (360_000, "6m0s"),
            (7_384_000, "2h3m4s"),
        ] {
            assert_eq!(go_duration(Duration::from_millis(milliseconds)), text);
        }
    }
}
