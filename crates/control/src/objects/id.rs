//! What an object is called: its kind and its name.

use std::fmt;

/// A section of the configuration whose entries may be objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObjectKind {
    /// Of `providers`.
    Provider,
    /// Of `routes`.
    Route,
    /// Of `workspaces`, with its teams.
    Workspace,
    /// Of `users`.
    User,
    /// Of `groups`.
    Group,
    /// Of `keys`.
    Key,
    /// Of `rate_limits`.
    RateLimit,
    /// Of `webhooks`.
    Webhook,
    /// Of `budgets`.
    Budget,
}

impl ObjectKind {
    /// Every kind; each refers to those before it.
    pub const ALL: [Self; 9] = [
        Self::Provider,
        Self::Route,
        Self::Workspace,
        Self::User,
        Self::Group,
        Self::Key,
        Self::RateLimit,
        Self::Webhook,
        Self::Budget,
    ];

    /// Its section in the file, and its place in paths of the API.
    #[must_use]
    pub fn section(self) -> &'static str {
        match self {
            Self::Provider => "providers",
            Self::Route => "routes",
            Self::Workspace => "workspaces",
            Self::User => "users",
            Self::Group => "groups",
            Self::Key => "keys",
            Self::RateLimit => "rate_limits",
            Self::Webhook => "webhooks",
            Self::Budget => "budgets",
        }
    }

    /// One of them, as people say it.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Route => "route",
            Self::Workspace => "workspace",
            Self::User => "user",
            Self::Group => "group",
            Self::Key => "key",
            Self::RateLimit => "rate limit",
            Self::Webhook => "webhook",
            Self::Budget => "budget",
        }
    }

    /// Whether its section is a list, whose entries say their name themselves.
    #[must_use]
    pub fn is_listed(self) -> bool {
        matches!(self, Self::Key | Self::RateLimit | Self::Webhook | Self::Budget)
    }

    /// The kind of a section.
    #[must_use]
    pub fn of_section(section: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.section() == section)
    }
}

/// Which object. Its name is one that can stand in a path, a header and a log line.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId {
    kind: ObjectKind,
    name: Box<str>,
}

/// The longest name: the longest address of a mailbox (RFC 5321 section 4.5.3.1) fits.
const NAME_BYTES_MAX: usize = 320;

/// Why a text cannot be the name of an object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a name has 1 to {NAME_BYTES_MAX} bytes, neither spaces nor control characters, and is not `.` or `..`"
)]
pub struct NameRefused;

impl ObjectId {
    /// The object of a kind and a name. What else the name must be is said by whoever compiles such an entry.
    ///
    /// # Errors
    /// When nothing can have this name.
    pub fn new(kind: ObjectKind, name: &str) -> Result<Self, NameRefused> {
        let refused = |letter: char| letter.is_whitespace() || letter.is_control();
        if name.len() > NAME_BYTES_MAX || matches!(name, "" | "." | "..") || name.chars().any(refused) {
            return Err(NameRefused);
        }
        Ok(Self { kind, name: name.into() })
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> ObjectKind {
        self.kind
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for ObjectId {
    /// As `keys/reporting`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.kind.section(), self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::{ObjectId, ObjectKind};

    #[test]
    fn each_kind_is_found_by_its_section() {
        for kind in ObjectKind::ALL {
            assert_eq!(ObjectKind::of_section(kind.section()), Some(kind));
        }
        assert_eq!(ObjectKind::of_section("server"), None);
    }

    #[test]
    fn a_name_can_stand_in_a_header_and_in_a_log_line() {
        for good in ["a", "ada@example.com", "A_b-c.1", "ä"] {
            assert_eq!(ObjectId::new(ObjectKind::User, good).unwrap().name(), good);
        }
        for bad in ["", "a b", "a\r\nx: y", "a\u{0}", "a\u{85}", ".", "..", &"x".repeat(321)] {
            assert!(ObjectId::new(ObjectKind::User, bad).is_err(), "{bad:?}");
        }
    }
}
