//! Why nothing is held for a request.

use std::sync::Arc;
use std::time::Duration;

use domain::Allotment;

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
