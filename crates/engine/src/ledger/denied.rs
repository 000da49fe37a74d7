//! Why nothing is held for a request.

use std::sync::Arc;
use std::time::Duration;

use domain::Allotment;
use domain::allotment::Terms;

use super::claims::{Described, Named, group, shown};
use super::standing::Standing;

/// A request for which there is not enough. Nothing is held for it, of no account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// The allotment that has not enough.
    pub allotment: Arc<Allotment>,
    /// Whose account of it.
    pub group: Box<str>,
    /// Why.
    pub why: Why,
}

/// Why there is not enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Too little is left.
    Short(Box<Shortage>),
    /// Too little is granted to this process of what it shares with others. More may be once they are asked ([`Shared`]).
    ///
    /// [`Shared`]: super::Shared
    Unleased(Box<Shortage>),
    /// Nobody can say beforehand what the request costs at most, and the budget is for what is known.
    Unforeseeable,
    /// There are as many groups as there may be, and each of them has used something.
    Crowded,
}

/// Too little is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortage {
    /// How the account stands.
    pub standing: Standing,
    /// How much was asked for.
    pub asked: i128,
    /// When there will be enough at the earliest, as far as is known; `None` when there never will be.
    pub wait: Option<Duration>,
}

impl Shortage {
    /// Whether the request would fit into what there is, and does not because of what is spent: the end of requests under way changes nothing.
    #[must_use]
    pub fn is_for_what_is_spent(&self) -> bool {
        let Standing { limit, used, .. } = self.standing;
        self.asked <= limit && used.saturating_add(self.asked) > limit
    }
}

/// The accounts that have not enough for a request: one that is for it wherever it goes, or all those that are for some of its targets only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denials {
    first: Denied,
    others: Vec<Denied>,
}

impl Denials {
    /// Only this one.
    #[must_use]
    pub fn one(first: Denied) -> Self {
        Self::of(first, Vec::new())
    }

    /// This one and others.
    #[must_use]
    pub fn of(first: Denied, others: Vec<Denied>) -> Self {
        Self { first, others }
    }

    /// The first of them.
    #[must_use]
    pub fn first(&self) -> &Denied {
        &self.first
    }

    /// The first of them, alone.
    #[must_use]
    pub fn into_first(self) -> Denied {
        self.first
    }

    /// The one that has enough again first, as far as is known. It says what becomes of the request where all that it may go to is denied.
    #[must_use]
    pub fn soonest(&self) -> &Denied {
        let wait = |denied: &Denied| denied.wait().unwrap_or(Duration::MAX);
        self.others
            .iter()
            .fold(&self.first, |found, other| if wait(other) < wait(found) { other } else { found })
    }

    /// The same where nobody is asked any more: what is not granted is not there.
    #[must_use]
    pub fn for_good(self) -> Self {
        let others = self.others.into_iter().map(Denied::for_good).collect();
        Self { first: self.first.for_good(), others }
    }

    /// Whether all of them are for some targets of the request only.
    #[must_use]
    pub fn are_by_target(&self) -> bool {
        self.iter().all(|denied| denied.allotment.selector.is_by_target())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Denied> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

/// The accounts that were found to have not enough. Where one has too little granted to this process, the others are looked at all the same:
/// one of them may refuse the request for good, and else all that are short are exchanged at once.
#[derive(Debug, Default)]
pub(super) struct Lacking {
    for_some_targets: Vec<Denied>,
    /// The first that may have enough once other processes are asked.
    unleased: Option<Denied>,
}

impl Lacking {
    /// One has not enough.
    ///
    /// # Errors
    /// When that decides, whatever the others have.
    pub(super) fn add(&mut self, denied: Denied) -> Result<(), Denials> {
        if matches!(denied.why, Why::Unleased(_)) {
            self.unleased.get_or_insert(denied);
        } else if denied.allotment.selector.is_by_target() {
            self.for_some_targets.push(denied);
        } else {
            return Err(Denials::one(denied));
        }
        Ok(())
    }

    /// All have been looked at.
    ///
    /// # Errors
    /// When there was one.
    pub(super) fn end(self) -> Result<(), Denials> {
        let mut for_some_targets = self.for_some_targets.into_iter();
        match (for_some_targets.next(), self.unleased) {
            (Some(first), _) => Err(Denials { first, others: for_some_targets.collect() }),
            (None, Some(unleased)) => Err(Denials::one(unleased)),
            (None, None) => Ok(()),
        }
    }
}

impl Denied {
    /// The same where nobody is asked any more: what is not granted is not there.
    #[must_use]
    pub fn for_good(self) -> Self {
        let why = match self.why {
            Why::Unleased(shortage) => Why::Short(shortage),
            why => why,
        };
        Self { why, ..self }
    }

    /// Whether another one is about the same account.
    #[must_use]
    pub fn is_same_account(&self, other: &Self) -> bool {
        self.allotment.name == other.allotment.name && self.group == other.group
    }

    /// What has not enough, for people: ``limit `per-key` for `ci` ``.
    #[must_use]
    pub fn whose(&self) -> String {
        let kind = match self.allotment.terms {
            Terms::Rate(_) => "limit",
            Terms::Budget(_) => "budget",
        };
        let group = self.group_name();
        let of = if group.is_empty() { String::new() } else { format!(" for `{group}`") };
        format!("{kind} `{}`{of}", self.allotment.name)
    }

    /// Why something is not called, in words.
    #[must_use]
    pub fn reason(&self) -> String {
        format!("the {} has too little left", self.whose())
    }

    /// Whose account it is, for people; empty where all share one.
    #[must_use]
    pub fn group_name(&self) -> String {
        shown(&self.group, &self.allotment.selector)
    }

    /// Whether the same would be denied to a request at a target, by what the allotment is for.
    #[must_use]
    pub fn is_for(&self, request: &dyn Described, target: &Named<'_>) -> bool {
        group(&self.allotment.selector, request, Some(target)).as_ref() == Some(&self.group)
    }

    /// When there will be enough at the earliest, as far as is known.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        match &self.why {
            Why::Short(shortage) | Why::Unleased(shortage) => shortage.wait,
            Why::Unforeseeable | Why::Crowded => None,
        }
    }
}
