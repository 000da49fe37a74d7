//! Shared state in memory, for a process that shares with nobody, and the model that the other stores are compared with.

use std::collections::BTreeMap;
use std::fmt;
use std::future::ready;
use std::ops::Bound;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use domain::ports::shared_state::{
    Change, Listed, Pending, Replaced, Seen, SharedState, StateError, Versioned,
};
use parking_lot::Mutex;

use crate::shared::{check_changes, check_keys};

/// What a value takes beside its own bytes and those of its key, about.
const ENTRY_BYTES: usize = 128;

/// Keeps values in memory.
pub struct MemoryState {
    wall_clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
    bytes_max: usize,
    values: Mutex<Values>,
}

#[derive(Debug, Default)]
struct Values {
    by_key: BTreeMap<Box<str>, Kept>,
    last_version: u64,
    /// What all of them take together.
    bytes: usize,
}

#[derive(Debug)]
struct Kept {
    versioned: Versioned,
    expires: Option<Duration>,
}

impl MemoryState {
    /// A store that holds at most so many bytes; beyond that nothing new is kept. Its clock is `wall_clock`.
    #[must_use]
    pub fn new(bytes_max: usize, wall_clock: Box<dyn Fn() -> SystemTime + Send + Sync>) -> Self {
        Self { wall_clock, bytes_max, values: Mutex::default() }
    }

    /// Does something at once.
    fn now<'a, T: Send + 'a>(
        &self,
        act: impl FnOnce(&mut Values, Duration) -> Result<T, StateError>,
    ) -> Pending<'a, Seen<T>> {
        let mut values = self.values.lock();
        let at = (self.wall_clock)().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let what = act(&mut values, at);
        Box::pin(ready(what.map(|what| Seen { at, what })))
    }
}

impl SharedState for MemoryState {
    fn read<'a>(&'a self, keys: &'a [Box<str>]) -> Pending<'a, Seen<Vec<Option<Versioned>>>> {
        self.now(|values, at| {
            check_keys(keys)?;
            Ok(keys.iter().map(|key| values.live(key, at).cloned()).collect())
        })
    }

    fn replace<'a>(&'a self, changes: &'a [Change]) -> Pending<'a, Seen<Vec<Replaced>>> {
        self.now(|values, at| {
            check_changes(changes)?;
            changes.iter().map(|change| values.replace(change, at, self.bytes_max)).collect()
        })
    }

    fn list<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        keys_max: usize,
    ) -> Pending<'a, Seen<Vec<Listed>>> {
        self.now(|values, at| Ok(values.list(prefix, after, at).take(keys_max).collect()))
    }

    fn sweep(&self) -> Pending<'_, usize> {
        let swept = self.now(|values, at| Ok(values.sweep(at)));
        Box::pin(async { Ok(swept.await?.what) })
    }
}

impl Values {
    fn live(&self, key: &str, at: Duration) -> Option<&Versioned> {
        self.by_key.get(key).filter(|kept| kept.is_live(at)).map(|kept| &kept.versioned)
    }

    fn replace(&mut self, change: &Change, at: Duration, bytes_max: usize) -> Result<Replaced, StateError> {
        let current = self.live(&change.key, at);
        if current.map(|current| current.version) != change.replaces {
            return Ok(Replaced::Overtaken(current.cloned()));
        }
        let (had, has) = (
            self.by_key.get(&change.key).map_or(0, |kept| size(&change.key, &kept.versioned.value)),
            size(&change.key, &change.value),
        );
        if self.bytes - had + has > bytes_max {
            return Err(StateError::Unavailable(format!(
                "all of the {bytes_max} bytes of memory that it may take are in use"
            )));
        }
        self.bytes = self.bytes - had + has;
        self.last_version += 1;
        let versioned = Versioned { version: self.last_version, value: change.value.clone() };
        let expires = change.expires_in.map(|lifetime| at.saturating_add(lifetime));
        self.by_key.insert(change.key.clone(), Kept { versioned, expires });
        Ok(Replaced::Done(self.last_version))
    }

    fn list(&self, prefix: &str, after: Option<&str>, at: Duration) -> impl Iterator<Item = Listed> {
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let beginning = self.by_key.range::<str, _>((from, Bound::Unbounded));
        let beginning = beginning.take_while(move |(key, _)| key.starts_with(prefix));
        let live = beginning.filter(move |(_, kept)| kept.is_live(at));
        live.map(|(key, kept)| Listed { key: key.clone(), versioned: kept.versioned.clone() })
    }

    fn sweep(&mut self, at: Duration) -> usize {
        let before = self.by_key.len();
        self.by_key.retain(|_, kept| kept.is_live(at));
        self.bytes = self.by_key.iter().map(|(key, kept)| size(key, &kept.versioned.value)).sum();
        before - self.by_key.len()
    }
}

impl Kept {
    fn is_live(&self, at: Duration) -> bool {
        self.expires.is_none_or(|expires| at < expires)
    }
}

fn size(key: &str, value: &Bytes) -> usize {
    key.len() + value.len() + ENTRY_BYTES
}

impl fmt::Debug for MemoryState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MemoryState").field("bytes_max", &self.bytes_max).finish_non_exhaustive()
    }
}
