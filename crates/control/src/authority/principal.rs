//! Who asks, and for what: the roles that somebody holds, each for a part of everything, against one thing.

use std::sync::Arc;

use domain::audit::Who;
use domain::{EnvironmentName, ErrorCode, UserName, WorkspaceName};

use super::permissions::{Permissions, Question};
use super::vocabulary::{Action, Kind, Level};

/// Somebody who administers the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// By what they are known: for the audit log.
    pub who: Who,
    /// Who that is, when it is somebody in particular.
    pub user: Option<UserName>,
    /// What they may do.
    pub roles: Vec<HeldRole>,
}

/// A role, and what it is held for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRole {
    /// Its name.
    pub role: Arc<str>,
    /// What it permits.
    pub permissions: Permissions,
    /// The workspace that it ends at; every one, and what belongs to none, when absent.
    pub workspace: Option<WorkspaceName>,
    /// The environment that it ends at; every one, and what belongs to none, when absent.
    pub environment: Option<EnvironmentName>,
}

/// A thing that something is done to. One that is moved to another workspace, environment or owner is two: what it was and
/// what it becomes, and both have to be permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource<'a> {
    /// What it is.
    pub kind: Kind,
    /// The workspace that it belongs to; its own name, when it is one. `None` where it belongs to the organisation.
    pub workspace: Option<&'a str>,
    /// The environment that it belongs to.
    pub environment: Option<&'a str>,
    /// The user whose it is; its own name, when it is one.
    pub owner: Option<&'a str>,
}

/// Why somebody may not do what they asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// They see the thing, and may be told.
    #[error("no role that you hold permits `{}` of this {}", .0.name(), .1.name())]
    Forbidden(Action, Kind),
    /// To them there is no such thing: what they are told has to be what they would be told if there were none.
    #[error("there is no such {}", .0.name())]
    Hidden(Kind),
}

impl Denied {
    /// The code whose page explains it; none where nothing may be told apart from a thing that there is not.
    #[must_use]
    pub fn code(self) -> Option<ErrorCode> {
        match self {
            Self::Forbidden(..) => Some(ErrorCode::NotPermitted),
            Self::Hidden(_) => None,
        }
    }
}

impl<'a> Resource<'a> {
    /// A thing of the organisation.
    #[must_use]
    pub fn of_organization(kind: Kind) -> Self {
        Self { kind, workspace: None, environment: None, owner: None }
    }

    /// A thing of a workspace, or the workspace itself.
    #[must_use]
    pub fn of_workspace(kind: Kind, workspace: &'a str) -> Self {
        Self { workspace: Some(workspace), ..Self::of_organization(kind) }
    }
}

impl Principal {
    /// Whether they may do something to a thing.
    #[must_use]
    pub fn permits(&self, action: Action, resource: &Resource<'_>) -> bool {
        let own = resource.owner.is_some() && resource.owner == self.user.as_ref().map(UserName::as_str);
        let permits = |role: &HeldRole| {
            let question = Question { action, kind: resource.kind, level: role.level(), own };
            role.covers(resource) && role.permissions.permit(question)
        };
        self.roles.iter().any(permits)
    }

    /// Whether there is such a thing to them: the one filter of lists, and of what is told about things by name.
    #[must_use]
    pub fn visible(&self, resource: &Resource<'_>) -> bool {
        self.permits(Action::Read, resource)
    }

    /// Lets them do something to a thing.
    ///
    /// # Errors
    /// When they may not.
    pub fn authorize(&self, action: Action, resource: &Resource<'_>) -> Result<(), Denied> {
        match (self.permits(action, resource), self.visible(resource)) {
            (true, _) => Ok(()),
            (false, true) => Err(Denied::Forbidden(action, resource.kind)),
            (false, false) => Err(Denied::Hidden(resource.kind)),
        }
    }

    /// Whether they hold a role for everything, so that no name is kept from them.
    #[must_use]
    pub fn is_of_organization(&self) -> bool {
        self.roles.iter().any(|role| role.level() == Level::Organization)
    }

    /// Whether a role of theirs is held for all that another one is held for.
    #[must_use]
    pub fn reaches_as_far_as(&self, other: &HeldRole) -> bool {
        self.roles.iter().any(|role| {
            (role.workspace.is_none() || role.workspace == other.workspace)
                && (role.environment.is_none() || role.environment == other.environment)
        })
    }

    /// Whether there can be a thing of this kind to which they may do something. Who may not read any may not list them either.
    #[must_use]
    pub fn permits_some(&self, action: Action, kind: Kind) -> bool {
        let permits = |role: &HeldRole, own| {
            role.permissions.permit(Question { action, kind, level: role.level(), own })
        };
        self.roles.iter().any(|role| permits(role, true) || permits(role, false))
    }
}

impl HeldRole {
    /// How wide it reaches.
    fn level(&self) -> Level {
        match (&self.workspace, &self.environment) {
            (None, None) => Level::Organization,
            (Some(_), None) => Level::Workspace,
            (_, Some(_)) => Level::Environment,
        }
    }

    /// Whether it reaches a thing.
    fn covers(&self, resource: &Resource<'_>) -> bool {
        let within = |bound: Option<&str>, place: Option<&str>| bound.is_none() || bound == place;
        within(self.workspace.as_ref().map(WorkspaceName::as_str), resource.workspace)
            && within(self.environment.as_ref().map(EnvironmentName::as_str), resource.environment)
    }
}
