//! `budgets:`.

use std::collections::BTreeMap;

use engine::route::spec::ShareSpec;
use engine::route::time::TimeSpan;
use schemars::JsonSchema;
use serde::Deserialize;

use super::dollars::Dollars;
use super::rate_limit::{AtLimitName, StoreDownName};

/// How much some requests may spend. What a request can cost at most is held before it is sent, of every budget that is for it, and what it
/// did not cost is given back.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetSection {
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
    /// Most groups at a time; 10000 when absent. Of those beyond, requests are refused until others have nothing spent any more.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub groups_max: Option<u32>,
    /// How much, in US dollars. One of `usd`, `tokens`, `input_tokens` and `output_tokens` has to be there.
    #[serde(default)]
    pub usd: Option<Dollars>,
    /// How many tokens of input and output together.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub tokens: Option<u64>,
    /// How many tokens of input.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub input_tokens: Option<u64>,
    /// How many tokens of output.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub output_tokens: Option<u64>,
    /// Within what span of the calendar. It, or `rolling`, has to be there.
    #[serde(default)]
    pub window: Option<WindowName>,
    /// Within any time of this length.
    #[serde(default)]
    pub rolling: Option<TimeSpan>,
    /// The time zone of the calendar, such as `Europe/Zurich`; `UTC` when absent.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// What is granted on top until a time.
    #[serde(default)]
    pub raises: Vec<RaiseSection>,
    /// At which parts of it a header, the log and a metric tell, such as `[50%, 80%]`.
    #[serde(default)]
    pub warn_at: Vec<ShareSpec>,
    /// The names of webhooks that are told, too: of each of these parts, and when nothing is left.
    #[serde(default)]
    pub notify: Vec<String>,
    /// How much a request holds; `clamp` when absent.
    #[serde(default)]
    pub reserve: Option<ReserveName>,
    /// What becomes of a request whose cost nobody can bound beforehand: of a model without prices, passed through, or a realtime session.
    /// `refuse` when absent.
    #[serde(default)]
    pub unknown_cost: Option<UnknownCostName>,
    /// With `unknown_cost: flat`, how much such a request counts as, unless its cost is known in the end.
    #[serde(default)]
    pub flat_usd: Option<Dollars>,
    /// The same for a budget of tokens.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub flat_tokens: Option<u64>,
    /// What an answer counts as of which nobody said what it used, because its client left or it broke off; `held` when absent.
    #[serde(default)]
    pub cut_off: Option<CutOffName>,
    /// Where the budget is shared by a database that does not answer, what becomes of requests; `last_lease` when absent.
    #[serde(default)]
    pub on_store_down: Option<StoreDownName>,
    /// What becomes of a request for which nothing is left; `refuse` when absent.
    #[serde(default)]
    pub at_limit: Option<AtLimitName>,
    /// Longest wait with `at_limit: queue`; `10s` when absent.
    #[serde(default)]
    pub queue_wait_max: Option<TimeSpan>,
    /// The route that is taken instead with `at_limit: downgrade`.
    #[serde(default)]
    pub downgrade_to: Option<String>,
}

/// An addition to a budget that ends.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RaiseSection {
    /// How much, for a budget of US dollars.
    #[serde(default)]
    pub usd: Option<Dollars>,
    /// How much, for a budget of tokens.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub tokens: Option<u64>,
    /// When it ends, such as `2026-12-24T00:00:00Z`.
    pub until: String,
}

/// A span of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WindowName {
    /// An hour of the clock.
    Hour,
    /// A day.
    Day,
    /// A week, from Monday on.
    Week,
    /// A month.
    Month,
    /// A quarter, from January, April, July and October on.
    Quarter,
    /// All time: it is spent once.
    Once,
}

/// How much of a budget a request holds until its cost is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReserveName {
    /// The most that it can cost. Where less is left, the length of its answer is bounded to what that pays, and a header says so.
    Clamp,
    /// The most that it can cost. Where less is left, it is refused.
    Most,
    /// What 99 of 100 recent answers of its models cost at most, once 20 are known. More requests fit at once, and one in a hundred may
    /// exceed the budget by what it costs beyond that.
    Expected,
}

/// What becomes of a request whose cost nobody can bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnknownCostName {
    /// It is refused with status 403.
    Refuse,
    /// It counts as nothing, unless its cost is known in the end.
    Free,
    /// It counts as `flat_usd` or `flat_tokens`, unless its cost is known in the end.
    Flat,
}

/// What an answer counts as of which nobody said what it used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CutOffName {
    /// As much as was held for it, which is no less than it cost.
    Held,
    /// Nothing.
    Free,
}
