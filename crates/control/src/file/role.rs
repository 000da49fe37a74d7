//! `roles:` and `control:`.

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

/// Who may administer this gateway.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ControlSection {
    /// The keys of people and programs that administer it. They open nothing else, and no client key opens the control plane.
    pub keys: Vec<ControlKeySection>,
    /// What objects of the API may read from outside for their credentials: patterns with `*` over `env:NAME` and `file:path`, such as
    /// `env:*_API_KEY`. Nothing when absent.
    pub references: Vec<String>,
}

/// A key as `tollgate key new --control` makes it, `tga-…`. Only its hash stands here.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlKeySection {
    /// A name for logs and the audit log, unique among control keys.
    pub name: String,
    /// The hash that `tollgate key new --control` prints: `blake3:` and 64 hexadecimal digits.
    pub hash: String,
    /// Who holds it, one of `users`: what belongs to them is their own. Nobody in particular when absent.
    #[serde(default)]
    pub user: Option<String>,
    /// When it ends, such as `2026-12-31T00:00:00Z`; never when absent.
    #[serde(default)]
    pub expires: Option<String>,
    /// Whether it is refused from now on. `false` when absent.
    #[serde(default)]
    pub disabled: Option<bool>,
    /// What its holder may do, and where.
    pub roles: Vec<HeldRoleSection>,
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
