//! Roles and control keys: each policy compiled, each name found.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::KeyHash;
use domain::audit::Who;
use domain::key::KeyHashProblem;
use domain::name::check_name;
use identity::Tenants;

use super::keys::{of_disabled, time, validity};
use super::people;
use super::tenants::{check_place, check_user, missing};
use super::{Problems, Surroundings};
use crate::authority::{
    Authority, BUILT_IN_ROLES, ControlKey, HeldRole, Permissions, Policies, PolicyProblem, Principal,
};
use crate::file::{ConfigFile, ControlKeySection, HeldRoleSection, RoleSection};
use crate::path::Path;

/// What each role permits, by its name.
pub(super) type Roles = BTreeMap<String, Permissions>;

pub(super) fn compile(
    file: &ConfigFile,
    tenants: &Tenants,
    surroundings: &Surroundings<'_>,
    problems: &mut Problems,
) -> Authority {
    let roles = roles(&file.roles, problems);
    let people = people::compile(file, (tenants, &roles), surroundings, problems);
    Authority::new(control_keys(file, (tenants, &roles), problems), people)
}

fn control_keys(
    file: &ConfigFile,
    (tenants, roles): (&Tenants, &Roles),
    problems: &mut Problems,
) -> HashMap<KeyHash, ControlKey> {
    let mut keys = HashMap::new();
    let mut names = HashMap::new();
    for (index, section) in file.control.keys.iter().enumerate() {
        let path = Path::root().key("control").key("keys").index(index);
        if let Err(problem) = check_name(&section.name) {
            problems.push((path.key("name"), problem.to_string()));
        }
        if let Some(first) = names.insert(section.name.as_str(), index) {
            let message = format!("`control.keys[{first}]` is named `{}` already", section.name);
            problems.push((path.key("name"), message));
        }
        let hash: Result<KeyHash, KeyHashProblem> = section.hash.parse();
        let key = key(section, (tenants, roles), &path, problems);
        match hash {
            Ok(hash) if keys.insert(hash, key).is_some() => {
                problems.push((path.key("hash"), "another control key has this hash already".to_owned()));
            }
            Ok(_) => {}
            Err(problem) => problems.push((path.key("hash"), problem.to_string())),
        }
    }
    keys
}

/// The built-in roles and the configured ones.
fn roles(sections: &BTreeMap<String, RoleSection>, problems: &mut Problems) -> Roles {
    let mut roles = Roles::new();
    for role in BUILT_IN_ROLES {
        match role.permissions() {
            Ok(permissions) => drop(roles.insert(role.name.to_owned(), permissions)),
            Err(problem) => problems.push((Path::root().key("roles").key(role.name), problem.to_string())),
        }
    }
    for (name, section) in sections {
        let path = Path::root().key("roles").key(name);
        if let Err(problem) = check_name(name) {
            problems.push((path.clone(), problem.to_string()));
        }
        if roles.insert(name.clone(), permissions(section, &path, problems)).is_some() {
            problems.push((path, "there is a built-in role of this name; call yours otherwise".to_owned()));
        }
    }
    roles
}

fn permissions(section: &RoleSection, path: &Path, problems: &mut Problems) -> Permissions {
    let mut policies = Policies::default();
    for (index, text) in section.policies.iter().enumerate() {
        let read: Result<(), PolicyProblem> = policies.read(text);
        if let Err(problem) = read {
            problems.push((path.key("policies").index(index), problem.to_string()));
        }
    }
    policies.permissions()
}

fn key(
    section: &ControlKeySection,
    (tenants, roles): (&Tenants, &Roles),
    path: &Path,
    problems: &mut Problems,
) -> ControlKey {
    if let Some(user) = &section.user {
        check_user(user, tenants, path, problems);
    }
    let expires = time(section.expires.as_deref(), &path.key("expires"), problems);
    let held = held_roles(&section.roles, (tenants, roles), &path.key("roles"), problems);
    let principal = Principal {
        who: Who::ControlKey(section.name.as_str().into()),
        user: section.user.as_deref().map(Into::into),
        roles: held,
    };
    let disabled = section.disabled == Some(true) || of_disabled(section.user.as_deref(), tenants);
    ControlKey { principal: Arc::new(principal), validity: validity(disabled, expires) }
}

/// What somebody may do, and where; it is something.
pub(super) fn held_roles(
    sections: &[HeldRoleSection],
    (tenants, roles): (&Tenants, &Roles),
    path: &Path,
    problems: &mut Problems,
) -> Vec<HeldRole> {
    if sections.is_empty() {
        problems.push((path.clone(), "expected at least one role".to_owned()));
    }
    let held = sections
        .iter()
        .enumerate()
        .filter_map(|(index, section)| held(section, (tenants, roles), &path.index(index), problems));
    held.collect()
}

pub(super) fn held(
    section: &HeldRoleSection,
    (tenants, roles): (&Tenants, &Roles),
    path: &Path,
    problems: &mut Problems,
) -> Option<HeldRole> {
    let place = (section.workspace.as_deref(), section.environment.as_deref());
    check_place(place, tenants, path, problems);
    let permissions = roles.get(&section.role);
    if permissions.is_none() {
        problems.push((path.key("role"), missing("role", &section.role, roles.keys())));
    }
    Some(HeldRole {
        role: section.role.as_str().into(),
        permissions: *permissions?,
        workspace: place.0.map(Into::into),
        environment: place.1.map(Into::into),
    })
}
