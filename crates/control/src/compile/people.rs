//! People who sign in: local administrators, and how long sessions last.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::KeyHash;
use domain::audit::Who;
use domain::name::check_name;
use engine::route::time::TimeSpan;
use identity::{OneTimeSecret, PasswordHash, SessionLimits, Tenants};

use super::authority::{Roles, held_roles};
use super::keys::of_disabled;
use super::tenants::{check_user, missing};
use super::{Problems, Surroundings, oidc};
use crate::authority::{IDLE_DEFAULT, LONGEST_DEFAULT, LocalAdmin, People, Principal, PublicUrl};
use crate::file::{ConfigFile, GroupSection, LocalAdminSection, SignInSection};
use crate::path::Path;

/// The shortest that a session may last.
const SHORTEST: Duration = Duration::from_secs(60);
const IDLE_MAX: Duration = Duration::from_secs(24 * 60 * 60);
const LONGEST_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

pub(super) fn compile(
    file: &ConfigFile,
    (tenants, roles): (&Tenants, &Roles),
    surroundings: &Surroundings<'_>,
    problems: &mut Problems,
) -> People {
    let section = &file.control;
    let path = Path::root().key("control");
    let mut local_admins = BTreeMap::new();
    for (index, section) in section.local_admins.iter().enumerate() {
        let path = path.key("local_admins").index(index);
        if let Err(problem) = check_name(&section.name) {
            problems.push((path.key("name"), problem.to_string()));
        }
        let Some(admin) = local_admin(section, (tenants, roles), &path, problems) else { continue };
        if local_admins.insert(section.name.as_str().into(), admin).is_some() {
            let message = format!("another local administrator is named `{}` already", section.name);
            problems.push((path.key("name"), message));
        }
    }
    let users = tenants.users.iter().map(|(name, user)| (name.as_str().into(), user.is_disabled));
    let path = path.key("sign_in");
    let provider = section.sign_in.oidc.as_ref().and_then(|section| {
        let sources = surroundings.provider_sources;
        oidc::compile(section, (tenants, roles), sources, &path.key("oidc"), problems)
    });
    People {
        local_admins,
        limits: limits(&section.sign_in, &path, problems),
        public_url: public_url(&section.sign_in, &path, problems),
        users: users.collect(),
        groups: groups(&file.groups, tenants, problems),
        provider,
    }
}

/// The groups of each user, by all of the names that a role can be given to.
fn groups(
    sections: &BTreeMap<String, GroupSection>,
    tenants: &Tenants,
    problems: &mut Problems,
) -> BTreeMap<Box<str>, Vec<Box<str>>> {
    let mut groups = BTreeMap::<Box<str>, Vec<Box<str>>>::new();
    for (name, section) in sections {
        let path = Path::root().key("groups").key(name);
        if let Err(problem) = check_name(name) {
            problems.push((path.clone(), problem.to_string()));
        }
        for (index, member) in section.members.iter().enumerate() {
            if !tenants.users.contains_key(member) {
                let message = missing("user", member, tenants.users.keys());
                problems.push((path.key("members").index(index), message));
            }
            let names = [Some(name), section.display_name.as_ref(), section.external_id.as_ref()];
            let names = names.into_iter().flatten().map(|name| name.as_str().into());
            groups.entry(member.as_str().into()).or_default().extend(names);
        }
    }
    groups
}

fn local_admin(
    section: &LocalAdminSection,
    (tenants, roles): (&Tenants, &Roles),
    path: &Path,
    problems: &mut Problems,
) -> Option<LocalAdmin> {
    if let Some(user) = &section.user {
        check_user(user, tenants, path, problems);
    }
    let held = held_roles(&section.roles, (tenants, roles), &path.key("roles"), problems);
    let (hash, secret) = (section.password_hash.expose(), section.totp_secret.expose());
    let password = PasswordHash::read(hash);
    let password =
        password.map_err(|problem| problems.push((path.key("password_hash"), problem.to_string())));
    let code = OneTimeSecret::read(secret);
    let code = code.map_err(|problem| problems.push((path.key("totp_secret"), problem.to_string())));
    let disabled = section.disabled == Some(true) || of_disabled(section.user.as_deref(), tenants);
    let principal = Principal {
        who: Who::LocalAdmin(section.name.as_str().into()),
        user: section.user.as_deref().map(Into::into),
        roles: held,
    };
    Some(LocalAdmin {
        principal: Arc::new(principal),
        password: password.ok()?,
        code: code.ok()?,
        proof: KeyHash::of(&format!("{hash} {secret}")).to_string().into(),
        disabled,
    })
}

fn limits(section: &SignInSection, path: &Path, problems: &mut Problems) -> SessionLimits {
    let mut time = |key: &str, written: Option<TimeSpan>, absent: Duration, max: Duration| {
        let time = written.map_or(absent, |span| span.0);
        if !(SHORTEST..=max).contains(&time) {
            let message = format!("expected from 1 minute to {} hours", max.as_secs() / 3600);
            problems.push((path.key(key), message));
        }
        time
    };
    SessionLimits {
        idle: time("idle_timeout", section.idle_timeout, IDLE_DEFAULT, IDLE_MAX),
        longest: time("session_timeout", section.session_timeout, LONGEST_DEFAULT, LONGEST_MAX),
    }
}

fn public_url(section: &SignInSection, path: &Path, problems: &mut Problems) -> Option<PublicUrl> {
    let read = PublicUrl::read(section.public_url.as_deref()?);
    if read.is_none() {
        let message = "expected an address without a path, such as `https://gateway.example.com`".to_owned();
        problems.push((path.key("public_url"), message));
    }
    read
}
