//! Which requests an allotment is for, by whose they are and where they go.

use crate::pattern::Pattern;

/// How many groups share nothing, where nobody says.
pub const GROUPS_MAX_DEFAULT: usize = 10_000;

/// Something that a request, or the target that it goes to, is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Attribute {
    /// The organisation of its key.
    Organization,
    /// The workspace of its key.
    Workspace,
    /// The team of its key.
    Team,
    /// The user of its key.
    User,
    /// The name of its key.
    Key,
    /// The environment of its key.
    Environment,
    /// The saved route that it takes.
    Route,
    /// The name of its endpoint.
    Endpoint,
    /// The provider of its target.
    Provider,
    /// `provider/model` of its target.
    Model,
    /// The id of the credential that it is sent with, such as `openai#2`.
    Credential,
    /// A member of its metadata.
    Metadata(Box<str>),
}

impl Attribute {
    const NAMED: [(&'static str, Self); 11] = [
        ("organization", Self::Organization),
        ("workspace", Self::Workspace),
        ("team", Self::Team),
        ("user", Self::User),
        ("key", Self::Key),
        ("environment", Self::Environment),
        ("route", Self::Route),
        ("endpoint", Self::Endpoint),
        ("provider", Self::Provider),
        ("model", Self::Model),
        ("credential", Self::Credential),
    ];

    /// The attribute of this name, such as `key` or `metadata.customer`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name.strip_prefix("metadata.") {
            Some("") => None,
            Some(member) => Some(Self::Metadata(member.into())),
            None => Self::NAMED.into_iter().find(|(known, _)| *known == name).map(|(_, attribute)| attribute),
        }
    }

    /// The names of all attributes but those of metadata.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::NAMED.into_iter().map(|(name, _)| name)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Metadata(member) => format!("metadata.{member}"),
            named => {
                Self::NAMED.iter().find(|(_, known)| known == named).map_or("", |(name, _)| name).to_owned()
            }
        }
    }

    /// Whether it differs between the targets of one request, or the credentials of one target.
    #[must_use]
    pub fn is_of_target(&self) -> bool {
        matches!(self, Self::Provider | Self::Model | Self::Credential)
    }
}

/// Which requests an allotment is for, and which of them share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// Each attribute has a value that one of its patterns matches. A pattern of a model with a slash speaks of `provider/model`, one without
    /// of the model's name alone.
    pub tests: Vec<(Attribute, Vec<Pattern>)>,
    /// Requests with the same values share, and others have the same for themselves. Those without a value share, too.
    pub group_by: Vec<Attribute>,
    /// Most groups at a time, at least 1.
    pub groups_max: usize,
}

impl Default for Selector {
    /// Every request, all together.
    fn default() -> Self {
        Self { tests: Vec::new(), group_by: Vec::new(), groups_max: GROUPS_MAX_DEFAULT }
    }
}

impl Selector {
    /// Whether a request is meant, of which `value` says what an attribute of it is.
    pub fn matches<'v>(&self, mut value: impl FnMut(&Attribute) -> Option<&'v str>) -> bool {
        self.tests.iter().all(|(attribute, patterns)| {
            let found = value(attribute);
            found.is_some_and(|found| patterns.iter().any(|pattern| fits(attribute, pattern, found)))
        })
    }

    /// Whether it depends on the target that a request goes to.
    #[must_use]
    pub fn is_by_target(&self) -> bool {
        self.attributes().any(Attribute::is_of_target)
    }

    /// Whether it depends on the credential that a request is sent with.
    #[must_use]
    pub fn is_by_credential(&self) -> bool {
        self.attributes().any(|attribute| *attribute == Attribute::Credential)
    }

    fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.tests.iter().map(|(attribute, _)| attribute).chain(&self.group_by)
    }
}

fn fits(attribute: &Attribute, pattern: &Pattern, value: &str) -> bool {
    let bare = match attribute {
        Attribute::Model if !pattern.as_str().contains('/') => value.split_once('/').map(|(_, model)| model),
        _ => None,
    };
    pattern.matches(bare.unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::{Attribute, Selector};
    use crate::pattern::Pattern;

    #[test]
    fn an_attribute_reads_back_from_its_name() {
        for name in Attribute::names().chain(["metadata.customer", "metadata.a.b"]) {
            assert_eq!(Attribute::named(name).unwrap().name(), name);
        }
        assert!(Attribute::named("metadata.").is_none() && Attribute::named("colour").is_none());
    }

    #[test]
    fn each_attribute_has_to_match_one_of_its_patterns() {
        let tests = vec![
            (Attribute::Key, vec![Pattern::from("ci-*"), Pattern::from("nightly")]),
            (Attribute::Model, vec![Pattern::from("gpt-*"), Pattern::from("groq/openai/*")]),
        ];
        let selector = Selector { tests, ..Selector::default() };
        let is_for = |key: Option<&'static str>, model: &'static str| {
            selector.matches(|attribute| if *attribute == Attribute::Key { key } else { Some(model) })
        };
        assert!(is_for(Some("ci-1"), "azure/gpt-5"));
        assert!(is_for(Some("nightly"), "groq/openai/gpt-oss-120b"));
        assert!(!is_for(Some("nightly"), "other/openai/gpt-oss-120b"));
        assert!(!is_for(Some("web"), "azure/gpt-5") && !is_for(None, "azure/gpt-5"));
        assert!(Selector::default().matches(|_| None));
        assert!(selector.is_by_target() && !Selector::default().is_by_target());
        let by_credential = Selector { group_by: vec![Attribute::Credential], ..Selector::default() };
        assert!(by_credential.is_by_credential() && by_credential.is_by_target());
        assert!(!selector.is_by_credential());
    }
}
