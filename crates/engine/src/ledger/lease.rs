//! What this process may use of a budget that it shares with others, and what it knows of them.

use std::time::Duration;

use super::contact::Contact;
use super::demand::Demand;
use super::pool::Others;

/// A part of an account that others share.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lease {
    /// What is spent and held may rise to this.
    granted: i128,
    /// How the others stood when they were last heard of.
    others: Others,
    demand: Demand,
    contact: Contact,
}

impl Lease {
    /// Whether so much may be spent and held.
    pub(super) fn covers(&self, used: i128, rolling: Option<Duration>, now: Duration) -> bool {
        used <= self.granted && !self.has_ended(rolling, now)
    }

    /// Of a rolling span others take back what was granted to whoever is not heard of for long enough.
    fn has_ended(&self, rolling: Option<Duration>, now: Duration) -> bool {
        rolling.is_some_and(|span| !self.contact.is_heard_within(span, now))
    }

    pub(super) fn contact(&mut self) -> &mut Contact {
        &mut self.contact
    }

    /// Whether what is known of the others is as good as new.
    pub(super) fn is_fresh(&self, now: Duration) -> bool {
        self.contact.is_fresh(now)
    }

    pub(super) fn others(&self) -> &Others {
        &self.others
    }

    /// A request needs so much more than is granted.
    pub(super) fn need(&mut self, amount: i128) {
        self.demand.need(amount);
        self.contact.changed();
    }

    /// Whether a request needed more.
    pub(super) fn is_short(&self) -> bool {
        self.demand.needed() > 0
    }

    /// So much is held anew.
    pub(super) fn take(&mut self, amount: i128) {
        self.demand.take(amount);
        self.contact.changed();
    }

    /// Something is spent or given back.
    pub(super) fn changed(&mut self) {
        self.contact.changed();
    }

    /// What was spent is out of a rolling span. It is for all again, and not for this process.
    pub(super) fn forget(&mut self, amount: i128) {
        self.granted = self.granted.saturating_sub(amount);
    }

    /// A new span begins, in which nothing is granted yet.
    pub(super) fn begin(&mut self) {
        self.contact.begin();
        *self = Self { contact: self.contact.clone(), ..Self::default() };
    }

    /// An interval is over.
    pub(super) fn tick(&mut self) {
        self.demand.tick();
    }

    /// What one request needs more, and what all take in a short time.
    pub(super) fn demand(&self) -> (i128, i128) {
        (self.demand.needed(), self.demand.pace())
    }

    /// Uses no more than this from now on, and says how much more that is than what was used so far, which is only there once the others
    /// have agreed to it; and how often anything changed so far.
    pub(super) fn give_up(&mut self, granted: i128) -> (i128, u64) {
        let kept = self.granted.min(granted);
        self.granted = kept;
        (granted.saturating_sub(kept), self.contact.proposed())
    }

    /// The others have agreed to so much more, and stand so. They know of as many changes. Says what is newly not accounted for.
    pub(super) fn agreed(&mut self, more: i128, others: Others, heard: Duration, changes: u64) -> i128 {
        let unaccounted = others.unaccounted.saturating_sub(self.others.unaccounted).max(0);
        self.granted = self.granted.saturating_add(more);
        self.others = others;
        self.demand.met();
        self.contact.agreed(heard, changes);
        unaccounted
    }

    /// Whether the others could not be asked the last time.
    pub(super) fn is_cut_off(&self) -> bool {
        self.contact.is_cut_off()
    }

    /// Whether others have to be told of it, with so much used and spent.
    pub(super) fn is_due(&self, used: i128, spent: i128, now: Duration) -> bool {
        self.contact.has_news()
            || self.granted > used
            || (self.granted > spent && self.contact.is_silent(now))
    }

    /// Whether something is granted, or may be.
    pub(super) fn is_granted(&self) -> bool {
        self.granted > 0 || self.contact.is_in_doubt()
    }

    /// Whether more is granted than is spent.
    pub(super) fn exceeds(&self, spent: i128) -> bool {
        self.granted > spent
    }
}
