//! The roles that everybody has. They are written as one's own would be, and compiled by the same code.

use super::permissions::Permissions;
use super::policy::{Policies, PolicyProblem};

/// A role that need not be configured.
#[derive(Debug, Clone, Copy)]
pub struct BuiltInRole {
    /// Its name.
    pub name: &'static str,
    /// Its policies, in Cedar.
    pub policies: &'static str,
}

/// All of them, those who may do most first.
pub const BUILT_IN_ROLES: [BuiltInRole; 6] = [
    BuiltInRole { name: "owner", policies: include_str!("roles/owner.cedar") },
    BuiltInRole { name: "admin", policies: include_str!("roles/admin.cedar") },
    BuiltInRole { name: "developer", policies: include_str!("roles/developer.cedar") },
    BuiltInRole { name: "analyst", policies: include_str!("roles/analyst.cedar") },
    BuiltInRole { name: "auditor", policies: include_str!("roles/auditor.cedar") },
    BuiltInRole { name: "agent", policies: include_str!("roles/agent.cedar") },
];

impl BuiltInRole {
    /// What it permits.
    ///
    /// # Errors
    /// When its policies are none; a test says that they are.
    pub fn permissions(self) -> Result<Permissions, PolicyProblem> {
        let mut policies = Policies::default();
        policies.read(self.policies)?;
        Ok(policies.permissions())
    }
}
