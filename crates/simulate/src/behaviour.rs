//! How a provider does on a usual day: how fast it answers, how often it fails, and how much it lets through.

mod account;

use std::time::Duration;

use domain::Pattern;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::problem::Problem;
use crate::spread::{Spread, TimesSpec};

pub(crate) use account::Account;

const MILLISECOND: Duration = Duration::from_millis(1);

/// How a provider, or one of its models, does.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BehaviourSpec {
    /// Whom this is about: `provider`, `provider/model`, or a pattern with `*`.
    pub target: String,
    /// How long it takes to the first token; `{p50: 400ms, p99: 2s}` when absent.
    pub first_token: Option<TimesSpec>,
    /// How long each further token takes; `{p50: 15ms, p99: 40ms}` when absent.
    pub per_token: Option<TimesSpec>,
    /// How long it takes to fail; `{p50: 100ms, p99: 600ms}` when absent.
    pub error_after: Option<TimesSpec>,
    /// What part of the calls fails; 0 when absent.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    pub error_rate: f64,
    /// With which status they fail; 500 when absent.
    #[schemars(range(min = 400, max = 599))]
    pub error_status: Option<u16>,
    /// How much each credential may use of a model; 429 beyond that.
    pub quota: Option<QuotaSpec>,
}

/// How much a credential may use of a model. It refills evenly, and what is not used of a minute is lost. A provider that names headers for what is left, as
/// OpenAI, Anthropic and Groq do, sends them with each answer.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuotaSpec {
    /// Requests.
    #[schemars(range(min = 1))]
    pub requests_per_minute: Option<u64>,
    /// Tokens of prompts and answers together.
    #[schemars(range(min = 1))]
    pub tokens_per_minute: Option<u64>,
    /// Tokens of prompts.
    #[schemars(range(min = 1))]
    pub input_tokens_per_minute: Option<u64>,
    /// Tokens of answers.
    #[schemars(range(min = 1))]
    pub output_tokens_per_minute: Option<u64>,
    /// Whether its 429 says how long to wait; yes when absent.
    pub retry_after: Option<bool>,
}

/// How a target does.
#[derive(Debug, Clone)]
pub(crate) struct Behaviour {
    pub(crate) first_token: Spread,
    pub(crate) per_token: Spread,
    pub(crate) error_after: Spread,
    pub(crate) error_rate: f64,
    pub(crate) error_status: u16,
    pub(crate) quota: Option<QuotaSpec>,
}

/// Behaviours of which the first that fits a target counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Behaviours(Vec<(Whom, Behaviour)>);

/// A pattern of targets.
#[derive(Debug, Clone)]
pub(crate) struct Whom {
    text: String,
    pattern: Pattern,
}

impl Whom {
    /// `provider` stands for all of its models.
    pub(crate) fn new(text: &str) -> Self {
        let whole = if text.contains(['/', '*']) { text.to_owned() } else { format!("{text}/*") };
        Self { text: text.to_owned(), pattern: Pattern::from(whole.as_str()) }
    }

    /// Whether a target `provider/model` is meant.
    pub(crate) fn means(&self, target: &str) -> bool {
        self.pattern.matches(target)
    }

    /// The objection when it means none of the targets.
    pub(crate) fn objection(&self, targets: &[String]) -> Option<String> {
        if targets.iter().any(|target| self.means(target)) {
            return None;
        }
        let known = targets.join(", ");
        Some(format!("the traffic reaches no target called `{}`; it reaches {known}", self.text))
    }
}

impl Behaviours {
    /// Adds what descriptions say.
    pub(crate) fn add(&mut self, specs: &[BehaviourSpec], targets: &[String], problems: &mut Vec<Problem>) {
        for (place, spec) in specs.iter().enumerate() {
            let path = format!("providers[{place}]");
            let whom = Whom::new(&spec.target);
            if let Some(message) = whom.objection(targets) {
                problems.push(Problem { path: format!("{path}.target"), message });
            }
            if let Some(behaviour) = Behaviour::compile(spec, &path, problems) {
                self.0.push((whom, behaviour));
            }
        }
    }

    /// Adds what was seen of a target.
    pub(crate) fn learn(&mut self, target: &str, first_token: Spread, per_token: Spread) {
        self.0.push((Whom::new(target), Behaviour { first_token, per_token, ..Behaviour::default() }));
    }

    /// Adds what others say, for targets that nothing is said about yet.
    pub(crate) fn extend(&mut self, others: &Self) {
        self.0.extend_from_slice(&others.0);
    }

    /// How a target does.
    pub(crate) fn of(&self, target: &str) -> Behaviour {
        let found = self.0.iter().find(|(whom, _)| whom.means(target));
        found.map_or_else(Behaviour::default, |(_, behaviour)| behaviour.clone())
    }
}

impl Default for Behaviour {
    fn default() -> Self {
        let spread = |p50: u32, p99: u32| {
            Spread::new((MILLISECOND * p50).as_secs_f64(), (MILLISECOND * p99).as_secs_f64())
        };
        Self {
            first_token: spread(400, 2_000),
            per_token: spread(15, 40),
            error_after: spread(100, 600),
            error_rate: 0.0,
            error_status: 500,
            quota: None,
        }
    }
}

impl Behaviour {
    fn compile(spec: &BehaviourSpec, path: &str, problems: &mut Vec<Problem>) -> Option<Self> {
        let usual = Self::default();
        let mut spread = |given: Option<TimesSpec>, usual: Spread, name: &str| {
            let Some(given) = given else { return Some(usual) };
            Spread::of_times(&given, &format!("{path}.{name}")).map_err(|problem| problems.push(problem)).ok()
        };
        let first_token = spread(spec.first_token, usual.first_token, "first_token");
        let per_token = spread(spec.per_token, usual.per_token, "per_token");
        let error_after = spread(spec.error_after, usual.error_after, "error_after");
        Some(Self {
            first_token: first_token?,
            per_token: per_token?,
            error_after: error_after?,
            error_rate: spec.error_rate,
            error_status: spec.error_status.unwrap_or(usual.error_status),
            quota: spec.quota,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Whom;

    #[test]
    fn a_provider_stands_for_its_models_and_a_pattern_for_what_it_matches() {
        let means = |text, target| Whom::new(text).means(target);
        assert!(means("openai", "openai/gpt-4o") && !means("openai", "openai-eu/gpt-4o"));
        assert!(means("openai/gpt-4o", "openai/gpt-4o") && !means("openai/gpt-4o", "openai/gpt-4o-mini"));
        assert!(means("bedrock-*/claude", "bedrock-eu/claude") && means("*", "a/b/c"));
    }

    #[test]
    fn a_target_that_is_not_reached_is_named_with_those_that_are() {
        let targets = ["p/m".to_owned(), "q/m".to_owned()];
        assert_eq!(Whom::new("q").objection(&targets), None);
        let message = Whom::new("r").objection(&targets).unwrap();
        assert_eq!(message, "the traffic reaches no target called `r`; it reaches p/m, q/m");
    }
}
