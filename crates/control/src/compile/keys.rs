//! Client keys by hash: each name and each hash once, each key with whose it is.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use domain::key::{KnownKey, Validity};
use domain::name::check_name;
use domain::network::Network;
use domain::quota::Standing;
use domain::{ApiKey, KeyHash, Priority};
use identity::{Listing, Tenants};
use jiff::Timestamp;

use super::Problems;
use super::routes::{Routes, default_route};
use super::scope::{Permitted, scope};
use super::tenants::{Whose, subject};
use crate::file::{GrantSection, KeySection, PriorityName};
use crate::path::Path;

pub(super) fn compile(
    sections: &[KeySection],
    (tenants, routes): (&Tenants, &Routes),
    problems: &mut Problems,
) -> HashMap<KeyHash, KnownKey> {
    let mut keys = HashMap::new();
    let mut names = HashMap::new();
    for (index, section) in sections.iter().enumerate() {
        let path = Path::root().key("keys").index(index);
        if let Err(problem) = check_name(&section.name) {
            problems.push((path.key("name"), problem.to_string()));
        }
        if let Some(first) = names.insert(section.name.as_str(), index) {
            problems.push((path.key("name"), format!("`keys[{first}]` is named `{}` already", section.name)));
        }
        let whose = Whose {
            workspace: section.workspace.as_deref(),
            team: section.team.as_deref(),
            user: section.user.as_deref(),
            environment: section.environment.as_deref(),
            metadata: &section.metadata,
            listing: Listing::Whole,
        };
        let subject = subject(&whose, tenants, &path, problems);
        let key = Arc::new(ApiKey {
            name: section.name.as_str().into(),
            subject: Arc::new(subject),
            ..grant(&section.grant(), routes, &path, problems)
        });
        let disabled = section.disabled == Some(true) || of_disabled(section.user.as_deref(), tenants);
        for Text { hash, until, place } in texts(section, &path, problems) {
            let validity = validity(disabled, until);
            if keys.insert(hash, KnownKey { key: Arc::clone(&key), validity }).is_some() {
                problems.push((place, "another key has this hash already".to_owned()));
            }
        }
    }
    keys
}

/// Whether something is that of a user who is disabled.
pub(super) fn of_disabled(user: Option<&str>, tenants: &Tenants) -> bool {
    user.is_some_and(|user| tenants.is_disabled(user))
}

/// How long a key is good that is `disabled` and has an end, or not.
pub(super) fn validity(disabled: bool, until: Option<SystemTime>) -> Validity {
    match (disabled, until) {
        (true, _) => Validity::Disabled,
        (_, Some(until)) => Validity::Until(until),
        (_, None) => Validity::Always,
    }
}

/// One of the texts of a key.
struct Text {
    hash: KeyHash,
    until: Option<SystemTime>,
    place: Path,
}

/// The texts of a key, each until its own end or the key's, whichever comes first.
fn texts(section: &KeySection, path: &Path, problems: &mut Problems) -> Vec<Text> {
    let expires = time(section.expires.as_deref(), &path.key("expires"), problems);
    let written: Vec<_> = match (&section.hash, section.hashes.as_slice()) {
        (Some(hash), []) => vec![(hash, None, path.key("hash"))],
        (None, hashes @ [_, ..]) => {
            let each = hashes.iter().enumerate().map(|(index, entry)| {
                let path = path.key("hashes").index(index);
                let until = time(entry.until.as_deref(), &path.key("until"), problems);
                (&entry.hash, until, path.key("hash"))
            });
            each.collect()
        }
        (None, []) => {
            problems.push((path.key("hash"), "it is missing; make one with `tollgate key new`".to_owned()));
            Vec::new()
        }
        (Some(_), _) => {
            problems.push((path.key("hashes"), "write either `hash` or `hashes`".to_owned()));
            Vec::new()
        }
    };
    let read = written.into_iter().filter_map(|(hash, until, place)| match hash.parse() {
        Ok(hash) => Some(Text { hash, until: until.into_iter().chain(expires).min(), place }),
        Err(problem) => {
            let problem: domain::key::KeyHashProblem = problem;
            problems.push((place, problem.to_string()));
            None
        }
    });
    read.collect()
}

/// A point in time, as it is written.
pub(super) fn time(text: Option<&str>, path: &Path, problems: &mut Problems) -> Option<SystemTime> {
    let read = text?.parse::<Timestamp>();
    if read.is_err() {
        problems.push((path.clone(), "expected a time such as `2026-12-31T00:00:00Z`".to_owned()));
    }
    read.ok().map(SystemTime::from)
}

/// What a caller may do, as a key without name and subject.
pub(super) fn grant(section: &GrantSection, routes: &Routes, path: &Path, problems: &mut Problems) -> ApiKey {
    let permitted = Permitted {
        models: section.models.as_deref(),
        providers: section.providers.as_deref(),
        regions: section.regions.as_deref(),
        endpoints: section.endpoints.as_deref(),
    };
    ApiKey {
        scope: scope(&permitted, path, problems),
        networks: section.networks.as_ref().map(|texts| networks(texts, &path.key("networks"), problems)),
        default_route: default_route(section.default_route.as_deref(), routes, path, problems),
        passthrough: section.passthrough.unwrap_or(false),
        inline_config: section.inline_config.unwrap_or(false),
        explain: section.explain.unwrap_or(false),
        sees_budgets: section.sees_budgets.unwrap_or(false),
        standing: standing(section, path, problems),
        ..ApiKey::new("", Arc::default())
    }
}

/// Networks, each as it is written.
pub(super) fn networks(texts: &[String], path: &Path, problems: &mut Problems) -> Vec<Network> {
    let read = texts.iter().enumerate().filter_map(|(index, text)| match text.parse() {
        Ok(network) => Some(network),
        Err(problem) => {
            let problem: domain::network::NetworkProblem = problem;
            problems.push((path.index(index), problem.to_string()));
            None
        }
    });
    read.collect()
}

fn standing(section: &GrantSection, path: &Path, problems: &mut Problems) -> Standing {
    let priority = section.priority.map_or(Priority::Standard, priority);
    let priority_max = section.priority_max.map_or(priority, self::priority);
    if priority_max < priority {
        let message = format!("it is lower than `priority`, which is {}", priority.name());
        problems.push((path.key("priority_max"), message));
    }
    Standing { priority, priority_max, weight: section.weight.unwrap_or(1) }
}

fn priority(name: PriorityName) -> Priority {
    match name {
        PriorityName::Realtime => Priority::Realtime,
        PriorityName::Standard => Priority::Standard,
        PriorityName::Batch => Priority::Batch,
    }
}
