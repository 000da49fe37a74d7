//! `control:`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::role::HeldRoleSection;
use super::sign_in::{LocalAdminSection, SignInSection};

/// Who may administer this gateway.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ControlSection {
    /// The keys of people and programs that administer it. They open nothing else, and no client key opens the control plane.
    pub keys: Vec<ControlKeySection>,
    /// What objects of the API may read from outside for their credentials: patterns with `*` over `env:NAME` and `file:path`, such as
    /// `env:*_API_KEY`. Nothing when absent.
    pub references: Vec<String>,
    /// People who sign in with a password and the code of an authenticator.
    pub local_admins: Vec<LocalAdminSection>,
    /// How people sign in, and for how long.
    pub sign_in: SignInSection,
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
