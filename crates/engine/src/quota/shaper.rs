//! Who may call a model of a provider now, who waits, and who is refused at once since it would wait in vain.

use std::sync::Arc;
use std::time::Duration;

use domain::{CredentialId, Limits, Priority, Quota, Timeouts};

use super::account::{Account, Receipt};
use super::cost::Cost;
use super::queue::{Claimant, FairQueue, Ticket};
use super::report::Report;

/// The whole of a quota, as [`crate::Load`] counts it.
const WHOLE: u32 = 1000;

/// The quota of one model at one provider, and those who wait for it. `T` is what is told when it is one's turn.
#[derive(Debug)]
pub struct Shaper<T> {
    quota: Arc<Quota>,
    accounts: Vec<(CredentialId, Account)>,
    queue: FairQueue<T>,
}

/// A request that wants to call.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What it will take, as far as can be known before.
    pub cost: Cost,
    /// Who goes before it.
    pub priority: Priority,
    /// Whose it is.
    pub claimant: Claimant<'a>,
    /// The credentials that it may use, the one preferred first.
    pub credentials: &'a [CredentialId],
}

/// How long and how many may wait.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Most requests that wait.
    pub queue_length_max: usize,
    /// Longest that this one can wait.
    pub patience: Duration,
}

impl Bounds {
    /// As the limits of all requests have it; no longer than a call of the target may take.
    #[must_use]
    pub fn of(limits: &Limits, timeouts: &Timeouts) -> Self {
        let wait_max = limits.queue_wait_max;
        let patience = timeouts.total.map_or(wait_max, |total| total.min(wait_max));
        Self { queue_length_max: limits.queue_length_max, patience }
    }
}

/// Leave to call, with a credential.
#[derive(Debug)]
pub struct Granted {
    /// With which credential.
    pub credential: CredentialId,
    receipt: Receipt,
}

/// What becomes of a request that arrives.
#[derive(Debug)]
pub enum Arrival {
    /// It may call at once.
    Go(Granted),
    /// It has a place; [`Shaper::turn`] says when it is its turn.
    Waits(Ticket),
    /// It would wait for longer than it can, or too many do already.
    Refused {
        /// When to come again.
        retry_after: Duration,
    },
}

/// Whether it is the turn of one that waits.
#[derive(Debug)]
pub enum Turn {
    /// It may call, and has left the queue.
    Go(Granted),
    /// It is next, after this time.
    In(Duration),
    /// Others are before it, or a call has to end first: it is told.
    WhenTold,
}

impl<T> Shaper<T> {
    /// One by which nothing was used yet.
    #[must_use]
    pub fn new(quota: Arc<Quota>) -> Self {
        Self { quota, accounts: Vec::new(), queue: FairQueue::default() }
    }

    /// The configured quota that it goes by.
    #[must_use]
    pub fn quota(&self) -> &Arc<Quota> {
        &self.quota
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Decides on a request that arrives. `told` is made where it has to wait.
    pub fn arrive(
        &mut self,
        asked: &Asked<'_>,
        bounds: Bounds,
        told: impl FnOnce() -> T,
        now: Duration,
    ) -> Arrival {
        if !self.queue.blocks(asked.priority)
            && let Ok(granted) = self.grant(asked, now)
        {
            return Arrival::Go(granted);
        }
        let ticket = self.queue.place(asked.priority, asked.claimant, &asked.cost);
        let expected = self.expected(asked, ticket, now);
        if expected > bounds.patience || self.queue.len() >= bounds.queue_length_max {
            return Arrival::Refused { retry_after: expected };
        }
        self.queue.join(ticket, asked.claimant, asked.cost, told());
        Arrival::Waits(ticket)
    }

    /// Decides on a request that waits.
    pub fn turn(&mut self, asked: &Asked<'_>, ticket: Ticket, now: Duration) -> Turn {
        if self.queue.head().is_none_or(|(head, _)| head != ticket) {
            return Turn::WhenTold;
        }
        match self.grant(asked, now) {
            Ok(granted) => {
                self.queue.leave(ticket);
                Turn::Go(granted)
            }
            Err(Some(wait)) => Turn::In(wait),
            Err(None) => Turn::WhenTold,
        }
    }

    /// A request that waits gives up.
    pub fn leave(&mut self, ticket: Ticket) {
        self.queue.leave(ticket);
    }

    /// Whom to tell that it may be its turn.
    #[must_use]
    pub fn next(&self) -> Option<&T> {
        self.queue.head().map(|(_, told)| told)
    }

    /// A call has ended, having used this much, or what was thought where nobody knows.
    pub fn ended(&mut self, granted: &Granted, used: Option<Cost>, now: Duration) {
        if let Some(account) = self.known(&granted.credential) {
            account.ended(&granted.receipt, used, now);
        }
    }

    /// The provider said what a credential has left, in its answer to a call that was granted here or was not.
    pub fn learn(
        &mut self,
        credential: &CredentialId,
        report: &Report,
        granted: Option<&Granted>,
        now: Duration,
    ) {
        self.account(credential).learn(report, granted.map(|granted| &granted.receipt), now);
    }

    /// The provider refused a call for the quota of a credential.
    pub fn refused(&mut self, credential: &CredentialId, wish: Option<Duration>, now: Duration) {
        self.account(credential).refused(wish, now);
    }

    /// How much is used of the credential that has most left, in thousandths as [`crate::Load`] counts them; all of it where a request like
    /// this would have to wait.
    pub fn used(
        &mut self,
        cost: &Cost,
        priority: Priority,
        credentials: &[CredentialId],
        now: Duration,
    ) -> u32 {
        if self.queue.blocks(priority) {
            return WHOLE;
        }
        let spare = priority == Priority::Batch;
        let used = credentials.iter().map(|credential| {
            let account = self.account(credential);
            if account.wait(cost, (&Cost::default(), 0), spare, now) != Some(Duration::ZERO) {
                return WHOLE;
            }
            let left = u32::try_from(account.left(now).max(1)).unwrap_or(WHOLE);
            WHOLE.saturating_sub(left)
        });
        used.min().unwrap_or(0)
    }

    /// How much is in use, in thousandths, of the credential of which least is, where a request has to wait for that with each.
    pub fn too_much_in_use(
        &mut self,
        priority: Priority,
        credentials: &[CredentialId],
        now: Duration,
    ) -> Option<u64> {
        let spare = priority == Priority::Batch;
        let in_use = |credential| self.account(credential).too_much_in_use(spare, now);
        let figures: Option<Vec<_>> = credentials.iter().map(in_use).collect();
        figures?.into_iter().min()
    }

    /// How long one at a place waits at least; zero where that depends on when calls end.
    pub fn expected(&mut self, asked: &Asked<'_>, ticket: Ticket, now: Duration) -> Duration {
        let (ahead, calls) = self.queue.ahead(ticket);
        let shared = u64::try_from(asked.credentials.len()).unwrap_or(1).max(1);
        let ahead = Cost {
            input: ahead.input / shared,
            cached_input: ahead.cached_input / shared,
            output: ahead.output / shared,
        };
        let spare = asked.priority == Priority::Batch;
        let waits = asked.credentials.iter().map(|credential| {
            let account = self.account(credential);
            account.wait(&asked.cost, (&ahead, calls / shared), spare, now).unwrap_or_default()
        });
        waits.min().unwrap_or_default()
    }

    /// Leave to call with the first credential that has room, else how long until one has.
    fn grant(&mut self, asked: &Asked<'_>, now: Duration) -> Result<Granted, Option<Duration>> {
        let spare = asked.priority == Priority::Batch;
        let mut soonest: Option<Duration> = None;
        for credential in asked.credentials {
            let account = self.account(credential);
            match account.wait(&asked.cost, (&Cost::default(), 0), spare, now) {
                Some(Duration::ZERO) => {
                    let receipt = account.take(asked.cost, now);
                    return Ok(Granted { credential: credential.clone(), receipt });
                }
                Some(wait) => soonest = Some(soonest.map_or(wait, |soonest| soonest.min(wait))),
                None => {}
            }
        }
        Err(soonest)
    }

    fn known(&mut self, credential: &CredentialId) -> Option<&mut Account> {
        self.accounts.iter_mut().find(|(known, _)| known == credential).map(|(_, account)| account)
    }

    fn account(&mut self, credential: &CredentialId) -> &mut Account {
        let place = self.accounts.iter().position(|(known, _)| known == credential);
        let place = place.unwrap_or(self.accounts.len());
        if place == self.accounts.len() {
            self.accounts.push((credential.clone(), Account::new(Arc::clone(&self.quota))));
        }
        &mut self.accounts[place].1
    }
}
