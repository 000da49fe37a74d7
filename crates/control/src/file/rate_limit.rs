//! `rate_limits:`.

use std::collections::BTreeMap;

use engine::route::time::TimeSpan;
use schemars::JsonSchema;
use serde::Deserialize;

/// How fast some requests may come. A request counts for every entry that is for it, and is served when each of them has room.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateLimitSection {
    /// Its name in answers, metrics and the log; no other limit or budget has it.
    pub name: String,
    /// Which requests it is for: patterns with `*` by `organization`, `workspace`, `team`, `user`, `key`, `environment`, `route`,
    /// `endpoint`, `provider`, `model`, `credential` (its id, such as `openai#2`) or a member of the metadata, `metadata.NAME`. Each of them has to
    /// match. All requests when absent.
    #[serde(default, rename = "match")]
    pub matching: BTreeMap<String, Vec<String>>,
    /// By which of the same names requests are told apart: those with the same values share, others have as much for themselves. All share
    /// when absent.
    #[serde(default)]
    pub group_by: Vec<String>,
    /// Most groups at a time; 10000 when absent. Of those beyond, requests are refused until others have nothing used any more.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub groups_max: Option<u32>,
    /// Requests.
    #[serde(default)]
    pub requests: PaceSection,
    /// Tokens of input and output together.
    #[serde(default)]
    pub tokens: PaceSection,
    /// Tokens of input.
    #[serde(default)]
    pub input_tokens: PaceSection,
    /// Tokens of output.
    #[serde(default)]
    pub output_tokens: PaceSection,
    /// Most requests at once.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub concurrency: Option<u32>,
    /// Where the limit is shared by a database that does not answer, what becomes of requests; `last_lease` when absent.
    #[serde(default)]
    pub on_store_down: Option<StoreDownName>,
    /// What becomes of a request for which there is no room; `refuse` when absent.
    #[serde(default)]
    pub at_limit: Option<AtLimitName>,
    /// Longest wait with `at_limit: queue`; `10s` when absent.
    #[serde(default)]
    pub queue_wait_max: Option<TimeSpan>,
    /// The route that is taken instead with `at_limit: downgrade`.
    #[serde(default)]
    pub downgrade_to: Option<String>,
}

/// So much within some span of time; any of them, or several. It can be taken at once, and comes back steadily.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PaceSection {
    /// Within a second.
    #[schemars(range(min = 1))]
    pub per_second: Option<u64>,
    /// Within a minute.
    #[schemars(range(min = 1))]
    pub per_minute: Option<u64>,
    /// Within an hour.
    #[schemars(range(min = 1))]
    pub per_hour: Option<u64>,
    /// Within a day.
    #[schemars(range(min = 1))]
    pub per_day: Option<u64>,
}

/// What becomes of a request for which nothing is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AtLimitName {
    /// It is refused with status 429.
    #[default]
    Refuse,
    /// It waits, for `queue_wait_max` at most.
    Queue,
    /// It takes the route `downgrade_to`.
    Downgrade,
    /// It is served, and only metrics and the log tell.
    Warn,
}

/// What becomes of requests while processes that share a limit or a budget cannot ask each other what is left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StoreDownName {
    /// They use up what was granted to their process, and then are refused with status 503.
    LastLease,
    /// They are refused with status 503.
    Closed,
    /// They are served as long as something is left by what their process knows. Together they may exceed it.
    Open,
}
