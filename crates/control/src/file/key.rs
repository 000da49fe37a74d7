//! `keys:`.

use schemars::JsonSchema;
use serde::Deserialize;

/// A key that clients present as `Authorization: Bearer tg-…` or `x-api-key`. Only its hash stands here.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeySection {
    /// A name for logs and metrics, unique.
    pub name: String,
    /// The hash that `tollgate key new` prints: `blake3:` and 64 hexadecimal digits.
    pub hash: String,
    /// The models and routes it may name: patterns with `*` over route names, `provider/model` and bare model names.
    /// All when absent.
    #[serde(default)]
    pub models: Option<Vec<String>>,
    /// The providers it may reach, however named: patterns with `*`. All when absent.
    #[serde(default)]
    pub providers: Option<Vec<String>>,
    /// Where its requests may be served: patterns with `*` over the regions of providers and targets, such as `eu-*`. A target
    /// of which nobody said where it is serves no key that is bound so. Everywhere when absent.
    #[serde(default)]
    pub regions: Option<Vec<String>>,
    /// Whether it may use a provider's API directly under `/providers/{name}/`, where no model can be checked. `false`
    /// when absent.
    #[serde(default)]
    pub passthrough: Option<bool>,
    /// Whether it may send a route of its own in a header. `false` when absent.
    #[serde(default)]
    pub inline_config: Option<bool>,
    /// Whether it may ask why requests go where they go: with `x-tollgate-explain`, and before they are made. `false` when
    /// absent.
    #[serde(default)]
    pub explain: Option<bool>,
    /// Whether it may see how its budgets stand, in answers and refusals. `false` when absent.
    #[serde(default)]
    pub sees_budgets: Option<bool>,
    /// Who goes first where requests wait for a provider's quota, unless the request says otherwise in `x-tollgate-priority`:
    /// `standard` when absent.
    #[serde(default)]
    pub priority: Option<PriorityName>,
    /// The highest priority that its requests may ask for; as `priority` when absent.
    #[serde(default)]
    pub priority_max: Option<PriorityName>,
    /// Its share of a quota that others with the same priority wait for, too; 1 when absent.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1000))]
    pub weight: Option<u32>,
}

/// Who goes first where requests wait.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PriorityName {
    /// Before all others.
    Realtime,
    /// As most are.
    Standard,
    /// After all others, with a tenth of each configured quota left to them.
    Batch,
}
