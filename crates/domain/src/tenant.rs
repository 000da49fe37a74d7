//! Whose a request is. An organisation has workspaces, a workspace has teams, and people and service accounts are in teams.
//!
//! All of it is known before a request comes: a key points to its subject, so that a request only clones an `Arc`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::condition::Fact;
use crate::name::{EnvironmentName, OrganizationName, RouteName, TeamName, UserName, WorkspaceName};
use crate::ports::metadata_rule::MetadataRule;
use crate::scope::Scope;

/// What an organisation and a workspace are called where the configuration names none.
pub const IMPLIED: &str = "default";

/// Whose a request is: what limits and budgets count by, what logs say, and what conditions may ask.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The organisation.
    pub organization: OrganizationName,
    /// The workspace; its rules hold whatever the key says.
    pub workspace: Arc<Workspace>,
    /// The team of the workspace.
    pub team: Option<TeamName>,
    /// Who uses the key.
    pub user: Option<User>,
    /// What the key is for.
    pub environment: Option<EnvironmentName>,
    /// The metadata of all of these together. It goes before what a client says of itself.
    pub labels: Labels,
}

impl Subject {
    /// The name that a condition may ask for; `None` where the key says nothing of it, and for other facts.
    #[must_use]
    pub fn named(&self, fact: &Fact) -> Option<&str> {
        match fact {
            Fact::Workspace => Some(self.workspace.name.as_str()),
            Fact::Team => self.team.as_ref().map(TeamName::as_str),
            Fact::User => self.user.as_ref().map(|user| user.name.as_str()),
            Fact::Environment => self.environment.as_ref().map(EnvironmentName::as_str),
            _ => None,
        }
    }
}

impl Default for Subject {
    /// That of a key that says nothing about whose it is.
    fn default() -> Self {
        Self {
            organization: IMPLIED.into(),
            workspace: Arc::default(),
            team: None,
            user: None,
            environment: None,
            labels: Labels::default(),
        }
    }
}

/// A part of the organisation with rules of its own.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Its name.
    pub name: WorkspaceName,
    /// What its keys may use at most.
    pub scope: Scope,
    /// Whether those of its keys that may pass through to providers do, where neither models nor endpoints are told apart.
    pub passthrough: bool,
    /// The route of requests that name no model.
    pub default_route: Option<RouteName>,
    /// What the metadata of its requests has to be.
    pub metadata_rule: Option<Arc<dyn MetadataRule>>,
    /// What is shared with others and not with it.
    pub withheld: Withheld,
}

/// Credentials that a workspace does not share. To it, a provider of which it shares none does not exist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Withheld(BTreeMap<Box<str>, WithheldOf>);

/// What is withheld of one provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithheldOf {
    /// All of it.
    Provider,
    /// These of its credentials, as bits by their place.
    Credentials(u64),
}

impl Withheld {
    /// Withholds something of a provider.
    pub fn add(&mut self, provider: &str, what: WithheldOf) {
        self.0.insert(provider.into(), what);
    }

    /// Whether nothing is.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a provider is as if it were not there.
    #[must_use]
    pub fn hides(&self, provider: &str) -> bool {
        self.0.get(provider) == Some(&WithheldOf::Provider)
    }

    /// The credentials of a provider that it must not use, as bits by their place.
    #[must_use]
    pub fn credentials(&self, provider: &str) -> u64 {
        match self.0.get(provider) {
            None => 0,
            Some(WithheldOf::Provider) => u64::MAX,
            Some(WithheldOf::Credentials(bits)) => *bits,
        }
    }
}

impl Default for Workspace {
    /// The implied one, without rules.
    fn default() -> Self {
        Self {
            name: IMPLIED.into(),
            scope: Scope::default(),
            passthrough: true,
            default_route: None,
            metadata_rule: None,
            withheld: Withheld::default(),
        }
    }
}

/// Who uses a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: UserName,
    /// Whether it is a program and no person.
    pub is_service_account: bool,
}

/// What is known of somebody besides a name: `cost_center` is `4711`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels(BTreeMap<Box<str>, Box<str>>);

impl Labels {
    /// The value of a label.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| &**value)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These, with those of somebody more specific in place of the ones of the same name.
    #[must_use]
    pub fn overlaid(&self, nearer: &Self) -> Self {
        let both = self.0.iter().chain(&nearer.0);
        Self(both.map(|(name, value)| (name.clone(), value.clone())).collect())
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Labels {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(labels: I) -> Self {
        Self(labels.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Labels;

    #[test]
    fn of_two_labels_of_one_name_the_more_specific_stands() {
        let labels = |pairs: &[(&str, &str)]| pairs.iter().copied().collect::<Labels>();
        let wide = labels(&[("cost_center", "1"), ("tier", "gold")]);
        let both = wide.overlaid(&labels(&[("cost_center", "2"), ("app", "chat")]));
        assert_eq!(both, labels(&[("app", "chat"), ("cost_center", "2"), ("tier", "gold")]));
        assert_eq!(both.get("cost_center"), Some("2"));
    }
}
