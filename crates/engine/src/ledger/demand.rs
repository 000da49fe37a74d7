//! How much of an account requests ask for, by which a process knows what to have of it in advance.

/// For how many intervals without a request something is kept for the next one.
const QUIET_INTERVALS: u32 = 8;

/// What requests asked for of late.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Demand {
    /// What requests needed for which too little was granted: the most that one needed, and all of them.
    needed: (i128, i128),
    /// What was taken in this interval, and in the last one in which anything was.
    taken: [i128; 2],
    /// For how many intervals nothing was.
    quiet: u32,
}

impl Demand {
    /// A request needs so much more than is granted.
    pub(super) fn need(&mut self, amount: i128) {
        let (most, all) = self.needed;
        self.needed = (most.max(amount), all.saturating_add(amount));
    }

    /// What one request needs more than is granted; 0 where none does.
    pub(super) fn needed(&self) -> i128 {
        self.needed.0
    }

    /// So much is taken.
    pub(super) fn take(&mut self, amount: i128) {
        self.taken[0] = self.taken[0].saturating_add(amount);
    }

    /// What all requests take in a short time.
    pub(super) fn pace(&self) -> i128 {
        self.needed.1.saturating_add(self.taken[0]).saturating_add(self.taken[1])
    }

    /// Those who needed more were given what there is.
    pub(super) fn met(&mut self) {
        self.needed = (0, 0);
    }

    /// An interval is over.
    pub(super) fn tick(&mut self) {
        match self.taken {
            [0, _] if self.quiet < QUIET_INTERVALS => self.quiet += 1,
            [last, _] => (self.taken, self.quiet) = ([0, last], 0),
        }
    }
}
