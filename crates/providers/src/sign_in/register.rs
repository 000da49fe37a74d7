//! The sign-ins of a process: the same for the same settings, so that a new configuration that changes nothing about one
//! keeps its token, and started once they are in force.

use std::sync::{Arc, Weak};

use domain::ports::sign_in::SignIn;
use parking_lot::Mutex;

use super::outside::Outside;
use super::plan::Plan;

/// A sign-in that can be started.
pub(crate) trait Startable: SignIn {
    /// Begins to fetch what it needs; calling it again changes nothing.
    fn start(&self, outside: &Outside);
}

/// The sign-ins of a process; clones share them. It keeps none alive: a sign-in ends with the last provider that has it.
#[derive(Debug, Clone, Default)]
pub struct SignIns(Arc<Mutex<Vec<Known>>>);

/// A sign-in that was made, and what it was made from.
type Known = (Plan, Weak<dyn Startable>);

impl SignIns {
    /// The sign-in of a plan, the one that is there already if there is one.
    pub(crate) fn of(&self, plan: Plan) -> Arc<dyn SignIn> {
        let mut known = self.0.lock();
        known.retain(|(_, sign_in)| sign_in.strong_count() > 0);
        let same = known.iter().filter(|(other, _)| *other == plan);
        if let Some(sign_in) = same.filter_map(|(_, sign_in)| sign_in.upgrade()).next() {
            return sign_in;
        }
        let sign_in = plan.build();
        known.push((plan, Arc::downgrade(&sign_in)));
        sign_in
    }

    /// Starts those that are in use and not started yet, on the runtime that this is called on. Called when a configuration
    /// has come into force.
    pub fn start(&self, outside: &Outside) {
        let in_use: Vec<_> = self.0.lock().iter().filter_map(|(_, sign_in)| sign_in.upgrade()).collect();
        for sign_in in in_use {
            sign_in.start(outside);
        }
    }
}

#[cfg(test)]
mod tests;
