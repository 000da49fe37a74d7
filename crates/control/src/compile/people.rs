//! People who sign in: local administrators, and how long sessions last.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::KeyHash;
use domain::audit::Who;
use domain::name::check_name;
use engine::route::time::TimeSpan;
use identity::{OneTimeSecret, PasswordHash, SessionLimits, Tenants};

use super::Problems;
use super::authority::{Roles, held_roles};
use super::keys::of_disabled;
use super::tenants::check_user;
use crate::authority::{IDLE_DEFAULT, LONGEST_DEFAULT, LocalAdmin, People, Principal, PublicUrl};
use crate::file::{ControlSection, LocalAdminSection, SignInSection};
use crate::path::Path;

/// The shortest that a session may last.
const SHORTEST: Duration = Duration::from_secs(60);
const IDLE_MAX: Duration = Duration::from_secs(24 * 60 * 60);
const LONGEST_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

pub(super) fn compile(
    section: &ControlSection,
    (tenants, roles): (&Tenants, &Roles),
    problems: &mut Problems,
) -> People {
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
    People {
        local_admins,
        limits: limits(&section.sign_in, &path, problems),
        public_url: public_url(&section.sign_in, &path, problems),
        users: users.collect(),
    }
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
