//! A request that needs more of a limit or a budget than is granted to this process: it has the other processes asked, and waits for what they give
//! back, but not for long.

use std::time::Duration;

use engine::ledger::{Denials, EXCHANGE_INTERVAL, Moment, Shared, Why};
use tokio::time::{Instant, sleep, timeout};

use super::clearing::Clearing;

/// How long a request waits for what others hold without need: they give it back in their next interval.
const LEASE_WAIT_MAX: Duration = Duration::from_secs(1);
/// How long a request waits for one exchange, which is longer than for a store that hangs, so that this is noticed.
const EXCHANGE_WAIT_MAX: Duration = Duration::from_secs(3);

/// The patience of one request.
#[derive(Debug, Default)]
pub struct Leasing {
    since: Option<Instant>,
    /// Whether the others could not be asked. What they leave to this process without them may still be enough.
    has_failed: bool,
}

/// What becomes of a request that was denied.
#[derive(Debug)]
pub enum Turn {
    /// More may be granted now.
    Again,
    /// It is denied whatever the others do.
    Denied(Denials),
    /// The others cannot be asked.
    Unreachable(Denials),
}

impl Leasing {
    /// Whether the others were asked, and what they had was too little.
    pub fn has_asked(&self) -> bool {
        self.since.is_some()
    }

    /// Has the others asked for what a request is `short` of, if that may help.
    pub async fn turn(
        &mut self,
        clearing: &Clearing,
        denied: Denials,
        short: impl Fn(Moment) -> Vec<Shared>,
    ) -> Turn {
        let (Why::Unleased(shortage), Some(leases)) = (&denied.first().why, clearing.leases()) else {
            return Turn::Denied(denied);
        };
        if self.has_failed {
            return Turn::Unreachable(denied.for_good());
        }
        let now = Instant::now();
        let is_first = self.since.is_none();
        let until = *self.since.get_or_insert(now) + LEASE_WAIT_MAX;
        if now >= until {
            return Turn::Denied(denied.for_good());
        }
        if !is_first && shortage.standing.left() < shortage.asked {
            sleep(EXCHANGE_INTERVAL).await;
        }
        let accounts = short(clearing.moment());
        // While it is known that nobody answers, no request waits for that.
        let is_asked = !leases.are_stuck()
            && matches!(timeout(EXCHANGE_WAIT_MAX, leases.obtain(accounts.clone())).await, Ok(Ok(())));
        if !is_asked {
            self.has_failed = true;
            accounts.iter().for_each(Shared::cut_off);
        }
        Turn::Again
    }
}
