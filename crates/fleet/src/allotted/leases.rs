//! Limits and budgets that several processes share: asking the others how they stand, telling them what is used here, and giving back what nobody
//! needs. What they agree on is decided by `engine`; here the store is read and written.

mod spend;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use domain::ports::notices::Notices;
use domain::ports::shared_state::{Change, Pending, Replaced, SharedState, StateError, Versioned};
use engine::ledger::{Asking, Proposal, Shared, Unreadable};
use parking_lot::Mutex;
use telemetry::Telemetry;
use telemetry::events::{BudgetUnaccounted, SharedStateTurned, StoreFailed};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::clearing::Times;
pub use spend::Heard;

/// Most accounts that are exchanged in one step.
const ACCOUNTS_MAX: usize = 100;
/// How often a value is proposed anew because another process was faster. There is always one that is the first.
const ROUNDS_MAX: usize = 16;
/// How long an answer of the store is waited for.
const STORE_WAIT_MAX: Duration = Duration::from_secs(2);

/// The way to the other processes.
pub struct Leases {
    state: Arc<dyn SharedState>,
    /// This process, by a name that no other has.
    holder: Box<str>,
    times: Times,
    telemetry: Telemetry,
    notices: Arc<dyn Notices>,
    /// The keys of the accounts that are being exchanged: each by one at a time, for all who need it.
    under_way: Mutex<HashSet<Box<str>>>,
    ended: Notify,
    is_unreachable: AtomicBool,
}

/// Why the others did not agree.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    #[error(transparent)]
    Store(#[from] StateError),
    #[error("the shared state did not answer within {} seconds", STORE_WAIT_MAX.as_secs())]
    TooSlow,
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("the shared state changes faster than it can be written")]
    Overtaken,
}

/// Accounts that are being exchanged, with their keys. Dropped, they are not any more.
struct UnderWay<'l> {
    leases: &'l Leases,
    accounts: Vec<(Box<str>, Shared)>,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut under_way = self.leases.under_way.lock();
        for (key, _) in &self.accounts {
            under_way.remove(key);
        }
        drop(under_way);
        self.leases.ended.notify_waiters();
    }
}

/// An account, and its value as it is in the store.
type Found<'a> = (&'a (Box<str>, Shared), Option<Versioned>);
/// An account, and what the others are asked to agree to.
type Proposed<'a> = (&'a (Box<str>, Shared), Proposal);

/// What a value is to be.
pub struct Revision {
    /// The value.
    pub value: Bytes,
    /// For how long it is kept.
    pub kept_for: Duration,
}

impl Leases {
    /// This process, by a name that no other has.
    pub fn holder(&self) -> &str {
        &self.holder
    }

    /// Reads a value and replaces it by what is made of it and of the time of the store, if anything is; says whether it did. Where another process is
    /// faster, it is made of what is there then.
    pub async fn revise(
        &self,
        key: &str,
        revise: impl FnMut(Option<&[u8]>, Duration) -> Option<Revision>,
    ) -> bool {
        let (is_done, result) = match self.try_revise(key, revise).await {
            Ok(is_done) => (is_done, Ok(())),
            Err(error) => (false, Err(error)),
        };
        self.judge(&result);
        is_done
    }

    async fn try_revise(
        &self,
        key: &str,
        mut revise: impl FnMut(Option<&[u8]>, Duration) -> Option<Revision>,
    ) -> Result<bool, ExchangeError> {
        let keys = [Box::from(key)];
        let seen = answered(self.state.read(&keys)).await?;
        let (mut store_time, mut found) = (seen.at, seen.what.into_iter().next().flatten());
        for _ in 0..ROUNDS_MAX {
            let value = found.as_ref().map(|versioned| &*versioned.value);
            let Some(Revision { value, kept_for }) = revise(value, store_time) else { return Ok(false) };
            let replaces = found.map(|versioned| versioned.version);
            let change = Change { key: key.into(), replaces, value, expires_in: Some(kept_for) };
            let seen = answered(self.state.replace(&[change])).await?;
            store_time = seen.at;
            match seen.what.into_iter().next() {
                Some(Replaced::Overtaken(now)) => found = now,
                Some(Replaced::Done(_)) | None => return Ok(true),
            }
        }
        Err(ExchangeError::Overtaken)
    }

    /// The way to those who share `state`.
    #[must_use]
    pub fn new(
        state: Arc<dyn SharedState>,
        random: &dyn Fn() -> u64,
        times: Times,
        telemetry: Telemetry,
        notices: Arc<dyn Notices>,
    ) -> Self {
        let holder = format!("{:016x}{:016x}", random(), random()).into();
        let (under_way, ended) = (Mutex::default(), Notify::new());
        let is_unreachable = AtomicBool::new(false);
        Self { state, holder, times, telemetry, notices, under_way, ended, is_unreachable }
    }

    /// Exchanges accounts that a request needs more of, or waits until another one has.
    pub async fn obtain(&self, accounts: Vec<Shared>) -> Result<(), ExchangeError> {
        // Before it is looked which are under way, so that no end is missed.
        let ended = self.ended.notified();
        let is_needed = !accounts.is_empty();
        let begun = self.begin(accounts);
        if begun.accounts.is_empty() && is_needed {
            ended.await;
            return Ok(());
        }
        self.exchange(&begun, false).await
    }

    /// Exchanges accounts for nobody in particular. Where that fails, they come again.
    pub async fn tell(&self, accounts: Vec<Shared>) {
        let begun = self.begin(accounts);
        // What is wrong was logged.
        let _ = self.exchange(&begun, false).await;
    }

    /// Asks for nothing, to see whether the store answers.
    pub async fn look(&self) {
        let result = answered(self.state.read(&[])).await;
        self.judge(&result.map(|_| ()));
    }

    /// Whether the store did not answer when it was last asked.
    pub fn are_stuck(&self) -> bool {
        self.is_unreachable.load(Ordering::Relaxed)
    }

    /// Gives back everything, at the end of the process.
    pub async fn leave(&self, accounts: Vec<Shared>) {
        let begun = self.begin(accounts);
        // Nobody is left to do anything about it.
        let _ = self.exchange(&begun, true).await;
    }

    /// Takes those that are not being exchanged.
    fn begin(&self, accounts: Vec<Shared>) -> UnderWay<'_> {
        let mut under_way = self.under_way.lock();
        let keyed = accounts.into_iter().map(|account| (account.key(), account));
        let accounts = keyed.filter(|(key, _)| under_way.insert(key.clone())).collect();
        UnderWay { leases: self, accounts }
    }

    async fn exchange(&self, begun: &UnderWay<'_>, is_leaving: bool) -> Result<(), ExchangeError> {
        for some in begun.accounts.chunks(ACCOUNTS_MAX) {
            let result = self.exchange_some(some, is_leaving).await;
            self.judge(&result);
            if result.is_err() {
                begun.accounts.iter().for_each(|(_, account)| account.cut_off());
                return result;
            }
        }
        Ok(())
    }

    async fn exchange_some(
        &self,
        accounts: &[(Box<str>, Shared)],
        is_leaving: bool,
    ) -> Result<(), ExchangeError> {
        let keys: Vec<_> = accounts.iter().map(|(key, _)| key.clone()).collect();
        let mut asked = self.times.moment().steady;
        let seen = answered(self.state.read(&keys)).await?;
        let mut store_time = seen.at;
        let mut found: Vec<Found<'_>> = accounts.iter().zip(seen.what).collect();
        for _ in 0..ROUNDS_MAX {
            let asking = Asking { holder: &self.holder, is_leaving, asked, store_time };
            let (proposed, changes) = self.propose(found, &asking)?;
            if changes.is_empty() {
                return Ok(());
            }
            asked = self.times.moment().steady;
            let seen = answered(self.state.replace(&changes)).await?;
            store_time = seen.at;
            found = proposed
                .into_iter()
                .zip(seen.what)
                .filter_map(|((account, proposal), replaced)| match replaced {
                    Replaced::Done(_) => {
                        self.agree(&account.1, &proposal);
                        None
                    }
                    Replaced::Overtaken(now) => Some((account, now)),
                })
                .collect();
        }
        if found.is_empty() { Ok(()) } else { Err(ExchangeError::Overtaken) }
    }

    /// What the others are asked to agree to, with the changes that says so. Where nothing has to be changed, all agree.
    fn propose<'a>(
        &self,
        found: Vec<Found<'a>>,
        asking: &Asking<'_>,
    ) -> Result<(Vec<Proposed<'a>>, Vec<Change>), Unreadable> {
        let (mut proposed, mut changes) = (Vec::new(), Vec::new());
        for (account, versioned) in found {
            let value = versioned.as_ref().map(|versioned| &*versioned.value);
            let Some(proposal) = account.1.propose(value, asking, self.times.moment())? else { continue };
            let Some(value) = proposal.value.clone() else {
                self.agree(&account.1, &proposal);
                continue;
            };
            changes.push(Change {
                key: account.0.clone(),
                replaces: versioned.map(|versioned| versioned.version),
                value: value.into(),
                expires_in: proposal.kept_for,
            });
            proposed.push((account, proposal));
        }
        Ok((proposed, changes))
    }

    fn agree(&self, account: &Shared, proposal: &Proposal) {
        let now = self.times.moment();
        let unaccounted = account.agree(proposal, now);
        account.news(now).into_iter().for_each(|notice| self.notices.tell(notice));
        if let Some(unaccounted) = unaccounted {
            let event = BudgetUnaccounted {
                budget: unaccounted.allotment.name.as_str(),
                group: &unaccounted.group_name(),
                amount: &unaccounted.amount,
            };
            event.emit(&self.telemetry);
        }
    }

    /// Tells when the store begins to fail, and when it works again. One value that fails says nothing about the store.
    fn judge(&self, result: &Result<(), ExchangeError>) {
        let failure = match result {
            Err(error @ (ExchangeError::Store(_) | ExchangeError::TooSlow)) => Some(error.to_string()),
            Err(error) => return StoreFailed { detail: &error.to_string() }.emit(&self.telemetry),
            Ok(()) => None,
        };
        if self.is_unreachable.swap(failure.is_some(), Ordering::Relaxed) != failure.is_some() {
            SharedStateTurned { failure: failure.as_deref() }.emit(&self.telemetry);
        }
    }
}

async fn answered<T>(answer: Pending<'_, T>) -> Result<T, ExchangeError> {
    Ok(timeout(STORE_WAIT_MAX, answer).await.map_err(|_| ExchangeError::TooSlow)??)
}
