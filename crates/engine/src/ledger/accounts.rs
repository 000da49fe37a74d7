//! The accounts of one allotment, one for each group of requests. There are as many as the allotment allows at most: those that nothing would
//! be lost with make room for others, and where none can, a new group is refused.

use std::time::Duration;

use super::account::{Account, Law};
use super::denied::Why;
use super::groups::Groups;
use super::measure::Moment;

/// How often room is looked for among all groups, at most.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// The accounts of an allotment.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    groups: Groups,
    /// When room was last looked for, in vain or not.
    swept: Option<Duration>,
    /// The groups that other processes may have to be told of.
    listed: Vec<Box<str>>,
}

impl Accounts {
    /// The account of a group, an untouched one where there was none.
    ///
    /// # Errors
    /// When there are as many groups as there may be.
    pub(super) fn open(&mut self, group: &str, law: Law<'_>, now: Moment) -> Result<&mut Account, Why> {
        if !self.groups.contains(group) {
            self.make_room(law, now)?;
            self.groups.insert(group, Account::new(law, now));
        }
        self.groups.get_mut(group).ok_or(Why::Crowded)
    }

    /// The account of a group that something is held of, so that it is there.
    pub(super) fn find(&mut self, group: &str) -> Option<&mut Account> {
        self.groups.get_mut(group)
    }

    /// Other processes may have to be told of a group.
    pub(super) fn list(&mut self, group: &str) {
        let lease = self.groups.get_mut(group).and_then(Account::lease);
        if lease.is_some_and(|mut leased| leased.contact().list()) {
            self.listed.push(group.into());
        }
    }

    /// The groups that other processes have to be told of now, when an interval is over.
    pub(super) fn due(&mut self, law: Law<'_>, now: Moment) -> Vec<Box<str>> {
        let Self { groups, listed, .. } = self;
        let mut due = Vec::new();
        listed.retain(|group| {
            let Some(account) = groups.get_mut(group) else { return false };
            account.advance(law, now);
            let Some(mut leased) = account.lease() else { return false };
            let is_due = leased.is_due(now.steady);
            leased.tick();
            if is_due {
                due.push(group.clone());
            }
            let is_kept = is_due || leased.is_kept();
            if !is_kept {
                leased.contact().unlist();
            }
            is_kept
        });
        due
    }

    /// Does something with each of them.
    pub(super) fn each(&mut self, act: impl FnMut(&mut Account)) {
        self.groups.each(act);
    }

    /// All of them, by name.
    pub(super) fn groups(&self) -> Vec<Box<str>> {
        self.groups.names()
    }

    /// How many groups there are.
    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }

    fn make_room(&mut self, law: Law<'_>, now: Moment) -> Result<(), Why> {
        let most = law.allotment.selector.groups_max;
        if self.groups.len() < most {
            return Ok(());
        }
        if self.swept.is_none_or(|swept| now.steady.saturating_sub(swept) >= SWEEP_INTERVAL) {
            self.swept = Some(now.steady);
            self.groups.retain(|account| !account.is_idle(law, now));
        }
        if self.groups.len() < most { Ok(()) } else { Err(Why::Crowded) }
    }
}
