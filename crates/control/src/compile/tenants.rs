//! The organisation, its workspaces with their teams, its users, and whose a key is among them.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::name::check_name;
use domain::tenant::{IMPLIED, Labels, User};
use domain::{OrganizationName, Subject, Workspace};
use engine::route::near;

use super::Problems;
use super::metadata_schema;
use super::routes::{Routes, default_route};
use super::scope::{Permitted, scope};
use crate::file::{ConfigFile, UserSection, WorkspaceSection};
use crate::path::Path;

/// What keys may be for where their workspace says nothing about it.
const ENVIRONMENTS: [&str; 3] = ["dev", "staging", "prod"];
/// The longest name of a user: the longest address of a mailbox (RFC 5321 section 4.5.3.1) fits.
const USER_BYTES_MAX: usize = 320;
/// The longest value of a label.
const LABEL_BYTES_MAX: usize = 256;

/// Everybody that a key can belong to.
pub(super) struct Tenants {
    organization: OrganizationName,
    workspaces: BTreeMap<String, KnownWorkspace>,
    users: BTreeMap<String, KnownUser>,
}

struct KnownWorkspace {
    workspace: Arc<Workspace>,
    environments: Vec<String>,
    /// The organisation's, too.
    labels: Labels,
    teams: BTreeMap<String, Labels>,
}

struct KnownUser {
    user: User,
    teams: Vec<String>,
    labels: Labels,
}

/// Whose something is, by the names that the configuration uses.
pub(super) struct Whose<'a> {
    pub(super) workspace: Option<&'a str>,
    pub(super) team: Option<&'a str>,
    pub(super) user: Option<&'a str>,
    pub(super) environment: Option<&'a str>,
    pub(super) metadata: &'a BTreeMap<String, String>,
}

pub(super) fn compile(file: &ConfigFile, routes: &Routes, problems: &mut Problems) -> Tenants {
    let section = &file.organization;
    let path = Path::root().key("organization");
    let name = section.name.as_deref().unwrap_or(IMPLIED);
    named(name, &path.key("name"), problems);
    let labels = labels(&section.metadata, &path.key("metadata"), problems);
    let mut workspaces = BTreeMap::new();
    for (name, section) in &file.workspaces {
        let path = Path::root().key("workspaces").key(name);
        named(name, &path, problems);
        workspaces.insert(name.clone(), workspace(name, section, (&labels, routes), &path, problems));
    }
    if workspaces.is_empty() {
        workspaces.insert(IMPLIED.to_owned(), implied(&labels));
    }
    let users = file.users.iter();
    let users =
        users.map(|(name, section)| (name.clone(), user(name, section, &workspaces, problems))).collect();
    Tenants { organization: name.into(), workspaces, users }
}

fn implied(labels: &Labels) -> KnownWorkspace {
    KnownWorkspace {
        workspace: Arc::default(),
        environments: ENVIRONMENTS.map(str::to_owned).to_vec(),
        labels: labels.clone(),
        teams: BTreeMap::new(),
    }
}

fn workspace(
    name: &str,
    section: &WorkspaceSection,
    (around, routes): (&Labels, &Routes),
    path: &Path,
    problems: &mut Problems,
) -> KnownWorkspace {
    let own = labels(&section.metadata, &path.key("metadata"), problems);
    let teams = section.teams.iter().map(|(team, section)| {
        let path = path.key("teams").key(team);
        named(team, &path, problems);
        (team.clone(), labels(&section.metadata, &path.key("metadata"), problems))
    });
    let teams = teams.collect();
    let environments =
        section.environments.clone().unwrap_or_else(|| ENVIRONMENTS.map(str::to_owned).to_vec());
    for (index, environment) in environments.iter().enumerate() {
        named(environment, &path.key("environments").index(index), problems);
    }
    let permitted = Permitted {
        models: section.models.as_deref(),
        providers: section.providers.as_deref(),
        regions: section.regions.as_deref(),
        endpoints: section.endpoints.as_deref(),
    };
    let workspace = Workspace {
        name: name.into(),
        scope: scope(&permitted, path, problems),
        default_route: default_route(section.default_route.as_deref(), routes, path, problems),
        metadata_rule: section
            .metadata_schema
            .as_ref()
            .and_then(|schema| metadata_schema::compile(schema, &path.key("metadata_schema"), problems)),
    };
    KnownWorkspace { workspace: Arc::new(workspace), environments, labels: around.overlaid(&own), teams }
}

fn user(
    name: &str,
    section: &UserSection,
    workspaces: &BTreeMap<String, KnownWorkspace>,
    problems: &mut Problems,
) -> KnownUser {
    let path = Path::root().key("users").key(name);
    if name.is_empty()
        || name.len() > USER_BYTES_MAX
        || name.chars().any(|letter| letter.is_whitespace() || letter.is_control())
    {
        let message = format!(
            "a user's name is a text of 1 to {USER_BYTES_MAX} bytes without spaces, such as `ada@example.com`"
        );
        problems.push((path.clone(), message));
    }
    for (index, team) in section.teams.iter().enumerate() {
        if let Err(message) = find_team(team, workspaces) {
            problems.push((path.key("teams").index(index), message));
        }
    }
    KnownUser {
        user: User { name: name.into(), is_service_account: section.service_account.unwrap_or(false) },
        teams: section.teams.clone(),
        labels: labels(&section.metadata, &path.key("metadata"), problems),
    }
}

fn find_team(name: &str, workspaces: &BTreeMap<String, KnownWorkspace>) -> Result<(), String> {
    let all = || {
        workspaces
            .iter()
            .flat_map(|(name, known)| known.teams.keys().map(move |team| format!("{name}/{team}")))
    };
    if all().any(|known| known == name) {
        return Ok(());
    }
    let known: Vec<_> = all().collect();
    let suggestion = near::suggestion(name, known.iter().map(String::as_str));
    Err(format!("there is no team `{name}`, as `workspace/team`{suggestion}"))
}

impl Tenants {
    /// Whose something is.
    ///
    /// What is not there is reported; the implied subject stands in then.
    pub(super) fn subject(&self, whose: &Whose<'_>, path: &Path, problems: &mut Problems) -> Subject {
        let own = labels(whose.metadata, &path.key("metadata"), problems);
        let Some(known) = self.workspace(whose.workspace, path, problems) else { return Subject::default() };
        let mut together = known.labels.clone();
        if let Some(team) = whose.team {
            match known.teams.get(team) {
                Some(labels) => together = together.overlaid(labels),
                None => {
                    let message =
                        missing(&format!("team of `{}`", known.workspace.name), team, known.teams.keys());
                    problems.push((path.key("team"), message));
                }
            }
        }
        let user = whose.user.and_then(|name| self.user(name, (known, whose.team), path, problems));
        if let Some(user) = user {
            together = together.overlaid(&user.labels);
        }
        if let Some(environment) =
            whose.environment.filter(|name| !known.environments.iter().any(|known| known == name))
        {
            let what = format!("environment of `{}`", known.workspace.name);
            problems.push((path.key("environment"), missing(&what, environment, &known.environments)));
        }
        Subject {
            organization: self.organization.clone(),
            workspace: Arc::clone(&known.workspace),
            team: whose.team.map(Into::into),
            user: user.map(|known| known.user.clone()),
            environment: whose.environment.map(Into::into),
            labels: together.overlaid(&own),
        }
    }

    /// Reports a workspace that is not there, and an environment that it, or else every one, does not have.
    pub(super) fn check_place(
        &self,
        (workspace, environment): (Option<&str>, Option<&str>),
        path: &Path,
        problems: &mut Problems,
    ) {
        let known: Vec<_> = match workspace {
            Some(_) => self.workspace(workspace, path, problems).into_iter().collect(),
            None => self.workspaces.values().collect(),
        };
        let Some(environment) = environment.filter(|_| !known.is_empty()) else { return };
        let all = || known.iter().flat_map(|known| &known.environments);
        if !all().any(|known| known == environment) {
            problems.push((path.key("environment"), missing("environment", environment, all())));
        }
    }

    /// Reports a user who is not there.
    pub(super) fn check_user(&self, name: &str, path: &Path, problems: &mut Problems) {
        if !self.users.contains_key(name) {
            problems.push((path.key("user"), missing("user", name, self.users.keys())));
        }
    }

    fn workspace(&self, name: Option<&str>, path: &Path, problems: &mut Problems) -> Option<&KnownWorkspace> {
        let found = self.workspaces.get(name.unwrap_or(IMPLIED));
        if found.is_none() {
            let message = match name {
                Some(name) => missing("workspace", name, self.workspaces.keys()),
                None => {
                    let all: Vec<_> =
                        self.workspaces.keys().take(LISTED_MAX).map(|name| format!("`{name}`")).collect();
                    format!("it is missing; there are {}", all.join(", "))
                }
            };
            problems.push((path.key("workspace"), message));
        }
        found
    }

    fn user(
        &self,
        name: &str,
        (workspace, team): (&KnownWorkspace, Option<&str>),
        path: &Path,
        problems: &mut Problems,
    ) -> Option<&KnownUser> {
        self.check_user(name, path, problems);
        let known = self.users.get(name)?;
        let place = team.map(|team| format!("{}/{team}", workspace.workspace.name));
        if let Some(place) = place.filter(|place| !known.teams.contains(place)) {
            let message = format!("`{name}` is not in the team `{place}`; add it to `users.{name}.teams`");
            problems.push((path.key("user"), message));
        }
        Some(known)
    }
}

/// Most names that a message lists.
const LISTED_MAX: usize = 10;

/// That there is none of a name, with the nearest of those that there are.
pub(super) fn missing<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a String>) -> String {
    format!(
        "there is no {what} called `{name}`{}",
        near::suggestion(name, known.into_iter().map(String::as_str))
    )
}

fn named(name: &str, path: &Path, problems: &mut Problems) {
    if let Err(problem) = check_name(name) {
        problems.push((path.clone(), problem.to_string()));
    }
}

fn labels(written: &BTreeMap<String, String>, path: &Path, problems: &mut Problems) -> Labels {
    for (name, value) in written {
        named(name, &path.key(name), problems);
        if value.len() > LABEL_BYTES_MAX || value.chars().any(char::is_control) {
            let message = format!("expected a text of at most {LABEL_BYTES_MAX} bytes on one line");
            problems.push((path.key(name), message));
        }
    }
    written.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}
