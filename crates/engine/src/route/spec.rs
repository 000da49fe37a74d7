//! The form of a route, for files and headers alike. Doc comments are the reference that users read.

mod active_probes;
mod breaker;
mod canary;
mod credential_text;
mod race;
mod retry_budget;
#[cfg(test)]
mod tests;
mod throughput;
mod usd;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub use self::active_probes::ActiveProbesSpec;
pub use self::breaker::BreakerSpec;
pub use self::canary::GuardsSpec;
pub use self::credential_text::CredentialText;
pub use self::race::{PATIENCE_FORMAT, PatienceSpec, SHARE_FORMAT, ShareSpec};
pub use self::retry_budget::RetryBudgetSpec;
pub use self::throughput::ThroughputSpec;
pub use self::usd::{USD_FORMAT, UsdSpec, usd_schema};
use super::RouteProblem;
use super::time::{TimeInSeconds, TimeLimit, TimeSpan};

/// A route or a node of one: either a target (`provider` and `model`, or `target`), or a `strategy` over `targets`.
/// Retry, time limits, `custom_host` and `forward_headers` hold for everything below unless set lower;
/// `override_params` and `default_params` merge downwards, the lower one winning; `drop_params` add up.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RouteSpec {
    /// What `conditions`, `classes` and `default` of the strategy above call this node; otherwise a label for people. Under a `sticky`
    /// strategy also what the node is known by when others come and go.
    pub name: Option<String>,
    /// How one of `targets` is chosen. Required when there is more than one.
    pub strategy: Option<StrategySpec>,
    /// The nodes to choose from; at most 100 targets in a route, nested at most 8 deep.
    pub targets: Option<Vec<RouteSpec>>,
    /// Share of the requests under a `loadbalance` strategy, 0 to 10000, up to three decimals; 1 when absent.
    #[schemars(range(min = 0, max = 10000))]
    pub weight: Option<f64>,
    /// Provider and model in one: `openai/gpt-4o-mini`.
    pub target: Option<String>,
    /// Who is called: `openai`; `@openai` is the same.
    pub provider: Option<String>,
    /// The model to ask for; the client's own when absent.
    pub model: Option<String>,
    /// A credential for this target, instead of the provider's own.
    pub api_key: Option<CredentialText>,
    /// How often and when a target is tried again; replaces the one above as a whole.
    pub retry: Option<RetrySpec>,
    /// The same as `first_token_timeout`, under Portkey's name.
    pub request_timeout: Option<TimeLimit>,
    /// For name lookup, TCP and TLS together.
    pub connect_timeout: Option<TimeSpan>,
    /// Until the first content of a stream, or the whole body of an answer that is not streamed.
    pub first_token_timeout: Option<TimeLimit>,
    /// The longest silence within an answer.
    pub idle_timeout: Option<TimeLimit>,
    /// For one attempt as a whole, the body included.
    pub total_timeout: Option<TimeLimit>,
    /// The least that a stream has to say; replaces the one above as a whole.
    pub throughput_min: Option<ThroughputSpec>,
    /// Members of the request body, in the client's format, that are set whatever the client sent; `model` here acts as
    /// `model` above.
    pub override_params: Option<BTreeMap<String, Value>>,
    /// Members of the request body that are set where the client sent none.
    pub default_params: Option<BTreeMap<String, Value>>,
    /// Members of the request body that are removed: `logit_bias`, `messages[*].name`.
    pub drop_params: Option<Vec<String>>,
    /// Another base URL than the provider's own: `https://host/v1`.
    pub custom_host: Option<String>,
    /// Where the target serves, when that is another place than its provider's: `eu-west-1`. Only the operator may say so.
    pub region: Option<String>,
    /// Client headers that are passed on besides the provider's own list.
    pub forward_headers: Option<Vec<String>>,
    /// Whether a request is refused with 400 when translating it to a target's format would lose something of it; without
    /// it, what is lost is named in `x-tollgate-dropped`, and only what changes the meaning is refused.
    pub strict: Option<bool>,
    /// Whether a stream that breaks off is gone on with by another target, where the client allows it with `x-tollgate-resume: true`.
    pub resume: Option<bool>,
    /// The same as `strategy.on_status_codes`, for `fallback`.
    #[schemars(inner(range(min = 100, max = 599)))]
    pub on_status_codes: Option<Vec<u16>>,
    /// Accepted because Portkey's configurations have it; it has no effect, since answers are never changed towards or
    /// away from OpenAI's format unless the client's own format asks for it.
    pub strict_open_ai_compliance: Option<bool>,
}

/// How one of several targets is chosen.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StrategySpec {
    /// The rule.
    pub mode: StrategyMode,
    /// For `fallback`: the statuses that move on to the next target; any failure when absent.
    #[serde(default)]
    #[schemars(inner(range(min = 100, max = 599)))]
    pub on_status_codes: Option<Vec<u16>>,
    /// For `conditional`: what is asked, in order; the first that holds decides.
    #[serde(default)]
    pub conditions: Option<Vec<ConditionSpec>>,
    /// For `classifier`: what leads where. Keywords and patterns are looked for in order, and the first class with one that is found
    /// decides; else the class with the example that the text is most like.
    #[serde(default)]
    pub classes: Option<Vec<ClassSpec>>,
    /// For `classifier`: what is read; the `last_message` when absent.
    #[serde(default)]
    pub reads: Option<ReadsSpec>,
    /// For `classifier`: how much an example must be like the text, above 0 and at most 1; 0.2 when absent.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    pub threshold: Option<f64>,
    /// For `conditional` and `classifier`: the `name` of the target that is taken when nothing else decides; the request is refused with
    /// 400 when absent.
    #[serde(default)]
    pub default: Option<String>,
    /// For `loadbalance`: by what the target is chosen; by `weight` when absent.
    #[serde(default)]
    pub by: Option<BalanceSpec>,
    /// For `loadbalance` and `canary`: the same target for the same user, session or whatever else is named. Whoever is in a canary stays in it as its share grows.
    #[serde(default)]
    pub sticky: Option<StickySpec>,
    /// For `race`: how long a target may take to its first content, or to the whole answer where it is not streamed, before the next one
    /// is called as well; `p95` when absent.
    #[serde(default)]
    pub after: Option<PatienceSpec>,
    /// For `race`: most second calls, as a share of the first ones; `10%` when absent.
    #[serde(default)]
    pub share_max: Option<ShareSpec>,
    /// For `mirror`: how many of the requests are copied; `100%` when absent.
    #[serde(default)]
    pub share: Option<ShareSpec>,
    /// For `mirror`: most copies under way, 1 or more; 10 when absent.
    #[serde(default)]
    pub in_flight_max: Option<u32>,
    /// For `mirror`: what all copies of a day (UTC) may cost; no bound when absent. With it, targets without known prices get none.
    #[serde(default)]
    pub usd_per_day_max: Option<UsdSpec>,
    /// For `canary`: the shares of the requests that the second target gets, one after another, each larger than the one before it; `[1%, 5%, 25%, 50%, 100%]` when
    /// absent. At the last one the canary stays, with `100%` for good.
    #[serde(default)]
    pub steps: Option<Vec<ShareSpec>>,
    /// For `canary`: how long each step lasts at least; `10m` when absent.
    #[serde(default)]
    pub hold: Option<TimeSpan>,
    /// For `canary`: how many requests of each target have to have ended at least in each step before the next, 1 to 1000000; 100 when absent.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub minimum_requests: Option<u32>,
    /// For `canary`: what rolls it back, until the route is written differently.
    #[serde(default)]
    pub guards: Option<GuardsSpec>,
    /// For `canary`: how probable it may be, over all steps and guards, that a canary is rolled back which is no worse than they allow, up to `50%`; `5%` when absent. The less, the longer
    /// it takes to notice one that is worse.
    #[serde(default)]
    pub alpha: Option<ShareSpec>,
}

/// One condition and where it leads.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConditionSpec {
    /// What has to hold of the request: an expression in CEL (`metadata.plan == "pro" && !stream`), or facts, each with a value or with operators (`$eq`, `$ne`, `$gt`, `$gte`, `$lt`,
    /// `$lte`, `$in`, `$nin`, `$regex`, `$exists`, `$not`), all of them together; `$and`, `$or` and `$not` over further
    /// queries. Facts are `metadata.…`, `params.…`, `headers.…`, `url.pathname`, `key`, `workspace`, `team`, `user`,
    /// `environment`, `region`, `endpoint`, `model`, `stream`, `time.hour`, `time.weekday` and `estimated_tokens`.
    #[schemars(with = "QueryForm")]
    pub query: Value,
    /// The `name` of the target that is taken then.
    pub then: String,
}

/// What leads to a target of a `classifier`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassSpec {
    /// The `name` of the target that is taken.
    pub then: String,
    /// Words, or several in a row, that are found in any case and not as parts of other words: `refund`, `stack trace`.
    #[serde(default)]
    pub keywords: Option<Vec<String>>,
    /// Regular expressions, without look-around.
    #[serde(default)]
    pub patterns: Option<Vec<String>>,
    /// Texts that are typical, each of at most 4096 bytes. They are compared by their words and parts of words, not by their meaning.
    #[serde(default)]
    pub examples: Option<Vec<String>>,
}

/// What a `classifier` reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadsSpec {
    /// The text of the last message that the user wrote.
    #[default]
    LastMessage,
    /// All text of the prompt: instructions and messages, from its beginning.
    Prompt,
}

/// How a query may be written.
#[derive(JsonSchema)]
#[schemars(inline)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is there for the schema alone")]
enum QueryForm {
    /// Facts with what they have to be.
    Facts(BTreeMap<String, Value>),
    /// An expression in CEL.
    Expression(String),
}

/// What binds requests to a target.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StickySpec {
    /// Whether it is in force; true when absent.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// The facts whose values choose the target, such as `metadata.user` or `headers.x-session`; a request that has none of
    /// them is spread by weight.
    pub hash_fields: Vec<String>,
    /// After what time the choice is made anew; never when absent.
    #[serde(default)]
    pub ttl: Option<TimeInSeconds>,
}

/// The rule of a strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StrategyMode {
    /// The one target that there is, whatever happens.
    Single,
    /// The targets in order until one does not fail.
    Fallback,
    /// One target, at random by weight unless `by` says otherwise.
    Loadbalance,
    /// The target that the first condition which holds names.
    Conditional,
    /// The first target, and copies of requests to the others, whose answers nobody gets. Only the operator may say so.
    Mirror,
    /// The target that the text of the request leads to, by its words or by typical examples.
    Classifier,
    /// The targets in order as for `fallback`, and the next one already when the first takes long: who answers first is heard.
    Race,
    /// The first target, and the second for a share of the requests that grows step by step, until it does worse.
    Canary,
}

impl StrategyMode {
    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Fallback => "fallback",
            Self::Loadbalance => "loadbalance",
            Self::Conditional => "conditional",
            Self::Mirror => "mirror",
            Self::Race => "race",
            Self::Classifier => "classifier",
            Self::Canary => "canary",
        }
    }
}

/// By what a load balancer chooses, among the targets that do not rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BalanceSpec {
    /// At random, by weight.
    Weight,
    /// In turn, as often as the weights say.
    RoundRobin,
    /// The target with the fewest calls under way for its weight.
    LeastBusy,
    /// The faster of two targets that are drawn by weight: lately fast to their first content, and with few calls under way.
    Latency,
    /// The target that is likely to cost least: by its prices, the length of the request, and what its answers used of late. Those
    /// without known prices come last.
    Cost,
    /// The target with most left of its provider's quota.
    Usage,
    /// The target that is likely to have most of the request's beginning in its provider's prompt cache: one that answered the same
    /// beginning lately and is neither busier nor much slower than others. New beginnings are spread by weight.
    PromptCache,
}

/// When a target is tried again. Members that are absent come from the configuration's `defaults`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetrySpec {
    /// Tries after the first one, 0 to 10.
    #[schemars(range(max = 10))]
    pub attempts: Option<u32>,
    /// The statuses that are worth a retry; 408, 429, 500, 502, 503, 504 and 529 when absent.
    #[schemars(inner(range(min = 100, max = 599)))]
    pub on_status_codes: Option<Vec<u16>>,
    /// Whether to wait as long as the provider asks for.
    #[serde(alias = "use_retry_after_headers")]
    #[schemars(extend("x-aliases" = ["use_retry_after_headers"]))]
    pub use_retry_after_header: Option<bool>,
    /// The first wait, doubled at each further one, with jitter.
    pub backoff_first: Option<TimeSpan>,
    /// The longest wait, the provider's wish included; a longer wish ends the retries.
    pub backoff_max: Option<TimeSpan>,
}

/// What every route starts from.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DefaultsSpec {
    /// How often and when a target is tried again; never when absent.
    pub retry: Option<RetrySpec>,
    /// The same as `first_token_timeout`.
    pub request_timeout: Option<TimeLimit>,
    /// For name lookup, TCP and TLS together; `5s` when absent.
    pub connect_timeout: Option<TimeSpan>,
    /// Until the first content of a stream, or the whole body of an answer that is not streamed; `10m` when absent.
    pub first_token_timeout: Option<TimeLimit>,
    /// The longest silence within an answer; `2m` when absent.
    pub idle_timeout: Option<TimeLimit>,
    /// For one attempt as a whole, the body included; `1h` when absent.
    pub total_timeout: Option<TimeLimit>,
    /// The least that a stream has to say; nothing when absent.
    pub throughput_min: Option<ThroughputSpec>,
    /// When targets that fail or are slow are left alone for a while, as long as another can answer.
    pub circuit_breaker: Option<BreakerSpec>,
    /// Who is called in the background to find out when it is well again; nobody when absent.
    pub active_probes: Option<ActiveProbesSpec>,
    /// How much retries and fallbacks may add to the traffic.
    pub retry_budget: Option<RetryBudgetSpec>,
}

/// Reads a route sent in a request's header.
///
/// # Errors
/// With the first mistake of form and its path.
pub fn from_json(text: &[u8]) -> Result<RouteSpec, RouteProblem> {
    if !text.trim_ascii_start().starts_with(b"{") {
        return Err(RouteProblem { path: String::new(), message: "expected a JSON object".to_owned() });
    }
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let spec = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| problem(&error))?;
    deserializer.end().map_err(|error| RouteProblem { path: String::new(), message: error.to_string() })?;
    Ok(spec)
}

/// What to do about a setting of Portkey's that Tollgate does not have.
#[must_use]
pub fn refusal(setting: &str) -> Option<String> {
    let advice = match setting {
        "virtual_key" => "use `provider`, and `api_key` if the provider's own credential is not meant",
        "cache" => "Tollgate has no response cache yet; remove it",
        "before_request_hooks" | "after_request_hooks" | "input_guardrails" | "output_guardrails" => {
            "Tollgate has no guardrails yet; remove it, and do not rely on a check that is not made"
        }
        "input_mutators" | "output_mutators" => "Tollgate has no mutators; see `override_params`",
        "cb_config" => {
            "a target is left alone whatever the route; set `defaults.circuit_breaker` in the configuration file"
        }
        "prompt_id" => "Tollgate has no prompt templates yet; remove it",
        _ if setting.starts_with("aws_")
            || setting.starts_with("vertex_")
            || setting.starts_with("azure_") =>
        {
            "set it up under `providers` in the configuration file"
        }
        "openai_project" | "openai_organization" | "deployment_id" | "api_version" => {
            "set it up under `providers` in the configuration file"
        }
        _ => return None,
    };
    Some(format!("`{setting}` of Portkey is not supported: {advice}"))
}

fn problem(error: &serde_path_to_error::Error<serde_json::Error>) -> RouteProblem {
    let path = error.path().to_string();
    let path = if path == "." { String::new() } else { path };
    let message = error.inner().to_string();
    let refused =
        message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next()).and_then(refusal);
    RouteProblem { path, message: refused.unwrap_or(message) }
}
