//! The accounts of an allotment by the names of its groups.

use std::collections::HashMap;

use super::account::Account;

/// Accounts by group. Where an allotment does not part its requests, their group has no name, and its account is kept beside the others:
/// it is the one that is asked for most, and some processors take half a microsecond to compare nothing with nothing.
#[derive(Debug, Default)]
pub(super) struct Groups {
    undivided: Option<Account>,
    /// The hash is keyed at random, since clients choose the names.
    named: HashMap<Box<str>, Account>,
}

impl Groups {
    pub(super) fn get_mut(&mut self, group: &str) -> Option<&mut Account> {
        if group.is_empty() { self.undivided.as_mut() } else { self.named.get_mut(group) }
    }

    pub(super) fn contains(&self, group: &str) -> bool {
        if group.is_empty() { self.undivided.is_some() } else { self.named.contains_key(group) }
    }

    pub(super) fn insert(&mut self, group: &str, account: Account) {
        if group.is_empty() {
            self.undivided = Some(account);
        } else {
            self.named.insert(group.into(), account);
        }
    }

    /// Forgets accounts, but for those that are to be kept.
    pub(super) fn retain(&mut self, mut is_kept: impl FnMut(&mut Account) -> bool) {
        self.undivided.take_if(|account| !is_kept(account));
        self.named.retain(|_, account| is_kept(account));
    }

    /// Does something with each of them.
    pub(super) fn each(&mut self, act: impl FnMut(&mut Account)) {
        self.undivided.iter_mut().chain(self.named.values_mut()).for_each(act);
    }

    /// The names of all of them, in order.
    pub(super) fn names(&self) -> Vec<Box<str>> {
        let undivided = self.undivided.iter().map(|_| Box::default());
        let mut names: Vec<_> = undivided.chain(self.named.keys().cloned()).collect();
        names.sort_unstable();
        names
    }

    pub(super) fn len(&self) -> usize {
        self.named.len() + usize::from(self.undivided.is_some())
    }
}

#[cfg(test)]
mod tests {
    use domain::allotment::RateLimit;

    use super::super::rates::Rates;
    use super::{Account, Groups};

    fn account() -> Account {
        Account::Rate(Rates::new(&RateLimit::default()))
    }

    #[test]
    fn the_group_without_a_name_is_one_like_the_others() {
        let mut groups = Groups::default();
        for name in ["", "b", "a"] {
            assert!(!groups.contains(name));
            assert!(groups.get_mut(name).is_none());
            groups.insert(name, account());
            assert!(groups.contains(name));
            assert!(groups.get_mut(name).is_some());
        }
        assert_eq!(groups.len(), 3);
        assert_eq!(groups.names(), ["", "a", "b"].map(Box::from));
        groups.retain(|_| true);
        assert_eq!(groups.len(), 3);
        groups.retain(|_| false);
        assert_eq!((groups.len(), groups.names()), (0, Vec::new()));
    }
}
