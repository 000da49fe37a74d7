//! `roles:`, and where roles are held.

use schemars::JsonSchema;
use serde::Deserialize;

/// A role of your own, beside the built-in `owner`, `admin`, `developer`, `analyst`, `auditor` and `agent`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleSection {
    /// What its holders may do, in Cedar: `permit (principal, action in [Action::"read", Action::"rotate"], resource is Key);`.
    /// Permitted is what one of them permits and none forbids.
    pub policies: Vec<String>,
}

/// A role, held for everything, for a workspace, for an environment, or for an environment of a workspace.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeldRoleSection {
    /// The role: a built-in one, or one of `roles`.
    pub role: String,
    /// The only workspace that it is held for. To its holder there is no other then. All when absent.
    #[serde(default)]
    pub workspace: Option<String>,
    /// The only environment that it is held for. All, and what belongs to none, when absent.
    #[serde(default)]
    pub environment: Option<String>,
}
