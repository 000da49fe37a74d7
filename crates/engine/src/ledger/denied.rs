//! Why nothing is held for a request.

use std::sync::Arc;
use std::time::Duration;

use domain::Allotment;

use super::standing::Standing;

/// A request for which there is not enough. Nothing is held for it, of no account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// The allotment that has not enough.
    pub allotment: Arc<Allotment>,
    /// Whose account of it; empty where all share one.
    pub group: Box<str>,
    /// Why.
    pub why: Why,
}

/// Why there is not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Too little is left.
    Short(Shortage),
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

impl Denied {
    /// When there will be enough at the earliest, as far as is known.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        match self.why {
            Why::Short(shortage) => shortage.wait,
            Why::Unforeseeable | Why::Crowded => None,
        }
    }
}
