//! A second call beside one that takes long, as `inference/src/attempt/hedge.rs` makes it: who answers first is heard, the other is let go.

use std::sync::Arc;
use std::time::Duration;

use engine::Outlook;
use engine::credentials::Tried;

use super::Run;
use super::calls::begun;
use super::flight::{Called, Flight, Leg, Stage};
use super::queue::spent;
use crate::quotas::Waiter;
use crate::tally::WaitEnd;

impl Run {
    /// How long a call is waited for before it is joined; none where it is not.
    pub(super) fn patience(&mut self, call: Waiter) -> Option<Duration> {
        let flight = self.flights.of(call)?;
        let race = flight.walk.race().filter(|_| flight.request.shape.may_be_doubled)?;
        race.called();
        self.tally.hedges.joinable += 1;
        let place = flight.first.as_ref()?.place;
        race.patience(|percent| self.gateway.quantile(place, percent))
    }

    /// A call takes long: it is joined by one of the next target that does not rest and has room, where the share of second calls and the
    /// retry budget allow that.
    pub(super) fn joins(&mut self, call: Waiter) {
        let Some(flight) = self.flights.of(call).filter(|flight| flight.first_token.is_none()) else {
            return;
        };
        let Flight { request, walk, luck, .. } = &mut *flight;
        let mut view = self.gateway.view(request, luck);
        let Some(joined) = walk.joined(&mut view) else { return };
        let Some(target) = joined.target().map(Arc::clone) else { return };
        if !view.load(&target).is_some_and(|load| load.has_room()) {
            return;
        }
        if !(walk.race().is_some_and(|race| race.take()) && self.gateway.spend(&request.shape.route)) {
            self.tally.hedges.capped += 1;
            return;
        }
        self.tally.hedges.made += 1;
        (flight.walk, flight.tried) = (joined, Tried::default());
        let second = self.flights.next_leg();
        if let Some(flight) = self.flights.at(call.flight) {
            flight.second = Some(Box::new(begun(&self.gateway, flight, second, target)));
        }
        self.enters(Waiter { leg: second, ..call });
    }

    /// A call was answered: if another was beside it, that one is let go unless it has failed.
    pub(super) fn wins(&mut self, call: Waiter) {
        let Some(flight) = self.flights.of(call) else { return };
        let Some(second) = flight.second.take().map(|second| *second) else { return };
        let has_won = second.id == call.leg;
        let beside = if has_won { flight.first.replace(second) } else { Some(second) };
        let of = &mut self.tally.hedges;
        *if has_won { &mut of.won } else { &mut of.lost } += 1;
        if let Some(beside) = beside {
            self.lets_go(call.flight, beside);
        }
    }

    /// Nobody waits for a call any longer. To be slower is no failure.
    fn lets_go(&mut self, place: usize, leg: Leg) {
        let now = self.gateway.now();
        let Some(flight) = self.flights.at(place) else { return };
        let shape = &self.gateway.targets[leg.place].shape;
        match leg.stage {
            Stage::Waits(wait) => {
                shape.with(|shaper| shaper.leave(wait.ticket));
                let priority = flight.request.shape.claim.priority;
                self.tally.waited(priority, leg.place, (wait.since, now), WaitEnd::Left);
            }
            Stage::Called(called) => {
                let Called { watch, granted, .. } = *called;
                watch.outrun();
                // What it used, nobody says.
                spent(&self.gateway, leg.place, granted.as_ref(), None);
                self.tally.outrun(&flight.request, (leg.place, &self.gateway.targets[leg.place]), now);
            }
            Stage::Begun | Stage::Failed(_) => return,
        }
        self.told.push(leg.place);
    }
}
