//! `keys:`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// A key that clients present as `Authorization: Bearer tg-…` or `x-api-key`. Only its hash stands here. What it may use is never
/// more than its workspace may.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeySection {
    /// A name for logs and metrics, unique.
    pub name: String,
    /// The hash that `tollgate key new` prints: `blake3:` and 64 hexadecimal digits.
    #[serde(default)]
    pub hash: Option<String>,
    /// Several of them in place of `hash`, each until a time of its own: the old and the new text of a key while its clients
    /// change over.
    #[serde(default)]
    pub hashes: Vec<KeyHashSection>,
    /// When it ends, such as `2026-12-31T00:00:00Z`; never when absent.
    #[serde(default)]
    pub expires: Option<String>,
    /// Whether it is refused from now on; requests under way finish. `false` when absent.
    #[serde(default)]
    pub disabled: Option<bool>,
    /// Its workspace; the one called `default` when absent.
    #[serde(default)]
    pub workspace: Option<String>,
    /// Its team, one of the workspace's.
    #[serde(default)]
    pub team: Option<String>,
    /// Who uses it, one of `users`.
    #[serde(default)]
    pub user: Option<String>,
    /// What it is for, one of the workspace's `environments`.
    #[serde(default)]
    pub environment: Option<String>,
    /// Metadata of its requests, texts by name. No client can say otherwise; it goes before that of user, team, workspace and
    /// organisation.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
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
    /// The endpoints that it may call: patterns with `*` over their names, such as `chat_completions`. All when absent.
    #[serde(default)]
    pub endpoints: Option<Vec<String>>,
    /// Where its requests may come from: networks such as `10.1.0.0/16` or `2001:db8::/32`. Everywhere when absent.
    #[serde(default)]
    pub networks: Option<Vec<String>>,
    /// The route of requests that name no model; the workspace's when absent.
    #[serde(default)]
    pub default_route: Option<String>,
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

impl KeySection {
    /// What it may do.
    pub(crate) fn grant(&self) -> GrantSection {
        GrantSection {
            models: self.models.clone(),
            providers: self.providers.clone(),
            regions: self.regions.clone(),
            endpoints: self.endpoints.clone(),
            networks: self.networks.clone(),
            default_route: self.default_route.clone(),
            passthrough: self.passthrough,
            inline_config: self.inline_config,
            explain: self.explain,
            sees_budgets: self.sees_budgets,
            priority: self.priority,
            priority_max: self.priority_max,
            weight: self.weight,
        }
    }
}

/// What callers may do who come without a key of their own. It is never more than their workspace may.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GrantSection {
    /// The models and routes they may name, as in `keys[].models`. All when absent.
    pub models: Option<Vec<String>>,
    /// The providers they may reach, as in `keys[].providers`. All when absent.
    pub providers: Option<Vec<String>>,
    /// Where their requests may be served, as in `keys[].regions`. Everywhere when absent.
    pub regions: Option<Vec<String>>,
    /// The endpoints they may call, as in `keys[].endpoints`. All when absent.
    pub endpoints: Option<Vec<String>>,
    /// Where their requests may come from, as in `keys[].networks`. Everywhere when absent.
    pub networks: Option<Vec<String>>,
    /// The route of requests that name no model; the workspace's when absent.
    pub default_route: Option<String>,
    /// Whether they may use a provider's API directly, as in `keys[].passthrough`. `false` when absent.
    pub passthrough: Option<bool>,
    /// Whether they may send a route of their own in a header. `false` when absent.
    pub inline_config: Option<bool>,
    /// Whether they may ask why requests go where they go, as in `keys[].explain`. `false` when absent.
    pub explain: Option<bool>,
    /// Whether they may see how their budgets stand. `false` when absent.
    pub sees_budgets: Option<bool>,
    /// Who goes first where requests wait for a provider's quota, as in `keys[].priority`. `standard` when absent.
    pub priority: Option<PriorityName>,
    /// The highest priority that their requests may ask for; as `priority` when absent.
    pub priority_max: Option<PriorityName>,
    /// The share of each of them in a quota that others with the same priority wait for, too; 1 when absent.
    #[schemars(range(min = 1, max = 1000))]
    pub weight: Option<u32>,
}

/// One of the texts of a key.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyHashSection {
    /// Its hash, as in `hash`.
    pub hash: String,
    /// Until when it is good, such as `2026-12-31T00:00:00Z`; as long as the key when absent.
    #[serde(default)]
    pub until: Option<String>,
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
