//! What this process may use of a budget that it shares with others, and what it knows of them.

use std::time::Duration;

use super::pool::{HOLDER_SILENCE_MAX, Others};

/// How often replicas tell each other what they spend, and give back what they do not need.
pub const EXCHANGE_INTERVAL: Duration = Duration::from_millis(250);

/// For how many intervals without a request something is kept for the next one.
const QUIET_INTERVALS: u32 = 8;

/// A part of an account that others share.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lease {
    /// What is spent and held may rise to this.
    granted: i128,
    /// How the others stood when they were last heard of.
    others: Others,
    /// When that was, at the earliest; none before the first time in a span.
    heard: Option<Duration>,
    /// What requests needed for which too little was granted: the most that one needed, and all of them.
    needed: (i128, i128),
    /// What was held anew in this interval, and in the last one in which anything was.
    taken: [i128; 2],
    /// For how many intervals nothing was.
    quiet: u32,
    /// How often anything changed, and up to which time the others were told.
    changes: u64,
    told: u64,
    /// Whether the others were asked to agree to something, and did not say whether they did: they may take more for granted than this
    /// process uses.
    is_in_doubt: bool,
    /// Whether the others could not be asked the last time.
    is_cut_off: bool,
    /// Whether it is on the list of those that may have to be told of.
    is_listed: bool,
}

impl Lease {
    /// Whether so much may be spent and held.
    pub(super) fn covers(&self, used: i128, rolling: Option<Duration>, now: Duration) -> bool {
        used <= self.granted && !self.has_ended(rolling, now)
    }

    /// Of a rolling span others take back what was granted to whoever is not heard of for long enough.
    fn has_ended(&self, rolling: Option<Duration>, now: Duration) -> bool {
        let Some(span) = rolling else { return false };
        self.heard.is_none_or(|heard| now.saturating_sub(heard) >= span)
    }

    /// Whether what is known of the others is as good as new.
    pub(super) fn is_fresh(&self, now: Duration) -> bool {
        self.heard.is_some_and(|heard| now.saturating_sub(heard) < EXCHANGE_INTERVAL)
    }

    pub(super) fn others(&self) -> &Others {
        &self.others
    }

    /// A request needs so much more than is granted.
    pub(super) fn need(&mut self, amount: i128) {
        let (most, all) = self.needed;
        self.needed = (most.max(amount), all.saturating_add(amount));
        self.changed();
    }

    /// Whether a request needed more.
    pub(super) fn is_short(&self) -> bool {
        self.needed.0 > 0
    }

    /// So much is held anew.
    pub(super) fn take(&mut self, amount: i128) {
        self.taken[0] = self.taken[0].saturating_add(amount);
        self.changed();
    }

    /// Something is spent or given back.
    pub(super) fn changed(&mut self) {
        self.changes = self.changes.wrapping_add(1);
    }

    /// What was spent is out of a rolling span. It is for all again, and not for this process.
    pub(super) fn forget(&mut self, amount: i128) {
        self.granted = self.granted.saturating_sub(amount);
    }

    /// A new span begins, in which nothing is granted yet.
    pub(super) fn begin(&mut self) {
        *self = Self { is_listed: self.is_listed, is_cut_off: self.is_cut_off, ..Self::default() };
    }

    /// An interval is over.
    pub(super) fn tick(&mut self) {
        match self.taken {
            [0, _] if self.quiet < QUIET_INTERVALS => self.quiet += 1,
            [last, _] => (self.taken, self.quiet) = ([0, last], 0),
        }
    }

    /// What one request needs more, and what all take in a short time.
    pub(super) fn demand(&self) -> (i128, i128) {
        let (most, all) = self.needed;
        (most, all.saturating_add(self.taken[0]).saturating_add(self.taken[1]))
    }

    /// Uses no more than this from now on, and says how much more that is than what was used so far: that is only there once the others
    /// have agreed to it.
    pub(super) fn give_up(&mut self, granted: i128) -> i128 {
        let kept = self.granted.min(granted);
        (self.granted, self.is_in_doubt) = (kept, true);
        granted.saturating_sub(kept)
    }

    /// How often anything changed so far.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// The others have agreed to so much more, and stand so. They know of as many changes. Says what is newly not accounted for.
    pub(super) fn agreed(&mut self, more: i128, others: Others, heard: Duration, changes: u64) -> i128 {
        let unaccounted = others.unaccounted.saturating_sub(self.others.unaccounted).max(0);
        self.granted = self.granted.saturating_add(more);
        (self.others, self.heard, self.told) = (others, Some(heard), changes);
        (self.needed, self.is_in_doubt, self.is_cut_off) = ((0, 0), false, false);
        unaccounted
    }

    /// The others cannot be asked.
    pub(super) fn cut_off(&mut self) {
        self.is_cut_off = true;
    }

    /// Whether the others could not be asked the last time.
    pub(super) fn is_cut_off(&self) -> bool {
        self.is_cut_off
    }

    /// Puts it on the list of those that may have to be told of; `false` where it is there already.
    pub(super) fn list(&mut self) -> bool {
        !std::mem::replace(&mut self.is_listed, true)
    }

    /// Takes it off the list.
    pub(super) fn unlist(&mut self) {
        self.is_listed = false;
    }

    /// Whether others have to be told of it, with so much used and spent.
    pub(super) fn is_due(&self, used: i128, spent: i128, now: Duration) -> bool {
        let is_silent = || self.heard.is_none_or(|heard| now.saturating_sub(heard) >= HOLDER_SILENCE_MAX / 3);
        self.changes != self.told
            || self.is_in_doubt
            || self.granted > used
            || (self.granted > spent && is_silent())
    }

    /// Whether something is granted, or may be.
    pub(super) fn is_granted(&self) -> bool {
        self.granted > 0 || self.is_in_doubt
    }

    /// Whether more is granted than is spent.
    pub(super) fn exceeds(&self, spent: i128) -> bool {
        self.granted > spent
    }
}
