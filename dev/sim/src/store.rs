//! The state that replicas share: values that are replaced only for who has seen them.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// How far its clock is ahead of the beginning.
pub(crate) const STORE_AHEAD: Duration = Duration::from_secs(1_000_000);

/// A value and its version.
pub(crate) type Versioned = (u64, Vec<u8>);

/// What the store is asked.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    Read,
    Replace { replaces: Option<u64>, value: Vec<u8>, kept_for: Option<Duration> },
}

/// What it answers.
#[derive(Clone)]
pub(crate) enum Answer {
    /// This is the value; also where another was there before a change.
    Found(Option<Versioned>),
    /// It is changed.
    Done,
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(Some((version, value))) => {
                write!(formatter, "{version} is {}", String::from_utf8_lossy(value))
            }
            Self::Found(None) => formatter.write_str("there is none"),
            Self::Done => formatter.write_str("changed"),
        }
    }
}

/// The store.
#[derive(Debug, Default)]
pub(crate) struct Store {
    values: BTreeMap<Box<str>, (Versioned, Option<Duration>)>,
    last: u64,
    pub(crate) is_down: bool,
}

impl Store {
    /// The value of a key.
    pub(crate) fn find(&self, key: &str, now: Duration) -> Option<Versioned> {
        let kept = self.values.get(key).filter(|(_, expires)| expires.is_none_or(|expires| now < expires));
        kept.map(|(versioned, _)| versioned.clone())
    }

    /// Does what is asked; nothing while it is down.
    pub(crate) fn answer(&mut self, key: &str, ask: Ask, now: Duration) -> Option<Answer> {
        if self.is_down {
            return None;
        }
        let found = self.find(key, now);
        let Ask::Replace { replaces, value, kept_for } = ask else { return Some(Answer::Found(found)) };
        if found.as_ref().map(|(version, _)| *version) != replaces {
            return Some(Answer::Found(found));
        }
        self.last += 1;
        self.values.insert(key.into(), ((self.last, value), kept_for.map(|kept_for| now + kept_for)));
        Some(Answer::Done)
    }
}
