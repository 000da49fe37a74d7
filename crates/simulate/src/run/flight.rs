//! Requests under way, and their calls.

use std::sync::Arc;
use std::time::Duration;

use domain::{CredentialId, Failure, Target};
use engine::credentials::Tried;
use engine::quota::{Granted, Ticket};
use engine::{Walk, Watch};

use crate::attempt::Told;
use crate::canaries::Parts;
use crate::gateway::Guarding;
use crate::luck::Luck;
use crate::quotas::Waiter;
use crate::traffic::Request;

/// A request under way.
pub(super) struct Flight {
    pub(super) request: Request,
    pub(super) walk: Walk,
    /// Its parts in the trials of canaries, each with the place of the trial.
    pub(super) parts: Parts,
    pub(super) luck: Luck,
    /// The credentials that were tried at the target.
    pub(super) tried: Tried,
    /// Calls that were begun; what was never sent, for want of quota, is one too.
    pub(super) attempts: u32,
    /// Whether a call was answered or failed, so that further ones take from the retry budget.
    pub(super) has_called: bool,
    pub(super) has_failed: bool,
    /// Whether a call was answered with 429.
    pub(super) was_limited: bool,
    /// Whether its first call would have been, had all been sent at once.
    pub(super) would_be_limited: bool,
    pub(super) first_token: Option<Duration>,
    /// The call that it waits for.
    pub(super) first: Option<Leg>,
    /// The one that joined it. Apart, since most requests have none.
    pub(super) second: Option<Box<Leg>>,
}

/// A call of a target, from the choice of its credential on.
pub(super) struct Leg {
    pub(super) id: u64,
    pub(super) target: Arc<Target>,
    /// Of the target.
    pub(super) place: usize,
    /// Its place among the calls of its request, from 1.
    pub(super) number: u32,
    /// The credentials that were tried at the target.
    pub(super) tried: Tried,
    pub(super) credential: usize,
    pub(super) stage: Stage,
}

/// How far a call is.
pub(super) enum Stage {
    /// It was not sent yet.
    Begun,
    /// It waits for a quota.
    Waits(Wait),
    /// It is under way.
    Called(Box<Called>),
    /// It failed, and another goes on.
    Failed(Lost),
}

/// A call that waits for a quota.
pub(super) struct Wait {
    pub(super) ticket: Ticket,
    pub(super) since: Duration,
    /// The credentials that it may be made with.
    pub(super) credentials: Vec<CredentialId>,
}

/// A call under way.
pub(super) struct Called {
    pub(super) began: Duration,
    pub(super) watch: Watch<Guarding>,
    /// What it takes of a quota that is known.
    pub(super) granted: Option<Granted>,
    /// What its answer says about the quota.
    pub(super) told: Told,
    pub(super) end: End,
}

/// How it goes on.
pub(super) enum End {
    Fails(Failure),
    Ends { at: Duration, breaks_off: bool },
}

/// A call that failed.
pub(super) struct Lost {
    pub(super) failure: Failure,
    /// Whether it was never sent, for want of quota.
    pub(super) is_over_quota: bool,
}

impl Flight {
    pub(super) fn new(request: Request, walk: Walk, parts: Parts, luck: Luck) -> Self {
        Self {
            request,
            walk,
            parts,
            luck,
            tried: Tried::default(),
            attempts: 0,
            has_called: false,
            has_failed: false,
            was_limited: false,
            would_be_limited: false,
            first_token: None,
            first: None,
            second: None,
        }
    }

    /// Its calls that are not over, and the one that failed while another goes on.
    fn legs(&self) -> impl Iterator<Item = &Leg> {
        self.first.iter().chain(self.second.as_deref())
    }

    /// Whether every call that was begun has failed.
    pub(super) fn has_failed_whole(&self) -> bool {
        self.legs().all(|leg| matches!(leg.stage, Stage::Failed(_)))
    }

    /// Takes out the call that decides what follows when all have failed: the second, where there is one.
    pub(super) fn take_last(&mut self) -> Option<Leg> {
        let first = self.first.take();
        self.second.take().map(|second| *second).or(first)
    }
}

/// All requests under way.
#[derive(Default)]
pub(super) struct Flights {
    flights: Vec<Option<Flight>>,
    /// Places that are empty.
    free: Vec<usize>,
    legs: u64,
}

impl Flights {
    /// Gives a request a place.
    pub(super) fn seat(&mut self, flight: Flight) -> usize {
        match self.free.pop() {
            Some(place) => {
                self.flights[place] = Some(flight);
                place
            }
            None => {
                self.flights.push(Some(flight));
                self.flights.len() - 1
            }
        }
    }

    /// The request at a place.
    pub(super) fn at(&mut self, place: usize) -> Option<&mut Flight> {
        self.flights.get_mut(place)?.as_mut()
    }

    /// The request of a call, unless that was let go.
    pub(super) fn of(&mut self, call: Waiter) -> Option<&mut Flight> {
        self.at(call.flight).filter(|flight| flight.legs().any(|leg| leg.id == call.leg))
    }

    /// A call and its request, unless it was let go.
    pub(super) fn leg(&mut self, call: Waiter) -> Option<(&Request, &mut Leg)> {
        let Flight { request, first, second, .. } = self.at(call.flight)?;
        let leg = first.iter_mut().chain(second.as_deref_mut()).find(|leg| leg.id == call.leg)?;
        Some((request, leg))
    }

    /// Takes a request out.
    pub(super) fn leaves(&mut self, place: usize) -> Option<Flight> {
        let flight = self.flights.get_mut(place)?.take()?;
        self.free.push(place);
        Some(flight)
    }

    /// A number for a call, which no other has.
    pub(super) fn next_leg(&mut self) -> u64 {
        self.legs += 1;
        self.legs
    }
}
