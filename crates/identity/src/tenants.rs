//! Everybody that a caller can belong to: the organisation, its workspaces with their teams, and its users.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use domain::tenant::{IMPLIED, Labels, User};
use domain::{OrganizationName, Subject, Workspace};

/// The longest name of a user: the longest address of a mailbox (RFC 5321 section 4.5.3.1) fits.
const USER_BYTES_MAX: usize = 320;
/// The longest value of a label.
const LABEL_BYTES_MAX: usize = 256;

/// Everybody that a caller can belong to.
#[derive(Debug)]
pub struct Tenants {
    /// The organisation.
    pub organization: OrganizationName,
    /// Its workspaces by name.
    pub workspaces: BTreeMap<String, KnownWorkspace>,
    /// Its users by name.
    pub users: BTreeMap<String, KnownUser>,
}

/// A workspace, with what is known of those in it.
#[derive(Debug)]
pub struct KnownWorkspace {
    /// The workspace.
    pub workspace: Arc<Workspace>,
    /// What its callers may be for.
    pub environments: Vec<String>,
    /// Its labels, over those of the organisation.
    pub labels: Labels,
    /// The labels of its teams by their names.
    pub teams: BTreeMap<String, Labels>,
}

/// A person or a service account.
#[derive(Debug)]
pub struct KnownUser {
    /// Who it is.
    pub user: User,
    /// The teams that they are in, as `workspace/team`.
    pub teams: Vec<String>,
    /// Whether nothing of theirs is accepted from now on.
    pub is_disabled: bool,
    /// Their labels.
    pub labels: Labels,
}

/// Whose something is, by names.
#[derive(Debug)]
pub struct Whose<'a> {
    /// The workspace; the implied one where there is none.
    pub workspace: Option<&'a str>,
    /// A team of the workspace.
    pub team: Option<&'a str>,
    /// A user.
    pub user: Option<&'a str>,
    /// An environment of the workspace.
    pub environment: Option<&'a str>,
    /// Labels that go before all others.
    pub labels: Labels,
}

/// Which users there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// Those of the configuration.
    Whole,
    /// Those that somebody else vouches for, too.
    Open,
}

/// What somebody is said to be and is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// There is no such workspace, or none was named and none is implied.
    Workspace,
    /// The workspace has no such team.
    Team,
    /// There is no such user.
    User,
    /// The user is not in the team.
    Membership,
    /// The workspace has no such environment.
    Environment,
}

impl Default for Tenants {
    /// Nobody: an organisation without workspaces.
    fn default() -> Self {
        Self { organization: IMPLIED.into(), workspaces: BTreeMap::new(), users: BTreeMap::new() }
    }
}

impl Tenants {
    /// Whether a user is listed and disabled.
    #[must_use]
    pub fn is_disabled(&self, user: &str) -> bool {
        self.users.get(user).is_some_and(|known| known.is_disabled)
    }

    /// Whose something is, as far as it is there, and what is not.
    #[must_use]
    pub fn subject(&self, whose: &Whose<'_>, listing: Listing) -> (Subject, Vec<Absent>) {
        let Some(known) = self.workspaces.get(whose.workspace.unwrap_or(IMPLIED)) else {
            return (Subject::default(), vec![Absent::Workspace]);
        };
        let mut absent = Vec::new();
        let mut labels = known.labels.clone();
        if let Some(team) = whose.team {
            match known.teams.get(team) {
                Some(own) => labels = labels.overlaid(own),
                None => absent.push(Absent::Team),
            }
        }
        let listed = whose.user.and_then(|name| self.users.get(name));
        if let Some(user) = listed {
            labels = labels.overlaid(&user.labels);
            let place = whose.team.map(|team| known.place(team));
            if place.is_some_and(|place| !user.teams.contains(&place)) {
                absent.push(Absent::Membership);
            }
        } else if whose.user.is_some() && listing == Listing::Whole {
            absent.push(Absent::User);
        }
        if whose.environment.is_some_and(|name| !known.environments.iter().any(|known| known == name)) {
            absent.push(Absent::Environment);
        }
        let unlisted = || whose.user.map(|name| User { name: name.into(), is_service_account: false });
        let subject = Subject {
            organization: self.organization.clone(),
            workspace: Arc::clone(&known.workspace),
            team: whose.team.map(Into::into),
            user: listed.map(|known| known.user.clone()).or_else(unlisted),
            environment: whose.environment.map(Into::into),
            labels: labels.overlaid(&whose.labels),
        };
        (subject, absent)
    }
}

impl KnownWorkspace {
    /// A team as those of other workspaces are told from it.
    #[must_use]
    pub fn place(&self, team: &str) -> String {
        format!("{}/{team}", self.workspace.name)
    }
}

/// Why a text is no name of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a user's name is a text of 1 to {USER_BYTES_MAX} bytes without spaces, such as `ada@example.com`")]
pub struct UserNameProblem;

/// Checks the name of a user.
///
/// # Errors
/// When it is none.
pub fn check_user_name(name: &str) -> Result<(), UserNameProblem> {
    let has_gap = name.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    if name.is_empty() || name.len() > USER_BYTES_MAX || has_gap { Err(UserNameProblem) } else { Ok(()) }
}

/// Why a text is no value of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a text of at most {LABEL_BYTES_MAX} bytes on one line")]
pub struct LabelProblem;

/// Checks the value of a label.
///
/// # Errors
/// When it is none.
pub fn check_label(value: &str) -> Result<(), LabelProblem> {
    if value.len() > LABEL_BYTES_MAX || value.chars().any(char::is_control) {
        Err(LabelProblem)
    } else {
        Ok(())
    }
}

impl fmt::Display for Absent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Workspace => "workspace",
            Self::Team => "team",
            Self::User => "user",
            Self::Membership => "team of a listed user",
            Self::Environment => "environment",
        })
    }
}
