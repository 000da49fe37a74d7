//! What is held for one request, of every account that it is charged to.

use std::sync::Arc;

use domain::Allotment;
use domain::notice::{BudgetNews, BudgetNotice};
use jiff::tz::TimeZone;
use smallvec::SmallVec;

use super::account::{Account, Held, Law};
use super::accounts::Accounts;
use super::claims::{Described, Named, group, shown};
use super::denied::{Denials, Denied, Lacking, Why};
use super::digest::digest;
use super::measure::{Actual, Moment};
use super::standing::Standing;
use crate::mutex::{Mutex, MutexGuard};

/// An allotment with its accounts.
#[derive(Debug, Clone)]
pub(super) struct Book {
    pub(super) allotment: Arc<Allotment>,
    pub(super) zone: TimeZone,
    /// Whether other processes have accounts of it, too.
    pub(super) is_shared: bool,
    pub(super) accounts: Arc<Mutex<Accounts>>,
    /// Where its accounts are in the order in which accounts are locked, which is the same for all requests, whatever configuration they see.
    pub(super) order: usize,
}

impl Book {
    pub(super) fn law(&self) -> Law<'_> {
        Law { allotment: &self.allotment, zone: &self.zone, is_shared: self.is_shared }
    }

    /// Notes that other processes may have to be told of a group.
    pub(super) fn list(&self, group: &str, accounts: &mut Accounts) {
        if self.is_shared {
            accounts.list(group);
        }
    }

    /// What there is to hear of a group's account since the last time that this was asked.
    pub(super) fn news(&self, account: &mut Account, group: &str, now: Moment) -> Vec<BudgetNotice> {
        let news = account.news(self.law(), now);
        news.into_iter().filter_map(|news| self.notice(account, group, news, now)).collect()
    }

    /// Something about a group's account, with how it stands.
    pub(super) fn notice(
        &self,
        account: &Account,
        group: &str,
        news: BudgetNews,
        now: Moment,
    ) -> Option<BudgetNotice> {
        let standing = account.standings(self.law(), now).into_iter().next()?;
        let (allotment, name) = (Arc::clone(&self.allotment), self.allotment.name.as_str());
        Some(BudgetNotice {
            group: shown(group, &allotment.selector).into(),
            account: format!("{name}/{}", digest(&allotment, group)).into(),
            allotment,
            news,
            limit: standing.limit,
            spent: standing.used,
            period: account.period(),
            at_milliseconds: now.wall.as_millisecond(),
            request_id: None,
        })
    }
}

/// What is held of one account.
#[derive(Debug)]
pub(super) struct Share {
    pub(super) book: Arc<Book>,
    pub(super) group: Box<str>,
    pub(super) held: Held,
    /// Whether there is no further call of the targets that it is for.
    pub(super) is_forgone: bool,
    /// How the account stood just after.
    pub(super) standings: SmallVec<[Standing; 2]>,
}

impl Share {
    /// Whether a call of a target is charged to it.
    fn is_for(&self, request: &dyn Described, target: Option<&Named<'_>>) -> bool {
        let selector = &self.book.allotment.selector;
        !selector.is_by_target() || group(selector, request, target).as_ref() == Some(&self.group)
    }
}

/// What is held for one request, in the order of its books. It has to be settled; whoever drops it instead loses what is held.
#[derive(Debug)]
#[must_use]
pub struct Reservation(pub(super) SmallVec<[Share; 4]>);

/// Locks the accounts of books that are in order; says for each which of the locks is its own. Books with the same accounts follow one
/// another and have one lock.
pub(super) fn lock<'b>(
    books: impl Iterator<Item = &'b Arc<Book>>,
) -> (SmallVec<[MutexGuard<'b, Accounts>; 4]>, SmallVec<[usize; 8]>) {
    let (mut guards, mut places) = (SmallVec::new(), SmallVec::new());
    let mut last = None;
    for book in books {
        if last.replace(book.order) != Some(book.order) {
            guards.push(book.accounts.lock());
        }
        places.push(guards.len() - 1);
    }
    (guards, places)
}

impl Reservation {
    /// One that holds nothing.
    pub fn empty() -> Self {
        Self(SmallVec::new())
    }

    /// Whether there is nothing to settle.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How the accounts stood just after this was held of them.
    pub fn standings(&self) -> impl Iterator<Item = (&Arc<Allotment>, &Standing)> {
        self.0
            .iter()
            .flat_map(|share| share.standings.iter().map(|standing| (&share.book.allotment, standing)))
    }

    /// What is held of each budget: its name and amount.
    pub fn holds(&self) -> impl Iterator<Item = (&Arc<Allotment>, i128)> {
        self.0.iter().filter_map(|share| match share.held {
            Held::Budget(hold) => Some((&share.book.allotment, hold.unit())),
            Held::Rate(_) => None,
        })
    }

    /// A call of a target ended without anybody knowing what it took. It counts as what was held for it, and a further one needs more
    /// ([`Reservation::extend`]).
    pub fn lose_call(&mut self, request: &dyn Described, target: Option<&Named<'_>>) {
        for share in self.0.iter_mut().filter(|share| share.is_for(request, target)) {
            share.held.lose();
        }
    }

    /// There is no further call of the targets that a denied account is for, so that it needs to have nothing for one. `false` where it is for all
    /// that the request may go to.
    pub fn forgo(&mut self, denied: &Denied) -> bool {
        let is_meant = |share: &&mut Share| {
            Arc::ptr_eq(&share.book.allotment, &denied.allotment) && share.group == denied.group
        };
        let by_target = denied.allotment.selector.is_by_target();
        let Some(share) = self.0.iter_mut().find(is_meant).filter(|_| by_target) else { return false };
        share.is_forgone = true;
        true
    }

    /// Makes what is held enough for so many calls at once beside those that are lost.
    ///
    /// # Errors
    /// When a budget has not enough; then nothing more is held, of no account.
    pub fn extend(&mut self, calls: u32, now: Moment) -> Result<(), Denied> {
        let books: SmallVec<[Arc<Book>; 4]> = self.0.iter().map(|share| Arc::clone(&share.book)).collect();
        let (mut guards, places) = lock(books.iter());
        let mut lacking = Lacking::default();
        for ((book, share), place) in books.iter().zip(&self.0).zip(&places) {
            if share.is_forgone {
                continue;
            }
            let Some(account) = guards[*place].find(&share.group) else { continue };
            if let Err(why) = account.check_more(&share.held, calls, book.law(), now) {
                lacking.add(denied(book, &share.group, why)).map_err(Denials::into_first)?;
            }
            book.list(&share.group, &mut guards[*place]);
        }
        lacking.end().map_err(Denials::into_first)?;
        for (share, place) in self.0.iter_mut().zip(&places).filter(|(share, _)| !share.is_forgone) {
            if let Some(account) = guards[*place].find(&share.group) {
                account.hold_more(&mut share.held, calls);
            }
        }
        Ok(())
    }

    /// Ends it: its last call took so much, at `target`. What else was held is given back. Accounts that a call at another target would
    /// have been charged to are charged only for calls that were lost there.
    pub fn settle(
        self,
        actual: &Actual,
        request: &dyn Described,
        target: Option<&Named<'_>>,
        now: Moment,
    ) -> Vec<BudgetNotice> {
        let mut notices = Vec::new();
        for share in self.0 {
            let is_meant = share.is_for(request, target);
            let Share { book, group: name, held, .. } = share;
            let mut accounts = book.accounts.lock();
            let Some(account) = accounts.find(&name) else { continue };
            account.settle(&held, is_meant.then_some(actual), book.law(), now);
            notices.extend(book.news(account, &name, now));
            book.list(&name, &mut accounts);
        }
        notices
    }
}

pub(super) fn denied(book: &Book, group: &str, why: Why) -> Denied {
    Denied { allotment: Arc::clone(&book.allotment), group: group.into(), why }
}
