//! What goes wrong, for whom and when. Faults are known beforehand, so that a call under way can be cut where an outage begins.

use std::time::Duration;

use engine::route::time::TimeSpan;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::behaviour::{BehaviourSpec, Whom};
use crate::problem::{Problem, problem};

/// Faults, and providers as they are in them.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultsSpec {
    /// How providers do on a usual day; these go before those of the traffic.
    #[serde(default)]
    pub providers: Vec<BehaviourSpec>,
    /// What goes wrong; several at a time add up.
    #[serde(default)]
    pub faults: Vec<FaultSpec>,
}

/// One thing that goes wrong.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultSpec {
    /// Whom it befalls: each `provider`, `provider/model`, or a pattern with `*`.
    pub targets: Vec<String>,
    /// When it begins, after the traffic does; at once when absent.
    pub from: Option<TimeSpan>,
    /// How long it lasts; to the end when absent.
    #[serde(rename = "for")]
    pub lasting: Option<TimeSpan>,
    /// It comes and goes: once in this time,
    pub every: Option<TimeSpan>,
    /// for this long.
    pub flap: Option<TimeSpan>,
    /// Connections are refused, and calls under way break off.
    #[serde(default)]
    pub down: bool,
    /// Calls are taken and never answered.
    #[serde(default)]
    pub silent: bool,
    /// How many times longer everything takes.
    #[schemars(range(min = 1, max = 10_000))]
    pub slow: Option<f64>,
    /// What part of the calls fails.
    #[schemars(range(min = 0, max = 1))]
    pub error_rate: Option<f64>,
    /// With which status; 500 when absent.
    #[schemars(range(min = 400, max = 599))]
    pub error_status: Option<u16>,
    /// What part of the calls is refused with 429.
    #[schemars(range(min = 0, max = 1))]
    pub limited: Option<f64>,
    /// How long that 429 asks to wait; it does not say when absent.
    pub retry_after: Option<TimeSpan>,
    /// What part of the answers breaks off halfway.
    #[schemars(range(min = 0, max = 1))]
    pub cut_rate: Option<f64>,
}

/// One thing that goes wrong, compiled.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    whom: Vec<Whom>,
    window: Window,
    /// What it does.
    pub(crate) effect: Effect,
}

/// When it is.
#[derive(Debug, Clone, Copy)]
struct Window {
    from: Duration,
    until: Duration,
    /// Once in the first time, for the second.
    flap: Option<(Duration, Duration)>,
}

/// What a fault does to calls that begin during it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Effect {
    pub(crate) is_down: bool,
    pub(crate) is_silent: bool,
    pub(crate) slow: f64,
    /// A part of the calls, and their status.
    pub(crate) errors: (f64, u16),
    /// A part of the calls, and what they ask for.
    pub(crate) limited: (f64, Option<Duration>),
    pub(crate) cut_rate: f64,
}

impl Fault {
    /// `None` when something is wrong, which is reported then.
    pub(crate) fn compile(
        spec: &FaultSpec,
        path: &str,
        targets: &[String],
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let found = problems.len();
        let whom: Vec<_> = spec.targets.iter().map(|target| Whom::new(target)).collect();
        for (place, objection) in whom.iter().map(|whom| whom.objection(targets)).enumerate() {
            problems.extend(objection.map(|message| problem(format!("{path}.targets[{place}]"), message)));
        }
        if whom.is_empty() {
            problems.push(problem(format!("{path}.targets"), "it names nobody whom the fault befalls"));
        }
        let effect = Effect::of(spec);
        if effect == Effect::NOTHING {
            let message = "nothing goes wrong; add `down: true`, `silent: true`, `slow`, `error_rate`, `limited` or `cut_rate`";
            problems.push(problem(path, message));
        }
        let window = Window::of(spec);
        if window.is_none() {
            let message =
                "what comes and goes needs both `every` and a `flap` that is above zero and shorter than it";
            problems.push(problem(format!("{path}.flap"), message));
        }
        let window = window.filter(|_| problems.len() == found)?;
        Some(Self { whom, window, effect })
    }

    /// Whether a target is befallen by it.
    pub(crate) fn befalls(&self, target: &str) -> bool {
        self.whom.iter().any(|whom| whom.means(target))
    }

    /// Whether it is at a time.
    pub(crate) fn is_on(&self, now: Duration) -> bool {
        self.window.is_on(now)
    }

    /// When it next begins to be, after a time at which it is not.
    pub(crate) fn next(&self, now: Duration) -> Option<Duration> {
        self.window.next(now)
    }
}

impl Window {
    /// `None` where it comes and goes in no time.
    fn of(spec: &FaultSpec) -> Option<Self> {
        let from = spec.from.map_or(Duration::ZERO, |from| from.0);
        let until = spec.lasting.map_or(Duration::MAX, |lasting| from + lasting.0);
        let flap = match (spec.every, spec.flap) {
            (None, None) => None,
            (Some(every), Some(flap)) if !flap.0.is_zero() && flap < every => Some((every.0, flap.0)),
            _ => return None,
        };
        Some(Self { from, until, flap })
    }

    fn is_on(&self, now: Duration) -> bool {
        let within = (self.from..self.until).contains(&now);
        within && self.flap.is_none_or(|(every, on)| phase(now - self.from, every) < on)
    }

    fn next(&self, now: Duration) -> Option<Duration> {
        let begins = if now < self.from {
            self.from
        } else {
            let (every, _) = self.flap?;
            now + (every - phase(now - self.from, every))
        };
        Some(begins).filter(|begins| *begins < self.until)
    }
}

/// How long it is since the last whole number of periods.
fn phase(elapsed: Duration, every: Duration) -> Duration {
    let nanoseconds = elapsed.as_nanos() % every.as_nanos().max(1);
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0))
}

impl Effect {
    /// Nothing goes wrong.
    pub(crate) const NOTHING: Self = Self {
        is_down: false,
        is_silent: false,
        slow: 1.0,
        errors: (0.0, 500),
        limited: (0.0, None),
        cut_rate: 0.0,
    };

    fn of(spec: &FaultSpec) -> Self {
        let errors = spec.error_rate.filter(|rate| *rate > 0.0);
        let limited = spec.limited.filter(|rate| *rate > 0.0);
        let usual = Self::NOTHING;
        Self {
            is_down: spec.down,
            is_silent: spec.silent,
            slow: spec.slow.unwrap_or(1.0),
            errors: errors.map_or(usual.errors, |rate| (rate, spec.error_status.unwrap_or(usual.errors.1))),
            limited: limited.map_or(usual.limited, |rate| (rate, spec.retry_after.map(|time| time.0))),
            cut_rate: spec.cut_rate.unwrap_or(0.0),
        }
    }

    /// Both at once.
    pub(crate) fn and(self, other: Self) -> Self {
        let larger = |one: f64, other: f64| if other > one { other } else { one };
        Self {
            is_down: self.is_down || other.is_down,
            is_silent: self.is_silent || other.is_silent,
            slow: self.slow * other.slow,
            errors: if other.errors.0 > self.errors.0 { other.errors } else { self.errors },
            limited: if other.limited.0 > self.limited.0 { other.limited } else { self.limited },
            cut_rate: larger(self.cut_rate, other.cut_rate),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Window};

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_fault_is_within_its_window_and_no_longer() {
        let window = Window { from: at(60), until: at(180), flap: None };
        let on: Vec<_> = [0, 59, 60, 179, 180].into_iter().map(|second| window.is_on(at(second))).collect();
        assert_eq!(on, [false, false, true, true, false]);
        assert_eq!(window.next(at(3)), Some(at(60)));
        assert_eq!(window.next(at(180)), None);
    }

    #[test]
    fn what_flaps_comes_back_each_time_and_not_after_its_end() {
        let window = Window { from: at(60), until: at(180), flap: Some((at(50), at(20))) };
        let on: Vec<_> = (0..200).filter(|second| window.is_on(at(*second))).collect();
        let expected: Vec<u64> = (60..80).chain(110..130).chain(160..180).collect();
        assert_eq!(on, expected);
        assert_eq!(window.next(at(85)), Some(at(110)));
        assert_eq!(window.next(at(135)), Some(at(160)));
        assert_eq!(window.next(at(185)), None);
    }
}
