//! What a provider wants otherwise for some models, and what it wants of a request's body.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{AuthScheme, Endpoints};

/// Models that are served at other paths or with other bodies than the rest.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Variant {
    /// The models, or patterns with `*`: `["claude-*"]`.
    pub models: Vec<String>,
    /// The operations that are offered differently, each with its path.
    pub endpoints: Endpoints,
    /// Where one of them is asked for a stream, when that is another path.
    pub stream_endpoints: Endpoints,
    /// Where the answer of one of them is asked for that was not there at once.
    pub result_endpoints: Endpoints,
    /// How a request's body has to be changed for them.
    pub body: Body,
    /// Where their credential goes, when that is elsewhere than `auth` says.
    pub auth: VariantAuth,
}

/// Where the credential of some operations goes.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VariantAuth {
    /// Where it goes; as `auth` of the provider says when left out.
    pub scheme: Option<AuthScheme>,
    /// The header that carries it, for `scheme: header`.
    pub header: Option<String>,
    /// The query parameter that carries it, for `scheme: query`.
    pub parameter: Option<String>,
}

/// How a request's body has to be changed for a provider.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Body {
    /// What the provider wants before the name of every model: `google/`. May hold `${variable}`.
    pub model_prefix: Option<String>,
    /// Members that are set whatever the client sent: `anthropic_version: vertex-2023-10-16`.
    pub set: BTreeMap<String, Value>,
    /// Members that are removed: `["model"]`.
    pub remove: Option<Vec<String>>,
}

impl Body {
    pub(super) fn merge(self, over: Self) -> Self {
        let mut set = self.set;
        set.extend(over.set);
        Self {
            model_prefix: over.model_prefix.or(self.model_prefix),
            set,
            remove: over.remove.or(self.remove),
        }
    }
}
