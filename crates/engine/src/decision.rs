//! Why a request went where it went: every target of its route with what spoke against it, and every attempt.

use std::fmt;

use domain::Money;
use serde::Serialize;

use crate::Load;

/// The decision on one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// The saved route; absent for one of the request's own and for `provider/model`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// In which arm it is of each canary of the route that it comes to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub canaries: Vec<Assigned>,
    /// Every target of the route, in its order.
    pub targets: Vec<Considered>,
    /// What was called, in order; empty for a decision that was not carried out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempted>,
    /// What is held for it of each budget.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<String>,
    /// Whether every target that fits rests, so that they are called in order all the same.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bypass: bool,
    /// How many targets were left out here for want of room.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: usize,
}

/// The arm of the request at a canary, as the canary was at that moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assigned {
    /// Its place in the route; empty at the root.
    pub place: String,
    /// `baseline` or `canary`.
    pub arm: &'static str,
    /// The step, from 1 on.
    pub step: usize,
    /// How many steps there are.
    pub steps: usize,
    /// The share of the requests that the canary gets, in percent.
    pub share_percent: u32,
    /// `running`, `rolled_back` or `promoted`.
    pub state: &'static str,
}

/// A target as it was seen when the first was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Considered {
    /// Its place in the route: `targets[1].targets[0]`; empty for a lone target.
    pub place: String,
    /// `provider/model`.
    pub target: String,
    /// Where it serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Its turn when all before it fail, from 1; absent where it is not called, and where nobody asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn: Option<usize>,
    /// What speaks against it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded: Option<Exclusion>,
    /// What a balancer would judge it by; absent where it is excluded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
    /// Its credentials that too little is left for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<Without>,
}

/// A credential that a target is not called with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Without {
    /// Its id.
    pub credential: String,
    /// Why, in words.
    pub detail: String,
}

/// What balancers judge a target by, as it was when the first was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Score {
    /// Calls under way (`least_busy`, `latency`).
    pub pending: u32,
    /// To the first content, or to the whole answer where it is not streamed (`latency`); absent before any call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// How much of its provider's quota is used, in percent (`usage`).
    pub quota_used_percent: u32,
    /// What the request is likely to cost, in dollars (`cost`); absent where nobody knows its prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub likely_cost_usd: Option<String>,
}

impl Score {
    /// Of a target that is as busy and as fast as said.
    #[must_use]
    pub fn of(load: Load, likely_cost: Option<Money>) -> Self {
        let latency = u64::try_from(load.latency.as_millis()).unwrap_or(u64::MAX);
        Self {
            pending: load.pending,
            latency_ms: (latency > 0).then_some(latency),
            quota_used_percent: load.used / 10,
            likely_cost_usd: likely_cost.map(|cost| cost.to_string()),
        }
    }
}

/// What speaks against a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exclusion {
    /// As a label.
    pub reason: Reason,
    /// In words.
    pub detail: String,
}

/// The kinds of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is where the request must not be served.
    Region,
    /// The request's facts lead to another branch.
    Facts,
    /// Its model lacks what the request needs.
    Lacks,
    /// Its circuit breaker, or that of its provider, is open.
    Breaker,
    /// All of its credentials rest.
    Credentials,
    /// Whoever asks said that it is down.
    Down,
    /// A call would have to wait for its provider's quota.
    Quota,
    /// A rate limit has too little left for it.
    Limit,
    /// A budget has too little left for it.
    Budget,
}

impl Reason {
    /// Whether it may be over in a while, so that the target is called all the same where nothing else is left.
    #[must_use]
    pub fn is_rest(self) -> bool {
        matches!(self, Self::Breaker | Self::Credentials | Self::Down | Self::Quota)
    }
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempted {
    /// The target's place in the route.
    pub place: String,
    /// `provider/model`.
    pub target: String,
    /// The id of the credential.
    pub credential: String,
    /// When it began, in milliseconds since the request was there.
    pub began_ms: u64,
    /// How long it had waited for its provider's quota before it began.
    #[serde(skip_serializing_if = "is_no_time")]
    pub queued_ms: u64,
    /// How long it took to its end, or to the first content of an answer that is streamed.
    pub took_ms: u64,
    /// Whether a breaker was open, so that it was made for want of anything better.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bypass: bool,
    /// `served`, or the class of the failure.
    pub outcome: &'static str,
    /// The provider's status, when it gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Decision {
    /// As JSON of at most so many bytes. Targets that were not called are left out first, from the end.
    #[must_use]
    pub fn to_json(&self, bytes_max: usize) -> String {
        let mut shown = self.clone();
        loop {
            let text = serde_json::to_string(&shown).unwrap_or_default();
            if text.len() <= bytes_max {
                return text;
            }
            if shown.targets.pop().is_some() {
                shown.left_out += 1;
            } else if shown.attempts.pop().is_none() {
                return "{}".to_owned();
            }
        }
    }

    /// The targets that are called when each of them fails, in order.
    #[must_use]
    pub fn course(&self) -> Vec<&str> {
        let mut turns: Vec<_> =
            self.targets.iter().filter_map(|one| Some((one.turn?, &*one.target))).collect();
        turns.sort_unstable();
        turns.into_iter().map(|(_, target)| target).collect()
    }
}

impl fmt::Display for Decision {
    /// A line for the route and one for each target, for people.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.route {
            Some(route) => writeln!(formatter, "route {route}")?,
            None => writeln!(formatter, "no saved route")?,
        }
        self.canaries.iter().try_for_each(|canary| writeln!(formatter, "{canary}"))?;
        if self.bypass {
            writeln!(formatter, "  all targets rest; they are called in order all the same")?;
        }
        self.targets.iter().try_for_each(|target| writeln!(formatter, "{target}"))
    }
}

impl fmt::Display for Assigned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, arm, step, steps, share_percent, state } = self;
        let place = if place.is_empty() { String::new() } else { format!("  ({place})") };
        let state = state.replace('_', " ");
        write!(
            formatter,
            "  {arm} of a canary{place}  {state} at step {step} of {steps}, which gets {share_percent} %"
        )
    }
}

impl fmt::Display for Considered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let turn = match (self.turn, &self.excluded) {
            (Some(turn), _) => format!("{turn}."),
            (None, Some(_)) => "✗".to_owned(),
            (None, None) => "·".to_owned(),
        };
        write!(formatter, "  {turn:<3} {}", self.target)?;
        if !self.place.is_empty() {
            write!(formatter, "  ({})", self.place)?;
        }
        match &self.excluded {
            Some(excluded) => write!(formatter, "  {}", excluded.detail)?,
            None if self.turn.is_none() => {
                write!(formatter, "  not drawn this time, or not reached by any failure")?;
            }
            None => {}
        }
        self.without.iter().try_for_each(|without| write!(formatter, "  {without}"))
    }
}

impl fmt::Display for Without {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "without {}: {}", self.credential, self.detail)
    }
}

impl fmt::Display for Attempted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let detail = self.detail.as_deref().unwrap_or_default();
        write!(formatter, "{}: {} ({detail}) after {} ms", self.target, self.outcome, self.took_ms)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_no_time(milliseconds: &u64) -> bool {
    *milliseconds == 0
}

#[cfg(test)]
mod tests {
    use super::{Assigned, Attempted, Considered, Decision, Exclusion, Reason, Without};

    fn considered(number: usize) -> Considered {
        let excluded =
            Exclusion { reason: Reason::Breaker, detail: "rests, having failed too often".to_owned() };
        Considered {
            place: format!("targets[{number}]"),
            target: format!("p/model-{number}"),
            region: None,
            turn: (number == 1).then_some(1),
            score: None,
            excluded: (number == 0).then_some(excluded),
            without: Vec::new(),
        }
    }

    fn decision(targets: usize) -> Decision {
        let attempted = Attempted {
            place: "targets[1]".to_owned(),
            target: "p/model-1".to_owned(),
            credential: "p#1".to_owned(),
            began_ms: 0,
            queued_ms: 0,
            took_ms: 7,
            bypass: false,
            outcome: "served",
            status: Some(200),
            detail: None,
        };
        Decision {
            route: Some("r".to_owned()),
            canaries: Vec::new(),
            targets: (0..targets).map(considered).collect(),
            attempts: vec![attempted],
            holds: Vec::new(),
            bypass: false,
            left_out: 0,
        }
    }

    #[test]
    fn a_decision_is_cut_to_its_bound_and_says_so() {
        let whole = decision(100);
        let full: serde_json::Value = serde_json::from_str(&whole.to_json(usize::MAX)).unwrap();
        assert_eq!((full["targets"].as_array().unwrap().len(), full.get("left_out")), (100, None));
        let cut = whole.to_json(1024);
        assert!(cut.len() <= 1024);
        let cut: serde_json::Value = serde_json::from_str(&cut).unwrap();
        let shown = cut["targets"].as_array().unwrap().len();
        assert_eq!(cut["left_out"], 100 - shown);
        assert_eq!(cut["attempts"].as_array().unwrap().len(), 1);
        assert_eq!(whole.to_json(1), "{}");
    }

    #[test]
    fn people_see_the_turns_and_what_speaks_against_the_others() {
        let expected = "route r\n  ✗   p/model-0  (targets[0])  rests, having failed too often\n  1.  p/model-1  (targets[1])\n  ·   p/model-2  \
                        (targets[2])  not drawn this time, or not reached by any failure\n";
        assert_eq!(decision(3).to_string(), expected);
        assert_eq!(decision(3).course(), ["p/model-1"]);
    }

    #[test]
    fn people_see_the_credentials_that_are_not_used() {
        let without = Without { credential: "p#1".to_owned(), detail: "the budget `b` is spent".to_owned() };
        let shown = Considered { without: vec![without], ..considered(1) }.to_string();
        assert_eq!(shown, "  1.  p/model-1  (targets[1])  without p#1: the budget `b` is spent");
    }

    #[test]
    fn people_see_the_arm_and_how_far_the_canary_is() {
        let assigned = Assigned {
            place: "targets[1]".to_owned(),
            arm: "baseline",
            step: 2,
            steps: 5,
            share_percent: 0,
            state: "rolled_back",
        };
        let told = Decision { canaries: vec![assigned], ..decision(0) }.to_string();
        let expected =
            "route r\n  baseline of a canary  (targets[1])  rolled back at step 2 of 5, which gets 0 %\n";
        assert_eq!(told, expected);
    }
}
