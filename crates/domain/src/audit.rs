//! What was done to the gateway and what was refused, as a chain: each record is sealed with a hash over itself and the hash
//! before it, so that nothing can be changed, taken out, put in or moved without everything behind it showing so.
//!
//! A record is hashed as the text that is kept and handed out. Nobody writes it a second time, so no two ways of writing the
//! same JSON can differ.

mod seal;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use seal::{AuditHash, BrokenChain, Head, LineProblem, SealedRecord};

/// Something that was done, or refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditEntry {
    /// When; of several that are told as one, the first. Milliseconds since 1970-01-01 00:00 UTC.
    pub at_milliseconds: u64,
    /// Who did it.
    pub who: Who,
    /// What was done: an action of the control plane, such as `update`, or `request` for what a client asked for.
    pub act: Box<str>,
    /// To what; absent where it is about the gateway as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<AuditedResource>,
    /// What it was before, with secrets masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What it is now, with secrets masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// From which address; of several, the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<IpAddr>,
    /// The request; of several, the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Box<str>>,
    /// What came of it.
    pub outcome: Outcome,
    /// How often; more than once where many alike are told as one.
    pub times: u64,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// The holder of a control key, by its name.
    ControlKey(Box<str>),
    /// A local administrator who signed in, by their name.
    LocalAdmin(Box<str>),
    /// A user who signed in, by their name.
    User(Box<str>),
    /// A client, by the name of its key.
    Key(Box<str>),
    /// Somebody who is not known, by the network that they come from.
    Network(Box<str>),
    /// Many who are not told apart.
    Others,
}

/// What something was done to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditedResource {
    /// The kind of thing, such as `Key`.
    pub kind: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// The workspace that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<Box<str>>,
}

/// What came of an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused, with this error code.
    Denied(Box<str>),
    /// It was permitted and did not come about, with this error code.
    Failed(Box<str>),
}

/// Which records are wanted; all of them when it says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// The name of a control key or key, or a network.
    pub who: Option<Box<str>>,
    /// What was done.
    pub act: Option<Box<str>>,
    /// The kind of thing.
    pub kind: Option<Box<str>>,
    /// The name of the thing.
    pub name: Option<Box<str>>,
    /// The workspace of the thing.
    pub workspace: Option<Box<str>>,
    /// From when on, in milliseconds since 1970.
    pub since_milliseconds: Option<u64>,
    /// Until before when, in milliseconds since 1970.
    pub until_milliseconds: Option<u64>,
}

impl Who {
    /// The name, where there is one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::ControlKey(name)
            | Self::LocalAdmin(name)
            | Self::User(name)
            | Self::Key(name)
            | Self::Network(name) => Some(name),
            Self::Others => None,
        }
    }
}

impl AuditFilter {
    /// Whether an entry is wanted.
    #[must_use]
    pub fn matches(&self, entry: &AuditEntry) -> bool {
        let resource = entry.resource.as_ref();
        let is = |wanted: &Option<Box<str>>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        is(&self.who, entry.who.name())
            && is(&self.act, Some(&entry.act))
            && is(&self.kind, resource.map(|resource| &*resource.kind))
            && is(&self.name, resource.map(|resource| &*resource.name))
            && is(&self.workspace, resource.and_then(|resource| resource.workspace.as_deref()))
            && self.since_milliseconds.is_none_or(|since| since <= entry.at_milliseconds)
            && self.until_milliseconds.is_none_or(|until| entry.at_milliseconds < until)
    }
}
