//! The accounts that other processes have, too: which of them have to be exchanged with the others, and how that is done.
//!
//! What the processes agree on about an account is one value, which they keep in a store that replaces a value only for who has seen it.
//! Whoever brings the store reads the value, has a [`Proposal`] made of it, replaces it, and says so ([`Shared::agree`]). Where another
//! process was faster, a proposal is made of what is there now. A proposal that nobody hears of again does no harm.

use std::sync::Arc;
use std::time::Duration;

use domain::Allotment;
use domain::allotment::{Budget, Terms};
use domain::notice::BudgetNotice;

use super::account::{Account, Agreement, Proposed};
use super::claims::{Claims, shown};
use super::contact::{Exchange, StoreTime};
use super::digest::digest;
use super::leased::Leased;
use super::measure::Moment;
use super::reservation::{Book, Reservation};
use super::reserve::Ledger;
use super::value::Found;

/// An account that other processes have, too.
#[derive(Debug, Clone)]
pub struct Shared {
    book: Arc<Book>,
    group: Box<str>,
    /// Its span, as far as it is one of the calendar.
    mark: Option<i64>,
}

/// Who asks the others, and when.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// A name that no other process has, and this one had never before.
    pub holder: &'a str,
    /// Whether the process ends, and gives back everything.
    pub is_leaving: bool,
    /// When the store was asked, by the steady clock of this process.
    pub asked: Duration,
    /// The time of its answer by the clock of the store, since 1970-01-01 00:00 UTC.
    pub store_time: Duration,
}

/// What the others are to agree to.
#[derive(Debug)]
pub struct Proposal {
    /// The new value; none where what is there says it already.
    pub value: Option<Vec<u8>>,
    /// How long it is of use from now on; for ever where none.
    pub kept_for: Option<Duration>,
    agreement: Agreement,
}

/// Something was granted to a process of which nothing is heard any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unaccounted {
    /// Of which budget.
    pub allotment: Arc<Allotment>,
    group: Box<str>,
    /// How much, for people.
    pub amount: String,
}

impl Unaccounted {
    /// Whose account it is, for people; empty where all share one.
    #[must_use]
    pub fn group_name(&self) -> String {
        shown(&self.group, &self.allotment.selector)
    }
}

/// The value of an account cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the shared value of `{allotment}` cannot be read: {reason}")]
pub struct Unreadable {
    pub(super) allotment: Box<str>,
    pub(super) reason: serde_json::Error,
}

impl Shared {
    /// Under which key the others find its value.
    #[must_use]
    pub fn key(&self) -> Box<str> {
        let name = self.book.allotment.name.as_str();
        let digest = digest(&self.book.allotment, &self.group);
        match (&self.book.allotment.terms, self.mark) {
            (Terms::Rate(_), _) => format!("rate/{name}/{digest}").into(),
            (Terms::Budget(_), Some(mark)) => format!("spend/{name}/{digest}/{mark}").into(),
            (Terms::Budget(_), None) => format!("spend/{name}/{digest}/rolling").into(),
        }
    }

    /// Makes a proposal of the value that was found. From now on this process uses no more than what it leaves to it, and what it adds is
    /// there once the others have agreed. None where its span is over, so that there is nothing to agree on.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn propose(
        &self,
        found: Option<&[u8]>,
        asking: &Asking<'_>,
        now: Moment,
    ) -> Result<Option<Proposal>, Unreadable> {
        let allotment = self.book.allotment.name.as_str();
        let unreadable = |reason| Unreadable { allotment: allotment.into(), reason };
        let waited = now.steady.saturating_sub(asking.asked);
        let time =
            StoreTime { at_least: asking.store_time, at_most: asking.store_time.saturating_add(waited) };
        let Asking { holder, is_leaving, asked, .. } = *asking;
        let exchange = Exchange { holder, is_leaving, time, asked };
        let found = Found { value: found, group: &self.group, holder };
        let law = self.book.law();
        let mut accounts = self.book.accounts.lock();
        let Some(account) = accounts.find(&self.group) else { return Ok(None) };
        account.advance(law, now);
        if account.shared_mark() != self.mark {
            return Ok(None);
        }
        let proposed = account.propose(found, exchange, law, now).map_err(unreadable)?;
        Ok(proposed.map(|Proposed { value, kept_for, agreement }| Proposal { value, kept_for, agreement }))
    }

    /// The others cannot be asked now.
    pub fn cut_off(&self) {
        let mut accounts = self.book.accounts.lock();
        if let Some(mut leased) = accounts.find(&self.group).and_then(Account::lease) {
            leased.contact().cut_off();
        }
    }

    /// The others have agreed to a proposal. Says what was granted to processes of which nothing is heard any more, if that is news: it counts
    /// as spent, since nobody can say that it was not.
    pub fn agree(&self, proposal: &Proposal, now: Moment) -> Option<Unaccounted> {
        let mut accounts = self.book.accounts.lock();
        let account = accounts.find(&self.group)?;
        account.advance(self.book.law(), now);
        let amount = account.agree(&proposal.agreement, self.book.law());
        let allotment = Arc::clone(&self.book.allotment);
        let Terms::Budget(Budget { unit, .. }) = allotment.terms else { return None };
        (amount > 0).then(|| Unaccounted { allotment, group: self.group.clone(), amount: unit.show(amount) })
    }

    /// What there is to hear of it since the last time, such as because of what the others have spent.
    #[must_use]
    pub fn news(&self, now: Moment) -> Vec<BudgetNotice> {
        let mut accounts = self.book.accounts.lock();
        let Some(account) = accounts.find(&self.group) else { return Vec::new() };
        account.advance(self.book.law(), now);
        self.book.news(account, &self.group, now)
    }
}

impl Ledger {
    /// Those of these accounts of which a request needs more than is granted to this process.
    #[must_use]
    pub fn short(&self, claims: &Claims, now: Moment) -> Vec<Shared> {
        let books = claims.iter().filter_map(|(place, group)| Some((self.books().get(*place)?, group)));
        books.filter_map(|(book, group)| short(book, group, now)).collect()
    }

    /// The accounts that the others have to be told of, or that have something to give back. To be asked once in every interval.
    #[must_use]
    pub fn due(&self, now: Moment) -> Vec<Shared> {
        let shared = self.books().iter().filter(|book| book.is_shared);
        let due = |book: &Arc<Book>| {
            let groups = book.accounts.lock().due(book.law(), now);
            groups.into_iter().filter_map(|group| found(book, &group, now, |_| true)).collect::<Vec<_>>()
        };
        shared.flat_map(due).collect()
    }

    /// The accounts of which anything is granted to this process.
    #[must_use]
    pub fn granted(&self, now: Moment) -> Vec<Shared> {
        let shared = self.books().iter().filter(|book| book.is_shared);
        let granted = |book: &Arc<Book>| {
            let groups = book.accounts.lock().groups();
            let is_granted = |leased: &Leased<'_>| leased.is_granted();
            groups.into_iter().filter_map(|group| found(book, &group, now, is_granted)).collect::<Vec<_>>()
        };
        shared.flat_map(granted).collect()
    }
}

impl Reservation {
    /// Those of its accounts of which it needs more than is granted to this process.
    #[must_use]
    pub fn short(&self, now: Moment) -> Vec<Shared> {
        self.0.iter().filter_map(|share| short(&share.book, &share.group, now)).collect()
    }
}

fn short(book: &Arc<Book>, group: &str, now: Moment) -> Option<Shared> {
    found(book, group, now, |leased| leased.is_short())
}

fn found(
    book: &Arc<Book>,
    group: &str,
    now: Moment,
    is_meant: impl Fn(&Leased<'_>) -> bool,
) -> Option<Shared> {
    if !book.is_shared {
        return None;
    }
    let mut accounts = book.accounts.lock();
    let account = accounts.find(group)?;
    account.advance(book.law(), now);
    let mark = account.shared_mark();
    is_meant(&account.lease()?).then(|| Shared { book: Arc::clone(book), group: group.into(), mark })
}
