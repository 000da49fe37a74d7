//! What the accounts of one budget have spent, for whoever accounts for money: what this process knows, and where others share the budget,
//! what they have said.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::Allotment;
use domain::allotment::{Budget, Span, Terms};
use domain::notice::NoticePeriod;
use domain::ports::spend::AccountSpend;

use super::account::Account;
use super::claims::{parts, written};
use super::digest::digest;
use super::measure::Moment;
use super::pool::{Others, Pool};
use super::reservation::Book;
use super::reserve::Ledger;
use super::shared::Unreadable;

/// What a budget has spent.
#[derive(Debug, Clone)]
pub struct Statement {
    book: Arc<Book>,
    /// The one account that it is about; all where none.
    only: Option<Box<str>>,
    period: NoticePeriod,
    mark: Option<i64>,
    known: HashMap<Box<str>, Known>,
}

/// What is known of an account.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    /// What this process has spent and holds.
    own: (i128, i128),
    others: Others,
}

impl Statement {
    /// Which budget.
    #[must_use]
    pub fn allotment(&self) -> &Arc<Allotment> {
        &self.book.allotment
    }

    /// The span of the calendar that it is about.
    #[must_use]
    pub fn period(&self) -> NoticePeriod {
        self.period
    }

    /// Whether others share the budget, so that they have to be asked.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.book.is_shared
    }

    /// The key of what the others have said, where it is about one account.
    #[must_use]
    pub fn key(&self) -> Option<Box<str>> {
        self.only.as_deref().map(|group| self.key_of(group))
    }

    /// What the keys of all accounts begin with, and of others besides.
    #[must_use]
    pub fn prefix(&self) -> String {
        format!("spend/{}/", self.book.allotment.name.as_str())
    }

    /// Takes in what the others have said of an account, all but the process `holder`, which is this one. `at` is the time of the store, since 1970-01-01
    /// 00:00 UTC. What is about another span, or a budget of before, is left out.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn hear(
        &mut self,
        (key, value): (&str, &[u8]),
        holder: &str,
        at: Duration,
    ) -> Result<(), Unreadable> {
        if !(key.starts_with(&self.prefix()) && key.ends_with(&self.ending())) {
            return Ok(());
        }
        let allotment = self.book.allotment.name.as_str();
        let unreadable = |reason| Unreadable { allotment: allotment.into(), reason };
        let pool: Pool = serde_json::from_slice(value).map_err(unreadable)?;
        if *key != *self.key_of(pool.group()) {
            return Ok(());
        }
        let group = pool.group().into();
        let others = pool.without(holder, rolling(&self.book.allotment), at);
        self.known.entry(group).or_default().others = others;
        Ok(())
    }

    /// What each account has spent and holds.
    #[must_use]
    pub fn accounts(&self) -> Vec<AccountSpend> {
        let accounts = self.known.iter().map(|(group, Known { own: (spent, held), others })| AccountSpend {
            group: parts(group, &self.book.allotment.selector),
            spent: spent.saturating_add(others.spent),
            held: held.saturating_add(others.granted.saturating_sub(others.spent).max(0)),
        });
        accounts.collect()
    }

    fn key_of(&self, group: &str) -> Box<str> {
        format!("{}{}{}", self.prefix(), digest(&self.book.allotment, group), self.ending()).into()
    }

    fn ending(&self) -> String {
        self.mark.map_or_else(|| "/rolling".to_owned(), |mark| format!("/{mark}"))
    }
}

impl Ledger {
    /// What a budget has spent as far as this process knows; of one account where `group` has the values of `group_by`. None where there is no
    /// such budget.
    #[must_use]
    pub fn statement(&self, name: &str, group: Option<&[String]>, now: Moment) -> Option<Statement> {
        let mut books = self.books().iter();
        let book = books.find(|book| book.allotment.name.as_str() == name)?;
        let Terms::Budget(_) = &book.allotment.terms else { return None };
        let selector = &book.allotment.selector;
        let all_share = selector.group_by.is_empty().then(Box::default);
        let only = group.map(|values| written(values.iter().map(String::as_str))).or(all_share);
        let untouched = Account::new(book.law(), now);
        let mut known = HashMap::new();
        // Of an account that all share there is always something to say.
        known.extend(selector.group_by.is_empty().then(|| (Box::default(), Known::default())));
        let mut accounts = book.accounts.lock();
        let groups = only.clone().map_or_else(|| accounts.groups(), |group| vec![group]);
        for group in groups {
            let Some(account) = accounts.find(&group) else { continue };
            account.advance(book.law(), now);
            let Account::Budget(spending) = account else { continue };
            let (own, others) = spending.parts();
            known.insert(group, Known { own, others });
        }
        drop(accounts);
        let (period, mark) = (untouched.period(), untouched.shared_mark());
        Some(Statement { book: Arc::clone(book), only, period, mark, known })
    }
}

fn rolling(allotment: &Allotment) -> Option<Duration> {
    match allotment.terms {
        Terms::Budget(Budget { span: Span::Rolling(span), .. }) => Some(span),
        _ => None,
    }
}
