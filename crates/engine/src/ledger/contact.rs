//! What this process and the others know of each other about one account that they share: when they were last heard of, and what they were not
//! told yet.

use std::time::Duration;

/// How often replicas tell each other what they use, and give back what they do not need.
pub const EXCHANGE_INTERVAL: Duration = Duration::from_millis(250);

/// A holder that was not seen for so long is taken for gone.
pub(super) const HOLDER_SILENCE_MAX: Duration = Duration::from_secs(10);

/// The time by the clock of the store, since 1970-01-01 00:00 UTC. Nobody knows it exactly, since answers take time.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoreTime {
    pub(super) at_least: Duration,
    pub(super) at_most: Duration,
}

/// One exchange with the others, as an account sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exchange<'a> {
    /// Who this process is.
    pub(super) holder: &'a str,
    /// Whether it ends.
    pub(super) is_leaving: bool,
    /// The time by the clock of the store.
    pub(super) time: StoreTime,
    /// When the others were asked how they stand.
    pub(super) asked: Duration,
}

/// How things are between this process and the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Contact {
    /// When the others were last heard of, at the earliest; none before the first time.
    heard: Option<Duration>,
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

impl Contact {
    /// Something is used, needed or given back.
    pub(super) fn changed(&mut self) {
        self.changes = self.changes.wrapping_add(1);
    }

    /// The others are asked to agree to something; says how often anything changed so far.
    pub(super) fn proposed(&mut self) -> u64 {
        self.is_in_doubt = true;
        self.changes
    }

    /// The others have agreed, and know of as many changes.
    pub(super) fn agreed(&mut self, heard: Duration, changes: u64) {
        (self.heard, self.told) = (Some(heard), changes);
        (self.is_in_doubt, self.is_cut_off) = (false, false);
    }

    /// The others cannot be asked.
    pub(super) fn cut_off(&mut self) {
        self.is_cut_off = true;
    }

    /// Whether the others could not be asked the last time.
    pub(super) fn is_cut_off(&self) -> bool {
        self.is_cut_off
    }

    /// Whether the others may take more for granted than this process uses.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.is_in_doubt
    }

    /// Whether the others were heard of within a time.
    pub(super) fn is_heard_within(&self, time: Duration, now: Duration) -> bool {
        self.heard.is_some_and(|heard| now.saturating_sub(heard) < time)
    }

    /// Whether what is known of the others is as good as new.
    pub(super) fn is_fresh(&self, now: Duration) -> bool {
        self.is_heard_within(EXCHANGE_INTERVAL, now)
    }

    /// Whether the others may soon take this process for gone.
    pub(super) fn is_silent(&self, now: Duration) -> bool {
        !self.is_heard_within(HOLDER_SILENCE_MAX / 3, now)
    }

    /// Whether there is anything that the others were not told, or may not have been.
    pub(super) fn has_news(&self) -> bool {
        self.changes != self.told || self.is_in_doubt
    }

    /// A new span begins, in which nothing was heard yet.
    pub(super) fn begin(&mut self) {
        *self = Self { is_listed: self.is_listed, is_cut_off: self.is_cut_off, ..Self::default() };
    }

    /// Puts it on the list of those that may have to be told of; `false` where it is there already.
    pub(super) fn list(&mut self) -> bool {
        !std::mem::replace(&mut self.is_listed, true)
    }

    /// Takes it off the list.
    pub(super) fn unlist(&mut self) {
        self.is_listed = false;
    }
}
