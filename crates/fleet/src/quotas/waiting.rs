//! Waiting for a quota until it is one's turn, or for as long as one can.

use std::sync::Arc;
use std::time::Duration;

use engine::quota::{Arrival, Ticket, Turn};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{Asking, Shape, Spend, tell_next};
use crate::Clock;

/// A request that may call.
pub struct Entered {
    /// What it takes of the quota until its end is told.
    pub spend: Spend,
    /// How long it had to wait; none where it did not have to.
    pub waited: Option<Duration>,
}

/// There is no place for a request in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverQuota {
    /// When there may be one.
    pub retry_after: Duration,
    /// How long it waited in vain.
    pub waited: Duration,
}

/// A place in a queue, left when its request is gone.
struct Place<'a> {
    shape: &'a Shape,
    ticket: Ticket,
    is_over: bool,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.shape.meters.queue_left();
        let mut shaper = self.shape.shaper.lock();
        if !self.is_over {
            shaper.leave(self.ticket);
        }
        tell_next(&shaper);
    }
}

/// Waits until the quota has a place for a request.
///
/// # Errors
/// At once where it would have to wait for longer than it can, else when it has.
pub async fn enter(clock: Clock, shape: &Arc<Shape>, asking: &Asking<'_>) -> Result<Entered, OverQuota> {
    let told = Arc::new(Notify::new());
    let arrived = Instant::now();
    let arrival =
        shape.shaper.lock().arrive(&asking.asked(), asking.bounds, || Arc::clone(&told), clock.now());
    let ticket = match arrival {
        Arrival::Go(granted) => {
            let spend = Spend::new(clock, Arc::clone(shape), granted);
            return Ok(Entered { spend, waited: None });
        }
        Arrival::Refused { retry_after } => return Err(OverQuota { retry_after, waited: Duration::ZERO }),
        Arrival::Waits(ticket) => ticket,
    };
    shape.meters.queue_joined();
    let mut place = Place { shape, ticket, is_over: false };
    let deadline = arrived + asking.bounds.patience;
    loop {
        let turn = shape.shaper.lock().turn(&asking.asked(), ticket, clock.now());
        let again = match turn {
            Turn::Go(granted) => {
                place.is_over = true;
                let spend = Spend::new(clock, Arc::clone(shape), granted);
                return Ok(Entered { spend, waited: Some(arrived.elapsed()) });
            }
            Turn::In(wait) => Instant::now().checked_add(wait).map_or(deadline, |again| again.min(deadline)),
            Turn::WhenTold => deadline,
        };
        if Instant::now() >= deadline {
            let retry_after = shape.shaper.lock().expected(&asking.asked(), ticket, clock.now());
            return Err(OverQuota { retry_after, waited: arrived.elapsed() });
        }
        tokio::select! {
            () = told.notified() => {}
            () = tokio::time::sleep_until(again) => {}
        }
    }
}
