//! Keeping the objects that are made over the control API, beside those of the configuration file.
//!
//! What is kept only means something as a whole: a key refers to a workspace, a route to a provider. So a change is made only by who has
//! seen all that it was judged with, and one counter, which rises with each change, tells whether they have.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

/// An answer of the registry that is on its way.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, RegistryError>> + Send + 'a>>;

/// Keeps objects for all processes that share it. It knows nothing of what they mean.
pub trait Registry: Debug + Send + Sync {
    /// How many changes there were so far; 0 before the first.
    fn revision(&self) -> Pending<'_, u64>;

    /// Everything that is kept, as it was at one revision.
    fn read(&self) -> Pending<'_, Register>;

    /// Makes all of the changes, as one and in their order, when there was no other since the revision `seen`; the new revision is the one
    /// after it. `false`, and nothing happens, when somebody else was there before.
    fn change<'a>(&'a self, seen: u64, changes: &'a [Change]) -> Pending<'a, bool>;

    /// Hears from now on of changes that somebody makes, as far as that is told. Who needs to know of each asks for the revision besides.
    fn changes(&self) -> Box<dyn Changes> {
        Box::new(Untold)
    }
}

/// Hears of changes.
pub trait Changes: Send {
    /// Ends when something may have changed since it ended the last time, and never where nobody tells.
    fn next(&mut self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// Hears of nothing.
struct Untold;

impl Changes for Untold {
    fn next(&mut self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::pending())
    }
}

/// Everything that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Register {
    /// Which revision this is.
    pub revision: u64,
    /// The objects, in the order of their kinds and names, by bytes.
    pub objects: Vec<Registered>,
}

/// An object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// What kind of thing it is.
    pub kind: Box<str>,
    /// Its name, unique among its kind.
    pub name: Box<str>,
    /// The revision that changed it last.
    pub revision: u64,
    /// What it says.
    pub value: Bytes,
}

/// A change of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What kind of thing it is.
    pub kind: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// What it says from now on; none where it is removed.
    pub value: Option<Bytes>,
}

/// Why the registry does not answer. A change may have been made or not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the registry does not work: {0}")]
pub struct RegistryError(pub String);
