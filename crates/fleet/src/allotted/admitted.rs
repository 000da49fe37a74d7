//! A request for which enough is held.

use std::sync::Arc;

use domain::RequestId;
use engine::ledger::{Actual, Candidate, Denials, Denied, Named, PassedOver, Reservation};
use http::HeaderMap;

use super::clearing::Clearing;
use super::described::Description;
use super::leasing::{Leasing, Turn};
use super::sent::{CallNumber, Called, Sent};
use super::told::Told;

/// What is held for a request. Dropped unsettled, nothing was sent, and nothing is counted.
pub struct Admitted {
    clearing: Arc<Clearing>,
    id: RequestId,
    described: Description,
    /// `None` once it is settled.
    reservation: Option<Reservation>,
    told: Told,
    /// Its calls.
    sent: Sent,
}

impl Admitted {
    /// A request for which this is held.
    pub fn new(
        clearing: &Arc<Clearing>,
        id: &RequestId,
        described: Description,
        reservation: Reservation,
        told: Told,
    ) -> Self {
        let (clearing, id) = (Arc::clone(clearing), id.clone());
        Self { clearing, id, described, reservation: Some(reservation), told, sent: Sent::default() }
    }

    /// The same, which does not call everything.
    pub fn but_for(mut self, passed_over: PassedOver) -> Self {
        self.sent = Sent::but_for(passed_over);
        self
    }

    /// Tells the client how its limits and budgets stand.
    pub fn tell(&self, headers: &mut HeaderMap) {
        self.told.write(headers);
    }

    /// What is held of each budget, for people.
    pub fn holds(&self) -> Vec<String> {
        self.told.holds.clone()
    }

    /// Where its calls are noted.
    pub fn sent(&self) -> &Sent {
        &self.sent
    }

    /// A call ended without anybody knowing what it took.
    pub fn lose_call(&mut self, number: CallNumber) {
        let called = self.sent.ended(number);
        self.lose(called.as_deref());
    }

    fn lose(&mut self, called: Option<&Called>) {
        if let Some(reservation) = &mut self.reservation {
            reservation.lose_call(&self.described, called.map(Called::named).as_ref());
        }
    }

    /// The call that was sent last ended without anybody knowing what it took.
    pub fn lose_last_call(&mut self) {
        if let Some(number) = self.sent.last() {
            self.lose_call(number);
        }
    }

    /// Makes what is held enough for so many calls at once.
    ///
    /// # Errors
    /// When a budget has not enough; what is held already stays.
    pub fn extend(&mut self, calls: u32) -> Result<(), Denied> {
        let now = self.clearing.moment();
        self.reservation.as_mut().map_or(Ok(()), |reservation| reservation.extend(calls, now))
    }

    /// Makes what is held enough for a further call. Where a budget is shared with other processes, they are asked. What of these targets has a
    /// budget that has not enough is passed over, and what denied it is told.
    ///
    /// # Errors
    /// When a budget has not enough; what is held already stays.
    pub async fn hold_further(&mut self, candidates: &[Candidate<'_>]) -> Result<Vec<Denied>, Denied> {
        let (mut leasing, mut forgone) = (Leasing::default(), Vec::new());
        while let Err(denied) = self.extend(1) {
            let reservation = self.reservation.as_ref();
            let short = |now| reservation.map(|held| held.short(now)).unwrap_or_default();
            match leasing.turn(&self.clearing, Denials::one(denied), short).await {
                Turn::Again => {}
                Turn::Denied(denials) | Turn::Unreachable(denials) => {
                    let denied = denials.into_first();
                    if !self.reservation.as_mut().is_some_and(|reservation| reservation.forgo(&denied)) {
                        return Err(denied);
                    }
                    let denials = Denials::one(denied.clone());
                    let _lost = self.sent.passed_over().pass(candidates, &denials, &self.described);
                    forgone.push(denied);
                    leasing = Leasing::default();
                }
            }
        }
        Ok(forgone)
    }

    /// The request has ended, and its last call took so much. What became of others that were sent nobody knows.
    pub fn settle(mut self, actual: &Actual) {
        let (lost, last) = self.sent.close();
        lost.iter().for_each(|(_, called)| self.lose(called.as_deref()));
        self.end(actual, last.as_deref().map(Called::named).as_ref());
    }

    fn end(&mut self, actual: &Actual, target: Option<&Named<'_>>) {
        let Some(reservation) = self.reservation.take() else { return };
        let notices = reservation.settle(actual, &self.described, target, self.clearing.moment());
        self.clearing.notify(notices, &self.id);
        self.clearing.tell();
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.end(&Actual::NOTHING, None);
    }
}
