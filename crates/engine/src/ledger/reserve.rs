//! All accounts, and how a request holds something of each that it is charged to, or of none.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use domain::Allotment;
use domain::allotment::{Attribute, Selector, Span, Terms, Unit};
use domain::notice::{BudgetNews, BudgetNotice};
use domain::quota::Allowance;
use jiff::tz::TimeZone;
use smallvec::SmallVec;

use super::claims::{Claims, Described, Index, Named, group};
use super::denied::{Denials, Denied, Lacking, Why};
use super::measure::{Asked, Moment};
use super::reservation::{Book, Reservation, Share, denied, lock};
use crate::mutex::Mutex;

/// The accounts of every allotment.
#[derive(Debug, Default)]
pub struct Ledger {
    books: Vec<Arc<Book>>,
    index: Index,
    /// The members of metadata that are asked for.
    members: BTreeSet<Box<str>>,
    is_by_target: bool,
    is_by_credential: bool,
}

/// What the accounts of an allotment are about. While that is the same, a change of the allotment forgets nothing.
#[derive(Debug, PartialEq, Eq)]
enum Kind<'a> {
    Rate(&'a [Allowance], Option<u32>),
    Budget(Unit, Span, &'a str),
}

fn kind(terms: &Terms) -> Kind<'_> {
    match terms {
        Terms::Rate(limit) => Kind::Rate(&limit.allowances, limit.concurrency),
        Terms::Budget(budget) => Kind::Budget(budget.unit, budget.span, &budget.time_zone),
    }
}

impl Ledger {
    /// The ledger of these allotments. Where one of the same name was there before that counted the same for the same groups, what was used of
    /// it stays used, whatever else about it has changed.
    #[must_use]
    pub fn of(allotments: &[Arc<Allotment>], before: Option<&Self>) -> Self {
        Self::made(allotments, before, false)
    }

    /// The same where other processes have the same limits and budgets: of those, requests may use what is granted to this process ([`Shared`]).
    ///
    /// [`Shared`]: super::Shared
    #[must_use]
    pub fn shared(allotments: &[Arc<Allotment>], before: Option<&Self>) -> Self {
        Self::made(allotments, before, true)
    }

    fn made(allotments: &[Arc<Allotment>], before: Option<&Self>, is_shared: bool) -> Self {
        let known = before.map(|before| before.books.as_slice()).unwrap_or_default();
        let mut orders = known.iter().map(|book| book.order + 1).max().unwrap_or_default()..;
        let known: HashMap<_, _> = known.iter().map(|book| (book.allotment.name.as_str(), book)).collect();
        let book = |allotment: &Arc<Allotment>| {
            let same =
                known.get(allotment.name.as_str()).filter(|book| counts_the_same(&book.allotment, allotment));
            let accounts = same.map_or_else(|| Arc::new(Mutex::default()), |book| Arc::clone(&book.accounts));
            // Accounts that are kept keep their place; new ones come behind all that requests may see beside them.
            let order = same.map(|book| book.order).or_else(|| orders.next()).unwrap_or_default();
            let (allotment, zone) = (Arc::clone(allotment), zone(allotment));
            Arc::new(Book { allotment, zone, is_shared, accounts, order })
        };
        let index = Index::of(allotments.iter().map(|allotment| &**allotment));
        let selectors = || allotments.iter().map(|allotment| &allotment.selector);
        let tested = selectors().flat_map(|selector| selector.tests.iter().map(|(attribute, _)| attribute));
        let attributes = tested.chain(selectors().flat_map(|selector| &selector.group_by));
        let members = attributes.filter_map(|attribute| match attribute {
            Attribute::Metadata(member) => Some(member.clone()),
            _ => None,
        });
        Self {
            books: allotments.iter().map(book).collect(),
            index,
            members: members.collect(),
            is_by_target: selectors().any(Selector::is_by_target),
            is_by_credential: selectors().any(Selector::is_by_credential),
        }
    }

    /// The members of metadata that requests are known by here.
    #[must_use]
    pub fn members(&self) -> &BTreeSet<Box<str>> {
        &self.members
    }

    /// Whether any allotment depends on the target that a request goes to.
    #[must_use]
    pub fn is_by_target(&self) -> bool {
        self.is_by_target
    }

    /// Whether any allotment depends on the credential that a request is sent with.
    #[must_use]
    pub fn is_by_credential(&self) -> bool {
        self.is_by_credential
    }

    /// Whether there is nothing to be charged to.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.books.is_empty()
    }

    /// The accounts that a request is charged to, whichever of the targets it goes to.
    #[must_use]
    pub fn claims(&self, request: &dyn Described, targets: &[Named<'_>]) -> Claims {
        let mut claims = Claims::new();
        for place in self.index.candidates(request) {
            let Some(book) = self.books.get(place) else { continue };
            let selector = &book.allotment.selector;
            if !selector.is_by_target() {
                claims.extend(group(selector, request, None).map(|group| (place, group)));
                continue;
            }
            for target in targets {
                let claim = group(selector, request, Some(target)).map(|group| (place, group));
                claims.extend(claim.filter(|claim| !claims.contains(claim)));
            }
        }
        claims
    }

    /// Whether a budget is among these.
    #[must_use]
    pub fn has_budget(&self, claims: &Claims) -> bool {
        let mut books = claims.iter().filter_map(|(place, _)| self.books.get(*place));
        books.any(|book| matches!(book.allotment.terms, Terms::Budget(_)))
    }

    /// Holds what a request asks for, of all of these accounts.
    ///
    /// # Errors
    /// When one has not enough. Then nothing is held, of none.
    pub fn reserve(&self, claims: &Claims, asked: &Asked, now: Moment) -> Result<Reservation, Denied> {
        self.reserve_or_tell(claims, asked, now).map_err(Denials::into_first)
    }

    /// The same, and where it is denied for some targets only, for which.
    ///
    /// # Errors
    /// When one has not enough. Then nothing is held, of none.
    pub fn reserve_or_tell(
        &self,
        claims: &Claims,
        asked: &Asked,
        now: Moment,
    ) -> Result<Reservation, Denials> {
        let mut wanted: SmallVec<[(&Arc<Book>, &str); 8]> =
            claims.iter().filter_map(|(place, group)| Some((self.books.get(*place)?, &**group))).collect();
        // In one order, so that no two requests wait for each other.
        wanted.sort_by_key(|(book, _)| book.order);
        let (mut guards, places) = lock(wanted.iter().map(|(book, _)| *book));
        let mut lacking = Lacking::default();
        for ((book, group), place) in wanted.iter().zip(&places) {
            let account = guards[*place].open(group, book.law(), now);
            if let Err(why) = account.and_then(|account| account.check(asked, book.law(), now)) {
                lacking.add(denied(book, group, why))?;
            }
            book.list(group, &mut guards[*place]);
        }
        lacking.end()?;
        let mut shares = SmallVec::new();
        for ((book, group), place) in wanted.iter().zip(&places) {
            let account = guards[*place].open(group, book.law(), now);
            let account = account.map_err(|why| Denials::one(denied(book, group, why)))?;
            let held = account.hold(asked, book.law(), now);
            let standings = account.standings(book.law(), now);
            let (book, group) = (Arc::clone(book), (*group).into());
            shares.push(Share { book, group, held, is_forgone: false, standings });
        }
        Ok(Reservation(shares))
    }

    /// What there is to hear of a budget because a request was turned away: nothing where it was not for what is spent, or was told already.
    #[must_use]
    pub fn exhausted(&self, denied: &Denied, now: Moment) -> Option<BudgetNotice> {
        let Why::Short(shortage) = &denied.why else { return None };
        let is_spent = shortage.is_for_what_is_spent();
        let book =
            self.books.iter().find(|book| is_spent && Arc::ptr_eq(&book.allotment, &denied.allotment))?;
        let mut accounts = book.accounts.lock();
        let account = accounts.find(&denied.group)?;
        account.advance(book.law(), now);
        let is_news = account.exhaust(book.law(), now);
        is_news.then(|| book.notice(account, &denied.group, BudgetNews::Exhausted, now))?
    }

    pub(super) fn books(&self) -> &[Arc<Book>] {
        &self.books
    }

    /// How many groups have an account of an allotment.
    #[must_use]
    pub fn groups(&self, name: &str) -> usize {
        let book = self.books.iter().find(|book| book.allotment.name.as_str() == name);
        book.map_or(0, |book| book.accounts.lock().len())
    }

    /// How the account of a group stands.
    #[must_use]
    pub fn standings(
        &self,
        name: &str,
        group: &str,
        now: Moment,
    ) -> SmallVec<[super::standing::Standing; 2]> {
        let book = self.books.iter().find(|book| book.allotment.name.as_str() == name);
        let standings = book.and_then(|book| {
            let mut accounts = book.accounts.lock();
            let account = accounts.find(group)?;
            account.advance(book.law(), now);
            Some(account.standings(book.law(), now))
        });
        standings.unwrap_or_default()
    }
}

fn counts_the_same(before: &Allotment, after: &Allotment) -> bool {
    before.selector.group_by == after.selector.group_by && kind(&before.terms) == kind(&after.terms)
}

/// The zone of a budget's calendar; that it exists is seen to when the configuration is read.
fn zone(allotment: &Allotment) -> TimeZone {
    match &allotment.terms {
        Terms::Budget(budget) => TimeZone::get(&budget.time_zone).unwrap_or(TimeZone::UTC),
        Terms::Rate(_) => TimeZone::UTC,
    }
}
