//! People who sign in: who they are, what they may do, and whether a session of theirs is still good. Sessions say who somebody is; what
//! they may is looked up anew with each request, so that what is taken from somebody is gone at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::audit::Who;
use identity::{OneTimeSecret, PasswordHash, RelyingParty, Session, SessionLimits, Way};

use super::principal::{HeldRole, Principal};

/// After how long a session ends that nobody uses, where the configuration does not say.
pub const IDLE_DEFAULT: Duration = Duration::from_secs(30 * 60);
/// After how long every session ends, where the configuration does not say.
pub const LONGEST_DEFAULT: Duration = Duration::from_secs(12 * 60 * 60);

/// The people of a configuration.
#[derive(Debug, Clone)]
pub struct People {
    /// Those who sign in with a password and a code, by name.
    pub local_admins: BTreeMap<Box<str>, LocalAdmin>,
    /// How long their sessions last.
    pub limits: SessionLimits,
    /// Where browsers reach this gateway, when that is said.
    pub public_url: Option<PublicUrl>,
    /// The users, and whether nothing of theirs is accepted.
    pub users: BTreeMap<Box<str>, bool>,
    /// The groups of each user that are kept here, by their names.
    pub groups: BTreeMap<Box<str>, Vec<Box<str>>>,
    /// Where others sign in.
    pub provider: Option<ExternalPeople>,
}

/// Somebody who signs in with a password and a code.
#[derive(Debug, Clone)]
pub struct LocalAdmin {
    /// Who they are, and what they may do.
    pub principal: Arc<Principal>,
    /// What is kept of their password.
    pub password: PasswordHash,
    /// What their authenticator shares.
    pub code: OneTimeSecret,
    /// What changes when either of these does.
    pub proof: Box<str>,
    /// Whether they are refused.
    pub disabled: bool,
}

/// Those who sign in at an identity provider.
#[derive(Debug, Clone)]
pub struct ExternalPeople {
    /// This gateway as the provider's client.
    pub relying_party: Arc<RelyingParty>,
    /// What the members of groups may do.
    pub roles: Vec<GroupRole>,
    /// Whether only users of the configuration come in.
    pub listed_only: bool,
}

/// A role of the members of a group.
#[derive(Debug, Clone)]
pub struct GroupRole {
    /// The group, as the provider names it.
    pub group: Box<str>,
    /// What they may do, and where.
    pub role: HeldRole,
}

/// Where browsers reach a gateway: `https://host` or `http://host:port`, without a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    /// Whether it is by HTTPS.
    pub is_https: bool,
    /// Host, and port where it is not the usual one, in lower case.
    pub authority: Box<str>,
}

impl Default for People {
    /// Nobody.
    fn default() -> Self {
        Self {
            local_admins: BTreeMap::new(),
            limits: SessionLimits { idle: IDLE_DEFAULT, longest: LONGEST_DEFAULT },
            public_url: None,
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            provider: None,
        }
    }
}

impl People {
    /// The roles that a user has by the groups that are kept here.
    pub(super) fn roles_by_groups(&self, user: &str) -> impl Iterator<Item = &HeldRole> {
        let groups = self.groups.get(user).map_or(&[][..], Vec::as_slice);
        let roles = self.provider.iter().flat_map(|provider| &provider.roles);
        roles.filter(move |role| groups.contains(&role.group)).map(|role| &role.role)
    }

    /// Whoever a session is of, if they may still come in by it.
    #[must_use]
    pub fn of(&self, session: &Session) -> Option<Arc<Principal>> {
        if session.user.as_deref().is_some_and(|user| self.users.get(user) == Some(&true)) {
            return None;
        }
        match &session.way {
            Way::Local { name, proof } => {
                let admin = self.local_admins.get(name.as_str())?;
                (!admin.disabled && *admin.proof == **proof).then(|| Arc::clone(&admin.principal))
            }
            Way::Provider { issuer, groups, .. } => {
                let user = session.user.as_deref()?;
                let kept = self.groups.get(user).into_iter().flatten().map(AsRef::as_ref);
                let groups: Vec<&str> = groups.iter().map(String::as_str).chain(kept).collect();
                self.provider.as_ref()?.of(issuer, &groups, (user, self.users.contains_key(user)))
            }
        }
    }

    /// The name of a user as the configuration has it: providers write addresses in either case.
    #[must_use]
    pub fn name_of(&self, user: &str) -> String {
        let mut known = self.users.keys().filter(|name| name.eq_ignore_ascii_case(user));
        let exact = self.users.get_key_value(user).map(|(name, _)| name);
        exact.or_else(|| known.next()).map_or_else(|| user.to_owned(), ToString::to_string)
    }

    /// The users of before who are not there any more, or of whom nothing is accepted any more.
    #[must_use]
    pub fn gone_since(&self, before: &Self) -> Vec<Box<str>> {
        let names = before.users.iter().filter_map(|(name, disabled)| (!disabled).then_some(name));
        names.filter(|name| self.users.get(*name) != Some(&false)).cloned().collect()
    }
}

impl ExternalPeople {
    /// Whoever is in some groups, if one of them has a role.
    fn of(&self, issuer: &str, groups: &[&str], (user, listed): (&str, bool)) -> Option<Arc<Principal>> {
        if issuer != self.relying_party.issuer() || (self.listed_only && !listed) {
            return None;
        }
        let held = self.roles.iter().filter(|role| groups.contains(&&*role.group));
        let roles: Vec<_> = held.map(|role| role.role.clone()).collect();
        if roles.is_empty() {
            return None;
        }
        Some(Arc::new(Principal { who: Who::User(user.into()), user: Some(user.into()), roles }))
    }
}

impl PublicUrl {
    /// Reads an address without a path.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let is_https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = authority.strip_suffix('/').unwrap_or(authority).to_ascii_lowercase();
        let read = authority.parse::<http::uri::Authority>().ok()?;
        (!read.host().is_empty() && !authority.contains('@'))
            .then(|| Self { is_https, authority: authority.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::PublicUrl;

    #[test]
    fn a_public_address_is_a_host_and_nothing_behind_it() {
        for (text, is_https, authority) in [
            ("https://Gateway.example.com", true, "gateway.example.com"),
            ("https://gateway.example.com/", true, "gateway.example.com"),
            ("http://[::1]:8080", false, "[::1]:8080"),
        ] {
            let expected = PublicUrl { is_https, authority: authority.into() };
            assert_eq!(PublicUrl::read(text), Some(expected), "{text}");
        }
        for text in
            ["gateway.example.com", "https://", "https://a/b", "ftp://a", "https://u@a", "https://a b", ""]
        {
            assert_eq!(PublicUrl::read(text), None, "{text}");
        }
    }
}
