//! A request for which enough is held.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use engine::ledger::{Actual, Denied, Named, Reservation};
use http::HeaderMap;

use super::clearing::Clearing;
use super::described::Description;
use super::leasing::{Leasing, Turn};
use super::told::Told;
use crate::request_id::RequestId;

/// The calls that were sent and whose end is not known: only for those can a provider charge. Whoever sends one notes it here.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sent(Arc<AtomicU32>);

impl Sent {
    /// A call is sent.
    pub(crate) fn begun(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// The end of a call is known.
    pub(crate) fn ended(&self) {
        let less = |calls: u32| calls.checked_sub(1);
        // One that was never sent has no end either.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// How many there are.
    pub(crate) fn calls(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What is held for a request. Dropped unsettled, nothing was sent, and nothing is counted.
pub(crate) struct Admitted {
    clearing: Arc<Clearing>,
    id: RequestId,
    described: Description,
    /// `None` once it is settled.
    reservation: Option<Reservation>,
    told: Told,
    /// Its calls that were sent.
    sent: Sent,
}

impl Admitted {
    /// A request for which this is held.
    pub(crate) fn new(
        clearing: &Arc<Clearing>,
        id: &RequestId,
        described: Description,
        reservation: Reservation,
        told: Told,
    ) -> Self {
        let (clearing, id) = (Arc::clone(clearing), id.clone());
        Self { clearing, id, described, reservation: Some(reservation), told, sent: Sent::default() }
    }

    /// Tells the client how its limits and budgets stand.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        self.told.write(headers);
    }

    /// What is held of each budget, for people.
    pub(crate) fn holds(&self) -> Vec<String> {
        self.told.holds.clone()
    }

    /// Where it is noted that a call is sent.
    pub(crate) fn sent(&self) -> &Sent {
        &self.sent
    }

    /// A call ended without anybody knowing what it took.
    pub(crate) fn lose_call(&mut self) {
        self.sent.ended();
        if let Some(reservation) = &mut self.reservation {
            reservation.lose_call();
        }
    }

    /// Makes what is held enough for so many calls at once.
    ///
    /// # Errors
    /// When a budget has not enough; what is held already stays.
    pub(crate) fn extend(&mut self, calls: u32) -> Result<(), Denied> {
        let now = self.clearing.moment();
        self.reservation.as_mut().map_or(Ok(()), |reservation| reservation.extend(calls, now))
    }

    /// Makes what is held enough for a further call. Where a budget is shared with other processes, they are asked.
    ///
    /// # Errors
    /// When a budget has not enough; what is held already stays.
    pub(crate) async fn hold_further(&mut self) -> Result<(), Denied> {
        let mut leasing = Leasing::default();
        while let Err(denied) = self.extend(1) {
            let reservation = self.reservation.as_ref();
            let short = |now| reservation.map(|held| held.short(now)).unwrap_or_default();
            match leasing.turn(&self.clearing, denied, short).await {
                Turn::Again => {}
                Turn::Denied(denied) | Turn::Unreachable(denied) => return Err(denied),
            }
        }
        Ok(())
    }

    /// The request has ended, and its last call took so much at a target.
    pub(crate) fn settle(mut self, actual: &Actual, target: Option<(&str, Option<&str>)>) {
        let model = target.and_then(|(provider, model)| Some(format!("{provider}/{}", model?)));
        let named = target.map(|(provider, _)| Named { provider, model: model.as_deref() });
        self.end(actual, named.as_ref());
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
