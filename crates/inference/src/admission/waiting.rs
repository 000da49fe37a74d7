//! Waiting for a limit or a budget, for as long as it says.

use std::time::Duration;

use domain::allotment::AtLimit;
use engine::ledger::Denied;
use telemetry::events::Decided;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

use super::decided;
use crate::ending::Origin;

/// The patience of one request.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    since: Option<Instant>,
}

impl Waiting {
    /// Waits until there may be enough, or another request has `settled`; `false` where it is not to wait, or would in vain.
    pub(super) async fn turn(&mut self, origin: &Origin, denied: &Denied, settled: Notified<'_>) -> bool {
        let AtLimit::Queue(longest) = denied.allotment.at_limit else { return false };
        let Some(wait) = denied.wait() else { return false };
        let now = Instant::now();
        let is_first = self.since.is_none();
        let until = *self.since.get_or_insert(now) + longest;
        let again = now + wait;
        if again > until || now >= until {
            return false;
        }
        if is_first {
            decided(origin, denied, Decided::Queued);
        }
        tokio::select! {
            () = settled => {}
            () = tokio::time::sleep_until(again) => {}
        }
        true
    }

    /// How long it has waited.
    pub(super) fn waited(&self) -> Duration {
        self.since.map(|since| since.elapsed()).unwrap_or_default()
    }
}
