//! The organisation, its workspaces with their teams, its users, and whose a key is among them.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::name::check_name;
use domain::tenant::{IMPLIED, Labels, User};
use domain::{Subject, Workspace};
use engine::route::near;
use identity::{Absent, KnownUser, KnownWorkspace, Listing, Tenants, check_label, check_user_name};

use super::Problems;
use super::metadata_schema;
use super::routes::{Routes, default_route};
use super::scope::{Permitted, scope};
use super::sharing::Sharing;
use crate::file::{ConfigFile, UserSection, WorkspaceSection};
use crate::path::Path;

/// What keys may be for where their workspace says nothing about it.
const ENVIRONMENTS: [&str; 3] = ["dev", "staging", "prod"];

/// Whose something is, by the names that the configuration uses.
pub(super) struct Whose<'a> {
    pub(super) workspace: Option<&'a str>,
    pub(super) team: Option<&'a str>,
    pub(super) user: Option<&'a str>,
    pub(super) environment: Option<&'a str>,
    pub(super) metadata: &'a BTreeMap<String, String>,
    /// Who may be named as its user.
    pub(super) listing: Listing,
}

pub(super) fn compile(
    file: &ConfigFile,
    (routes, sharing): (&Routes, &Sharing),
    problems: &mut Problems,
) -> Tenants {
    let section = &file.organization;
    let path = Path::root().key("organization");
    let name = section.name.as_deref().unwrap_or(IMPLIED);
    named(name, &path.key("name"), problems);
    let labels = labels(&section.metadata, &path.key("metadata"), problems);
    let mut workspaces = BTreeMap::new();
    for (name, section) in &file.workspaces {
        let path = Path::root().key("workspaces").key(name);
        named(name, &path, problems);
        workspaces
            .insert(name.clone(), workspace(name, section, (&labels, routes, sharing), &path, problems));
    }
    if workspaces.is_empty() {
        workspaces.insert(IMPLIED.to_owned(), implied(&labels, sharing));
    }
    let users = file.users.iter();
    let users =
        users.map(|(name, section)| (name.clone(), user(name, section, &workspaces, problems))).collect();
    Tenants { organization: name.into(), workspaces, users }
}

fn implied(labels: &Labels, sharing: &Sharing) -> KnownWorkspace {
    let workspace = Workspace { withheld: sharing.withheld_from(IMPLIED), ..Workspace::default() };
    KnownWorkspace {
        workspace: Arc::new(workspace),
        environments: ENVIRONMENTS.map(str::to_owned).to_vec(),
        labels: labels.clone(),
        teams: BTreeMap::new(),
    }
}

fn workspace(
    name: &str,
    section: &WorkspaceSection,
    (around, routes, sharing): (&Labels, &Routes, &Sharing),
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
        passthrough: section
            .passthrough
            .unwrap_or_else(|| section.models.is_none() && section.endpoints.is_none()),
        default_route: default_route(section.default_route.as_deref(), routes, path, problems),
        metadata_rule: section
            .metadata_schema
            .as_ref()
            .and_then(|schema| metadata_schema::compile(schema, &path.key("metadata_schema"), problems)),
        withheld: sharing.withheld_from(name),
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
    if let Err(problem) = check_user_name(name) {
        problems.push((path.clone(), problem.to_string()));
    }
    for (index, team) in section.teams.iter().enumerate() {
        if let Err(message) = find_team(team, workspaces) {
            problems.push((path.key("teams").index(index), message));
        }
    }
    KnownUser {
        user: User { name: name.into(), is_service_account: section.service_account.unwrap_or(false) },
        teams: section.teams.clone(),
        is_disabled: section.disabled == Some(true),
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

/// Whose something is.
///
/// What is not there is reported; the implied subject stands in then.
pub(super) fn subject(whose: &Whose<'_>, tenants: &Tenants, path: &Path, problems: &mut Problems) -> Subject {
    let named = identity::Whose {
        workspace: whose.workspace,
        team: whose.team,
        user: whose.user,
        environment: whose.environment,
        labels: labels(whose.metadata, &path.key("metadata"), problems),
    };
    let (subject, absent) = tenants.subject(&named, whose.listing);
    problems.extend(absent.into_iter().map(|absent| report(absent, whose, tenants, path)));
    subject
}

fn report(absent: Absent, whose: &Whose<'_>, tenants: &Tenants, path: &Path) -> (Path, String) {
    let name = |name: Option<&str>| name.unwrap_or_default().to_owned();
    let (team, user) = (name(whose.team), name(whose.user));
    // Of what is in a workspace something can only be absent where there is the workspace.
    let workspace = tenants.workspaces.get(whose.workspace.unwrap_or(IMPLIED));
    let of_workspace = |what: &str| match workspace {
        Some(known) => format!("{what} of `{}`", known.workspace.name),
        None => what.to_owned(),
    };
    match absent {
        Absent::Workspace => (path.key("workspace"), missing_workspace(whose.workspace, tenants)),
        Absent::Team => {
            let known = workspace.into_iter().flat_map(|known| known.teams.keys());
            (path.key("team"), missing(&of_workspace("team"), &team, known))
        }
        Absent::User => (path.key("user"), missing_user(&user, tenants)),
        Absent::Membership => {
            let place = workspace.map(|known| known.place(&team)).unwrap_or_default();
            let message = format!("`{user}` is not in the team `{place}`; add it to `users.{user}.teams`");
            (path.key("user"), message)
        }
        Absent::Environment => {
            let known = workspace.into_iter().flat_map(|known| &known.environments);
            let message = missing(&of_workspace("environment"), &name(whose.environment), known);
            (path.key("environment"), message)
        }
    }
}

/// Reports a workspace that is not there, and an environment that it, or else every one, does not have.
pub(super) fn check_place(
    (workspace, environment): (Option<&str>, Option<&str>),
    tenants: &Tenants,
    path: &Path,
    problems: &mut Problems,
) {
    let known: Vec<_> = match workspace.map(|name| tenants.workspaces.get(name)) {
        Some(Some(known)) => vec![known],
        Some(None) => {
            problems.push((path.key("workspace"), missing_workspace(workspace, tenants)));
            return;
        }
        None => tenants.workspaces.values().collect(),
    };
    let all = || known.iter().flat_map(|known| &known.environments);
    if let Some(environment) = environment.filter(|name| !all().any(|known| known == name)) {
        problems.push((path.key("environment"), missing("environment", environment, all())));
    }
}

/// Reports a user who is not there.
pub(super) fn check_user(name: &str, tenants: &Tenants, path: &Path, problems: &mut Problems) {
    if !tenants.users.contains_key(name) {
        problems.push((path.key("user"), missing_user(name, tenants)));
    }
}

fn missing_user(name: &str, tenants: &Tenants) -> String {
    missing("user", name, tenants.users.keys())
}

fn missing_workspace(name: Option<&str>, tenants: &Tenants) -> String {
    match name {
        Some(name) => missing("workspace", name, tenants.workspaces.keys()),
        None => {
            let all: Vec<_> =
                tenants.workspaces.keys().take(LISTED_MAX).map(|name| format!("`{name}`")).collect();
            format!("it is missing; there are {}", all.join(", "))
        }
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

pub(super) fn labels(written: &BTreeMap<String, String>, path: &Path, problems: &mut Problems) -> Labels {
    for (name, value) in written {
        named(name, &path.key(name), problems);
        if let Err(problem) = check_label(value) {
            problems.push((path.key(name), problem.to_string()));
        }
    }
    written.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}
