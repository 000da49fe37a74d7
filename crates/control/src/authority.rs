//! Who may administer the gateway, and do what: control keys, the roles that their holders have, and what roles permit.
//!
//! All of it is decided without I/O and without a clock. Policies are compiled when the configuration is loaded, and a question
//! is a look at one bit (`docs/adr/0026-cedar-is-a-notation.md`).

mod people;
mod permissions;
mod policy;
mod principal;
pub mod reference;
mod role;
#[cfg(test)]
mod tests;
mod vocabulary;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use domain::key::{Ended, Validity};
use domain::{ErrorCode, KeyHash, KeyText};
use jiff::Timestamp;

pub use people::{ExternalPeople, GroupRole, IDLE_DEFAULT, LONGEST_DEFAULT, LocalAdmin, People, PublicUrl};
pub use permissions::{Permissions, Question};
pub use policy::{Policies, PolicyProblem};
pub use principal::{Denied, HeldRole, Principal, Resource};
pub use role::{BUILT_IN_ROLES, BuiltInRole};
pub use vocabulary::{Action, Kind, Level};

/// The control keys and the people of a configuration.
#[derive(Debug, Clone, Default)]
pub struct Authority {
    keys: HashMap<KeyHash, ControlKey>,
    people: People,
}

/// A control key as it is found by its hash.
#[derive(Debug, Clone)]
pub struct ControlKey {
    /// Whose it is.
    pub principal: Arc<Principal>,
    /// How long it is good.
    pub validity: Validity,
}

/// Why somebody is not let in. What they sent is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stranger {
    /// The configuration has no control key.
    #[error("this gateway has no control key; make one with `tollgate key new --control` (control.keys)")]
    NoKeys,
    /// None was sent.
    #[error("no control key was sent; send it as `authorization: Bearer tga-…`")]
    NothingSent,
    /// What was sent is a client's.
    #[error("a client's key opens no control API; send a control key (`tga-…`)")]
    Client,
    /// It is not known.
    #[error("this control key is not known here; it may have been removed")]
    Unknown,
    /// Its time is over.
    #[error("this control key has expired at {0:.0}")]
    Expired(Timestamp),
    /// It was switched off.
    #[error("this control key is disabled")]
    Disabled,
    /// The session that was sent is not there, or not any more.
    #[error("this session has ended; sign in again")]
    SessionOver,
}

impl Stranger {
    /// The code whose page explains it.
    #[must_use]
    pub fn code(self) -> ErrorCode {
        ErrorCode::ControlKeyRefused
    }
}

impl Authority {
    /// That of some control keys and people.
    #[must_use]
    pub fn new(keys: HashMap<KeyHash, ControlKey>, people: People) -> Self {
        Self { keys, people }
    }

    /// Those who sign in.
    #[must_use]
    pub fn people(&self) -> &People {
        &self.people
    }

    /// The roles that a user is known to hold here, by whichever way they come in.
    pub fn roles_of(&self, user: &str) -> impl Iterator<Item = &HeldRole> {
        let is_theirs = move |principal: &Principal| {
            principal.user.as_ref().is_some_and(|theirs| theirs.as_str() == user)
        };
        let by_key = self.keys.values().map(|key| &*key.principal);
        let by_password = self.people.local_admins.values().map(|admin| &*admin.principal);
        let direct = by_key.chain(by_password).filter(move |principal| is_theirs(principal));
        direct.flat_map(|principal| &principal.roles).chain(self.people.roles_by_groups(user))
    }

    /// Whose key a text is. It is looked up by its hash, so that the time it takes says nothing about how near a guess was.
    ///
    /// # Errors
    /// With why its bearer is not let in.
    pub fn admit(&self, presented: Option<&str>, now: SystemTime) -> Result<&Arc<Principal>, Stranger> {
        if self.keys.is_empty() {
            return Err(Stranger::NoKeys);
        }
        let text = presented.ok_or(Stranger::NothingSent)?;
        let Some(key) = self.keys.get(&KeyHash::of(text)) else {
            let is_of_client = KeyText::is_well_formed(text) && !KeyText::is_for_control(text);
            return Err(if is_of_client { Stranger::Client } else { Stranger::Unknown });
        };
        match key.validity.check(now) {
            Ok(()) => Ok(&key.principal),
            Err(Ended::Expired(end)) => Err(Stranger::Expired(Timestamp::try_from(end).unwrap_or_default())),
            Err(Ended::Disabled) => Err(Stranger::Disabled),
        }
    }
}
