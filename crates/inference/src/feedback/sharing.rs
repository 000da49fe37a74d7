//! What is said to one replica of another's answers, on one value of the state that they share.

use std::time::Duration;

use engine::canary::RatingBoard;
use engine::ledger::EXCHANGE_INTERVAL;
use telemetry::events::StoreFailed;
use tokio::time::MissedTickBehavior;

use crate::allotted::{Leases, Revision};
use crate::gateway::Gateway;

/// Under which key the value is.
const KEY: &str = "feedback";
/// For how long it is kept after it was last changed. What is on it is of use for less, but its count goes on.
const KEPT_FOR: Duration = Duration::from_secs(86_400);

impl Gateway {
    /// Tells the other replicas what was said here of their answers, and hears what was said to them of those given here, for ever. Nothing is asked while no
    /// canary heeds it.
    pub(crate) async fn share_feedback(&self, leases: &Leases) {
        let mut interval = tokio::time::interval(EXCHANGE_INTERVAL);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = 0;
        loop {
            interval.tick().await;
            if self.pin().canaries.heed_feedback() && !leases.are_stuck() {
                heard = self.exchange_feedback(leases, heard).await;
            }
        }
    }

    /// One exchange; how much was heard after it.
    async fn exchange_feedback(&self, leases: &Leases, heard: u64) -> u64 {
        let untold = self.feedback.untold.lock().clone();
        let mut now_heard = heard;
        let revised = leases.revise(KEY, |found, store_time| {
            let mut board = self.board(found);
            let (others, count) = board.after(now_heard);
            for (_, rating) in others {
                self.rate(rating);
            }
            // One that was kept for too long, or is another fleet's, begins anew.
            now_heard = count;
            if untold.is_empty() {
                return None;
            }
            board.post(untold.iter().cloned(), store_time);
            let value = serde_json::to_vec(&board).ok()?.into();
            Some(Revision { value, kept_for: KEPT_FOR })
        });
        if !revised.await {
            return now_heard;
        }
        self.feedback.untold.lock().drain(..untold.len());
        // What was told here is no news here.
        now_heard.saturating_add(untold.len() as u64)
    }

    fn board(&self, found: Option<&[u8]>) -> RatingBoard {
        let board = found.map(serde_json::from_slice::<RatingBoard>).transpose();
        let board = board.inspect_err(|error| {
            let detail = format!("what replicas say of answers cannot be read: {error}");
            StoreFailed { detail: &detail }.emit(&self.telemetry);
        });
        board.ok().flatten().unwrap_or_default()
    }
}
