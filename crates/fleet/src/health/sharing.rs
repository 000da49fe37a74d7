//! What replicas tell each other of their breakers, on one value of the state that they share. No request waits for it, and without it each
//! replica goes by what it sees itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::{ProviderName, RegionName, Snapshot};
use engine::Seen;
use engine::breaker::{Board, Reader, Turn};
use engine::ledger::EXCHANGE_INTERVAL;
use parking_lot::Mutex;
use telemetry::Telemetry;
use telemetry::events::{BreakerTurned, RegionTurned};
use tokio::time::MissedTickBehavior;

use super::{Guard, Guarded, Health, RegionGuard, Sought};
use crate::allotted::{Leases, Revision};

/// Under which key the value is.
const KEY: &str = "breakers";
/// For how long it is kept after it was last changed: longer than anything on it is of use.
const KEPT_FOR: Duration = Duration::from_secs(3_600);

/// Breakers that turned since the others were last told, by the names that they have for all.
pub(super) type Turned = Mutex<BTreeMap<Box<str>, Known>>;

/// A breaker that there is.
#[derive(Debug, Clone)]
pub(super) enum Known {
    Guard(Arc<Guard>),
    Region(Arc<RegionGuard>),
}

impl Known {
    fn seen(&self) -> &Mutex<Seen> {
        match self {
            Self::Guard(guard) => &guard.seen,
            Self::Region(guard) => &guard.seen,
        }
    }

    fn name(&self) -> Box<str> {
        let parts = match self {
            Self::Guard(guard) => guard.guarded.parts(),
            Self::Region(guard) => [Some(REGION), Some(guard.meters.name().as_str()), None],
        };
        serde_json::json!(parts).to_string().into()
    }

    /// Logs and counts that it turned as the others said.
    fn turned(&self, turn: Turn, telemetry: &Telemetry) {
        let cool_down = match turn {
            Turn::Opened { cool_down } => Some(cool_down),
            Turn::Closed => None,
        };
        let (was_closed, is_heard) = (cool_down.is_some(), true);
        match self {
            Self::Guard(guard) => {
                let model = guard.guarded.model.as_deref();
                BreakerTurned { provider: &guard.meters, model, was_closed, cool_down, is_heard }
                    .emit(telemetry);
            }
            Self::Region(guard) => {
                RegionTurned { region: &guard.meters, was_closed, cool_down, is_heard }.emit(telemetry);
            }
        }
    }
}

/// What stands in the place of a provider's name where a region is meant, which no provider is called.
const REGION: &str = "region:";

impl Guarded {
    fn parts(&self) -> [Option<&str>; 3] {
        [Some(self.provider.as_str()), self.host.as_deref(), self.model.as_deref()]
    }
}

impl Health {
    /// The others have to be told that a breaker turned.
    pub(super) fn note(&self, known: Known) {
        self.turned.lock().insert(known.name(), known);
    }

    /// The breaker that others call so; none where its provider is not configured here.
    fn known(&self, name: &str, snapshot: &Snapshot) -> Option<Known> {
        let telemetry = &self.telemetry;
        let [first, second, third]: [Option<Box<str>>; 3] = serde_json::from_str(name).ok()?;
        let first = first?;
        if &*first == REGION {
            let region = RegionName::from(&*second?);
            return Some(Known::Region(self.region_guard(&region, || telemetry.region(&region))));
        }
        snapshot.provider(&first)?;
        let provider = ProviderName::from(&*first);
        let sought = Sought { provider: &provider, host: second.as_deref(), model: third.as_deref() };
        Some(Known::Guard(self.guard_of(&sought, &telemetry.provider(&provider))))
    }

    /// Tells the other replicas which breakers turned here, and has the breakers do as the others say, for ever.
    pub async fn share(&self, leases: &Leases, snapshot: impl Fn() -> Arc<Snapshot>) {
        let mut interval = tokio::time::interval(EXCHANGE_INTERVAL);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            let snapshot = snapshot();
            if snapshot.route_defaults.breaker.enabled && !leases.are_stuck() {
                self.exchange(leases, &snapshot).await;
            }
        }
    }

    async fn exchange(&self, leases: &Leases, snapshot: &Snapshot) {
        let round = Round { health: self, snapshot, holder: leases.holder() };
        let mut told = BTreeMap::new();
        let revised = leases.revise(KEY, |found, store_time| {
            let (value, turns) = round.revise(found, store_time)?;
            told = turns;
            Some(Revision { value, kept_for: KEPT_FOR })
        });
        if revised.await {
            round.confirm(&told);
        }
    }
}

/// One exchange.
struct Round<'h> {
    health: &'h Health,
    snapshot: &'h Snapshot,
    holder: &'h str,
}

impl Round<'_> {
    /// Does as the value says; what it has to say from now on, if anything, with how often each breaker that it tells of had turned by itself.
    fn revise(&self, found: Option<&[u8]>, store_time: Duration) -> Option<(Bytes, BTreeMap<Box<str>, u64>)> {
        let Self { health, snapshot, holder } = *self;
        let board = found.map(serde_json::from_slice::<Board>).transpose();
        let mut board = health.legible.read(board, "their breakers", &health.telemetry)?.unwrap_or_default();
        let policy = &snapshot.route_defaults.breaker;
        let reader = Reader { holder, now: health.clock.now(), store_time, policy };
        let turned = health.turned.lock().clone();
        let names: BTreeSet<Box<str>> = board.names().map(Box::from).chain(turned.keys().cloned()).collect();
        let mut told = BTreeMap::new();
        for name in names {
            let known = turned.get(&name).cloned().or_else(|| health.known(&name, snapshot));
            let Some(known) = known else { continue };
            let mut seen = known.seen().lock();
            let Seen { breaker, told: heard, .. } = &mut *seen;
            let turn = board.hear(&name, breaker, heard, &reader);
            if board.tell(&name, breaker, heard, &reader) || turned.contains_key(&name) {
                told.insert(name, breaker.turns());
            }
            drop(seen);
            if let Some(turn) = turn {
                known.turned(turn, &health.telemetry);
            }
        }
        if told.is_empty() {
            return None;
        }
        Some((serde_json::to_vec(&board).ok()?.into(), told))
    }

    /// The others know of it.
    fn confirm(&self, told: &BTreeMap<Box<str>, u64>) {
        let mut turned = self.health.turned.lock();
        for (name, turns) in told {
            let is_told = turned.get(name).is_some_and(|known| {
                let mut seen = known.seen().lock();
                seen.told.confirm(*turns);
                !seen.told.is_due(&seen.breaker)
            });
            if is_told {
                turned.remove(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::Snapshot;
    use engine::breaker::Board;
    use telemetry::Telemetry;
    use tokio::time::Instant;

    use super::{Health, Round};
    use crate::Clock;

    #[test]
    fn what_cannot_be_read_is_told_once_until_it_can_be_again() {
        let telemetry = Telemetry::new();
        let health = Health::new(Clock::since(Instant::now()), telemetry.clone(), true);
        let snapshot = Snapshot::default();
        let round = Round { health: &health, snapshot: &snapshot, holder: "h" };
        let revise = |found: &[u8]| assert!(round.revise(Some(found), Duration::ZERO).is_none());
        let legible = serde_json::to_vec(&Board::default()).unwrap();
        let told = || {
            let exposition = telemetry.exposition();
            exposition
                .lines()
                .find_map(|line| line.strip_prefix("tollgate_store_failures_total ")?.parse::<u64>().ok())
        };
        for (found, times) in [(&legible[..], 0), (b"[", 1), (b"[", 1), (b"7", 1), (&legible, 1), (b"[", 2)] {
            revise(found);
            assert_eq!(told(), Some(times));
        }
    }
}
