//! What replicas tell each other about their breakers: which are open, until when, and who finds out whether the target is well.
//!
//! They tell it on one value, which each of them reads and changes beside its requests. What it says is never waited for: a replica that does
//! not hear of the others goes by what it has seen itself.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use domain::BreakerPolicy;
use serde::{Deserialize, Serialize};

use super::{Breaker, Stance, Turn};

/// Most breakers on it; those that turned longest ago go first.
const ENTRIES_MAX: usize = 500;
/// For how long one stays on it after its last turn, or after its rest was over.
const KEPT_FOR: Duration = Duration::from_secs(300);
/// For how long a replica has the probe for itself. One that has no request for the target in that time leaves it to another.
const PROBE_LASTS: Duration = Duration::from_secs(2);
/// How much longer it takes until another may take it, so that whoever began at the last moment has said so.
const GRACE: Duration = Duration::from_millis(500);
/// For how long a breaker stays shut since another replica has the probe, from the time on that this was heard. A replica that hears nothing any
/// more probes by itself after that.
const DEFERRED: Duration = Duration::from_secs(1);

/// All breakers that any replica knows something of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Board {
    entries: BTreeMap<Box<str>, Entry>,
}

/// A breaker. Times are in milliseconds by the clock of the store, since 1970-01-01 00:00 UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// Rises with each turn.
    turn: u64,
    /// Until when it rests; none where it closed.
    until: Option<u64>,
    /// How often it opened since it was last closed.
    trips: u32,
    /// Who finds out whether the target is well, and until when nobody else does.
    prober: Box<str>,
    probes_until: u64,
}

/// What a replica has told the others of a breaker, and heard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// How often it had turned by itself when they were told.
    turns: u64,
    /// The last turn that was heard of.
    heard: u64,
    /// When a request last found it shut.
    wanted: Option<Duration>,
}

/// Who reads the board, and when.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// A name that no other replica has.
    pub holder: &'a str,
    /// By the steady clock of the replica.
    pub now: Duration,
    /// By the clock of the store, since 1970-01-01 00:00 UTC.
    pub store_time: Duration,
    /// The rules of its breakers.
    pub policy: &'a BreakerPolicy,
}

impl Reader<'_> {
    fn milliseconds(&self) -> u64 {
        milliseconds(self.store_time)
    }

    /// The steady time at which it is so late by the clock of the store, at the earliest now.
    fn steady(&self, at: u64) -> Duration {
        self.now.saturating_add(Duration::from_millis(at.saturating_sub(self.milliseconds())))
    }

    /// How late it is by the clock of the store at a steady time.
    fn at_store(&self, steady: Duration) -> u64 {
        milliseconds(self.store_time.saturating_add(steady.saturating_sub(self.now)))
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Told {
    /// Whether the others have to be told of a breaker.
    #[must_use]
    pub fn is_due(&self, breaker: &Breaker) -> bool {
        breaker.turns() != self.turns
    }

    /// A request has found the breaker shut.
    pub fn want(&mut self, now: Duration) {
        self.wanted = Some(now);
    }

    fn is_wanted(&self, now: Duration) -> bool {
        self.wanted.is_some_and(|wanted| now.saturating_sub(wanted) < PROBE_LASTS)
    }

    /// The others know of so many turns of its own.
    pub fn confirm(&mut self, turns: u64) {
        self.turns = turns;
    }
}

impl Board {
    /// The breakers that are on it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(|name| &**name)
    }

    /// Has a breaker do as the others say, where it has not turned by itself meanwhile; says how it turned, if it did.
    pub fn hear(
        &self,
        name: &str,
        breaker: &mut Breaker,
        told: &mut Told,
        reader: &Reader<'_>,
    ) -> Option<Turn> {
        let entry = self.entries.get(name).filter(|_| !told.is_due(breaker))?;
        let is_news = entry.turn > told.heard;
        told.heard = told.heard.max(entry.turn);
        let Some(until) = entry.until else {
            return (is_news && breaker.recover()).then_some(Turn::Closed);
        };
        let cool_down = reader.steady(until).saturating_sub(reader.now).min(reader.policy.cool_down_max);
        let opens = is_news && reader.policy.enabled && !cool_down.is_zero();
        let turn =
            (opens && breaker.rest(cool_down, entry.trips, reader.now)).then_some(Turn::Opened { cool_down });
        let deferred = reader.now.saturating_add(DEFERRED);
        match breaker.stance() {
            Stance::Open { .. } if entry.is_for(reader) => {
                breaker.rest_until(reader.now.saturating_add(cool_down), reader.now);
            }
            Stance::HalfOpen { is_probing: false } if entry.is_for(reader) => {}
            Stance::Open { until, .. } => breaker.rest_until(until.max(deferred), reader.now),
            Stance::HalfOpen { is_probing: false } => breaker.rest_until(deferred, reader.now),
            Stance::Closed | Stance::HalfOpen { is_probing: true } => {}
        }
        turn
    }

    /// Writes what the others should know of a breaker; says whether anything was changed.
    pub fn tell(&mut self, name: &str, breaker: &Breaker, told: &mut Told, reader: &Reader<'_>) -> bool {
        let is_due = told.is_due(breaker);
        let known = self.entries.get(name).map(|entry| entry.turn).unwrap_or_default();
        // A turn after every one that anybody knows of, also where the value was lost meanwhile.
        let turn = known.max(told.heard).saturating_add(1).max(reader.milliseconds());
        let entry = match (breaker.stance(), self.entries.get(name)) {
            (Stance::Open { until, trips }, _) if is_due => {
                let until = reader.at_store(until);
                let probes_until = until.saturating_add(milliseconds(PROBE_LASTS));
                Entry { turn, until: Some(until), trips, prober: reader.holder.into(), probes_until }
            }
            (Stance::Closed, Some(entry)) if is_due => Entry { turn, until: None, ..entry.clone() },
            (Stance::Open { .. }, Some(entry)) if told.is_wanted(reader.now) && entry.is_free(reader) => {
                entry.taken_by(reader)
            }
            (Stance::HalfOpen { is_probing: true }, Some(entry)) if entry.is_ending(reader) => {
                entry.taken_by(reader)
            }
            _ => return false,
        };
        told.heard = entry.turn;
        self.entries.insert(name.into(), entry);
        self.sweep(reader.milliseconds());
        true
    }

    /// Takes off what is of no use any more.
    fn sweep(&mut self, now: u64) {
        let kept_for = milliseconds(KEPT_FOR);
        self.entries.retain(|_, entry| now < entry.last().saturating_add(kept_for));
        while self.entries.len() > ENTRIES_MAX {
            let first = self.entries.iter().min_by_key(|(_, entry)| entry.last());
            let Some(name) = first.map(|(name, _)| name.clone()) else { return };
            self.entries.remove(&name);
        }
    }
}

impl Entry {
    fn is_probed_by(&self, holder: &str) -> bool {
        *self.prober == *holder
    }

    /// Whether the probe is a replica's now.
    fn is_for(&self, reader: &Reader<'_>) -> bool {
        self.is_probed_by(reader.holder) && reader.milliseconds() < self.probes_until
    }

    /// Whether a replica that wants it may take the probe: its rest is over, and whoever had the probe made none in time. The same replica leaves it
    /// to the others for a while.
    fn is_free(&self, reader: &Reader<'_>) -> bool {
        let waits = milliseconds(if self.is_probed_by(reader.holder) { GRACE + DEFERRED } else { GRACE });
        let now = reader.milliseconds();
        self.until.is_some_and(|until| now >= until) && now >= self.probes_until.saturating_add(waits)
    }

    /// Whether a probe of this replica that is under way has it no longer for itself soon.
    fn is_ending(&self, reader: &Reader<'_>) -> bool {
        let soon = self.probes_until.saturating_sub(milliseconds(PROBE_LASTS) / 2);
        self.until.is_some() && self.is_probed_by(reader.holder) && reader.milliseconds() >= soon
    }

    fn taken_by(&self, reader: &Reader<'_>) -> Self {
        let probes_until = reader.milliseconds().saturating_add(milliseconds(PROBE_LASTS));
        Self { prober: reader.holder.into(), probes_until, ..self.clone() }
    }

    /// When it was last of use.
    fn last(&self) -> u64 {
        self.until.unwrap_or_default().max(self.probes_until).max(self.turn)
    }
}
