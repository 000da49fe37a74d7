//! How replicas agree on the entries of accounts, by the state that they share.
//!
//! Beside the entries are reminders: keys that begin with the time at which somebody has to look at an entry. They are in order, so that
//! whoever looks for work reads only what is due. A message is never without one: it is set before the entry is replaced that needs it, and
//! removed only by who has replaced the entry since it was due, so that nothing that was decided on before can still come.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use domain::ports::shared_state::{
    Change, Listed, Pending, Replaced, Seen, SharedState, StateError, Versioned,
};
use tokio::time::timeout;

use crate::entry::{Asking, Entry, Taken, Turn, Undelivered, milliseconds};
use crate::port::Verdict;
use crate::telling::Telling;

/// Where entries are.
const ENTRIES: &str = "notice/of/";
/// Where reminders are; the time follows.
const REMINDERS: &str = "notice/at/";
/// How long an answer of the store is waited for.
const STORE_WAIT_MAX: Duration = Duration::from_secs(2);
/// How often a value is replaced anew because another process was faster. There is always one that is the first.
const ROUNDS_MAX: usize = 16;
/// How often the store is asked before it counts as down.
const TRIES_MAX: usize = 3;
/// Most reminders that are read at a time.
const REMINDERS_MAX: usize = 1_000;
/// Most entries that are looked at before the caller may do something else.
const ENTRIES_MAX: usize = 32;
/// How much longer than until it is due a reminder is kept.
const REMINDER_KEPT_FOR: Duration = Duration::from_secs(7 * 86_400);
/// When an entry is looked at again that this version cannot read.
const UNREADABLE_WAIT: Duration = Duration::from_secs(600);

/// The messages of replicas that share a store.
#[derive(Debug)]
pub(crate) struct Outbox {
    state: Arc<dyn SharedState>,
    /// This process, by a name that no other has.
    holder: Box<str>,
    /// What it counts its attempts and its reminders by.
    numbers: AtomicU64,
    /// Whether the store failed when it was last asked.
    fails: AtomicBool,
}

/// Why nothing was agreed on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutboxError {
    #[error(transparent)]
    Store(#[from] StateError),
    #[error("the shared state did not answer within {} seconds", STORE_WAIT_MAX.as_secs())]
    TooSlow,
    #[error("what replicas told of `{0}` cannot be read: {1}")]
    Unreadable(Box<str>, serde_json::Error),
    #[error("the shared state changes faster than it can be written")]
    Overtaken,
}

impl OutboxError {
    /// Whether the store is to blame, and may answer the next time.
    fn is_of_store(&self) -> bool {
        matches!(self, Self::Store(_) | Self::TooSlow)
    }
}

/// A message that this process has taken to send.
#[derive(Debug)]
pub(crate) struct Parcel<P> {
    /// Of which entry.
    key: Box<str>,
    pub(crate) message: Undelivered,
    /// How old it was when it was taken.
    pub(crate) age: Duration,
    /// Its place among those that are sent.
    pub(crate) place: P,
    /// What reminds the others of it if this process does not come to an end with it.
    reminder: Arc<Reminder>,
}

/// A key that is set.
#[derive(Debug)]
struct Reminder {
    key: Box<str>,
    version: u64,
}

/// What was set, by the time at which it reminds.
type Reminders = BTreeMap<u64, Arc<Reminder>>;

/// An entry as it is in the store.
#[derive(Debug)]
struct Found {
    /// When, by the clock of the store.
    at: u64,
    versioned: Option<Versioned>,
}

/// What became of a change.
#[derive(Debug)]
enum Replacement {
    /// It is made, and these remind of it.
    Made(Reminders),
    /// Somebody else was faster, and this is there now.
    Overtaken(Found),
}

/// What this process has to do about an entry.
#[derive(Debug)]
pub(crate) struct Work<P> {
    pub(crate) parcels: Vec<Parcel<P>>,
    pub(crate) given_up: Vec<Undelivered>,
}

/// What came of looking for work.
#[derive(Debug)]
pub(crate) struct Look<P> {
    pub(crate) work: Vec<Work<P>>,
    /// What could not be done.
    pub(crate) failures: Vec<OutboxError>,
    /// When there is more, as far as is known.
    pub(crate) next: Option<Duration>,
    /// How many messages are not delivered yet, as far as was counted.
    pub(crate) undelivered: usize,
}

impl Outbox {
    pub(crate) fn new(state: Arc<dyn SharedState>, holder: Box<str>) -> Self {
        Self { state, holder, numbers: AtomicU64::new(0), fails: AtomicBool::new(false) }
    }

    /// Notes whether the store fails; says whether that is news.
    pub(crate) fn has_turned(&self, fails: bool) -> bool {
        self.fails.swap(fails, Ordering::Relaxed) != fails
    }

    /// Claims to tell something. None where it was told already.
    ///
    /// # Errors
    /// When the others cannot be asked.
    pub(crate) async fn tell<P>(
        &self,
        telling: &Telling,
        turn: impl Fn(&Undelivered) -> Turn<P>,
    ) -> Result<Option<Work<P>>, OutboxError> {
        let attempt = self.number();
        for _ in 1..TRIES_MAX {
            match self.try_to_tell(telling, &turn, attempt).await {
                // Perhaps it was claimed, and the answer was lost.
                Err(error) if error.is_of_store() => {}
                result => return result,
            }
        }
        self.try_to_tell(telling, &turn, attempt).await
    }

    async fn try_to_tell<P>(
        &self,
        telling: &Telling,
        turn: &impl Fn(&Undelivered) -> Turn<P>,
        attempt: u64,
    ) -> Result<Option<Work<P>>, OutboxError> {
        let mut found = self.read(&telling.key).await?;
        for _ in 0..ROUNDS_MAX {
            let asking = Asking { attempt, ..self.asking(&found) };
            let before = found.entry(&telling.key)?;
            if let Some(is_ours) = before.was_told(telling, asking) {
                // What this process took and did not hear of is sent when its time is over, by whomever.
                let nothing = Work { parcels: Vec::new(), given_up: Vec::new() };
                return Ok(is_ours.then_some(nothing));
            }
            let mut entry = before.clone();
            let taken = entry.claim(telling, asking, turn);
            match self.replace(&telling.key, &found, (&before, &entry)).await? {
                Replacement::Made(reminders) => {
                    return Ok(Some(work(&telling.key, taken, &reminders, found.at)));
                }
                Replacement::Overtaken(other) => found = other,
            }
        }
        Err(OutboxError::Overtaken)
    }

    /// Takes what is due and can be sent now.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn look<P>(
        &self,
        turn: impl Fn(&Undelivered) -> Turn<P>,
    ) -> Result<Look<P>, OutboxError> {
        let seen = answered(self.state.list(REMINDERS, None, REMINDERS_MAX)).await?;
        let now = milliseconds(seen.at);
        let (mut due, mut next, mut undelivered) =
            (BTreeMap::<Box<str>, Vec<Reminder>>::new(), None, 0_usize);
        for Listed { key, versioned } in seen.what {
            let Some((at, entry)) = parts(&key) else { continue };
            let count = std::str::from_utf8(&versioned.value).ok().and_then(|text| text.parse().ok());
            undelivered = undelivered.saturating_add(count.unwrap_or(1));
            if at <= now {
                let entry = entry.into();
                due.entry(entry).or_default().push(Reminder { key, version: versioned.version });
            } else if next.is_none() {
                next = Some(Duration::from_millis(at - now));
            }
        }
        if due.len() > ENTRIES_MAX {
            next = Some(Duration::ZERO);
        }
        let mut look = Look { work: Vec::new(), failures: Vec::new(), next, undelivered };
        for (key, reminders) in due.into_iter().take(ENTRIES_MAX) {
            match self.take(&key, &turn).await {
                Ok(work) => look.work.push(work),
                Err(error @ OutboxError::Unreadable(..)) => {
                    // Another version may be able to read it.
                    let wakes = BTreeMap::from([(now.saturating_add(milliseconds(UNREADABLE_WAIT)), 1)]);
                    look.failures.push(error);
                    if self.remind(&key, &wakes, now).await.is_err() {
                        break;
                    }
                }
                Err(error) => {
                    look.failures.push(error);
                    break;
                }
            }
            self.forget(reminders.iter()).await;
        }
        Ok(look)
    }

    /// Takes what is due of an entry. It is replaced in any case, so that whoever decided on a change before has to decide again.
    async fn take<P>(
        &self,
        key: &str,
        turn: &impl Fn(&Undelivered) -> Turn<P>,
    ) -> Result<Work<P>, OutboxError> {
        let mut found = self.read(key).await?;
        for _ in 0..ROUNDS_MAX {
            let before = found.entry(key)?;
            let mut entry = before.clone();
            let taken = entry.take(self.asking(&found), turn);
            match self.replace(key, &found, (&before, &entry)).await? {
                Replacement::Made(reminders) => return Ok(work(key, taken, &reminders, found.at)),
                Replacement::Overtaken(other) => found = other,
            }
        }
        Err(OutboxError::Overtaken)
    }

    /// Says what became of a message.
    ///
    /// # Errors
    /// When the others cannot be told. Then they will send it again.
    pub(crate) async fn settle<P>(&self, parcel: &Parcel<P>, verdict: &Verdict) -> Result<(), OutboxError> {
        let key = &parcel.key;
        let mut found = self.read(key).await?;
        for _ in 0..ROUNDS_MAX {
            let before = found.entry(key)?;
            let mut entry = before.clone();
            entry.settle(&parcel.message, verdict, self.asking(&found));
            match self.replace(key, &found, (&before, &entry)).await? {
                Replacement::Made(_) => {
                    let is_needed = parts(&parcel.reminder.key).is_some_and(|(at, _)| entry.wakes_at(at));
                    if !is_needed {
                        self.forget([&*parcel.reminder].into_iter()).await;
                    }
                    return Ok(());
                }
                Replacement::Overtaken(other) => found = other,
            }
        }
        Err(OutboxError::Overtaken)
    }

    /// A number that nothing else of this process has.
    fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    fn asking(&self, found: &Found) -> Asking<'_> {
        Asking { holder: &self.holder, attempt: 0, now: found.at }
    }

    async fn read(&self, key: &str) -> Result<Found, OutboxError> {
        let keys = [entry_key(key)];
        let Seen { at, what } = answered(self.state.read(&keys)).await?;
        Ok(Found { at: milliseconds(at), versioned: what.into_iter().next().flatten() })
    }

    /// Replaces an entry, after what reminds of it.
    async fn replace(
        &self,
        key: &str,
        found: &Found,
        (before, entry): (&Entry, &Entry),
    ) -> Result<Replacement, OutboxError> {
        let reminders = self.remind(key, &entry.new_wakes(before), found.at).await?;
        let value = serde_json::to_vec(entry).map_err(|error| OutboxError::Unreadable(key.into(), error))?;
        let change = Change {
            key: entry_key(key),
            replaces: found.versioned.as_ref().map(|versioned| versioned.version),
            value: value.into(),
            expires_in: entry.kept_for(found.at),
        };
        let Seen { at, what } = answered(self.state.replace(&[change])).await?;
        match what.into_iter().next() {
            Some(Replaced::Overtaken(versioned)) => {
                self.forget(reminders.values().map(|reminder| &**reminder)).await;
                Ok(Replacement::Overtaken(Found { at: milliseconds(at), versioned }))
            }
            Some(Replaced::Done(_)) | None => Ok(Replacement::Made(reminders)),
        }
    }

    /// Sets what reminds of an entry at these times. Nobody else ever sets or needs the same.
    async fn remind(
        &self,
        key: &str,
        wakes: &BTreeMap<u64, usize>,
        now: u64,
    ) -> Result<Reminders, OutboxError> {
        if wakes.is_empty() {
            return Ok(Reminders::new());
        }
        let number = self.number();
        let change = |(wake, count): (&u64, &usize)| Change {
            key: format!("{REMINDERS}{wake:016}/{}.{number}/{key}", self.holder).into(),
            replaces: None,
            value: count.to_string().into(),
            expires_in: Some(
                Duration::from_millis(wake.saturating_sub(now)).saturating_add(REMINDER_KEPT_FOR),
            ),
        };
        let changes: Vec<_> = wakes.iter().map(change).collect();
        let seen = answered(self.state.replace(&changes)).await?;
        let mut reminders = Reminders::new();
        for ((wake, Change { key, .. }), replaced) in wakes.keys().zip(changes).zip(seen.what) {
            let Replaced::Done(version) = replaced else { return Err(OutboxError::Overtaken) };
            reminders.insert(*wake, Arc::new(Reminder { key, version }));
        }
        Ok(reminders)
    }

    /// Removes reminders that are not needed any more. Where that fails, whoever is reminded finds nothing to do.
    async fn forget(&self, reminders: impl Iterator<Item = &Reminder>) {
        let change = |reminder: &Reminder| Change {
            key: reminder.key.clone(),
            replaces: Some(reminder.version),
            value: Bytes::new(),
            expires_in: Some(Duration::ZERO),
        };
        let changes: Vec<_> = reminders.map(change).collect();
        if !changes.is_empty() {
            let _ = answered(self.state.replace(&changes)).await;
        }
    }
}

impl Found {
    fn entry(&self, key: &str) -> Result<Entry, OutboxError> {
        let entry =
            self.versioned.as_ref().map(|versioned| serde_json::from_slice(&versioned.value)).transpose();
        Ok(entry.map_err(|error| OutboxError::Unreadable(key.into(), error))?.unwrap_or_default())
    }
}

fn work<P>(key: &str, taken: Taken<P>, reminders: &Reminders, now: u64) -> Work<P> {
    let Taken { messages, given_up } = taken;
    let parcel = |(message, place): (Undelivered, P)| {
        let reminder = Arc::clone(reminders.get(&message.wakes_at)?);
        Some(Parcel { key: key.into(), age: message.age(now), message, place, reminder })
    };
    Work { parcels: messages.into_iter().filter_map(parcel).collect(), given_up }
}

fn entry_key(key: &str) -> Box<str> {
    format!("{ENTRIES}{key}").into()
}

/// When a reminder is due, and for which entry it is.
fn parts(reminder: &str) -> Option<(u64, &str)> {
    let (at, rest) = reminder.strip_prefix(REMINDERS)?.split_once('/')?;
    let (_, key) = rest.split_once('/')?;
    Some((at.parse().ok()?, key))
}

async fn answered<T>(answer: Pending<'_, T>) -> Result<T, OutboxError> {
    Ok(timeout(STORE_WAIT_MAX, answer).await.map_err(|_| OutboxError::TooSlow)??)
}

#[cfg(test)]
mod tests;
